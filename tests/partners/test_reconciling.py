"""Reconciliation: a day at a partner is the same on both sides, or each difference has its name."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from partners import reconciling
from partners.reconciling import Reconciled
from tests.partners import demo, driving
from tests.partners.driving import Scene
from tests.partners.test_commands import run
from wallet import orders
from wallet.database import Database


@pytest.fixture
async def careless(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> AsyncIterator[Scene]:
    """A shop that does again what it is asked again, and lists what it has issued."""
    async with driving.scene(db, tmp_path, demo_partner, flavour="none") as one:
        yield one


async def compare(one: Scene) -> Reconciled:
    return await reconciling.reconcile(
        one.house, one.standing.opener, one.partner, await day_of(one)
    )


async def day_of(one: Scene) -> date:
    """The programme's day now."""
    found: date = await one.db.fetchval(
        "select (clock_timestamp() at time zone 'Europe/Lisbon')::date"
    )
    return found


async def now_drive(one: Scene, order: orders.Order) -> orders.Order:
    return await one.drive(order, now=datetime.now(UTC))


async def names(one: Scene) -> list[tuple[str, str]]:
    rows = await one.db.fetch("select subject, what from partner.difference order by subject")
    return [(row["subject"], row["what"]) for row in rows]


async def test_a_day_that_is_the_same_on_both_sides_is_clean(careless: Scene) -> None:
    await careless.begin(500, now=None)
    await careless.begin(501, now=None)
    taken_back = await careless.begin(600, now=None)
    await careless.reverse(taken_back, now=datetime.now(UTC))

    done = await compare(careless)

    assert ("clean", 1, 500, 1, 500) == (
        *(done.state, done.here_count, done.here_minor),
        *(done.there_count, done.there_minor),
    )
    assert () == done.differences
    assert "clean" == await careless.db.fetchval("select state from partner.reconciliation")


async def test_every_difference_has_its_name(careless: Scene) -> None:
    voided, lost = await careless.begin(500, now=None), await careless.begin(700, now=None)
    ref = await careless.issue_there(voided)
    await careless.at_shop("POST", f"/issues/{ref}/reversals", json={"amount": "5.00"})
    strange = await careless.at_shop(
        "POST", "/issues", json={"key": "9" * 32, "amount": "3.00", "currency": "EUR"}
    )
    twice = await careless.begin(800, now=None)
    again = await careless.at_shop(
        "POST", "/issues", json={"key": twice.key, "amount": "8.00", "currency": "EUR"}
    )

    done = await compare(careless)

    assert "differs" == done.state
    assert lost.key not in {one.subject for one in done.differences}
    assert {
        (voided.key, "voided_there"),
        (strange["ref"], "missing_here"),
        (again["ref"], "missing_here"),
    } == {(one.subject, one.what) for one in done.differences}
    assert sorted((one.subject, one.what) for one in done.differences) == await names(careless)


async def test_what_the_shop_has_forgotten_is_missing_there(careless: Scene) -> None:
    order = await careless.begin(500, now=None)
    await careless.at_shop("DELETE", "/effects")

    done = await compare(careless)

    assert [(order.key, "missing_there")] == [(one.subject, one.what) for one in done.differences]
    assert "captured" == (await orders.find(careless.db, order.redemption_id)).state


async def test_late_truth_that_a_day_shows_is_taken_back_and_the_day_is_clean_then(
    careless: Scene,
) -> None:
    order = await now_drive(careless, await careless.begin(511, now=None))
    assert "released" == order.state
    await careless.at_shop("GET", "/issues", params={"key": order.key})

    first = await compare(careless)
    late = await orders.find(careless.db, order.redemption_id)
    await now_drive(careless, late)
    second = await compare(careless)

    assert ("differs", "late", "clean") == (first.state, late.state, second.state)
    assert [] == await names(careless)
    assert 0 == (await careless.effects(order))["live"]


async def test_a_partner_that_has_no_lists_is_asked_order_by_order(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> None:
    async with driving.scene(db, tmp_path, demo_partner, kind="listless") as one:
        kept, lost = await one.begin(500, now=None), await one.begin(600, now=None)
        ref = await one.issue_there(lost)
        await one.at_shop("POST", f"/issues/{ref}/reversals", json={"amount": "6.00"})

        done = await compare(one)

        assert kept.state == "captured"
        assert [(lost.key, "voided_there")] == [(d.subject, d.what) for d in done.differences]


async def test_a_partner_that_is_away_is_unread_and_compared_again(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> None:
    nowhere = {"address": driving.NOWHERE, "shop": "x"}
    async with driving.scene(db, tmp_path, demo_partner, config=nowhere) as one:
        due = await reconciling.due(one.house)
        for partner_id, day in due:
            assert partner_id == one.partner.partner_id
            await reconciling.reconcile(one.house, one.standing.opener, one.partner, day)
        soon = await reconciling.due(one.house)
        later = await reconciling.due(one.house, now=datetime.now(UTC) + timedelta(hours=7))

        assert 3 == len(due)
        assert [] == soon
        assert len(later) >= 2
        states = await db.fetch("select distinct state, reason from partner.reconciliation")
        assert [("unread", "ConnectError")] == [tuple(row) for row in states]


@pytest.mark.slow
async def test_an_operator_sees_each_difference_and_a_status_of_one(
    careless: Scene, dsn: str, tmp_path: Path
) -> None:
    day = (await day_of(careless)).isoformat()
    words = ("reconcile", "--partner", careless.partner.slug, "--day", day)
    private = {"COMMONPURSE_PARTNER_PRIVATE_HOSTS": careless.shop.host}
    order = await careless.begin(500, now=None)
    clean = await run(dsn, tmp_path, *words, **private)
    await careless.at_shop("DELETE", "/effects")

    ill = await run(dsn, tmp_path, *words, **private)

    assert [0, 1] == [clean[0], ill[0]]
    assert "1: 5.00 EUR" in clean[1]
    assert f"missing_there {order.key}" in ill[1]
