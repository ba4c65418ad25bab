"""How members stand in milestones, and what they reached, for whoever may read it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wallet import errors, ledger, money, programme
from wallet.database import Database
from wallet.progress import advance, goals, milestones, schemes
from wallet.rules.milestones import judging

PAGE_MAX: Final = 101
"""One page, and the row that says that more follow."""

_COMPLETION: Final = (
    "select c.completion_id, c.wallet_id, c.milestone_id, c.version_id, c.period, c.nth,"
    " c.measured, c.reached_at, c.taken_back_at, c.award_id, g.asset, g.desired_minor,"
    " g.granted_minor"
    " from ledger.completion c"
    " left join ledger.grant g on g.bucket = c.bucket and g.cause_id = c.award_id"
)


@dataclass(frozen=True, slots=True)
class Reward:
    """What was given for a completion, and what would have been without limits."""

    asset: money.Asset
    desired_minor: int
    granted_minor: int


@dataclass(frozen=True, slots=True)
class Completion:
    """A milestone that was reached; `waits` while its reward is not given yet."""

    completion_id: UUID
    wallet_id: UUID
    milestone_id: UUID
    version_id: UUID
    period: str
    nth: int
    measured: int
    reached_at: datetime
    taken_back_at: datetime | None
    reward: Reward | None
    waits: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How a member stands in all milestones that run, with the schemes as they were then."""

    moment: schemes.Moment
    asset: money.Asset
    standings: tuple[judging.Standing, ...]


async def progress(db: Database, wallet_id: UUID, *, now: datetime | None = None) -> Progress:
    """Work out how a wallet stands now, whether or not it has been looked at: two queries."""
    moment, house = await schemes.moment(db, now), await programme.of(db)
    running = [
        one for one in goals.of(moment.book, moment.at, house.time_zone) if one.current is not None
    ]
    wants = milestones.wants(moment.book, moment.at)
    if wants is None or not running:
        return Progress(moment, house.asset, ())
    seen, row = await asyncio.gather(
        advance.gather(db, wallet_id, [wants]),
        goals.gather(db, running, wallet_id, moment.at),
    )
    if seen is None or row is None:
        raise errors.NotFound()
    found = goals.found(row, seen)
    judged = judging.judge(running, found.member, at=moment.at, zone=house.time_zone)
    return Progress(moment, house.asset, tuple(judged.standings))


async def page(
    db: Database, wallet_id: UUID, *, first: int, before: tuple[datetime, UUID] | None
) -> list[Completion]:
    """What a wallet has reached, the newest first; `before` is the last one seen."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_COMPLETION} where c.bucket = $1 and c.wallet_id = $2"
        " and ($3::timestamptz is null or (c.reached_at, c.completion_id) < ($3, $4::uuid))"
        " order by c.reached_at desc, c.completion_id desc limit $5",
        *(ledger.bucket(wallet_id), wallet_id, at, last, first),
    )
    return [_read(row) for row in rows]


async def find(db: Database, completion_id: UUID) -> Completion:
    """The completion with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        f"{_COMPLETION} where c.bucket = $1 and c.completion_id = $2",
        *(ledger.bucket(completion_id), completion_id),
    )
    if row is None:
        raise errors.NotFound()
    return _read(row)


def _read(row: Any) -> Completion:
    given = row["granted_minor"] is not None
    return Completion(
        completion_id=row["completion_id"],
        wallet_id=row["wallet_id"],
        milestone_id=row["milestone_id"],
        version_id=row["version_id"],
        period=row["period"],
        nth=row["nth"],
        measured=row["measured"],
        reached_at=row["reached_at"],
        taken_back_at=row["taken_back_at"],
        reward=Reward(
            money.asset_by_number(row["asset"]), row["desired_minor"], row["granted_minor"]
        )
        if given
        else None,
        waits=row["award_id"] is not None and not given and row["taken_back_at"] is None,
    )
