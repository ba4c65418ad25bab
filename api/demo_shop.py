"""The demo's partner: a reference shop beside the server, as a merchant of its own.

It runs as long as the demo does. Repeating it is harmless.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from api import settings, shop_process
from api.journey import keys
from partners import directory, registry, vault
from partners.reference_shop import shop
from wallet import database, errors, merchants
from wallet.rules import orders

SLUG: Final = "juniper"
MERCHANT_ID: Final = keys.named("merchant", SLUG)
PARTNER_ID: Final = keys.named("partner", SLUG)
NOTE: Final = "For a first look."
PORT: Final = 8100
"""The same at every start, if it is free: accounts stay linked to an address."""
OFFERS: Final = (
    orders.Offer("gift_card", 500, 10_000, 500),
    orders.Offer("store_credit", 100, 50_000),
    orders.Offer("coupon", 500, 2_000, 500),
)


@contextlib.asynccontextmanager
async def beside(
    house: settings.Settings, db: database.Database
) -> AsyncIterator[settings.Settings]:
    """Run the shop within the block; what is yielded are the settings with which it is reached."""
    redirect_uri = f"{house.origin}/partners/{SLUG}/callback"
    port = shop_process.free_port(PORT)
    webhook = f"--webhook-url=http://127.0.0.1:{house.port}/partners/{SLUG}/events"
    async with shop_process.running(
        house.data_dir / "shop", webhook, port=port, redirect_uri=redirect_uri
    ) as at:
        await _register(db, house, at)
        private = ",".join(sorted({*house.private_hosts, at.host}))
        yield house.model_copy(update={"partner_private_hosts": private})


async def address(db: database.Database) -> str | None:
    """Where the demo's shop is, as the directory knows it."""
    try:
        partner = await directory.find(db, PARTNER_ID)
    except errors.NotFound:
        return None
    return str(partner.facts.config["address"]).removesuffix(shop.PROTOCOL)


async def _register(
    db: database.Database, house: settings.Settings, at: shop_process.Running
) -> None:
    await merchants.register(
        db, merchant_id=MERCHANT_ID, slug=SLUG, name=shop.NAME, industry="outfitter"
    )
    told = shop_process.Registration(PARTNER_ID, MERCHANT_ID, SLUG, shop.NAME, OFFERS, NOTE)
    ring = vault.Vault(house.partner_keyring)
    await shop_process.register(db, registry.discover(allowed={"commonpurse"}), ring, at, told)
