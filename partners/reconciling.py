"""Reconciliation: for each partner and day, what stands by our books against what stands by theirs.

The difference is nothing, or it is named, order by order. Value that stands there and not here is
late truth: the saga looks at it and takes it back. All other differences are for people, and moved
by nobody here. A day is compared as often as one likes; the last time stands.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

import structlog

from partners import adapter, asking, codes, directory, opening, saga
from partners.adapter import Absent, NotSent, Receipt, Unknown
from wallet import orders, programme
from wallet.database import Database
from wallet.rules import local
from wallet.rules.order_steps import UNRESOLVED_AFTER

log: Final = structlog.get_logger("partners.reconciling")

PAGE: Final = 200
"""Orders of one look at the books."""
ORDERS_MAX: Final = 50_000
"""Orders of one partner and day; beyond that it is compared by its lists and other hands."""
DAYS_BACK: Final = 3
"""Days that the worker compares until they are clean: a partner may be away for a weekend."""
AGAIN_AFTER: Final = timedelta(hours=6)
"""Before a day that was not clean is compared again: what was late has been taken back by then."""
DAYS_MAX: Final = 400
"""Days that are read at once: a year, and its edges."""
DIFFERENCES_MAX: Final = 10_000
"""Differences that are read at once; more of them are no list for a person any more."""
SLACK: Final = UNRESOLVED_AFTER + timedelta(hours=1)
"""How long after an order was begun it may have been issued."""
OPEN: Final = frozenset({"held", "sending", "unknown", "late"})

What: TypeAlias = Literal["missing_there", "missing_here", "amount_differs", "voided_there"]
State: TypeAlias = Literal["clean", "differs", "unread"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing by its name: the order's key, or the partner's own reference if it is none of ours.

    Amounts are in minor units; None where nothing stands.
    """

    subject: str
    what: What
    redemption_id: UUID | None
    here_minor: int | None
    there_minor: int | None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of one day at one partner."""

    partner_id: UUID
    day: date
    state: State
    here_count: int
    here_minor: int
    there_count: int
    there_minor: int
    reason: str | None
    differences: tuple[Difference, ...] = ()


@dataclass(slots=True)
class _Tally:
    """What was counted so far."""

    here_count: int = 0
    here_minor: int = 0
    there_count: int = 0
    there_minor: int = 0
    unread: int = 0


def judge(order: orders.Order, receipt: Receipt | None) -> Difference | None:
    """Name what is different between an order and what the partner shows of it.

    What is still being asked about is no difference: it has its own way to an end.
    """
    if order.state in OPEN or (order.state == "attention" and order.facts.aim != "reverse"):
        return None
    there = None if receipt is None or receipt.state == "void" else receipt.money.amount_minor
    here = order.amount_minor if order.stands else None
    what: What
    if here is None and there is None:
        return None
    if here is None:
        what = "missing_here"
    elif receipt is None:
        what = "missing_there"
    elif there is None:
        if order.state != "captured":
            return None  # It is on its way back here too.
        what = "voided_there"
    elif receipt.money != adapter.Money(order.amount_minor, order.asset):
        what = "amount_differs"
    else:
        return None
    return Difference(order.key, what, order.redemption_id, here, there)


async def reconcile(
    house: saga.House,
    opener: opening.Opener,
    partner: directory.Partner,
    day: date,
    *,
    now: datetime | None = None,
) -> Reconciled:
    """Compare one day at one partner, keep what came of it, and look at what is late truth."""
    zone = (await programme.of(house.db)).time_zone
    since, until = local.midnight(day, zone), local.midnight(day + timedelta(days=1), zone)
    found, tally, reason = [], _Tally(), None
    ours = await _ours(house, partner, since, until)
    try:
        how = opener.kind(partner)
        if how.caps.lists and how.credential.whose != "member":
            async with opener.open(partner) as shop:
                listed = await shop.issued_between(since, until + SLACK)
            if isinstance(listed, NotSent | Unknown):
                reason = listed.reason
            else:
                found = await _listed(house, partner, ours, listed, (since, until), tally, now)
        elif how.caps.finds:
            found = await _looked(house, ours, tally, now)
            reason = f"{tally.unread} orders were not answered" if tally.unread else None
        else:
            reason = "it can neither list what it issued nor be asked"
    except opening.Closed as closed:
        reason = closed.reason
    state: State = "unread" if reason else "differs" if found else "clean"
    done = Reconciled(
        *(partner.partner_id, day, state),
        *(tally.here_count, tally.here_minor, tally.there_count, tally.there_minor),
        reason,
        tuple(found),
    )
    await _keep(house, done, now)
    for one in found:
        whose = {"partner": partner.slug, "day": day.isoformat(), "order": one.subject}
        log.error("reconcile.difference", what=one.what, **whose)
    return done


async def due(house: saga.House, *, now: datetime | None = None) -> list[tuple[UUID, date]]:
    """Partners and days that are to be compared: not yet, or not clean and some hours old."""
    zone = (await programme.of(house.db)).time_zone
    at = now or await house.db.fetchval("select clock_timestamp()")
    days = [local.day(at, zone) - timedelta(days=back) for back in range(1, DAYS_BACK + 1)]
    rows = await house.db.fetch(
        "select p.partner_id, d.day from partner.partner p cross join unnest($1::date[]) d (day)"
        " left join partner.reconciliation r on r.partner_id = p.partner_id and r.day = d.day"
        " where r.state is null or (r.state <> 'clean' and r.checked_at <= $2)"
        " order by d.day, p.partner_id",
        days,
        at - AGAIN_AFTER,
    )
    return [(row["partner_id"], row["day"]) for row in rows]


async def kept(db: Database, partner_id: UUID, *, since: date, until: date) -> list[Reconciled]:
    """What came of each day at a partner, from `since` to before `until`; at most DAYS_MAX days."""
    assert (until - since).days <= DAYS_MAX
    rows = await db.fetch(
        "select partner_id, day, state, here_count, here_minor, there_count, there_minor, reason"
        " from partner.reconciliation where partner_id = $1 and day >= $2 and day < $3 order by 2",
        *(partner_id, since, until),
    )
    named = await db.fetch(
        "select day, subject, what, redemption_id, here_minor, there_minor from partner.difference"
        " where partner_id = $1 and day >= $2 and day < $3 order by 1, 2 limit $4",
        *(partner_id, since, until, DIFFERENCES_MAX),
    )
    of_day = defaultdict[date, list[Difference]](list)
    for row in named:
        told = dict(row)
        of_day[told.pop("day")].append(Difference(**told))
    return [Reconciled(**dict(row), differences=tuple(of_day[row["day"]])) for row in rows]


async def _ours(
    house: saga.House, partner: directory.Partner, since: datetime, until: datetime
) -> list[orders.Order]:
    found: list[orders.Order] = []
    while len(found) < ORDERS_MAX:
        last = found[-1] if found else None
        page = await orders.between(
            house.db,
            partner.partner_id,
            since=since,
            until=until,
            after=None if last is None else (last.created_at, last.redemption_id),
            first=PAGE,
        )
        found += page
        if len(page) < PAGE:
            return found
    return found


async def _listed(
    house: saga.House,
    partner: directory.Partner,
    ours: Sequence[orders.Order],
    listed: Sequence[Receipt],
    span: tuple[datetime, datetime],
    tally: _Tally,
    now: datetime | None,
) -> list[Difference]:
    """Match a partner's list with our orders, by our key, its reference, or our code."""
    names: dict[str, orders.Order] = {}
    for order in ours:
        names |= {order.key: order, codes.ours(house.ring, order.redemption_id, order.kid): order}
        names |= {} if order.reference is None else {order.reference: order}
    shown: dict[UUID, Receipt] = {}
    found = []
    for receipt in sorted(listed, key=lambda one: one.state == "void"):
        told = (receipt.key, receipt.ref, receipt.code)
        mine = next((names[name] for name in told if name in names), None)
        if mine is not None and mine.redemption_id not in shown:
            shown[mine.redemption_id] = receipt
        elif receipt.state == "void":
            continue
        elif mine is not None:
            found.append(_nobodys(receipt, mine.redemption_id, tally))
        elif receipt.issued_at is None or span[0] <= receipt.issued_at < span[1]:
            found += await _strange(house, partner, receipt, span[0], tally, now)
    for order in ours:
        found += await _compared(house, order, shown.get(order.redemption_id), tally, now)
    return list({one.subject: one for one in found}.values())


