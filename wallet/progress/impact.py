"""What an edit of a ladder would do today: how many members would move, from which tier to which.

The rule that decides is asked twice for each member, with the edition and without. Nothing is
written, nobody is named, and when time is up the answer says how many were looked at.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wallet import errors, ids, programme
from wallet.database import Database
from wallet.progress import ladders, schemes, tiers
from wallet.rules.schemes import kinds
from wallet.rules.schemes.ladders import Ladder
from wallet.rules.tiers import facts, standing
from wallet.rules.tiers.running import Running

BATCH: Final = 50
"""Members between two looks at the clock: some hundredths of a second of work."""
DRAFT: Final = UUID(int=0x1ADDE)
"""The id of a ladder that has none yet, and of its version."""

Moves = Mapping[tuple[str | None, str], int]


@dataclass(frozen=True, slots=True)
class Impact:
    """How many members would move; `kept` are those who keep a tier until their window ends.

    Of `members` that there are `looked_at` were considered; `complete` is false if time ran out.
    A move is from one tier (None: from no ladder) to another.
    """

    at: datetime
    members: int
    looked_at: int
    complete: bool
    moves: Moves
    kept: Moves


async def of(
    db: Database,
    *,
    raw: object,
    scheme_id: UUID | None,
    late: Callable[[], bool],
    now: datetime | None = None,
) -> Impact:
    """Try a definition out; SCHEME_INVALID if it is none, NOT_FOUND for no such ladder."""
    ladder = kinds.read(raw)
    if not isinstance(ladder, Ladder):
        raise errors.SchemeInvalid("Only ladders have an impact to look at.", path=("kind",))
    held = await schemes.moment(db, now)
    before = _before(ladders.of(db, held.book), scheme_id)
    after, strict = (_edited(before, one, held.at) for one in (ladder, _strict(ladder)))
    zone = (await programme.of(db)).time_zone
    members = int(await db.fetchval("select count(*) from coalition.member"))
    moves: Counter[tuple[str | None, str]] = Counter()
    kept: Counter[tuple[str | None, str]] = Counter()
    last, looked_at = UUID(int=0), 0
    while wallets := await _wallets(db, last):
        last = wallets[-1]
        for seen in await tiers.read(db, [after], wallets, at=held.at):
            was = None if before is None else _tier(before, seen, zone)
            to, would = _tier(after, seen, zone), _tier(strict, seen, zone)
            if to is not None and to != was:
                moves[was, to] += 1
            if to is not None and would is not None and would != to:
                kept[to, would] += 1
        looked_at += len(wallets)
        if late():
            break
        await asyncio.sleep(0)
    return Impact(held.at, members, looked_at, looked_at >= members, moves, kept)


def _before(running: Sequence[Running], scheme_id: UUID | None) -> Running | None:
    if scheme_id is None:
        return None
    found = [one for one in running if one.scheme_id == scheme_id]
    if not found:
        raise errors.NotFound(path=("scheme_id",))
    return found[0]


def _strict(ladder: Ladder) -> Ladder:
    """The same ladder, if it lowered at once."""
    return msgspec.structs.replace(ladder, edits="at_once")


def _edited(before: Running | None, ladder: Ladder, at: datetime) -> Running:
    edition = facts.Edition(ids.derived(DRAFT, ladder.edits), ladder, at)
    if before is None:
        return Running(DRAFT, (edition,))
    editions = [one for one in before.editions if one.since < at]
    return Running(before.scheme_id, (*editions, edition))


def _tier(one: Running, seen: tiers.Seen, zone: str) -> str | None:
    found = standing.stand(one.editions, tiers.past_of(seen, one), zone=zone, at=seen.at)
    return None if found is None else found.tier


async def _wallets(db: Database, after: UUID) -> list[UUID]:
    rows = await db.fetch(
        "select wallet_id from coalition.member where wallet_id > $1 order by wallet_id limit $2",
        after,
        BATCH,
    )
    return [row["wallet_id"] for row in rows]
