"""A reference shop in a process of its own, for as long as a block lasts, and in the directory.

The demo has one beside the server, a replay one beside the year. What it has issued is kept in its
folder, so that the next start goes on with it; where it is, and its secrets, are told anew at each
start, and repeating that is harmless.
"""

import asyncio
import contextlib
import hashlib
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from api.journey import coalition, keys
from partners import credentials, directory, registry, vault
from partners.reference_shop import shop
from wallet import audit, database, money
from wallet.rules import orders

START_SECONDS_MAX: Final = 30
STOP_SECONDS_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Running:
    """A shop that answers: its origin, its secrets."""

    origin: str
    keys: shop.Keys

    @property
    def host(self) -> str:
        """Its host and port, as settings name them."""
        return self.origin.removeprefix("http://")


@dataclass(frozen=True, slots=True)
class Registration:
    """What it is in our directory: whose shop, by which name, and what it offers."""

    partner_id: uuid.UUID
    merchant_id: uuid.UUID
    slug: str
    name: str
    offers: tuple[orders.Offer, ...]
    reason: str


@contextlib.asynccontextmanager
async def running(
    folder: Path, *options: str, port: int, redirect_uri: str
) -> AsyncIterator[Running]:
    """Run a shop over a folder within the block; what it says is in <folder>.log."""
    path = _log_of(folder)
    with path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "partners.reference_shop", f"--port={port}"),
            *(f"--folder={folder}", f"--redirect-uri={redirect_uri}", "--with-parent", *options),
            stdout=log,
            stderr=log,
        )
    try:
        await _answering(process, port, path)
        yield Running(f"http://127.0.0.1:{port}", shop.keys_of(folder))
    finally:
        # Ctrl-C in a terminal has told it already.
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await process.wait()


async def register(
    db: database.Database,
    adapters: registry.Registry,
    ring: vault.Vault,
    at: Running,
    told: Registration,
) -> None:
    """Put the shop into the directory with its secrets, or say anew where it is."""
    facts = directory.Facts(
        name=told.name,
        config={
            "address": f"{at.origin}{shop.PROTOCOL}",
            "oauth": {
                "issuer": at.origin,
                "client_id": at.keys.client_id,
                "scopes": ["account", "redeem"],
            },
        },
        offers=told.offers,
    )
    if await directory.find_many(db, [told.partner_id]):
        await directory.change(
            db,
            adapters,
            partner_id=told.partner_id,
            facts=facts,
            reason=told.reason,
            actor=audit.SYSTEM,
        )
    else:
        await directory.register(
            db,
            adapters,
            partner_id=told.partner_id,
            merchant_id=told.merchant_id,
            slug=told.slug,
            adapter="commonpurse",
            asset=money.asset(coalition.ASSET),
            facts=facts,
            reason=told.reason,
            actor=audit.SYSTEM,
        )
    await _set_secrets(db, ring, at.keys, told)


def free_port(wanted: int = 0) -> int:
    """The port that is wanted, or any that is free."""
    for number in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", number))
                port: int = probe.getsockname()[1]
                return port
    raise OSError("No port of this machine is free.")


async def _set_secrets(
    db: database.Database, ring: vault.Vault, told: shop.Keys, whose: Registration
) -> None:
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
            partner_id=whose.partner_id,
            name=name,
            secret=secret,
            keep_old=False,
            reason=whose.reason,
            actor=audit.SYSTEM,
        )


def _log_of(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.with_suffix(".log")


async def _answering(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    async with asyncio.timeout(START_SECONDS_MAX), httpx2.AsyncClient(trust_env=False) as http:
        while True:
            if process.returncode is not None:
                raise OSError(f"The reference shop did not start: see {log}.")
            with contextlib.suppress(httpx2.TransportError):
                if (await http.get(f"http://127.0.0.1:{port}/healthz")).is_success:
                    return
            await asyncio.sleep(0.05)