async def _looked(
    house: saga.House, ours: Sequence[orders.Order], tally: _Tally, now: datetime | None
) -> list[Difference]:
    """Ask a partner that has no lists about each order that is decided."""
    gate = asyncio.Semaphore(saga.PARTNER_AT_ONCE)

    async def one(order: orders.Order) -> list[Difference]:
        async with gate:
            seen = await _find(house, order)
        if isinstance(seen, NotSent | Unknown):
            tally.unread += 1
            return []
        receipt = seen if isinstance(seen, Receipt) else None
        return await _compared(house, order, receipt, tally, now)

    decided = [order for order in ours if order.state not in OPEN]
    return [each for some in await asyncio.gather(*map(one, decided)) for each in some]


async def _find(house: saga.House, order: orders.Order) -> Receipt | Absent | NotSent | Unknown:
    code = codes.ours(house.ring, order.redemption_id, order.kid)
    try:
        async with asyncio.timeout(saga.WORKER_SECONDS), house.reach.open(order) as shop:
            return await shop.find(asking.spoken(order, code))
    except opening.Closed as closed:
        return NotSent(closed.reason)
    except TimeoutError:
        return Unknown("no answer in time")


async def _compared(
    house: saga.House,
    order: orders.Order,
    receipt: Receipt | None,
    tally: _Tally,
    now: datetime | None,
) -> list[Difference]:
    if order.stands:
        tally.here_count += 1
        tally.here_minor += order.amount_minor
    if receipt is not None and receipt.state != "void":
        tally.there_count += 1
        tally.there_minor += receipt.money.amount_minor
    difference = judge(order, receipt)
    if receipt is not None and (difference is None or difference.what == "missing_here"):
        await saga.learn(house, order.redemption_id, receipt.state, reference=receipt.ref, now=now)
    return [] if difference is None else [difference]


