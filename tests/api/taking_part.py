"""What members take part in, in the world: schemes, and how Ana stands in them."""

import uuid
from typing import Any

from tests.wallet import climbing, factories
from wallet import audit, ids, members
from wallet.progress import schemes, standings

MILESTONE = {
    "kind": "milestone",
    "name": "A million",
    "metric": "purchases",
    "target": 1_000_000,
}
"""So far away that nobody reaches it."""


async def build(
    coalition: factories.Coalition, vera: uuid.UUID, ana: members.Member
) -> tuple[dict[str, uuid.UUID], list[uuid.UUID]]:
    """Make the one thing of each type, by the type's name, and all schemes; Vera publishes."""
    milestone = await _scheme(coalition, vera, MILESTONE)
    ladder = await _scheme(coalition, vera, climbing.SEPHORA)
    (held,) = (await standings.of(coalition.db, ana.wallet_id)).held
    (change,) = await standings.changes(
        coalition.db, ana.wallet_id, held.scheme_id, first=1, before=None
    )
    return {"Scheme": milestone, "TierChange": change.change_id}, [milestone, ladder]


async def _scheme(
    coalition: factories.Coalition, person: uuid.UUID, raw: dict[str, Any]
) -> uuid.UUID:
    published = await schemes.publish(
        coalition.db,
        request_id=ids.new(),
        scheme_id=None,
        raw=raw,
        from_at=None,
        note="as agreed",
        actor=audit.Actor("staff", person),
    )
    return published.entry.scheme_id
