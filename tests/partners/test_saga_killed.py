"""Processes die by SIGKILL at every step of an order, and there is one effect at the shop.

A real worker and a member's request are killed while the shop stalls, before and after its effect,
and while the books are locked. What they left is taken up by the clock of the test.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from partners import saga
from tests.conftest import Connection
from tests.partners import demo, driving
from tests.partners.driving import Scene
from wallet import ids, orders
from wallet.database import Database
from wallet.rules import order_steps

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TRIES_MAX = 300  # a twentieth of a second each
WAITING = "from pg_stat_activity where wait_event_type = 'Lock'"
REQUEST = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from partners import opening, reach, registry, saga, vault
from partners.links import servers
from wallet import money, orders
from wallet.database import Database
from wallet.rules import order_steps

async def main(dsn, keys, host, wallet, partner, merchant, amount, key):
    db = await Database.connect(dsn, size=2)
    ring = vault.Vault(Path(keys))
    opener = opening.Opener(db, registry.discover(allowed=None), ring, private={host})
    links = servers.House(db, ring, "http://localhost")
    house = saga.House(db, reach.Reach(db, opener, links), ring)
    wish = orders.Wish(UUID(partner), UUID(merchant), "gift_card", int(amount), money.EUR, ring.kid)
    await saga.begin(house, wallet_id=UUID(wallet), request_id=UUID(key), wish=wish)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def corner(db: Database, tmp_path: Path, demo_partner: demo.Partner) -> AsyncIterator[Scene]:
    """A shop that remembers our keys."""
    async with driving.scene(db, tmp_path, demo_partner) as one:
        yield one


@asynccontextmanager
async def process(*command: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of the product, that is killed at the end."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def until(seen: Any) -> None:
    """Wait until something has been seen."""
    for _ in range(TRIES_MAX):
        if await seen():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never happened")


async def held(one: Scene, minor: int) -> orders.Order:
    """An order that nobody has asked about yet."""
    outcome = await orders.hold(
        one.db, wallet_id=one.ana.wallet_id, request_id=ids.new(), wish=one.wish(minor)
    )
    return outcome.order


async def reversing(one: Scene, minor: int) -> orders.Order:
    """A spent order that is to be taken back, which nobody has asked for yet."""
    spent = await one.begin(minor, now=None)
    asked = await orders.reverse(one.db, redemption_id=spent.redemption_id, request_id=ids.new())
    return asked.order


async def test_a_worker_that_is_killed_while_a_shop_stalls_leaves_one_effect_of_each_order(
    corner: Scene, dsn: str, tmp_path: Path
) -> None:
    reversals = [await reversing(corner, minor) for minor in (522, 523)]
    issues = [await held(corner, minor) for minor in (502, 503)]
    waiting = await held(corner, 500)
    environment = {
        "DATABASE_URL": dsn,
        "COMMONPURSE_DATA_DIR": str(tmp_path),
        "COMMONPURSE_PARTNER_PRIVATE_HOSTS": corner.shop.host,
    }

    async def all_stall() -> bool:
        told = [await corner.effects(one) for one in issues]
        back = [await corner.effects(one) for one in reversals]
        issued = [one["asked"]["issue"] for one in told]
        return [1, 1, 1, 1] == issued + [one["asked"]["reverse"] for one in back]

    async with process("-m", "api.cli", "work", **environment) as worker:
        await until(all_stall)
        worker.kill()
        await worker.wait()
    left = [
        (await orders.find(corner.db, one.redemption_id)).state
        for one in (*issues, *reversals, waiting)
    ]
    later = datetime.now(UTC) + timedelta(minutes=2)
    ended = [await corner.drive(one, now=later) for one in (*issues, *reversals, waiting)]

    # Four at once of one shop: the fifth was still waiting for its turn.
    assert ["sending", "sending", "reversing", "reversing", "held"] == left
    assert ["captured"] * 2 + ["reversed"] * 2 + ["captured"] == [one.state for one in ended]
    effects = [await corner.effects(one) for one in ended]
    assert [1] * 5 == [len(one["issued"]) for one in effects]
    assert [502, 503, 0, 0, 500] == [one["live"] for one in effects]


@pytest.mark.parametrize("step", ["hold", "record"])
async def test_a_request_that_is_killed_at_a_locked_book_is_sent_again_and_is_one_order(
    corner: Scene, dsn: str, owner: Connection, tmp_path: Path, step: str
) -> None:
    """Stopped before anything is written, or between the shop's effect and its record."""
    await corner.begin(500, now=None)
    key, locked = ids.new(), {"hold": "wallet", "record": "position"}[step]
    redemption_id = ids.placed(key, ids.bucket_of(corner.ana.wallet_id))
    arguments = (dsn, str(tmp_path / "partner-keys.json"), corner.shop.host)
    named = (corner.ana.wallet_id, corner.partner.partner_id, corner.partner.merchant_id, 600, key)
    blocker = await asyncpg.connect(dsn)

    async def stopped() -> bool:
        return bool(await owner.fetchval(f"select count(*) {WAITING}"))

    await blocker.execute("begin")
    await blocker.execute(f"select 1 from ledger.{locked} for update")
    async with process("-c", REQUEST, *arguments, *map(str, named)) as request:
        await until(stopped)
        request.kill()
        await request.wait()
        # Its half of the connection would wait on, and write what nobody is there to hear.
        await owner.execute(f"select pg_terminate_backend(pid) {WAITING}")
    await blocker.close()
    left = await orders.known(corner.db, redemption_id)
    later = datetime.now(UTC) + timedelta(minutes=2)

    order = await corner.drive(await corner.begin(600, key=key, now=later), now=later)

    assert {"hold": None, "record": "sending"}[step] == (left and left.state)
    assert (redemption_id, "captured") == (order.redemption_id, order.state)
    assert [600] == (await corner.effects(order))["issued"]
    assert 8900 == await corner.available()


