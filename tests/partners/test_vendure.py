"""Vendure's adapter keeps the contract, and speaks the dialect of its Admin API."""

import dataclasses
from collections.abc import Iterator

import pytest

from partners import adapter
from partners.adapters import graphql, vendure
from partners.conformance import contract, running
from tests.partners.platforms import loopback
from tests.partners.platforms import vendure as played
from wallet import money

SHOP = played.Shop()
COUPONS = played.Coupons(played.create(SHOP), currency="USD")


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with loopback.serving(COUPONS):
        yield


class TestVendure(contract.Contract):
    subject = COUPONS


async def test_a_coupon_that_an_order_was_placed_with_is_spent_and_not_taken_back() -> None:
    order = COUPONS.order()
    async with running.opened(COUPONS) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        SHOP.use(order.code)
        answer = await bench.adapter.reverse(order, issued.receipt)
        found = await bench.adapter.find(order)

    assert adapter.Refused("the coupon was used", code="spent") == answer
    assert isinstance(found, adapter.Receipt)
    assert "spent" == found.state


async def test_a_key_that_is_not_known_is_said_with_200_and_is_no_refusal() -> None:
    async with loopback.client() as stranger:
        shop = vendure.Vendure(COUPONS.read_config(), stranger)
        answer = await shop.issue(COUPONS.order())

    assert adapter.NotSent("the credentials do not allow it", reauthorize=True) == answer


async def test_a_promotion_of_the_shops_own_with_the_code_is_not_ours() -> None:
    order = COUPONS.order()
    theirs = dataclasses.replace(order, key=COUPONS.order().key)
    async with running.opened(COUPONS) as bench:
        await bench.adapter.issue(theirs)
        found = await bench.adapter.find(order)

    assert adapter.Absent() == found


async def test_another_currency_is_refused_and_a_question_that_is_wrong_is_no_answer() -> None:
    order = dataclasses.replace(COUPONS.order(), money=adapter.Money(435, money.EUR))
    async with running.opened(COUPONS) as bench:
        foreign = await bench.adapter.issue(order)
    query = "query { promotions(options: {}) { nonsense } }"
    async with loopback.client() as client:
        wrong = await graphql.ask(client, f"{COUPONS.address}/admin-api", query, {})

    assert isinstance(foreign, adapter.Refused)
    assert isinstance(wrong, adapter.Unknown)
