"""Standings as they are read: by their member, by support, and by whoever decides by a tier.

What is read is what the books say at this moment: where a wallet moved since it was last looked at,
or its day has come, it is looked at before anybody is answered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import ledger, programme, sql
from wallet.database import Database
from wallet.progress import ladders, schemes, tiers
from wallet.rules.schemes.ladders import Ladder
from wallet.rules.tiers import facts, running

PAGE_MAX: Final = 101
"""One screen of changes, and the row that says that more follow."""


@dataclass(frozen=True, slots=True)
class Held:
    """Where a member stands on one ladder; see `facts.Standing`.

    `given_by` says what lifts above what was earned, None where nothing does, and `given_until`
    when that ends.
    """

    scheme_id: UUID
    ladder: Ladder
    tier: str
    earned: str
    since: datetime
    qualifying: int
    opens_at: datetime | None
    closes_at: datetime | None
    lifetime: bool
    next: facts.Goal | None
    stay: facts.Goal | None
    falls_to: str | None
    given_by: facts.GivenBy | None
    given_until: datetime | None


@dataclass(frozen=True, slots=True)
class Standings:
    """Where a member stands on every ladder that holds at a moment, the oldest ladder first."""

    moment: schemes.Moment
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of tier as it was written down.

    Of its causes, `awards` and `completions` are those that are any; all others are purchases.
    """

    change_id: UUID
    scheme_id: UUID
    wallet_id: UUID
    number: int
    from_tier: str | None
    to_tier: str
    why: facts.Why
    qualifying: int
    opens_at: datetime | None
    closes_at: datetime | None
    causes: tuple[UUID, ...]
    awards: frozenset[UUID]
    completions: frozenset[UUID]
    effective_at: datetime
    recorded_at: datetime


async def of(db: Database, wallet_id: UUID, *, now: datetime | None = None) -> Standings:
    """Where a member stands now: one round trip, if nothing has moved since the last look."""
    house = await programme.of(db)
    row = await db.fetchrow(
        sql.load("queries/standings_of"),
        *(ledger.bucket(wallet_id), wallet_id, house.asset.number, now),
    )
    if row is None:
        return Standings(await schemes.moment(db, now), ())
    moment = schemes.Moment(row["at"], await schemes.book(db, epoch=row["epoch"]))
    every = ladders.of(db, moment.book)
    rows = {UUID(one["scheme_id"]): one for one in orjson.loads(row["standings"] or "[]")}
    holding = [one for one in every if one.edition(row["at"]) is not None]
    if all(
        running.is_fresh(one, rows.get(one.scheme_id), row["facts"], row["at"]) for one in holding
    ):
        held = [_held(one, rows[one.scheme_id], row["at"]) for one in holding]
    else:
        found = await tiers.look(db, every, [wallet_id], at=now)
        held = [_just_found(one) for one in found.get(wallet_id, [])]
    return Standings(moment, tuple(held))


async def tier(
    db: Database, moment: schemes.Moment, wallet_id: UUID, *, profile: str | None
) -> str | None:
    """The tier that decides about a member at a moment: on the programme's own ladder.

    Where the programme has no ladder it is the one of their `profile`.
    """
    house = running.house(ladders.of(db, moment.book), moment.at)
    if house is None:
        return profile
    found = (await of(db, wallet_id, now=moment.at)).held
    return next((one.tier for one in found if one.scheme_id == house.scheme_id), None)


async def changes(
    db: Database, wallet_id: UUID, scheme_id: UUID, *, first: int, before: int | None
) -> list[Change]:
    """A member's changes on a ladder, the newest first."""
    assert 0 < first <= PAGE_MAX
    rows = await db.fetch(
        f"{_CHANGES} where bucket = $1 and wallet_id = $2 and scheme_id = $3"
        " and ($4::int is null or n < $4) order by n desc limit $5",
        *(ledger.bucket(wallet_id), wallet_id, scheme_id, before, first),
    )
    return [_change(row) for row in rows]


async def change(db: Database, change_id: UUID) -> Change | None:
    """The change with this id."""
    row = await db.fetchrow(
        f"{_CHANGES} where bucket = $1 and change_id = $2", ledger.bucket(change_id), change_id
    )
    return None if row is None else _change(row)


_CHANGES: Final = (
    "select change_id, scheme_id, wallet_id, n as number, from_tier, to_tier, why, qualifying,"
    " opens_at, closes_at, causes, effective_at, recorded_at,"
    " array(select a.award_id from ledger.award a"
    " where a.bucket = c.bucket and a.award_id = any (c.causes)) as awards,"
    " array(select m.completion_id from ledger.completion m"
    " where m.bucket = c.bucket and m.completion_id = any (c.causes)) as completions"
    " from ledger.tier_change c"
)


def _change(row: Any) -> Change:
    kinds = {name: frozenset(row[name]) for name in ("awards", "completions")}
    return Change(**{**dict(row), **kinds, "causes": tuple(row["causes"])})


def _held(one: running.Running, row: Mapping[str, Any], at: datetime) -> Held:
    edition = one.edition(at)
    assert edition is not None
    told = row["detail"]
    return Held(
        scheme_id=one.scheme_id,
        ladder=edition.ladder,
        tier=row["tier"],
        earned=told["earned"],
        since=_instant(row["since"]),
        qualifying=row["qualifying"],
        opens_at=_maybe(told["opens_at"]),
        closes_at=_maybe(told["closes_at"]),
        lifetime=row["lifetime"],
        next=_goal(told["next"]),
        stay=_goal(told["stay"]),
        falls_to=told["falls_to"],
        given_by=None if told["given"] is None else told["given"][0],
        given_until=None if told["given"] is None else _instant(told["given"][1]),
    )


def _just_found(one: tiers.Found) -> Held:
    it = one.standing
    return Held(
        scheme_id=one.scheme_id,
        ladder=one.ladder,
        tier=it.tier,
        earned=it.earned,
        since=it.since,
        qualifying=it.total,
        opens_at=it.opens_at,
        closes_at=it.closes_at,
        lifetime=it.lifetime,
        next=it.next,
        stay=it.stay,
        falls_to=it.falls_to,
        given_by=None if it.given is None else it.given.by,
        given_until=None if it.given is None else it.given.until,
    )


def _goal(told: Sequence[Any] | None) -> facts.Goal | None:
    return None if told is None else facts.Goal(told[0], told[1], _maybe(told[2]))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _instant(text)
