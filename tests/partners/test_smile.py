"""Smile's adapter keeps the contract, and speaks Smile's dialect."""

import dataclasses
from collections.abc import Iterator, Sequence

import pytest

from partners import adapter
from partners.adapters import smile
from partners.conformance import contract, running
from tests.partners.platforms import loopback
from tests.partners.platforms import smile as played
from wallet import money
from wallet.rules import orders


class Cafe(loopback.Platform):
    adapter_class = smile.Smile
    secret = played.KEY
    refused_minor = played.POINTS_MAX

    def __init__(self) -> None:
        self.programme = played.Programme()
        super().__init__(played.create(self.programme), currency="EUR", points_per_minor=2)

    def order(
        self, amount_minor: int | None = None, *, kind: orders.Kind | None = None
    ) -> adapter.Order:
        ordered = super().order(amount_minor, kind=kind)
        return dataclasses.replace(ordered, subject=str(self.programme.customer()))

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        given = [one["points_change"] for one in self.programme.of(order.key)]
        return [points // 2 for points in given if points > 0]

    async def live(self, order: adapter.Order) -> int:
        return sum(int(one["points_change"]) for one in self.programme.of(order.key)) // 2


CAFE = Cafe()


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with loopback.serving(CAFE):
        yield


class TestSmile(contract.Contract):
    subject = CAFE


async def test_an_amount_becomes_points_by_the_rate_of_the_programme() -> None:
    order = CAFE.order(435)
    async with running.opened(CAFE) as bench:
        issued = await bench.adapter.issue(order)

    assert isinstance(issued, adapter.Issued)
    assert (435, 870) == (
        issued.receipt.money.amount_minor,
        CAFE.programme.points[int(order.subject or "")],
    )


async def test_an_order_is_found_behind_whatever_else_the_customer_did() -> None:
    order = CAFE.order()
    customer = int(order.subject or "")
    async with running.opened(CAFE) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        for _ in range(5):
            CAFE.programme.change(customer, 10, "A review")
        found = await bench.adapter.find(order)

    assert issued.receipt == found


async def test_points_that_were_taken_back_already_are_not_taken_back_again() -> None:
    order = CAFE.order()
    customer = int(order.subject or "")
    CAFE.programme.change(customer, 5_000, "From before")
    async with running.opened(CAFE) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        answers = [await bench.adapter.reverse(order, issued.receipt) for _ in range(2)]

    assert [False, True] == [one.replayed for one in answers if isinstance(one, adapter.Issued)]
    assert 5_000 == CAFE.programme.points[customer]


async def test_points_that_are_spent_are_not_taken_back() -> None:
    order = CAFE.order()
    async with running.opened(CAFE) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        CAFE.programme.change(int(order.subject or ""), -1, "A coffee")
        answer = await bench.adapter.reverse(order, issued.receipt)

    assert isinstance(answer, adapter.Refused)
    assert "spent" == answer.code


async def test_whoever_is_no_customer_is_told_so() -> None:
    orders = [dataclasses.replace(CAFE.order(), subject=one) for one in (None, "ann", "404")]
    async with running.opened(CAFE) as bench:
        answers = [await bench.adapter.issue(one) for one in orders]

    codes = [one.code for one in answers if isinstance(one, adapter.Refused)]
    assert ["not_linked"] * 3 == codes


async def test_other_currencies_and_keys_without_the_scope_are_said_apart() -> None:
    dollars = dataclasses.replace(CAFE.order(), money=adapter.Money(435, money.USD))
    CAFE.programme.may_write = False
    try:
        async with running.opened(CAFE) as bench:
            foreign = await bench.adapter.issue(dollars)
            closed = await bench.adapter.issue(CAFE.order())
    finally:
        CAFE.programme.may_write = True

    assert isinstance(foreign, adapter.Refused)
    assert isinstance(closed, adapter.NotSent)
    assert ("currency", True) == (foreign.code, closed.reauthorize)
