"""Campaigns and their versions as they were saved: found by id, or listed by where they stand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import errors
from wallet.campaigns import live
from wallet.database import Database
from wallet.rules.campaigns import drafts, timeline
from wallet.rules.campaigns.definition import Definition

PAGE_MAX: Final = 100

_SELECT: Final = (
    "select campaign_id, name, merchant_id, created_by, created_at from coalition.campaign"
)
_VERSION: Final = (
    "select version_id, campaign_id, version, definition, note, saved_by, saved_at"
    " from coalition.campaign_version"
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of the operator (no merchant) or of one merchant."""

    campaign_id: UUID
    name: str
    merchant_id: UUID | None
    created_by: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One saved definition."""

    version_id: UUID
    campaign_id: UUID
    version: int
    definition: Definition
    note: str
    saved_by: UUID
    saved_at: datetime


async def find(db: Database, campaign_id: UUID) -> Campaign:
    """The campaign with this id, or NOT_FOUND."""
    row = await db.fetchrow(f"{_SELECT} where campaign_id = $1", campaign_id)
    if row is None:
        raise errors.NotFound(path=("campaign_id",))
    return Campaign(**dict(row))


async def find_version(db: Database, version_id: UUID) -> Version:
    """The version with this id, or NOT_FOUND."""
    found = await version_or_none(db, version_id)
    if found is None:
        raise errors.NotFound(path=("version_id",))
    return found


async def versions(db: Database, campaign_ids: list[UUID]) -> dict[UUID, list[Version]]:
    """The versions of these campaigns, the newest first, for a loader."""
    rows = await db.fetch(
        f"{_VERSION} where campaign_id = any($1) order by version desc", campaign_ids
    )
    found: dict[UUID, list[Version]] = {campaign_id: [] for campaign_id in campaign_ids}
    for row in rows:
        found[row["campaign_id"]].append(_read(row))
    return found


async def page(
    db: Database,
    *,
    first: int,
    before: tuple[datetime, UUID] | None,
    status: timeline.Status | None,
    now: datetime | None = None,
) -> list[Campaign]:
    """Campaigns, the newest first; `before` is the last one seen, None for the start."""
    assert 0 < first <= PAGE_MAX + 1
    at, last = before or (None, None)
    moment = await live.moment(db, now)
    book = moment.book
    touched = [one for one in book.campaigns if book.status(one, moment.at) == status]
    rows = await db.fetch(
        f"{_SELECT} where ($1::timestamptz is null or (created_at, campaign_id) < ($1, $2::uuid))"
        " and ($3::text is null or campaign_id = any($4) or ($3 = 'draft' and not"
        " campaign_id = any($5))) order by created_at desc, campaign_id desc limit $6",
        at,
        last,
        status,
        touched,
        list(book.campaigns),
        first,
    )
    return [Campaign(**dict(row)) for row in rows]


async def version_or_none(db: Database, version_id: UUID) -> Version | None:
    """The version with this id; None if there is none."""
    row = await db.fetchrow(f"{_VERSION} where version_id = $1", version_id)
    return None if row is None else _read(row)


def _read(row: Any) -> Version:
    definition = drafts.read(orjson.loads(row["definition"]))
    return Version(**{**dict(row), "definition": definition})
