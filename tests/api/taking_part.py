"""What members take part in, in the world: schemes, and how Ana stands in them."""

import uuid

from tests.wallet import factories
from wallet import audit, ids
from wallet.progress import schemes


async def build(coalition: factories.Coalition, vera: uuid.UUID) -> dict[str, uuid.UUID]:
    """Make the one thing of each type, by the type's name; Vera publishes."""
    return {"Scheme": await _scheme(coalition, vera)}


async def _scheme(coalition: factories.Coalition, person: uuid.UUID) -> uuid.UUID:
    """A milestone so far away that nobody reaches it."""
    published = await schemes.publish(
        coalition.db,
        request_id=ids.new(),
        scheme_id=None,
        raw={"kind": "milestone", "name": "A million", "metric": "purchases", "target": 1_000_000},
        from_at=None,
        note="as agreed",
        actor=audit.Actor("staff", person),
    )
    return published.entry.scheme_id
