"""What members take part in, in the world: schemes, and how Ana stands in them."""

import uuid
from typing import Any, Final

from tests.wallet import factories
from wallet import audit, ids, members
from wallet.progress import advance, completions, schemes

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
) -> dict[str, uuid.UUID]:
    """Make the one thing of each type, by the type's name; Vera publishes."""
    milestone = await _scheme(coalition, vera, MILESTONE)
    await advance.settle(coalition.db, [ana.wallet_id])
    (reached,) = await completions.page(coalition.db, ana.wallet_id, first=2, before=None)
    return {"Scheme": milestone, "Completion": reached.completion_id}


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
