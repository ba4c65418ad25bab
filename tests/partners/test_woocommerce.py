"""WooCommerce's adapter keeps the contract, and speaks WordPress' dialect."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from partners import adapter
from partners.adapters import woocommerce
from partners.conformance import contract, running
from tests.partners.platforms import loopback
from tests.partners.platforms import woocommerce as played
from wallet import money


class Florist(loopback.Platform):
    adapter_class = woocommerce.WooCommerce
    secret = played.KEY
    webhook_secret = "woo-webhook-secret"

    def __init__(self) -> None:
        self.shop = played.Shop()
        super().__init__(played.create(self.shop), currency="EUR")

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        found = self.shop.by_code(order.code)
        return [money.parse(one["amount"], money.EUR) for one in found]

    async def live(self, order: adapter.Order) -> int:
        good = [one for one in self.shop.by_code(order.code) if one["date_expires"] is None]
        return sum(money.parse(one["amount"], money.EUR) for one in good if not one["usage_count"])

    def webhook(self, order: adapter.Order, receipt: adapter.Receipt) -> bytes:
        return played.message(self.shop.by_code(order.code)[0])

    def signed(self, body: bytes, *, secret: str, now: datetime) -> Mapping[str, str]:
        return played.signed(body, secret)


FLORIST = Florist()


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with loopback.serving(FLORIST):
        yield


class TestWooCommerce(contract.Contract):
    subject = FLORIST


async def test_an_order_in_another_currency_than_the_shops_is_refused_before_it_is_sent() -> None:
    order = dataclasses.replace(FLORIST.order(), money=adapter.Money(435, money.USD))
    async with running.opened(FLORIST) as bench:
        answer = await bench.adapter.issue(order)

        assert adapter.Refused("the shop is in EUR", code="currency") == answer
        assert 0 == bench.way.requests


async def test_a_coupon_that_was_used_before_it_was_ended_is_not_taken_back() -> None:
    order = FLORIST.order()
    async with running.opened(FLORIST) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        FLORIST.shop.coupons[int(issued.receipt.ref)]["usage_count"] = 1
        answer = await bench.adapter.reverse(order, issued.receipt)

    assert adapter.Refused("the coupon was used", code="spent") == answer


async def test_a_coupon_of_the_shops_own_with_this_code_is_not_ours() -> None:
    order = FLORIST.order()
    FLORIST.shop.add({"code": order.code, "amount": "4.35", "description": "Black Friday"})
    async with running.opened(FLORIST) as bench:
        answers = [await bench.adapter.issue(order), await bench.adapter.find(order)]

    assert [adapter.Unknown, adapter.Unknown] == [type(one) for one in answers]


async def test_a_key_that_may_only_read_is_a_matter_of_credentials_and_not_a_no() -> None:
    FLORIST.shop.may_write = False
    try:
        async with running.opened(FLORIST) as bench:
            answer = await bench.adapter.issue(FLORIST.order())
    finally:
        FLORIST.shop.may_write = True

    assert isinstance(answer, adapter.NotSent)
    assert answer.reauthorize


async def test_messages_tell_of_a_use_and_of_an_end() -> None:
    order = FLORIST.order()
    async with running.opened(FLORIST) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        used = {**FLORIST.shop.coupons[int(issued.receipt.ref)], "usage_count": 1}
        bodies = [played.message(used), b'{"id":%s}' % issued.receipt.ref.encode()]
        bodies.append(msgspec.json.encode({**used, "description": "The shop's own"}))
        told = [bench.adapter.events(FLORIST.delivery(body)) for body in bodies]

    assert ["spent", "void"] == [one.state for events in told for one in events]
    assert order.key == told[0][0].key
    assert issued.receipt.ref == told[1][0].ref


async def test_a_list_of_more_than_a_page_is_read_to_its_end() -> None:
    began = datetime.now(UTC) - timedelta(seconds=1)
    async with running.opened(FLORIST) as bench:
        made = [await bench.adapter.issue(FLORIST.order()) for _ in range(5)]
        asked = bench.way.requests
        listed = await bench.adapter.issued_between(began, datetime.now(UTC) + timedelta(seconds=1))
        pages = bench.way.requests - asked

    assert isinstance(listed, list)
    refs = {one.receipt.ref for one in made if isinstance(one, adapter.Issued)}
    assert refs <= {one.ref for one in listed}
    assert pages > 2
