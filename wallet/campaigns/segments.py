"""Segments: named groups of members, kept from when to when, that campaigns ask for by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from wallet import audit, errors
from wallet.database import Database
from wallet.rules import text

MEMBERS_MAX: Final = 10_000
"""Members in one request: one statement of some tenths of a second."""
SEGMENTS_MAX: Final = 500
"""Segments of a programme: as many as one condition may name."""
NAME_CHARS_MAX: Final = 64
ABOUT_CHARS_MAX: Final = 500

_SELECT: Final = "select segment_id, name, about, created_at from coalition.segment"
_SAVE: Final = (
    "with made as (insert into coalition.segment (segment_id, name, about)"
    " values ($1, $2, $3) on conflict (segment_id) do nothing returning 1),"
    " bumped as (update coalition.programme set epoch = epoch + 1 where exists (select from made))"
    " select count(*) from made"
)
_ADD: Final = (
    "insert into coalition.segment_member (segment_id, member_id, since)"
    " select $1, m.member_id, coalesce($3::timestamptz, clock_timestamp())"
    " from coalition.member m where m.member_id = any($2::uuid[])"
    " order by m.member_id on conflict do nothing returning 1"
)
_REMOVE: Final = (
    "update coalition.segment_member"
    " set until = greatest(since, coalesce($3::timestamptz, clock_timestamp()))"
    " where segment_id = $1 and member_id = any($2::uuid[]) and until is null returning 1"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment; its name never changes, because campaigns go by it."""

    segment_id: UUID
    name: str
    about: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Created:
    """A segment that is there; `replayed` if this id had been used before."""

    segment: Segment
    replayed: bool


async def create(
    db: Database, *, segment_id: UUID, name: str, about: str, reason: str, actor: audit.Actor
) -> Created:
    """Create a segment. Repeating it is harmless; REFERENCE_USED for another's name."""
    audit.check_reason(reason)
    text.check(name, "name", chars_max=NAME_CHARS_MAX)
    if name != name.strip():
        raise errors.TextInvalid("A name has no spaces around it.", path=("name",))
    text.check(about, "about", chars_max=ABOUT_CHARS_MAX)
    if await db.fetchval("select count(*) from coalition.segment") >= SEGMENTS_MAX:
        raise errors.TooMany(limit=SEGMENTS_MAX)
    try:
        made = await db.fetchval(_SAVE, segment_id, name, about)
    except asyncpg.UniqueViolationError:
        raise errors.ReferenceUsed(path=("name",)) from None
    segment = await find(db, segment_id)
    if (segment.name, segment.about) != (name, about):
        raise errors.IdempotencyKeyReused(first_used_at=segment.created_at)
    await audit.write(
        db, actor=actor, act="segment.create", subject=segment_id, reason=reason, once=segment_id
    )
    return Created(segment, replayed=not made)


async def add(
    db: Database,
    *,
    segment_id: UUID,
    member_ids: Sequence[UUID],
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> int:
    """Let members belong to a segment from now on; how many did not before.

    NOT_FOUND at the place of a member that is not there: then nobody is added.
    """
    await _check(db, segment_id, member_ids, reason)
    rows = await db.fetch(
        "select member_id from coalition.member where member_id = any($1)", list(member_ids)
    )
    known = {row["member_id"] for row in rows}
    for place, member_id in enumerate(member_ids):
        if member_id not in known:
            raise errors.NotFound(path=("member_ids", str(place)))
    added = len(await db.fetch(_ADD, segment_id, list(member_ids), now))
    await _log(db, "segment.add", segment_id, added, reason, actor)
    return added


async def remove(
    db: Database,
    *,
    segment_id: UUID,
    member_ids: Sequence[UUID],
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> int:
    """Let members no longer belong to a segment; how many did. What was before stays known."""
    await _check(db, segment_id, member_ids, reason)
    removed = len(await db.fetch(_REMOVE, segment_id, list(member_ids), now))
    await _log(db, "segment.remove", segment_id, removed, reason, actor)
    return removed


async def of(
    db: Database, member_ids: Sequence[UUID], at: datetime | None = None
) -> dict[UUID, frozenset[str]]:
    """The names of the segments that members belong to at an instant (None: now)."""
    rows = await db.fetch(
        "select sm.member_id, array_agg(s.name) as names from coalition.segment_member sm"
        " join coalition.segment s using (segment_id) where sm.member_id = any($1)"
        " and sm.since <= coalesce($2::timestamptz, clock_timestamp())"
        " and (sm.until is null or sm.until > coalesce($2::timestamptz, clock_timestamp()))"
        " group by sm.member_id",
        list(member_ids),
        at,
    )
    found = {row["member_id"]: frozenset(row["names"]) for row in rows}
    return {member_id: found.get(member_id, frozenset()) for member_id in member_ids}


async def find(db: Database, segment_id: UUID) -> Segment:
    """The segment with this id, or NOT_FOUND."""
    row = await db.fetchrow(f"{_SELECT} where segment_id = $1", segment_id)
    if row is None:
        raise errors.NotFound(path=("segment_id",))
    return Segment(**dict(row))


async def page(db: Database, *, first: int, after: tuple[str, UUID] | None) -> list[Segment]:
    """Segments by name; `after` is the name and id of the last one seen. At most `first`."""
    name, last = after or ("", UUID(int=0))
    rows = await db.fetch(
        f"{_SELECT} where (name, segment_id) > ($1, $2) order by name, segment_id limit $3",
        name,
        last,
        first,
    )
    return [Segment(**dict(row)) for row in rows]


async def sizes(db: Database, segment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many members belong to segments now, for a loader."""
    rows = await db.fetch(
        "select segment_id, count(*) as members from coalition.segment_member"
        " where segment_id = any($1) and until is null group by segment_id",
        list(segment_ids),
    )
    found = {row["segment_id"]: row["members"] for row in rows}
    return {segment_id: found.get(segment_id, 0) for segment_id in segment_ids}


async def _check(db: Database, segment_id: UUID, member_ids: Sequence[UUID], reason: str) -> None:
    audit.check_reason(reason)
    if len(member_ids) > MEMBERS_MAX:
        raise errors.TooMany(path=("member_ids",), limit=MEMBERS_MAX)
    await find(db, segment_id)


async def _log(
    db: Database, act: str, segment_id: UUID, count: int, reason: str, actor: audit.Actor
) -> None:
    await audit.write(
        db, actor=actor, act=act, subject=segment_id, reason=reason, detail={"members": count}
    )
