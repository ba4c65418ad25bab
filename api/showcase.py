"""What the demo has besides its year, so that it has a tale: campaigns, charities, and schemes.

One campaign asks for a minimum on coffee, the other gives points on everything. They are published
after the year was replayed, so they changed none of its purchases; tiers and milestones count them.
Repeating it is harmless.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from api.journey import charities, coalition, keys, taking_part
from wallet import audit, database, ids
from wallet.campaigns import lives, shelf
from wallet.progress import publishing, schemes

GROCER: Final = "harvest-row"
NOTE: Final = "For a first look."
MONTH: Final = timedelta(days=30)
"""How far back the demo's milestones count, so that some are near and some are reached."""


async def run(db: database.Database) -> None:
    """Publish the demo's campaigns and charities, unless they are there."""
    begun = await db.fetchval("select min(valid_from) from coalition.contract")
    await charities.run(db, begun)
    for name, definition in _definitions(begun).items():
        version_id = keys.named("campaign version", f"{name}/1")
        if await shelf.version_or_none(db, version_id) is None:
            await _publish(db, name, version_id, definition, begun)
    await _schemes(db, begun)


async def rewards(db: database.Database, begins: datetime, now: datetime) -> dict[str, uuid.UUID]:
    """Publish the campaigns that pay rewards, and name them."""
    return {
        name: await _publish(db, f"reward {name}", one.key, one.definition, now)
        for name, one in taking_part.rewards(begins).items()
    }


async def scheme(db: database.Database, planned: taking_part.Planned, now: datetime) -> uuid.UUID:
    """Publish a scheme; its id."""
    published = await publishing.publish(
        db,
        request_id=planned.key,
        scheme_id=None,
        raw=planned.definition,
        from_at=None,
        note=NOTE,
        actor=audit.SYSTEM,
        now=now,
    )
    return published.entry.scheme_id


async def _schemes(db: database.Database, begun: datetime) -> None:
    """Publish a ladder, milestones, a board and a wheel, unless they are there."""
    there = (await schemes.moment(db)).book.entries
    if ids.derived(taking_part.ladder().key, "scheme") in there:
        return
    paying = await rewards(db, begun, begun)
    # Rewards begin now: a year of them at once would be no tale that anybody believes.
    now = await db.fetchval("select date_trunc('hour', clock_timestamp())")
    await scheme(db, taking_part.board(), begun)
    for one in taking_part.milestones(paying, now - MONTH):
        await scheme(db, one, begun)
    await scheme(db, taking_part.wheel(paying, now), begun)
    await scheme(db, taking_part.ladder(), begun)


async def _publish(
    db: database.Database,
    name: str,
    version_id: uuid.UUID,
    definition: dict[str, Any],
    begun: datetime,
) -> uuid.UUID:
    saved = await lives.save_draft(
        db,
        request_id=version_id,
        campaign_id=None,
        merchant_id=None,
        raw=definition,
        note=NOTE,
        actor=audit.SYSTEM,
        now=begun,
    )
    await lives.publish(
        db,
        request_id=keys.named("campaign publication", f"{name}/1"),
        campaign_id=saved.campaign.campaign_id,
        version_id=saved.version.version_id,
        from_at=None,
        reason=NOTE,
        actor=audit.SYSTEM,
        now=begun,
    )
    return saved.campaign.campaign_id


def _definitions(begun: datetime) -> dict[str, dict[str, Any]]:
    shared = [{"funder": "merchant", "bps": 6_000}, {"funder": "operator", "bps": 4_000}]
    return {
        "coffee-week": {
            "name": "Coffee Week",
            "asset": coalition.ASSET,
            "starts_at": begun.isoformat(),
            "merchants": [str(coalition.merchant_id(GROCER))],
            "when": [{"if": "minimum", "amount_minor": 1_000}],
            "lines": [{"if": "category", "any_of": ["coffee"]}],
            "give": {"give": "rate", "bps": 1_000},
            "stack": {"group": "offers", "priority": 10, "tops_up": True},
            "caps": {"purchase_minor": 500},
            "budget": {"minor": 100_000},
            "funding": shared,
            "terms": {
                "text": {
                    "en": "10 % on coffee from 10.00 on, up to 5.00 a purchase.",
                    "pt": "10 % no café a partir de 10,00, até 5,00 por compra.",
                    "es": "10 % en café desde 10,00, hasta 5,00 por compra.",
                }
            },
        },
        "points": {
            "name": "A point a dollar",
            "asset": "PTS",
            "starts_at": begun.isoformat(),
            "give": {"give": "points", "units": 1, "per_minor": 100},
            "stack": {"group": "bonus", "priority": 10},
            "funding": [{"funder": "operator", "bps": 10_000}],
            "terms": {"text": {"en": "A point for each whole dollar, at every merchant."}},
        },
    }
