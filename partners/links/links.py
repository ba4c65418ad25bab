"""What links a member has, and ending one.

Ending is immediate on our side: from that moment no token of the link is used again. The partner is
told afterwards by the worker (`partners.links.tokens`), as often as it takes within a day.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from wallet import audit, errors
from wallet.database import Database

PAGE_MAX: Final = 101
"""One page of a door, and the row that says that more follow."""

Status: TypeAlias = Literal["unconfirmed", "active", "reauth_required", "unlinked"]

_COLUMNS: Final = """
    select l.link_id, l.partner_id, l.member_id, p.slug, p.name as partner, l.subject,
           l.subject_name as account, l.status, l.confirmed_at, l.ended_at
    from partner.link l join partner.partner p using (partner_id)
"""
_FIND: Final = _COLUMNS + " where l.link_id = $1 and l.confirmed_at is not null"
_OF: Final = (
    _COLUMNS
    + """
    where l.member_id = $1 and l.status in ('active', 'reauth_required')
      and ($2::timestamptz is null or (l.confirmed_at, l.link_id) < ($2, $3::uuid))
    order by l.confirmed_at desc, l.link_id desc limit $4
"""
)
_AT: Final = (
    _COLUMNS
    + """
    where l.member_id = $1 and l.partner_id = $2 and l.status in ('active', 'reauth_required')
"""
)


@dataclass(frozen=True, slots=True)
class Link:
    """A member's account at a partner, as the member and support see it: no token is in it."""

    link_id: uuid.UUID
    partner_id: uuid.UUID
    member_id: uuid.UUID
    slug: str
    partner: str
    subject: str
    account: str
    status: Status
    confirmed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A link that has ended; `replayed` if it had before."""

    link: Link
    replayed: bool


async def find(db: Database, link_id: uuid.UUID) -> Link:
    """Return a link that was confirmed once; raises NOT_FOUND."""
    row = await db.fetchrow(_FIND, link_id)
    if row is None:
        raise errors.NotFound("There is no such link.", path=("link_id",))
    return _link(row)


async def of(
    db: Database,
    member_id: uuid.UUID,
    *,
    first: int,
    before: tuple[datetime, uuid.UUID] | None = None,
) -> Sequence[Link]:
    """Return a member's live links, newest first; `before` is the last one seen."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    return [_link(row) for row in await db.fetch(_OF, member_id, at, last, first)]


async def at(db: Database, member_id: uuid.UUID, partner_id: uuid.UUID) -> Link | None:
    """Return the member's live link at one partner, of which there is one at most."""
    row = await db.fetchrow(_AT, member_id, partner_id)
    return None if row is None else _link(row)


async def unlink(db: Database, member_id: uuid.UUID, link_id: uuid.UUID) -> Unlinked:
    """End a link by its member's wish; repeating it changes nothing. Raises NOT_FOUND."""
    found = await find(db, link_id)
    if found.member_id != member_id:
        raise errors.NotFound("There is no such link.", path=("link_id",))
    await end(db, member_id, link_id, why="member")
    return Unlinked(await find(db, link_id), replayed=found.status == "unlinked")


async def end(db: Database, member_id: uuid.UUID, link_id: uuid.UUID, *, why: str) -> None:
    """End a link, confirmed or not, and let its tokens be revoked."""
    ended = await db.fetchval("select partner.end_link($1, $2, $3)", link_id, member_id, why)
    if ended is not None:
        await audit.write(
            db,
            actor=audit.Actor("member", member_id),
            act="link.end",
            subject=link_id,
            detail={"why": why},
            once=link_id,
        )


def _link(row: Any) -> Link:
    return Link(**dict(row))
