"""Ladders in the books: published by the verbs, looked at as the worker does."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tests.wallet.factories import DAY, NOON, Coalition
from wallet import audit, ids, ledger, notices
from wallet.progress import ladders, publishing, schemes, standings, tiers

OPENED = NOON - 60 * DAY
SEPHORA: dict[str, Any] = {
    "kind": "ladder",
    "name": "Beauty Insider",
    "tiers": [
        {"word": "insider", "name": "Insider", "threshold": 0},
        {
            "word": "vib",
            "name": "VIB",
            "threshold": 35_000,
            "entitlements": [{"word": "birthday_gift", "text": "A gift in the birthday month."}],
        },
        {
            "word": "rouge",
            "name": "Rouge",
            "threshold": 100_000,
            "entitlements": [{"word": "free_shipping", "text": "Free standard shipping."}],
        },
    ],
    "window": {"over": "calendar_year"},
}


async def publish(
    coalition: Coalition, *, at: datetime = OPENED, scheme_id: UUID | None = None, **changes: Any
) -> UUID:
    """Publish Sephora's ladder, but for what is given, as if at an instant; its id."""
    changed = await publishing.publish(
        coalition.db,
        request_id=ids.new(),
        scheme_id=scheme_id,
        raw={**SEPHORA, **changes},
        from_at=None,
        note="as planned",
        actor=audit.SYSTEM,
        now=at,
    )
    return changed.entry.scheme_id


async def look(coalition: Coalition, *wallets: UUID, at: datetime) -> None:
    """Look at wallets as the worker does."""
    held = await schemes.moment(coalition.db, at)
    await tiers.look(coalition.db, ladders.of(coalition.db, held.book), wallets, at=at)


async def stands(coalition: Coalition, wallet_id: UUID, at: datetime) -> list[tuple[str, int]]:
    """The tier and the sum of a member on each ladder."""
    found = await standings.of(coalition.db, wallet_id, now=at)
    return [(one.tier, one.qualifying) for one in found.held]


async def history(coalition: Coalition, wallet_id: UUID) -> list[tuple[str, str]]:
    """What was written down: why, and to which tier, the oldest first."""
    rows = await coalition.db.fetch(
        "select why, to_tier from ledger.tier_change where bucket = $1 and wallet_id = $2"
        " order by recorded_at, n",
        ledger.bucket(wallet_id),
        wallet_id,
    )
    return [(row["why"], row["to_tier"]) for row in rows]


async def told(coalition: Coalition, wallet_id: UUID) -> list[str]:
    """What a member was told of tiers, the newest first."""
    while await notices.drain(coalition.db):
        pass
    page = await notices.page(coalition.db, wallet_id, first=100)
    return [one.sentence for one in page if one.topic.startswith("tier.")]
