"""What belongs to partners in the world: a shop of Rosa's, reached by the demo adapter."""

import uuid

from partners import directory, registry
from tests.wallet import factories
from wallet import audit, ids, money
from wallet.rules import orders

OFFER = orders.Offer("gift_card", 500, 10_000, 500)


async def build(coalition: factories.Coalition, merchant_id: uuid.UUID) -> uuid.UUID:
    """Register it; nobody runs it."""
    registered = await directory.register(
        coalition.db,
        registry.discover(allowed=None),
        partner_id=ids.new(),
        merchant_id=merchant_id,
        slug=f"shop-{next(factories.numbers)}",
        adapter="demo",
        asset=money.EUR,
        facts=directory.Facts("Rosa online", {}, (OFFER,)),
        reason="x",
        actor=audit.SYSTEM,
    )
    return registered.partner.partner_id
