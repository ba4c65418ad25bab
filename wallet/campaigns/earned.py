"""What members were given without a purchase, for whoever may read it: awards and benefits.

An award stands as it was given, with the explanation that was stored beside it. A benefit is no
money: a coupon for a later purchase, or something that a merchant does once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import entries, errors, ledger, money
from wallet.database import Database

PAGE_MAX: Final = 101
"""One page, and the row that says that more follow."""
BENEFITS_MAX: Final = 100
"""Benefits that a member is shown: the open ones come first, and nobody scrolls further."""

_AWARD: Final = (
    "select a.award_id, a.wallet_id, a.partner_id, a.kind, a.reference, a.detail, a.fingerprint,"
    " a.awarded_at, a.reversed_at, g.asset, e.document,"
    # What a charity was given is not the member's.
    " case when a.lots = '{}' then 0 else g.granted_minor end as granted_minor"
    " from ledger.award a"
    " join ledger.grant g on g.bucket = a.bucket and g.cause_id = a.award_id"
    " left join ledger.explanation e on e.bucket = a.bucket and e.cause_id = a.award_id"
)
_BENEFIT: Final = (
    "select b.benefit_id, b.wallet_id, b.version_id, b.campaign_id, b.kind, b.name, b.about,"
    " b.granted_at, b.expires_at, b.used_at, c.name as campaign"
    " from ledger.benefit b left join coalition.campaign c on c.campaign_id = b.campaign_id"
)


@dataclass(frozen=True, slots=True)
class Award:
    """An award: what of one campaign was given for one thing that a member did."""

    award_id: UUID
    wallet_id: UUID
    partner_id: UUID
    kind: str
    reference: str
    detail: dict[str, Any]
    asset: money.Asset
    granted_minor: int
    document: dict[str, Any]
    awarded_at: datetime
    reversed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Benefit:
    """Something that is no money; used once, until it is over."""

    benefit_id: UUID
    wallet_id: UUID
    version_id: UUID
    campaign_id: UUID
    kind: entries.BenefitKind
    name: str
    about: str
    granted_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    campaign: str


async def awards(
    db: Database, wallet_id: UUID, *, first: int, before: tuple[datetime, UUID] | None
) -> list[Award]:
    """A member's awards, the newest first; `before` is the last one seen, None for the start."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_AWARD} where a.bucket = $1 and a.wallet_id = $2"
        " and ($3::timestamptz is null or (a.awarded_at, a.award_id) < ($3, $4::uuid))"
        " order by a.awarded_at desc, a.award_id desc limit $5",
        ledger.bucket(wallet_id),
        wallet_id,
        at,
        last,
        first,
    )
    return [_award(row) for row in rows]


async def award(db: Database, award_id: UUID) -> Award:
    """The award with this id, or NOT_FOUND."""
    found = await awards_by_id(db, [award_id])
    if not found:
        raise errors.NotFound()
    return found[award_id]


async def awards_by_id(db: Database, award_ids: Sequence[UUID]) -> dict[UUID, Award]:
    """Awards of one wallet by id, in this order; those that do not stand are left out."""
    rows = await db.fetch(
        f"{_AWARD} where a.bucket = any ($1) and a.award_id = any ($2)",
        sorted({ledger.bucket(one) for one in award_ids}),
        list(award_ids),
    )
    found = {row["award_id"]: _award(row) for row in rows}
    return {key: found[key] for key in award_ids if key in found}


async def benefits(db: Database, wallet_id: UUID) -> list[Benefit]:
    """A member's benefits: those that can be used first, the soonest over leading."""
    rows = await db.fetch(
        f"{_BENEFIT} where b.bucket = $1 and b.wallet_id = $2"
        " order by b.used_at is not null or coalesce(b.expires_at <= clock_timestamp(), false),"
        " case when b.used_at is null then b.expires_at end, b.granted_at desc, b.benefit_id"
        " limit $3",
        ledger.bucket(wallet_id),
        wallet_id,
        BENEFITS_MAX,
    )
    return [Benefit(**dict(row)) for row in rows]


async def benefit(db: Database, benefit_id: UUID) -> Benefit:
    """The benefit with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        f"{_BENEFIT} where b.bucket = $1 and b.benefit_id = $2",
        ledger.bucket(benefit_id),
        benefit_id,
    )
    if row is None:
        raise errors.NotFound()
    return Benefit(**dict(row))


async def benefits_of(db: Database, wallet_id: UUID, cause_ids: Sequence[UUID]) -> list[Benefit]:
    """What of a wallet's benefits these purchases or awards gave."""
    rows = await db.fetch(
        f"{_BENEFIT} where b.bucket = $1 and b.wallet_id = $2 and b.cause_id = any ($3)"
        " order by b.granted_at, b.benefit_id",
        ledger.bucket(wallet_id),
        wallet_id,
        list(cause_ids),
    )
    return [Benefit(**dict(row)) for row in rows]


def _award(row: Any) -> Award:
    return Award(
        award_id=row["award_id"],
        wallet_id=row["wallet_id"],
        partner_id=row["partner_id"],
        kind=row["kind"],
        reference=row["reference"],
        detail=orjson.loads(row["detail"]),
        asset=money.asset_by_number(row["asset"]),
        granted_minor=row["granted_minor"],
        document=orjson.loads(row["document"] or "{}"),
        awarded_at=row["awarded_at"],
        reversed_at=row["reversed_at"],
    )
