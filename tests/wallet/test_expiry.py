"""Expiry: to the last second of the last day, after a notice where one is due, and to whom."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.wallet.factories import ALL_BACK, AT_ONCE, DAY, NOON, Coalition, Faces
from wallet import expire, ids

MOMENT = timedelta(microseconds=1)
# Noon on 10 March in Lisbon; thirty days later summer time has begun there.
LAST_INSTANT = datetime(2026, 4, 9, 23, tzinfo=UTC)


async def swept(coalition: Coalition, now: datetime, limit: int = 1000) -> tuple[int, int]:
    result = await expire.sweep(coalition.db, now=now, limit=limit)
    return result.noticed, result.expired


async def test_value_is_there_through_the_whole_last_local_day(coalition: Coalition) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 500)

    early = await swept(coalition, LAST_INSTANT - MOMENT)
    still = await coalition.faces(ana)
    on_time = await swept(coalition, LAST_INSTANT)
    again = await swept(coalition, LAST_INSTANT + 100 * DAY)

    assert [(0, 0), (0, 1), (0, 0)] == [early, on_time, again]
    assert 500 == still.available
    assert Faces(0, 0, 0, 3) == await coalition.faces(ana)
    assert 500 == await coalition.position(coalition.operator_id, "breakage")


async def test_what_never_expires_stays(coalition: Coalition) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": None})
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 500)

    assert (0, 0) == await swept(coalition, NOON + 70_000 * DAY)
    assert 500 == (await coalition.faces(ana)).available


async def test_the_contract_says_who_gets_what_expires(coalition: Coalition) -> None:
    month: dict[str, Any] = {"rates": ALL_BACK, "pending": AT_ONCE, "expiry": {"days": 30}}
    charity_id = ids.new()
    rosa = await coalition.merchant(breakage="merchant", **month)
    nuno = await coalition.merchant(breakage="charity", charity_id=str(charity_id), **month)
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 500)
    await coalition.earned(nuno, ana, 400)
    await coalition.fill(ana, 300)

    assert (0, 2) == await swept(coalition, LAST_INSTANT)
    assert 500 == await coalition.position(rosa, "merchant_breakage")
    assert 400 == await coalition.position(charity_id, "due")
    assert 300 == (await coalition.faces(ana)).available


async def test_without_its_notice_nothing_expires(coalition: Coalition) -> None:
    """Told late, the member still has the whole time of the notice."""
    rosa = await coalition.merchant(
        rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 60, "notice_days": 20}
    )
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 500)
    late = NOON + 200 * DAY

    told = await swept(coalition, late)
    kept = await swept(coalition, late + 20 * DAY)
    over = await swept(coalition, late + 21 * DAY)

    assert [(1, 0), (0, 0), (0, 1)] == [told, kept, over]
    assert [("lot.expiring", 500)] == [
        (row["topic"], row["amount"])
        for row in await coalition.db.fetch(
            "select topic, (detail ->> 'amount')::int as amount from ledger.outbox"
            " where topic = 'lot.expiring'"
        )
    ]


async def test_a_notice_in_time_moves_no_day(coalition: Coalition) -> None:
    rosa = await coalition.merchant(
        rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30, "notice_days": 20}
    )
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 500)
    in_time = LAST_INSTANT - 21 * DAY + timedelta(hours=2)

    before = await swept(coalition, in_time - DAY)
    told = await swept(coalition, in_time)

    ((_, _, expires_at),) = await coalition.lots(ana)
    assert [(0, 0), (1, 0)] == [before, told]
    assert LAST_INSTANT == expires_at
    assert (0, 1) == await swept(coalition, LAST_INSTANT)


async def test_what_is_held_does_not_expire_and_the_rest_does(coalition: Coalition) -> None:
    rosa = await coalition.merchant(
        rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30}, hold_minutes=600
    )
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 500)
    held = await coalition.hold(ana, rosa, 200, now=LAST_INSTANT - MOMENT)

    await swept(coalition, LAST_INSTANT)
    left = await coalition.faces(ana)
    await coalition.capture(held, now=LAST_INSTANT)

    assert (0, 200) == (left.available, left.held)
    assert 200 == await coalition.position(rosa, "honoured")
    assert 300 == await coalition.position(coalition.operator_id, "breakage")


async def test_a_debt_never_expires_and_takes_no_lot_with_it(coalition: Coalition) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    ana = await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 500)
    await coalition.spend(ana, coalition.mint, 500)
    await coalition.give_back(rosa, purchase_id)

    assert (0, 0) == await swept(coalition, NOON + 4000 * DAY)
    assert -500 == (await coalition.faces(ana)).available


async def test_many_lots_expire_in_small_steps_to_the_same_books(coalition: Coalition) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    nuno = await coalition.merchant(
        rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 31}, breakage="merchant"
    )
    people = [await coalition.member() for _ in range(3)]
    for member in people:
        for merchant_id in (rosa, nuno, rosa):
            await coalition.earned(merchant_id, member, 100)

    steps = [await swept(coalition, NOON + 60 * DAY, limit=4) for _ in range(4)]

    assert [(0, 4), (0, 4), (0, 1), (0, 0)] == steps
    assert [0, 0, 0] == [(await coalition.faces(member)).available for member in people]
    assert 600 == await coalition.position(coalition.operator_id, "breakage")
    assert 300 == await coalition.position(nuno, "merchant_breakage")


@pytest.mark.parametrize("day", [0, 29])
async def test_the_soonest_to_expire_is_spent_first(coalition: Coalition, day: int) -> None:
    long = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 300})
    short = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    ana = await coalition.member()
    await coalition.earned(long, ana, 100)
    await coalition.earned(short, ana, 100)

    await coalition.spend(ana, coalition.mint, 100, now=NOON + day * DAY)
    await swept(coalition, NOON + 31 * DAY)

    assert 100 == (await coalition.faces(ana)).available


async def test_what_comes_back_by_a_clock_that_is_behind_expires_again(
    coalition: Coalition,
) -> None:
    """Two servers need not agree on midnight; the sweep must live with either."""
    rosa = await coalition.merchant(
        rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30}, hold_minutes=600
    )
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 500)
    held = await coalition.hold(ana, rosa, 200, now=LAST_INSTANT - MOMENT)

    first = await swept(coalition, LAST_INSTANT)
    await coalition.release(held, now=LAST_INSTANT - MOMENT)
    second = await swept(coalition, LAST_INSTANT)

    assert [(0, 1), (0, 1)] == [first, second]
    assert 500 == await coalition.position(coalition.operator_id, "breakage")
