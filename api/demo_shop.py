"""The demo's partner: the reference shop in a process of its own, and its place in the directory.

It runs as long as the demo does and keeps what it has issued in the data folder, so that the next
start goes on with it. Repeating it is harmless.
"""

import asyncio
import contextlib
import hashlib
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx2

from api import settings
from api.journey import coalition, keys
from partners import credentials, directory, registry, vault
from partners.reference_shop import shop
from wallet import audit, database, errors, merchants, money
from wallet.rules import orders

SLUG: Final = "juniper"
MERCHANT_ID: Final = keys.named("merchant", SLUG)
PARTNER_ID: Final = keys.named("partner", SLUG)
NOTE: Final = "For a first look."
PORT: Final = 8100
"""The same at every start, if it is free: accounts stay linked to an address."""
START_SECONDS_MAX: Final = 30
STOP_SECONDS_MAX: Final = 5
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
    port = _port()
    folder = house.data_dir / "shop"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (house.data_dir / "shop.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "partners.reference_shop"),
            *(f"--port={port}", f"--folder={folder}"),
            f"--redirect-uri={house.origin}/partners/{SLUG}/callback",
            f"--webhook-url=http://127.0.0.1:{house.port}/partners/{SLUG}/events",
            stdout=log,
            stderr=log,
        )
    try:
        await _answering(process, port, house.data_dir / "shop.log")
        await _register(db, house, f"http://127.0.0.1:{port}")
        private = ",".join(sorted({*house.private_hosts, f"127.0.0.1:{port}"}))
        yield house.model_copy(update={"partner_private_hosts": private})
    finally:
        # Ctrl-C in a terminal has told it already.
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await process.wait()


async def address(db: database.Database) -> str | None:
    """Where the demo's shop is, as the directory knows it."""
    try:
        partner = await directory.find(db, PARTNER_ID)
    except errors.NotFound:
        return None
    return str(partner.facts.config["address"]).removesuffix(shop.PROTOCOL)


async def _register(db: database.Database, house: settings.Settings, origin: str) -> None:
    """Put the shop into the directory with its secrets, or say anew where it is."""
    adapters = registry.discover(allowed={"commonpurse"})
    told = shop.keys_of(house.data_dir / "shop")
    facts = directory.Facts(
        name=shop.NAME,
        config={
            "address": f"{origin}{shop.PROTOCOL}",
            "oauth": {
                "issuer": origin,
                "client_id": told.client_id,
                "scopes": ["account", "redeem"],
            },
        },
        offers=OFFERS,
    )
    await merchants.register(
        db, merchant_id=MERCHANT_ID, slug=SLUG, name=shop.NAME, industry="outfitter"
    )
    there = await directory.find_many(db, [PARTNER_ID])
    if there:
        await directory.change(
            db, adapters, partner_id=PARTNER_ID, facts=facts, reason=NOTE, actor=audit.SYSTEM
        )
    else:
        await directory.register(
            db,
            adapters,
            partner_id=PARTNER_ID,
            merchant_id=MERCHANT_ID,
            slug=SLUG,
            adapter="commonpurse",
            asset=money.asset(coalition.ASSET),
            facts=facts,
            reason=NOTE,
            actor=audit.SYSTEM,
        )
    await _set_secrets(db, house, told)


async def _set_secrets(db: database.Database, house: settings.Settings, told: shop.Keys) -> None:
    ring = vault.Vault(house.partner_keyring)
    secrets: dict[credentials.Name, str] = {
        "credential": told.credential,
        "client": told.client_secret,
        "webhook": told.webhook,
    }
    for name, secret in secrets.items():
        # The same secret has the same id, so a second start changes nothing.
        digest = hashlib.sha256(secret.encode()).hexdigest()
        await credentials.set_secret(
            db,
            ring,
            secret_id=keys.named(f"secret {name}", digest),
            partner_id=PARTNER_ID,
            name=name,
            secret=secret,
            keep_old=False,
            reason=NOTE,
            actor=audit.SYSTEM,
        )


async def _answering(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    async with asyncio.timeout(START_SECONDS_MAX), httpx2.AsyncClient(trust_env=False) as http:
        while True:
            if process.returncode is not None:
                raise OSError(f"The reference shop did not start: see {log}.")
            with contextlib.suppress(httpx2.TransportError):
                if (await http.get(f"http://127.0.0.1:{port}/healthz")).is_success:
                    return
            await asyncio.sleep(0.05)


def _port() -> int:
    """The usual port, or any that is free."""
    for wanted in (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", wanted))
                port: int = probe.getsockname()[1]
                return port
    raise OSError("No port of this machine is free.")
