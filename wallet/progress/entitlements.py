"""Entitlements: what a member may have at a merchant, whatever it comes from.

Each source answers for one kind of thing that gives any: a tier, a badge, a plan. A merchant asks
for a word, such as `free_shipping`, and need not know where it came from.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from wallet import ledger
from wallet.database import Database
from wallet.progress import plans, schemes, standings

SHOWN_MAX: Final = 200
"""Entitlements of one member: a till shows a handful, and a hundred badges are a collection."""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A word for tills, what it is, and what gives it; `merchants` is where, none means everywhere.

    `source` is `tier`, `badge` or `membership`, `name` what gives it, `until` the instant at which
    it is known to end, None where none is known.
    """

    word: str
    text: str
    source: str
    name: str
    merchants: tuple[UUID, ...]
    until: datetime | None


Source: TypeAlias = Callable[[Database, UUID, datetime | None], Awaitable[list[Entitlement]]]


async def of(
    db: Database,
    wallet_id: UUID,
    *,
    merchant_id: UUID | None = None,
    now: datetime | None = None,
) -> list[Entitlement]:
    """What a member may have now; with a merchant, what they may have there.

    What several give alike, such as the same badge of two months, is there once, the longest.
    """
    found: dict[tuple[object, ...], Entitlement] = {}
    for source in SOURCES:
        for one in await source(db, wallet_id, now):
            if merchant_id is not None and one.merchants and merchant_id not in one.merchants:
                continue
            key = (one.word, one.source, one.name, one.merchants)
            known = found.get(key)
            if known is None or _longer(one, known):
                found[key] = one
    return list(found.values())[:SHOWN_MAX]


def _longer(one: Entitlement, other: Entitlement) -> bool:
    return other.until is not None and (one.until is None or one.until > other.until)


async def of_tiers(db: Database, wallet_id: UUID, now: datetime | None) -> list[Entitlement]:
    """What the member's tiers give, each its own and none of the tiers below."""
    found = []
    for held in (await standings.of(db, wallet_id, now=now)).held:
        place = held.ladder.place(held.tier)
        if place is None:
            continue
        tier = held.ladder.tiers[place]
        for one in tier.entitlements:
            given = Entitlement(
                one.word, one.text, "tier", tier.name, held.ladder.merchants, held.given_until
            )
            found.append(given)
    return found


async def of_badges(db: Database, wallet_id: UUID, now: datetime | None) -> list[Entitlement]:
    """Badges that hold, at the merchants of the campaigns that gave them."""
    rows = await db.fetch(
        "select b.name as word, b.about as text, b.name,"
        " array(select jsonb_array_elements_text(v.definition -> 'merchants'))::uuid[]"
        " as merchants, b.expires_at as until from ledger.benefit b"
        " join coalition.campaign_version v on v.version_id = b.version_id"
        " where b.bucket = $1 and b.wallet_id = $2 and b.kind in ('badge', 'badge_once')"
        " and b.used_at is null"
        " and (b.expires_at is null or b.expires_at > coalesce($3::timestamptz, clock_timestamp()))"
        " order by b.granted_at, b.benefit_id limit $4",
        ledger.bucket(wallet_id),
        wallet_id,
        now,
        SHOWN_MAX,
    )
    return [
        Entitlement(
            row["word"],
            row["text"],
            "badge",
            row["name"],
            tuple(row["merchants"]),
            row["until"],
        )
        for row in rows
    ]


async def of_plans(db: Database, wallet_id: UUID, now: datetime | None) -> list[Entitlement]:
    """What the plans hold that the member pays for, while they are let in."""
    held = await schemes.moment(db, now)
    return [
        Entitlement(
            it.word, it.text, "membership", one.plan.name, one.plan.merchants, one.entitled_until
        )
        for one in await plans.of(db, wallet_id)
        if one.entitled(held.at)
        for it in one.plan.entitlements
    ]


SOURCES: Sequence[Source] = (of_tiers, of_badges, of_plans)
"""Everything that gives entitlements, in the order in which they are shown."""
