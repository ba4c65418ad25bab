"""The two examples of the documentation, played on a real database: each figure shown is right.

Each test does what the page tells, and compares the page's table with the member's movements.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.wallet import factories
from wallet import database, earn, members, money, statements
from wallet.rules import purchases, returns

DOCS = Path(__file__).resolve().parent.parent / "docs"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHORT: dict[str, Any] = {"days": 90, "grace_days": 30, "notice_days": 0}
ROW = re.compile(
    r"^\| (\d+ \w+) \| `(\w+)`[^|]*\| ([\d.]+) \| (-?[\d.]+) \| (-?[\d.]+) \|", re.MULTILINE
)


def day(number: int) -> datetime:
    """So many days after the first of March, at noon."""
    return START + timedelta(days=number)


def page_text(page: str) -> str:
    """A page as it is written."""
    return (DOCS / page).read_text(encoding="utf-8")


def told(page: str) -> list[tuple[str, ...]]:
    """The rows of a page's example: day, movement, amount, and two balances."""
    return ROW.findall(page_text(page))


def bought(at: datetime, *lines: tuple[str, int, int]) -> purchases.Purchase:
    """A purchase paid at once, with a category, a quantity and an amount for each line."""
    return factories.purchase(
        purchased_at=at,
        events=(purchases.Event("paid", at),),
        lines=tuple(
            factories.line(number, amount, category=category, quantity_milli=1000 * quantity)
            for number, (category, quantity, amount) in enumerate(lines, start=1)
        ),
    )


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    """The programme of both examples, in Lisbon."""
    return await factories.open_coalition(db)


async def movements(
    coalition: factories.Coalition, member: members.Member
) -> list[statements.Movement]:
    """All movements of a member, the oldest first."""
    page = await statements.page(coalition.db, member.wallet_id, asset=money.EUR, first=100)
    return sorted(page.movements, key=lambda one: one.version)


def shown(one: statements.Movement, *balances_minor: int) -> tuple[str, ...]:
    at = one.effective_at
    amounts = (abs(one.amount_minor), *balances_minor)
    return (
        f"{at.day} {at:%B}",
        one.code,
        *(money.show(minor, money.EUR) for minor in amounts),
    )


async def three_merchants(coalition: factories.Coalition) -> tuple[Any, Any, Any]:
    """Rosa Drugstore, Blue Pump, and Harvest Row, where both examples spend."""
    rosa = await coalition.merchant(expiry=SHORT)
    pump = await coalition.merchant(rates={"default_bps": 200, "by_category": {}})
    return rosa, pump, await coalition.merchant()


async def test_the_example_of_earning_is_as_it_is_told(coalition: factories.Coalition) -> None:
    rosa, pump, harvest = await three_merchants(coalition)
    ana = await coalition.member()
    basket = bought(day(0), ("beauty", 2, 4000), ("household", 1, 3000))
    first = await coalition.report(rosa, ana, basket, now=day(0))
    await coalition.report(pump, ana, bought(day(10), ("fuel", 1, 5000)), now=day(10))
    await earn.mature(coalition.db, now=day(14))
    await earn.mature(coalition.db, now=day(24))
    await coalition.spend(ana, harvest, 500, now=day(25))
    one_bottle = returns.ReturnLine(1, 1000)
    await coalition.give_back(rosa, first.purchase_id, one_bottle, now=day(30))
    await coalition.give_back(rosa, first.purchase_id, now=day(31))
    await coalition.report(rosa, ana, bought(day(32), ("household", 1, 10_000)), now=day(32))
    await earn.mature(coalition.db, now=day(46))
    found = [
        shown(one, one.pending_minor, one.available_minor)
        for one in await movements(coalition, ana)
    ]
    explained = await statements.purchase(coalition.db, first.purchase_id)
    assert explained.detail is not None
    parts = [
        (one.from_lot_minor, one.from_other_minor, one.deficit_minor)
        for one in explained.detail.returns
    ]

    assert told("earning.md") == found
    assert [(50, 100, 50), (0, 0, 350)] == sorted(parts, reverse=True)
    for line in explained.detail.lines:
        assert line.sentence.replace("Rosa", "Rosa Drugstore") in page_text("earning.md")
    assert [0, 0, 100] == [left for _, left, _ in await coalition.lots(ana)]


async def test_the_example_of_redeeming_is_as_it_is_told(coalition: factories.Coalition) -> None:
    rosa, pump, harvest = await three_merchants(coalition)
    ben = await coalition.member()
    await coalition.report(rosa, ben, bought(day(0), ("household", 1, 8000)), now=day(0))
    await coalition.report(pump, ben, bought(day(0), ("fuel", 1, 25_000)), now=day(0))
    await earn.mature(coalition.db, now=day(14))
    held = await coalition.hold(ben, harvest, 700, now=day(20))
    spent = await coalition.capture(held, 550, now=day(20))
    await coalition.refund(spent, 200, now=day(130))
    await coalition.refund(spent, now=day(130))
    found = [
        shown(one, one.available_minor, one.held_minor)
        for one in await movements(coalition, ben)
        if one.code not in ("earn", "mature")
    ]
    lots = await coalition.lots(ben)

    assert told("redeeming.md") == found
    assert {(0, 400, datetime(2026, 8, 8, 23, tzinfo=UTC)), (0, 500, _end_of(15, 3, 2027))} == set(
        lots
    )
    assert 0 == await coalition.position(harvest, "honoured")


def _end_of(of_day: int, month: int, year: int) -> datetime:
    """The end of a winter's day in Lisbon."""
    return datetime(year, month, of_day, tzinfo=UTC) + timedelta(days=1)
