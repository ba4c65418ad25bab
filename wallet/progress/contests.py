"""Contests: members enter, the ranking becomes final, and each place is paid once.

A contest is a board of those who entered. When a window is final its ranking is frozen in one
statement, and nothing changes it any more: a return that comes later stays with the merchant. The
prizes are campaigns' rewards; whoever pays them is stopped or raced may pay again, and nothing is
paid twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from wallet import errors, ids, ledger, members, programme, sql
from wallet.campaigns import profiles, segments, winnings
from wallet.database import Database
from wallet.progress import advance, appearances, boards, rankings, rounds, schemes, standings
from wallet.rules import local
from wallet.rules.ranking import entering, windows
from wallet.rules.schemes.contests import Contest, Prize

BACK_MAX: Final = 60
"""Windows that are looked back for one that was never closed: a worker that slept for a year."""
PLACES_KEPT: Final = 1_000
"""Places of a final ranking that are kept; a hundred of them may win."""
MOVING_BATCH: Final = 100
"""Entrants who are looked at at once before a ranking is frozen."""
PAY_BATCH: Final = 200
"""Prizes of one turn: more than one contest can have, so that one never hides another."""
NOBODY: Final = UUID(int=0)
FAILURES: Final = (errors.Refusal, errors.Unavailable, asyncpg.PostgresError)
"""What may stand in one contest's way, and stops no other."""

Round: TypeAlias = rounds.Round[Contest]
"""A window of a contest, by the version that holds in it."""


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry; `replayed` if the member had been entered before."""

    round: Round
    replayed: bool


@dataclass(slots=True)
class Closed:
    """How many prizes were paid, and which contests something stood in the way of, with what."""

    paid: int = 0
    failures: dict[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a round stands: whether this member is in it, and whether its ranking is final."""

    entered: bool
    frozen: bool


async def enter(
    db: Database,
    *,
    member: members.Member,
    contest_id: UUID,
    request_id: UUID,
    now: datetime | None = None,
) -> Entered:
    """Enter a member in the contest of now; entering again is the same entry.

    NOT_FOUND for no contest, CONTEST_CLOSED outside its window, NOT_ELIGIBLE for whom it is not
    for, as known at this moment; MEMBER_SUSPENDED, SELF_EXCLUDED.
    """
    house = await programme.of(db)
    held = await schemes.moment(db, now)
    entry_id = ids.placed(request_id, ledger.bucket(member.wallet_id))
    before = await _before(db, held, member.wallet_id, contest_id, entry_id, house.time_zone)
    if before is not None:
        return Entered(before, replayed=True)
    found = current(held, contest_id, house.time_zone)
    today = local.day(held.at, house.time_zone)
    entrant = await _entrant(db, member, held)
    answer = await db.call(
        "select ledger.enter_contest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        ledger.bucket(member.wallet_id),
        entry_id,
        member.wallet_id,
        house.asset.number,
        contest_id,
        found.window.key,
        found.version_id,
        orjson.dumps(entering.kept(entrant, found.definition.who, today)).decode(),
        entering.obstacle(found.definition.who, entrant, today),
        ids.fingerprint(member.member_id, contest_id),
        found.window.starts_at,
        found.window.ends_at,
        now,
    )
    if answer["code"] == "not_eligible":
        raise errors.NotEligible(answer["why"], path=("contest_id",))
    replayed = ledger.replayed(answer)
    if not replayed:
        await advance.settle(db, [member.wallet_id], now=now, stories=[boards])
    return Entered(found, replayed)


def current(held: schemes.Moment, contest_id: UUID, zone: str) -> Round:
    """The round of a contest that runs now, or the last one. NOT_FOUND, CONTEST_CLOSED."""
    entry = held.book.entries.get(contest_id)
    if entry is None or not isinstance(entry.newest, Contest):
        raise errors.NotFound(path=("contest_id",))
    found = next(rounds.back(entry, Contest, held.at, zone), None)
    if found is None:
        raise errors.ContestClosed(path=("contest_id",))
    return found


async def standing(db: Database, found: Round, wallet_id: UUID | None) -> Standing:
    """How a round stands, for a member or for nobody."""
    row = await db.fetchrow(
        "select exists (select from ledger.contest_entry where bucket = $1 and contest_id = $3"
        " and period = $4 and wallet_id = $2) as entered, exists (select from"
        " coalition.contest_freeze where contest_id = $3 and period = $4) as frozen",
        None if wallet_id is None else ledger.bucket(wallet_id),
        wallet_id,
        found.scheme_id,
        found.window.key,
    )
    assert row is not None
    return Standing(**dict(row))


async def results(db: Database, found: Round, *, first: int) -> list[rankings.Row]:
    """The best of a final ranking; nothing before it is final."""
    rows = await db.fetch(
        "select r.place, r.wallet_id, r.score, r.reached_at,"
        " case when m.left_at is null then m.name end as name"
        " from coalition.contest_result r left join coalition.board_member m using (wallet_id)"
        " where contest_id = $1 and period = $2 and place <= $3 order by place",
        found.scheme_id,
        found.window.key,
        first,
    )
    return [rankings.Row(**dict(row)) for row in rows]


