"""What members take part in, in the world: schemes, and how Ana stands in them."""

import uuid
from typing import Any, Final

from tests.wallet import climbing, factories
from wallet import audit, ids, members
from wallet.progress import advance, completions, publishing, standings

MILESTONE: Final = {
    "kind": "milestone",
    "name": "First purchase",
    "metric": "purchases",
    "target": 1,
    "since": "2020-01-01T00:00:00Z",
}
"""What Ana has reached already."""


async def build(
    coalition: factories.Coalition, vera: uuid.UUID, ana: members.Member
) -> tuple[dict[str, uuid.UUID], list[uuid.UUID]]:
    """Make the one thing of each type, by the type's name, and all schemes; Vera publishes."""
    db = coalition.db
    milestone = await _scheme(coalition, vera, MILESTONE)
    ladder = await _scheme(coalition, vera, climbing.SEPHORA)
    await advance.settle(db, [ana.wallet_id])
    (held,) = (await standings.of(db, ana.wallet_id)).held
    (change,) = await standings.changes(db, ana.wallet_id, held.scheme_id, first=1, before=None)
    (reached,) = await completions.page(db, ana.wallet_id, first=2, before=None)
    made = {
        "Scheme": milestone,
        "TierChange": change.change_id,
        "Completion": reached.completion_id,
    }
    return made, [milestone, ladder]


async def _scheme(
    coalition: factories.Coalition, person: uuid.UUID, raw: dict[str, Any]
) -> uuid.UUID:
    published = await publishing.publish(
        coalition.db,
        request_id=ids.new(),
        scheme_id=None,
        raw=raw,
        from_at=None,
        note="as agreed",
        actor=audit.Actor("staff", person),
    )
    return published.entry.scheme_id
