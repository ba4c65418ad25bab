"""The shop beside a replay: a real process, reached over real sockets, in the time of the replay.

Its clock stands where the replay is, and so does the clock of the door at which it tells us. When
the replay moves on, what was under way there has ended, and what it had to tell is heard.
"""

import asyncio
import contextlib
import functools
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from api import settings, shop_process, webhooks
from api.journey import ordering
from partners import adapter, opening, reach, registry, saga, vault
from partners.links import servers
from partners.reference_shop import faults, shoppers
from partners.webhooks import inbound
from wallet import orders
from wallet.database import Database

PEOPLE: Final = 2_500
"""Shoppers with an account: each household's number is one of them."""
CLIENT_SECONDS: Final = 0.3
"""For one question: a fault that keeps us waiting costs the replay real time."""
SLOW_MS: Final = 400
"""What is slow is slower than we wait for."""
ADMIN_SECONDS: Final = 60
"""For whoever runs the shop: it waits for what is under way there."""
STEPS_MAX: Final = 10_000
"""Moves of the clock in one part of a day; more of them are a bug, not a day."""
ON: Final[tuple[faults.Operation, ...]] = (
    *("issue", "find", "reverse"),
    *("list", "account", "token"),
)
"""What the faults strike: everything that we ask, and that is no page for a person."""
REASON: Final = "The shop of the replayed year."


@dataclass(slots=True)
class Shop:
    """The shop of one replay, and what speaks to it; `now` is the time of the replay."""

    db: Database
    running: shop_process.Running
    adapters: registry.Registry
    opener: opening.Opener
    links: servers.House
    saga: saga.House
    admin: httpx2.AsyncClient
    policy: ordering.Policy
    people: tuple[shoppers.Shopper, ...]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def register(self) -> None:
        """Put it into the directory, as the shop of one of the merchants."""
        told = shop_process.Registration(
            *(ordering.PARTNER_ID, ordering.MERCHANT_ID, ordering.SLUG, ordering.NAME),
            *(self.policy.offers, REASON),
        )
        await shop_process.register(self.db, self.adapters, self.saga.ring, self.running, told)

    async def move(self, now: datetime) -> None:
        """Go on to an instant. What has happened until then has ended, and was told and heard."""
        answer = await self.admin.post("/clock", json={"now": now.isoformat()})
        answer.raise_for_status()
        hear = functools.partial(_heard, self)
        while await inbound.drain(self.db, hear):
            pass
        self.now = now

    async def work(self) -> None:
        """Make the attempts that are due now."""
        for _ in range(STEPS_MAX):
            if await self._due(self.now) is None:
                return
            await saga.sweep(self.saga, now=self.now)
        raise AssertionError("an attempt that is due for ever")

    async def work_until(self, until: datetime) -> None:
        """Make every attempt at the moment at which it is due, and go on to `until`."""
        for _ in range(STEPS_MAX):
            due_at = await self._due(until)
            if due_at is None:
                await self.move(until)
                return
            if due_at > self.now:
                await self.move(due_at)
            await self.work()
        raise AssertionError("attempts that are due for ever")

    async def ledger(self) -> list[dict[str, Any]]:
        """Everything that the shop has issued, one line for each effect, by its own account."""
        answer = await self.admin.get("/ledger")
        answer.raise_for_status()
        lines: list[dict[str, Any]] = answer.json()["redemptions"]
        return lines

    async def struck(self) -> tuple[dict[str, int], int]:
        """How often each fault has struck by the shop's own count, and of how many requests."""
        answer = await self.admin.get("/faults")
        answer.raise_for_status()
        told = answer.json()
        return told["struck"], told["of"]

    async def _due(self, until: datetime) -> datetime | None:
        """When the next attempt of ours is due; None if none is until then."""
        due = await orders.due(self.db, of_partner=1, limit=saga.BATCH, now=until)
        return next((one.due_at for one in due if one.partner_id == ordering.PARTNER_ID), None)


def rates(faults_bps: int) -> dict[str, int]:
    """Share the faults out among their kinds; that something is told twice strikes beside them."""
    kinds = [name for name in faults.FAULTS if name != faults.TWICE]
    each, rest = divmod(faults_bps, len(kinds))
    shared = {name: each + (place < rest) for place, name in enumerate(kinds)}
    return shared | {faults.TWICE: faults_bps}


@contextlib.asynccontextmanager
async def beside(
    db: Database,
    house: settings.Settings,
    *,
    faults_bps: int = 0,
    seed: int = 0,
    policy: ordering.Policy | None = None,
) -> AsyncIterator[Shop]:
    """Run the shop for the length of a block; its journal is in the data folder."""
    ring = vault.Vault(house.partner_keyring)
    adapters = registry.discover(allowed={"commonpurse"})
    async with contextlib.AsyncExitStack() as stack:
        running = await stack.enter_async_context(
            shop_process.running(
                house.data_dir / "replay-shop",
                f"--people={PEOPLE}",
                port=shop_process.free_port(),
                redirect_uri=_redirect_uri(house),
            )
        )
        private = frozenset({*house.private_hosts, running.host})
        opener = opening.Opener(db, adapters, ring, private, CLIENT_SECONDS)
        stack.push_async_callback(opener.close)
        links = servers.House(db, ring, house.origin, private)
        admin = httpx2.AsyncClient(
            base_url=running.origin,
            headers={"Authorization": f"Bearer {running.keys.admin}"},
            timeout=ADMIN_SECONDS,
            trust_env=False,
        )
        made = Shop(
            db,
            running,
            adapters,
            opener,
            links,
            saga.House(db, reach.Reach(db, opener, links), ring),
            await stack.enter_async_context(admin),
            policy or ordering.Policy(),
            tuple(shoppers.Shoppers(PEOPLE).all()),
        )
        url = await stack.enter_async_context(_listening(made, house))
        told = {"redirect_uris": [_redirect_uri(house)], "webhook_url": url}
        (await admin.post("/partner", json=told)).raise_for_status()
        switch = {"seed": seed, "rates_bps": rates(faults_bps), "on": ON, "slow_ms": SLOW_MS}
        (await admin.post("/faults", json=switch)).raise_for_status()
        yield made


def _redirect_uri(house: settings.Settings) -> str:
    return f"{house.origin}/partners/{ordering.SLUG}/callback"


async def _heard(at: Shop, partner_id: Any, event: adapter.PartnerEvent) -> None:
    await saga.heard(at.saga, partner_id, event, now=at.now)


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the replay."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


@contextlib.asynccontextmanager
async def _listening(at: Shop, house: settings.Settings) -> AsyncIterator[str]:
    """Serve the door for what partners tell, in the replay's time; its address for the shop."""
    door = webhooks.Door(house, at.db, at.opener, now=lambda: at.now)
    application = Starlette(routes=[Route(webhooks.PATH, door.take, methods=["POST"])])
    config = uvicorn.Config(application, access_log=False, log_level="warning", ws="none")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = _Quiet(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{port}{webhooks.PATH.format(slug=ordering.SLUG)}"
        finally:
            server.should_exit = True
            await task
