"""Invitations as the database keeps them: read, found, listed, and moved on with a line in the log.

An invitation changes only from what somebody saw: whoever was slower changes nothing and looks
again. The change and its line in the audit log are one write.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import audit, errors, ids, money, sql
from wallet.campaigns import shelf
from wallet.database import Database
from wallet.rules import referrals
from wallet.rules.campaigns.definition import Definition

PAGE_MAX: Final = 101
"""One screen of a supervisor, and the row that says that more follow."""
INVITED_MAX: Final = 100
"""Friends that a member's page names: whoever brought more reads the wallet instead."""


@dataclass(frozen=True, slots=True)
class Referral:
    """An invitation as it stands; `version` counts its changes.

    Amounts are in minor units of `asset`: what was promised when it was decided, and what was
    given once it is paid. A seat is one of the referrer's rewards of a year.
    """

    referral_id: UUID
    friend_id: UUID
    referrer_id: UUID
    code: str
    campaign_id: UUID
    version_id: UUID
    accepted_at: datetime
    state: referrals.State
    version: int
    look_at: datetime | None
    purchase_id: UUID | None
    clears_at: datetime | None
    score: int | None
    reasons: list[dict[str, Any]]
    decided_by: UUID | None
    decided_at: datetime | None
    asset: money.Asset
    friend_minor: int
    referrer_minor: int
    friend_award: UUID | None
    referrer_award: UUID | None
    seat_year: int | None
    seat: int | None


@dataclass(frozen=True, slots=True)
class Due:
    """An invitation that is looked at, the purchase that it rests on, and the moment."""

    referral: Referral
    bought: referrals.Bought | None
    at: datetime


_COLUMNS: Final = tuple(one.name for one in dataclasses.fields(Referral))
_SELECT: Final = "select * from coalition.referral"


async def due(
    db: Database, *, now: datetime | None, limit: int = 1, only: UUID | None = None
) -> list[Due]:
    """The invitations whose turn it is, longest due first; with `only`, that one, due or not."""
    rows = await db.fetch(sql.load("queries/referrals_due"), now, limit, only)
    return [Due(_read(row), _bought(row), row["at"]) for row in rows]


async def find(db: Database, referral_id: UUID) -> Referral:
    """The invitation with this id, or NOT_FOUND."""
    row = await db.fetchrow(f"{_SELECT} where referral_id = $1", referral_id)
    if row is None:
        raise errors.NotFound()
    return _read(row)


async def of_friend(db: Database, friend_id: UUID) -> Referral | None:
    """The invitation by which a member came, if any."""
    row = await db.fetchrow(f"{_SELECT} where friend_id = $1", friend_id)
    return None if row is None else _read(row)


async def of_referrer(db: Database, referrer_id: UUID) -> list[Referral]:
    """The invitations of a member that were accepted, newest first, at most INVITED_MAX."""
    rows = await db.fetch(
        f"{_SELECT} where referrer_id = $1 order by accepted_at desc, referral_id desc limit $2",
        referrer_id,
        INVITED_MAX,
    )
    return [_read(row) for row in rows]


async def page(
    db: Database, *, first: int, before: tuple[datetime, UUID] | None, state: referrals.State | None
) -> list[Referral]:
    """Invitations in one state (None: in any), newest first; `before` is the last one seen."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_SELECT} where ($1::text is null or state = $1)"
        " and ($2::timestamptz is null or (accepted_at, referral_id) < ($2, $3::uuid))"
        " order by accepted_at desc, referral_id desc limit $4",
        state,
        at,
        last,
        first,
    )
    return [_read(row) for row in rows]


async def definition_of(db: Database, version_id: UUID) -> Definition:
    """The definition that an invitation was accepted by; it never changes, so it is read once."""
    known = db.known.setdefault("referral definitions", {})
    assert isinstance(known, dict)
    found = known.get(version_id)
    if not isinstance(found, Definition):
        found = (await shelf.find_version(db, version_id)).definition
        known[version_id] = found
    return found


async def move(
    db: Database,
    seen: Referral,
    *,
    act: str,
    actor: audit.Actor = audit.SYSTEM,
    reason: str | None = None,
    **changes: Any,
) -> Referral | None:
    """Change an invitation that still stands as it was seen, and log it as `act`.

    None if somebody else has changed it meanwhile: then nothing happened.
    """
    wanted = dataclasses.replace(seen, **changes)
    moved = await db.fetchval(
        sql.load("queries/referral_move"),
        seen.state,
        seen.version,
        _json({**dataclasses.asdict(wanted), "asset": wanted.asset.number}),
        ids.new(),
        actor.kind,
        actor.actor_id,
        act,
        reason,
        _json(_detail(wanted)),
        actor.document_hash,
        actor.request_id,
    )
    return dataclasses.replace(wanted, version=seen.version + 1) if moved else None


async def look_later(db: Database, later: Sequence[tuple[Referral, datetime | None]]) -> None:
    """Put down when invitations that stand as they were seen are looked at again."""
    if later:
        await db.execute(
            "update coalition.referral r set look_at = i.look_at"
            " from unnest($1::uuid[], $2::bigint[], $3::timestamptz[])"
            " as i (referral_id, version, look_at)"
            " where r.referral_id = i.referral_id and r.version = i.version",
            [it.referral_id for it, _ in later],
            [it.version for it, _ in later],
            [look_at for _, look_at in later],
        )


async def seats(db: Database, it: Referral, year: int) -> Sequence[int]:
    """The seats that are taken of a referrer's rewards of a campaign in a year."""
    rows = await db.fetch(
        "select seat from coalition.referral"
        " where referrer_id = $1 and campaign_id = $2 and seat_year = $3",
        it.referrer_id,
        it.campaign_id,
        year,
    )
    return [row["seat"] for row in rows]


def _detail(it: Referral) -> dict[str, object]:
    shown: dict[str, object] = {
        "friend": ids.show("mem", it.friend_id),
        "referrer": ids.show("mem", it.referrer_id),
        "state": it.state,
    }
    if it.score is not None:
        shown["score"] = it.score
        shown["reasons"] = ", ".join(one["name"] for one in it.reasons)
    if it.purchase_id is not None:
        shown["purchase"] = ids.show("pur", it.purchase_id)
    return shown


def _read(row: Any) -> Referral:
    facts = {name: row[name] for name in _COLUMNS}
    facts["reasons"] = orjson.loads(facts["reasons"])
    facts["asset"] = money.asset_by_number(facts["asset"])
    return Referral(**facts)


def _bought(row: Any) -> referrals.Bought | None:
    if row["bought_id"] is None:
        return None
    return referrals.Bought(
        purchase_id=row["bought_id"],
        merchant_id=row["merchant_id"],
        purchased_at=row["purchased_at"],
        kept_minor=row["kept_minor"],
        confirmed=row["confirmed"],
        due_at=row["due_at"],
    )


def _json(document: Mapping[str, object]) -> str:
    return orjson.dumps(document, default=str).decode()  # the driver's UUIDs are a subclass
