"""Nuvemshop's adapter keeps the contract, and speaks Nuvemshop's dialect."""

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from partners import adapter
from partners.adapters import nuvemshop
from partners.conformance import contract, running
from tests.partners.platforms import loopback
from tests.partners.platforms import nuvemshop as played
from wallet import money


class Bakery(loopback.Platform):
    adapter_class = nuvemshop.Nuvemshop
    secret = played.TOKEN
    asset = money.BRL
    refused_minor = played.VALUE_MAX + 1

    def __init__(self) -> None:
        self.shop = played.Shop()
        contact = "wallet@coalition.example"
        super().__init__(played.create(self.shop), store_id=played.STORE, contact=contact)

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        return [money.parse(one["value"], money.BRL) for one in self._of(order)]

    async def live(self, order: adapter.Order) -> int:
        good = [one for one in self._of(order) if one["valid"] and not one["used"]]
        return sum(money.parse(one["value"], money.BRL) for one in good)

    def _of(self, order: adapter.Order) -> list[dict[str, str]]:
        return self.shop.by_code(f"CP{order.code}")


BAKERY = Bakery()


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with loopback.serving(BAKERY):
        yield


class TestNuvemshop(contract.Contract):
    subject = BAKERY


async def test_a_code_that_the_store_has_already_is_found_and_not_refused() -> None:
    order = BAKERY.order()
    BAKERY.shop.is_unique = True
    try:
        async with running.opened(BAKERY) as bench:
            first = await bench.adapter.issue(order)
            again = await bench.adapter.issue(order)
    finally:
        BAKERY.shop.is_unique = False

    assert isinstance(first, adapter.Issued)
    assert adapter.Issued(first.receipt, replayed=True) == again


async def test_a_store_that_has_not_paid_is_no_refusal_of_the_order() -> None:
    BAKERY.shop.is_suspended = True
    try:
        async with running.opened(BAKERY) as bench:
            answer = await bench.adapter.issue(BAKERY.order())
            found = await bench.adapter.find(BAKERY.order())
    finally:
        BAKERY.shop.is_suspended = False

    assert [adapter.NotSent, adapter.NotSent] == [type(answer), type(found)]


async def test_refusals_are_in_our_words() -> None:
    dollars = dataclasses.replace(BAKERY.order(), money=adapter.Money(435, money.USD))
    async with running.opened(BAKERY) as bench:
        much = await bench.adapter.issue(BAKERY.order(played.VALUE_MAX + 1))
        foreign = await bench.adapter.issue(dollars)

    assert adapter.Refused("value is too high", code="amount") == much
    assert adapter.Refused("the store is in BRL", code="currency") == foreign


async def test_a_coupon_that_was_used_before_it_was_disabled_is_not_taken_back() -> None:
    order = BAKERY.order()
    async with running.opened(BAKERY) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        BAKERY.shop.coupons[int(issued.receipt.ref)]["used"] = 1
        answer = await bench.adapter.reverse(order, issued.receipt)

    assert adapter.Refused("the coupon was used", code="spent") == answer


async def test_a_list_is_read_to_its_end_without_the_stores_own_coupons() -> None:
    began = datetime.now(UTC)
    async with running.opened(BAKERY) as bench:
        made = [await bench.adapter.issue(BAKERY.order()) for _ in range(3)]
        BAKERY.shop.add({"code": "NATAL10", "type": "percentage", "value": "10.00"})
        until = datetime.now(UTC) + timedelta(seconds=1)
        listed = await bench.adapter.issued_between(began, until)

    assert [one.receipt for one in made if isinstance(one, adapter.Issued)] == listed
