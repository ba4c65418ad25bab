"""The campaigns of the data, published before the year begins, and what became of each.

They are saved and published by the verbs that an operator calls, on the eve of the first of them,
so that the year is decided with campaigns in force.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from api.journey import keys, people, promotions, walk
from wallet import audit, sql
from wallet.campaigns import lives, segments
from wallet.database import Database

NOTE: Final = "A campaign of the replayed year."


@dataclass(frozen=True, slots=True)
class Reach:
    """What the campaign of one part gave: to whom, in how many purchases, how much."""

    members: frozenset[UUID]
    purchases: int
    granted_minor: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A campaign of the data beside what the engine did with it.

    `hits` are the households that used a coupon in the data and that the engine reached.
    """

    promotion: promotions.Promotion
    reached: int
    purchases: int
    hits: int
    granted_minor: int


async def publish(
    db: Database, planned: Iterable[promotions.Promotion], shift_days: int
) -> tuple[promotions.Part, ...]:
    """Make the segments, then save and publish the campaigns; repeating it changes nothing."""
    parts = promotions.parts(planned, shift_days)
    if not parts:
        return parts
    eve = _eve(parts, shift_days)
    for promotion in {part.promotion.number: part.promotion for part in parts}.values():
        await _segment(db, promotion, eve)
    for part in parts:
        saved = await lives.save_draft(
            db,
            request_id=part.key,
            campaign_id=None,
            merchant_id=None,
            raw=part.definition,
            note=NOTE,
            actor=audit.SYSTEM,
            now=eve,
        )
        await lives.publish(
            db,
            request_id=keys.named("published", str(part.key)),
            campaign_id=saved.campaign.campaign_id,
            version_id=saved.version.version_id,
            from_at=None,
            reason=NOTE,
            actor=audit.SYSTEM,
            now=eve,
        )
    return parts


async def reach(db: Database, parts: Iterable[promotions.Part]) -> dict[UUID, Reach]:
    """Read from the books what each part gave, by its key."""
    by_version = [part.key for part in parts]
    async with db.bulk_pool.acquire() as connection:
        rows = await connection.fetch(sql.load("reports/campaign_reach"), by_version)
    return {
        row["version_id"]: Reach(frozenset(row["members"]), row["purchases"], row["granted_minor"])
        for row in rows
    }


def compare(parts: Iterable[promotions.Part], reached: Mapping[UUID, Reach]) -> list[Compared]:
    """Put the campaigns of the data beside what the engine gave; parts of one are added up."""
    by_number: dict[int, list[promotions.Part]] = {}
    for part in parts:
        by_number.setdefault(part.promotion.number, []).append(part)
    found = []
    for mine in by_number.values():
        told = [reached[part.key] for part in mine if part.key in reached]
        members = frozenset[UUID]().union(*(one.members for one in told))
        promotion = mine[0].promotion
        found.append(
            Compared(
                promotion=promotion,
                reached=len(members),
                purchases=sum(one.purchases for one in told),
                hits=_hits(promotion.redeemers, members),
                granted_minor=sum(one.granted_minor for one in told),
            )
        )
    return found


def _hits(households: Collection[int], members: Collection[UUID]) -> int:
    return sum(people.member_id(household) in members for household in households)


def _eve(parts: Iterable[promotions.Part], shift_days: int) -> datetime:
    first = min(part.promotion.since for part in parts)
    return walk.midnight(first + timedelta(days=shift_days - 1))


async def _segment(db: Database, promotion: promotions.Promotion, now: datetime) -> None:
    segment_id = keys.named("segment", promotion.segment)
    await segments.create(
        db,
        segment_id=segment_id,
        name=promotion.segment,
        about=f"Households that got the coupons of campaign {promotion.number}.",
        reason=NOTE,
        actor=audit.SYSTEM,
    )
    await segments.add(
        db,
        segment_id=segment_id,
        member_ids=[people.member_id(one) for one in promotion.households],
        reason=NOTE,
        actor=audit.SYSTEM,
        now=now,
    )
