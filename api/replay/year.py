"""The walk through time: each day opens with the worker's duties, then the shops open.

A day opens with what the worker does on any day, as of that morning: lots mature, notices go out,
value and holds expire. Then come the tills, and at the end of it all the totals and the laws.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Final, cast

from api.journey import people, promotions, source, span, spending, walk
from api.replay import coalition, ordered, ordering, shop, taking_part, tills
from api.replay import promotions as promoted
from api.replay import run as runs
from wallet import earn, expire, laws, redeem, reports
from wallet.database import Database

if TYPE_CHECKING:
    import asyncpg

SWEEP_MAX: Final = 5_000
"""Lots of one sweep; a sweep is repeated until it finds fewer."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the walk is: the day that is done, and what it did so far."""

    date: date
    purchases: int
    lines: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a replay did and what stands in the books after it.

    `done` counts what this run did anew, `replayed` what had been done before, `refused` the
    refusals by their code; `before` and `after` are the sizes of the books.
    """

    seconds: float
    first: date
    last: date
    done: Counter[str]
    replayed: Counter[str]
    refused: Counter[str]
    before: reports.Counts
    after: reports.Counts
    merchants: list[reports.MerchantTotals]
    breaches: list[laws.Breach]
    campaigns: list[promoted.Compared]
    taking_part: taking_part.Told | None
    orders: ordered.Told | None


async def replay(
    db: Database,
    year: source.Source,
    *,
    since: date = span.FIRST_DAY,
    until: date = span.LAST_DAY,
    shift_days: int = 0,
    policy: spending.Policy | None = None,
    campaigns: Sequence[promotions.Promotion] = (),
    schemes: bool = False,
    at: shop.Shop | None = None,
    progress: Callable[[Step], None] | None = None,
) -> Summary:
    """Replay `year` from `since` to `until` (days of 2017, both included).

    All instants are `shift_days` later; an installation keeps the shift of its first replay.
    `campaigns` are published before the year begins, and give what they give. With `schemes`
    members climb tiers, reach milestones, stand on a board, enter raffles and give to a charity.
    With a shop beside it (`at`) they link accounts there and redeem.
    Raises CURRENCY_MISMATCH when the programme is not in US dollars.
    """
    started = perf_counter()
    house = await coalition.found(db)
    before = await reports.counts(db)
    shift_days = await coalition.open_shops(db, year, shift_days)
    run = runs.Run(
        db, house.asset, policy or spending.Policy(), await reports.captured(db, house.asset)
    )
    await runs.each(people.plan(year.households()), lambda one: coalition.enrol(run, one))
    parts = await promoted.publish(db, campaigns, shift_days)
    plan = None
    if schemes:
        plan = await taking_part.publish(
            db, year.households(), since=since, until=until, shift_days=shift_days
        )
    shopping = None
    if at is not None:
        shopping = await ordering.open_shop(
            at, year.households(), since=since, until=until, shift_days=shift_days
        )
    days = walk.days(year, since=since, until=until, shift_days=shift_days)
    step = Step(since, 0, 0)
    async for day in _ahead(days):
        await _day(run, day, plan, shopping)
        lines = sum(len(one.purchase.lines) for one in day.purchases)
        step = Step(day.date, step.purchases + len(day.purchases), step.lines + lines)
        if progress is not None:
            progress(step)
    ended = walk.midnight(until + timedelta(days=shift_days + 1))
    if plan is not None:
        await _take_part_to_the_end(run, ended)
    if shopping is not None:
        await ordering.end(run, shopping)
    async with db.bulk_pool.acquire() as connection:
        breaches = await laws.check(cast("asyncpg.Connection[asyncpg.Record]", connection))
    return Summary(
        seconds=perf_counter() - started,
        first=since + timedelta(days=shift_days),
        last=until + timedelta(days=shift_days),
        done=run.done,
        replayed=run.replayed,
        refused=run.refused,
        before=before,
        after=await reports.counts(db),
        merchants=await reports.merchants(db, house.asset),
        breaches=breaches,
        campaigns=promoted.compare(parts, await promoted.reach(db, parts)) if parts else [],
        taking_part=None if plan is None else await taking_part.told(db, plan, ended),
        orders=None if shopping is None else await ordered.told(shopping),
    )


async def _day(
    run: runs.Run, day: walk.Day, plan: taking_part.Plan | None, shopping: ordering.Plan | None
) -> None:
    await _open(run, day.opens_at)
    if plan is not None:
        await taking_part.morning(run, day.opens_at)
    if shopping is not None:
        await ordering.morning(run, shopping, day)
    paid = await tills.spend(run, day)
    await tills.report(run, day, paid)
    await runs.each(day.events, lambda one: tills.event(run, one))
    for back in day.returns:  # two may be of one purchase
        await tills.bring_back(run, back, day.closes_at)
    due = [one for one in run.refunds if one.at < day.closes_at]
    run.refunds = [one for one in run.refunds if one.at >= day.closes_at]
    await runs.each(due, lambda one: tills.refund(run, one))
    if plan is not None:
        await taking_part.evening(run, plan, day.closes_at)
    if shopping is not None:
        await ordering.evening(run, shopping, day)


async def _take_part_to_the_end(run: runs.Run, ended: datetime) -> None:
    await _open(run, ended)
    await taking_part.morning(run, ended)
    await taking_part.look(run, ended)
    await _open(run, ended)  # what the last look paid out is the member's today,
    await taking_part.look(run, ended)  # and a pledge takes its share


async def _open(run: runs.Run, now: datetime) -> None:
    """Do what the worker does, as of this instant, until nothing is left to do."""
    while True:
        matured = await earn.mature(run.db, now=now, limit=SWEEP_MAX)
        run.done["lots matured or lapsed"] += matured
        if matured < SWEEP_MAX:
            break
    while True:
        swept = await expire.sweep(run.db, now=now, limit=SWEEP_MAX)
        run.done["expiry notices"] += swept.noticed
        run.done["lots expired"] += swept.expired
        if max(swept.noticed, swept.expired) < SWEEP_MAX:
            break
    run.done["holds expired"] += await redeem.sweep(run.db, now=now, limit=SWEEP_MAX)


async def _ahead(days: Iterator[walk.Day]) -> AsyncIterator[walk.Day]:
    """Shape the next day in a thread while the database works on this one."""
    upcoming = asyncio.create_task(asyncio.to_thread(next, days, None))
    while (day := await upcoming) is not None:
        upcoming = asyncio.create_task(asyncio.to_thread(next, days, None))
        yield day