async def test_eight_workers_at_once_leave_one_effect_where_twice_would_be_done_twice(
    db: Database, tmp_path: Path, demo_partner: demo.Partner
) -> None:
    pace = order_steps.Pace(looks=(timedelta(milliseconds=20),) * 6)
    async with driving.scene(
        db, tmp_path, demo_partner, flavour="none", value=50_000, timeout_seconds=2
    ) as scene:
        one = driving.hurried(scene, pace=pace)
        begun = [await held(one, 500 + cents) for cents in (0, 1, 6, 7, 12, 13, 14, 0) * 5]

        async def ended() -> bool:
            left = "select count(*) from ledger.partner_order where due_at is not null"
            return not await db.fetchval(left)

        workers = [asyncio.create_task(saga.work(one.house, pause_seconds=0.02)) for _ in range(8)]
        await until(ended)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

        told = [await one.effects(order) for order in begun]
    expected = [0 if order.amount_minor == 501 else 1 for order in begun]
    assert expected == [len(each["issued"]) for each in told]


async def test_a_working_worker_brings_every_order_to_its_end(corner: Scene) -> None:
    hurry = driving.hurried(
        corner,
        pace=order_steps.Pace(
            looks=tuple(timedelta(milliseconds=20) for _ in range(6)),
            tries=tuple(timedelta(milliseconds=20) for _ in range(4)),
        ),
    )
    begun = [await held(corner, minor) for minor in (500, 501, 506, 507, 512, 513)]

    async def ended() -> bool:
        states = [(await orders.find(corner.db, one.redemption_id)).state for one in begun]
        return {"captured", "released"} >= set(states)

    task = asyncio.create_task(saga.work(hurry.house, pause_seconds=0.02))
    await until(ended)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    effects = [len((await corner.effects(one))["issued"]) for one in begun]
    assert [1, 0, 1, 1, 1, 1] == effects
