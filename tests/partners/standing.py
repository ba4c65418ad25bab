"""Partners as they stand in an installation: registered, with their secrets, ready to be opened."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx2

from partners import adapter, credentials, demo_partner, directory, http, opening, registry, vault
from tests.partners import demo
from wallet import audit, ids, money
from wallet.database import Database
from wallet.rules import orders

REASON: Final = "A test wants it."
OFFER: Final = orders.Offer("gift_card", 100, 100_000)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a test of partners works with: adapters, keys, and who opens partners."""

    db: Database
    adapters: registry.Registry
    ring: vault.Vault
    opener: opening.Opener

    async def partner(
        self,
        merchant_id: UUID,
        shop: demo.Partner,
        *,
        adapter: str = "demo",
        secret: str | None = demo_partner.SECRET,
        **changes: Any,
    ) -> directory.Partner:
        """Register the demo partner, with a shop of its own, and give us its secret."""
        key = ids.new()
        registered = await directory.register(
            self.db,
            self.adapters,
            partner_id=key,
            merchant_id=merchant_id,
            slug=f"shop-{key.hex}",
            adapter=adapter,
            asset=money.EUR,
            facts=facts(shop, **changes),
            reason=REASON,
            actor=audit.SYSTEM,
        )
        if secret is not None:
            await self.give(registered.partner, secret)
            await self.give(registered.partner, secret, name="webhook")
        return await directory.find(self.db, registered.partner.partner_id)

    async def give(
        self,
        partner: directory.Partner,
        secret: str,
        *,
        name: credentials.Name = "credential",
        keep_old: bool = False,
    ) -> directory.Partner:
        """Set a secret of a partner; the partner as it stands then."""
        await credentials.set_secret(
            self.db,
            self.ring,
            secret_id=ids.new(),
            partner_id=partner.partner_id,
            name=name,
            secret=secret,
            keep_old=keep_old,
            reason=REASON,
            actor=audit.SYSTEM,
        )
        return await directory.find(self.db, partner.partner_id)


@contextlib.asynccontextmanager
async def opened(
    db: Database,
    folder: Path,
    *shops: demo.Partner,
    allowed: set[str] | None = None,
    timeout_seconds: float = 0.5,
    client: Callable[..., httpx2.AsyncClient] = http.client,
    points: Sequence[metadata.EntryPoint] | None = None,
) -> AsyncIterator[Standing]:
    """An installation that may reach these shops, with its keys in a folder."""
    adapters = registry.discover(allowed=allowed, points=points)
    ring = vault.Vault(folder / "partner-keys.json")
    opener = opening.Opener(
        db=db,
        adapters=adapters,
        ring=ring,
        private={one.host for one in shops},
        timeout_seconds=timeout_seconds,
        client=client,
    )
    try:
        yield Standing(db, adapters, ring, opener)
    finally:
        await opener.close()


def facts(shop: demo.Partner, **changes: Any) -> directory.Facts:
    """What is said of the demo partner, with changes."""
    told: dict[str, Any] = {"name": "Corner shop", "config": shop.config(), "offers": (OFFER,)}
    return directory.Facts(**{**told, **changes})


def order(amount_minor: int = 500, **changes: Any) -> adapter.Order:
    """An order of a gift card in euros, new each time."""
    told: dict[str, Any] = {
        "key": ids.new().hex,
        "kind": "gift_card",
        "money": adapter.Money(amount_minor, money.EUR),
        "created_at": datetime.now(UTC),
        "code": f"CP{ids.new().hex.upper()}",
    }
    return adapter.Order(**{**told, **changes})
