"""The campaigns and charities of the demo, there since its first day, so that it has a tale.

One asks for a minimum on coffee, the other gives points on everything. They are published after the
year was replayed, so they changed none of its purchases. Repeating it is harmless.
"""

import uuid
from datetime import datetime
from typing import Any, Final

from api.journey import charities, coalition, keys
from wallet import audit, database
from wallet.campaigns import lives, shelf

GROCER: Final = "harvest-row"
NOTE: Final = "For a first look."


async def run(db: database.Database) -> None:
    """Publish the demo's campaigns and charities, unless they are there."""
    begun = await db.fetchval("select min(valid_from) from coalition.contract")
    await charities.run(db, begun)
    for name, definition in _definitions(begun).items():
        version_id = keys.named("campaign version", f"{name}/1")
        if await shelf.version_or_none(db, version_id) is None:
            await _publish(db, name, version_id, definition, begun)


async def _publish(
    db: database.Database,
    name: str,
    version_id: uuid.UUID,
    definition: dict[str, Any],
    begun: datetime,
) -> None:
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