async def _strange(
    house: saga.House,
    partner: directory.Partner,
    receipt: Receipt,
    since: datetime,
    tally: _Tally,
    now: datetime | None,
) -> list[Difference]:
    """What stands there for an order of another day, or for none of ours."""
    order = await saga.meant(
        house.db, partner.partner_id, key=receipt.key, ref=receipt.ref, now=now
    )
    if order is None:
        return [_nobodys(receipt, None, tally)]
    if order.created_at >= since - SLACK:
        return []  # It is compared with the day on which it was begun.
    return await _compared(house, order, receipt, _Tally(), now)


def _nobodys(receipt: Receipt, redemption_id: UUID | None, tally: _Tally) -> Difference:
    """Something that stands there and that no order of ours has bought."""
    tally.there_count += 1
    tally.there_minor += receipt.money.amount_minor
    subject = receipt.ref[: adapter.REASON_CHARS_MAX]
    return Difference(subject, "missing_here", redemption_id, None, receipt.money.amount_minor)


async def _keep(house: saga.House, done: Reconciled, now: datetime | None) -> None:
    """Put down what came of a day in place of what came of it before."""
    rows = done.differences
    await house.db.execute(
        "with kept as (insert into partner.difference (partner_id, day, subject, what,"
        " redemption_id, here_minor, there_minor) select $1, $2, * from unnest($3::text[],"
        " $4::text[], $5::uuid[], $6::bigint[], $7::bigint[])"
        " on conflict (partner_id, day, subject) do update set what = excluded.what,"
        " here_minor = excluded.here_minor, there_minor = excluded.there_minor"
        "), gone as (delete from partner.difference where partner_id = $1 and day = $2"
        " and subject <> all ($3::text[]) and $8 <> 'unread')"
        " insert into partner.reconciliation (partner_id, day, state, here_count, here_minor,"
        " there_count, there_minor, differences, reason, checked_at)"
        " values ($1, $2, $8, $9, $10, $11, $12, $13, $14,"
        " coalesce($15::timestamptz, clock_timestamp()))"
        " on conflict (partner_id, day) do update set state = excluded.state,"
        " here_count = excluded.here_count, here_minor = excluded.here_minor,"
        " there_count = excluded.there_count, there_minor = excluded.there_minor,"
        " differences = excluded.differences, reason = excluded.reason,"
        " checked_at = excluded.checked_at",
        *(done.partner_id, done.day, [one.subject for one in rows], [one.what for one in rows]),
        *([one.redemption_id for one in rows], [one.here_minor for one in rows]),
        *([one.there_minor for one in rows], done.state, done.here_count, done.here_minor),
        *(done.there_count, done.there_minor, len(rows), done.reason, now),
    )
