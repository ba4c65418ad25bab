"""What members take part in, in the replayed year: published before it, and looked at every week.

Before a week's raffle closes, and at the end, every wallet that moved is looked at, as the worker
does within a second: what is found is the same, because each step counts from the purchase that
caused it. Draws are tended each morning. At the end all of it is read from the books, and every
raffle is checked from its export, as an outsider would check it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from api import showcase
from api.journey import charities, coalition, keys, people, taking_part, walk
from api.replay import run as runs
from wallet import errors, ids, members, money, notices, reports
from wallet.charities import impact, pledges
from wallet.database import Database
from wallet.draws import exports, raffles, tending, tickets
from wallet.progress import advance, rankings
from wallet.rules.draws import record, verify

LOOKS_MAX: Final = 500
"""Wallets of one turn; a turn is repeated until nobody is due."""
TOP: Final = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """What was published; `ends` are the raffles by the instant at which they close."""

    players: tuple[UUID, ...]
    milestones: dict[UUID, str]
    board: UUID
    ends: dict[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it; `board` are the best scores of its last window, `verified` the raffles that
    an outsider finds to be right.
    """

    counted: reports.Participation
    milestones: dict[str, int]
    period: str
    board: tuple[int, ...]
    raffles: int
    verified: int
    donated_minor: int


async def publish(
    db: Database,
    households: Sequence[int],
    *,
    since: date,
    until: date,
    shift_days: int,
) -> Plan:
    """Publish all of it on the eve of the first day; repeating it changes nothing."""
    eve = walk.midnight(since + timedelta(days=shift_days - 1))
    await charities.run(db, eve)
    begins = walk.midnight(since + timedelta(days=shift_days))
    paying = await showcase.rewards(db, begins, eve)
    await showcase.scheme(db, taking_part.ladder(), eve)
    milestones = {
        await showcase.scheme(db, one, eve): str(one.definition["name"])
        for one in taking_part.milestones(paying, begins)
    }
    board = await showcase.scheme(db, taking_part.board(), eve)
    weekly = taking_part.raffles(paying, since=since, until=until, shift_days=shift_days)
    ends = {
        datetime.fromisoformat(one.definition["closes_at"]): await showcase.scheme(db, one, eve)
        for one in weekly
    }
    for household in households:
        if taking_part.pledges(household):
            await pledges.set_up(
                db,
                member_id=people.member_id(household),
                request_id=keys.named("pledge", str(household)),
                charity_id=charities.RIVER_FUND,
                kind="share",
                asset=money.asset(coalition.ASSET),
                share_bps=taking_part.PLEDGED_BPS,
                now=eve,
            )
    playing = [people.member_id(one) for one in households if taking_part.plays(one)]
    return Plan(tuple(playing), milestones, board, ends)


async def evening(run: runs.Run, plan: Plan, closes_at: datetime) -> None:
    """Before a raffle closes look at whoever moved, and enter the tickets of those who play."""
    draw_id = plan.ends.get(closes_at)
    if draw_id is not None:
        now = closes_at - timedelta(seconds=1)
        await look(run, now)
        await runs.each(plan.players, lambda one: _enter(run, draw_id, one, now))


async def look(run: runs.Run, now: datetime) -> None:
    """Look at every wallet that moved, as the worker does."""
    while await notices.drain(run.db) > 0:
        pass
    while True:
        done = await advance.advance(run.db, now=now, limit=LOOKS_MAX)
        run.done["looks"] += done.wallets
        assert not done.failures, done.failures[0]
        if done.wallets < LOOKS_MAX:
            break


async def morning(run: runs.Run, now: datetime) -> None:
    """Tend the draws: commit, freeze, draw, pay."""
    tended = await tending.tend(run.db, now=now)
    run.done["prizes paid"] += tended.paid
    assert not tended.failures, tended.failures


async def told(db: Database, plan: Plan, until: datetime) -> Told:
    """Read from the books what came of it, and check every raffle from what is published of it."""
    period = f"{(until - timedelta(seconds=1)).astimezone(walk.ZONE):%Y-%m}"
    drawn = [one for one in plan.ends.values() if await raffles.frozen(db, one) is not None]
    exported = [record.dump(await exports.export(db, one)) for one in drawn]
    counted = await reports.participation(db)
    best = await rankings.top(db, plan.board, period, first=TOP)
    return Told(
        counted=counted,
        milestones={name: counted.milestones.get(key, 0) for key, name in plan.milestones.items()},
        period=period,
        board=tuple(row.score for row in best),
        raffles=len(drawn),
        verified=sum(verify.holds(verify.verify(one)) for one in exported),
        donated_minor=sum(one.members_minor for one in await impact.of(db, charities.RIVER_FUND)),
    )


async def _enter(run: runs.Run, draw_id: UUID, member_id: UUID, now: datetime) -> None:
    wallet_id = run.wallets[member_id]
    mine = await tickets.usable(run.db, wallet_id, draw_id, at=now)
    if not mine:
        return
    member = await members.find(run.db, member_id)
    for ticket in mine:
        try:
            entered = await raffles.enter(
                run.db,
                member=member,
                request_id=ids.derived(ticket.ticket_id, "entry"),
                draw_id=draw_id,
                ticket_id=ticket.ticket_id,
                named=False,
                now=now,
            )
            run.count("raffle entries", replayed=entered.replayed)
        except errors.Refusal as refusal:
            run.refused[refusal.code] += 1