async def close(db: Database, *, now: datetime | None = None) -> Closed:
    """Freeze the rankings that have become final, and pay what they win.

    One that fails stops no other: it is tried again with the next turn.
    """
    held = await schemes.moment(db, now)
    zone = (await programme.of(db)).time_zone
    done = Closed()
    for found in await _ending(db, held, zone):
        try:
            await freeze(db, found, now=held.at)
        except FAILURES as problem:
            done.failures[found.scheme_id] = f"{type(problem).__name__}: {problem}"
    await pay(db, held, done, now=now)
    return done


async def freeze(db: Database, found: Round, *, now: datetime) -> bool:
    """Freeze a round's ranking as it is known now; False if it had been before."""
    after: Sequence[UUID] = [NOBODY]
    while after:
        # Who moved and was not looked at yet is ranked by what is known now, like everybody else.
        rows = await db.fetch(
            sql.load("queries/contest_moving"),
            *(found.scheme_id, found.window.key, after[-1], MOVING_BATCH, now),
        )
        after = [row["wallet_id"] for row in rows]
        await advance.settle(db, after, now=found.final_at, stories=[boards])
    winning = [
        place for prize in found.definition.prizes for place in range(prize.first, prize.last + 1)
    ]
    done = await db.fetchval(
        sql.load("queries/contest_freeze"),
        *(found.scheme_id, found.window.key, found.version_id, now, PLACES_KEPT, winning),
    )
    return done is not None


async def pay(
    db: Database, held: schemes.Moment, done: Closed, *, now: datetime | None = None
) -> None:
    """Pay the prizes of final rankings that nobody has settled."""
    for row in await db.fetch(sql.load("queries/contest_unpaid"), PAY_BATCH):
        definition = held.book.definition(Contest, row["contest_id"], row["version_id"])
        prize = definition.prize_of(row["place"])
        if prize is None:
            continue
        try:
            done.paid += await _pay(db, row, definition, prize, held.at, now)
        except FAILURES as problem:
            done.failures[row["contest_id"]] = f"{type(problem).__name__}: {problem}"


async def _pay(
    db: Database,
    row: Any,
    definition: Contest,
    prize: Prize,
    at: datetime,
    now: datetime | None,
) -> bool:
    """Pay a place its prize; False while another worker is at it."""
    place = f"{row['period']} {row['place']}"
    member = members.Member(**{name: row[name] for name in members.Member.__slots__})
    award_id = ids.placed(
        ids.derived(row["contest_id"], f"prize {place}"), ledger.bucket(member.wallet_id)
    )
    giving = winnings.give(
        db,
        member=member,
        campaign_id=prize.reward,
        award_id=award_id,
        kind="contest",
        name=definition.name,
        reference=f"{row['contest_id']} {place}",
        detail={"contest": str(row["contest_id"]), "period": row["period"]},
        now=now,
    )
    outcome = await winnings.became(giving)
    if outcome is None:
        return False
    await db.execute(
        "insert into coalition.contest_prize (contest_id, period, place, award_id, outcome,"
        " paid_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        *(row["contest_id"], row["period"], row["place"], award_id, outcome, at),
    )
    return True


async def _before(
    db: Database,
    held: schemes.Moment,
    wallet_id: UUID,
    contest_id: UUID,
    entry_id: UUID,
    zone: str,
) -> Round | None:
    """The round that this request entered, whichever it is by now; None if none."""
    row = await db.fetchrow(
        "select period, version_id from ledger.contest_entry"
        " where bucket = $1 and entry_id = $2 and wallet_id = $3 and contest_id = $4",
        *(ledger.bucket(wallet_id), entry_id, wallet_id, contest_id),
    )
    if row is None:
        return None
    definition = held.book.definition(Contest, contest_id, row["version_id"])
    window = windows.named(definition, row["period"], zone)
    if window is None:
        return None
    return rounds.Round(contest_id, row["version_id"], definition, window)


async def _entrant(db: Database, member: members.Member, held: schemes.Moment) -> entering.Entrant:
    profile = await profiles.of(db, member.member_id)
    belongs = await segments.of(db, [member.member_id], held.at)
    shown = await appearances.shown(db, member.wallet_id)
    return entering.Entrant(
        segments=belongs[member.member_id],
        tier=await standings.tier(db, held, member.wallet_id, profile=profile.tier),
        birth_date=profile.birth_date,
        shown=not shown.left,
    )


async def _ending(db: Database, held: schemes.Moment, zone: str) -> list[Round]:
    """The rounds that are final and were not frozen."""
    final = [one for one in _rounds(held, zone) if one.final_at <= held.at]
    rows = await db.fetch(
        "select contest_id, period from coalition.contest_freeze where contest_id = any($1)",
        list({one.scheme_id for one in final}),
    )
    frozen = {(row["contest_id"], row["period"]) for row in rows}
    return [one for one in final if (one.scheme_id, one.window.key) not in frozen]


def _rounds(held: schemes.Moment, zone: str) -> Iterator[Round]:
    for entry in held.book.entries.values():
        yield from islice(rounds.back(entry, Contest, held.at, zone), BACK_MAX)
