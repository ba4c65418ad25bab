"""Webhooks in: nothing of a stranger's is kept, what a partner tells is heard once, in order."""

import asyncio
import dataclasses
import hashlib
import hmac
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest
import structlog

from api import webhooks
from partners import adapter, demo_partner, directory
from partners.adapters import demo as demo_adapter
from partners.webhooks import inbound
from tests.partners import demo, standing
from tests.wallet import factories
from wallet import database

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Ears:
    """Hears, and remembers what; `deaf` raises for a while."""

    def __init__(self) -> None:
        self.heard: list[tuple[UUID, adapter.PartnerEvent]] = []
        self.deaf = False

    async def __call__(self, partner_id: UUID, event: adapter.PartnerEvent) -> None:
        if self.deaf:
            raise RuntimeError("a bug")
        self.heard.append((partner_id, event))

    @property
    def states(self) -> list[str]:
        return [event.state for _, event in self.heard]


def gone() -> demo.Partner:
    """A shop whose process has ended: nothing is ever asked of it here."""
    process = subprocess.Popen(["true"], text=True)
    process.wait()
    return demo.Partner("http://127.0.0.1:9", process)


@pytest.fixture
async def house(db: database.Database, tmp_path: Path) -> AsyncIterator[standing.Standing]:
    async with standing.opened(db, tmp_path) as opened:
        yield opened


@pytest.fixture
async def shop(house: standing.Standing, coalition: factories.Coalition) -> directory.Partner:
    """A partner whose shop is never asked anything here."""
    return await house.partner(await coalition.merchant(), gone())


def told(
    event_id: str = "evt-1", *, at: datetime = NOON, state: str = "live", key: str = "k1"
) -> bytes:
    return orjson.dumps({"id": event_id, "at": at, "state": state, "key": key, "ref": "r1"})


def message(
    shop: directory.Partner, body: bytes, *, secret: str = demo_partner.SECRET
) -> inbound.Message:
    """A message as the demo shop signs it."""
    seconds = str(int(NOON.timestamp()))
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    facts: dict[str, Any] = {
        "slug": shop.slug,
        "headers": {demo_adapter.HEADER: f"t={seconds},v1={signed}"},
        "body": body,
        "url": f"https://wallet.example/partners/{shop.slug}/events",
    }
    return inbound.Message(**facts)


async def tell(house: standing.Standing, shop: directory.Partner, *bodies: bytes) -> None:
    for body in bodies:
        await inbound.receive(house.db, house.opener, message(shop, body), now=NOON)


async def test_what_a_partner_tells_is_kept_and_heard(
    house: standing.Standing, shop: directory.Partner
) -> None:
    ears = Ears()
    await tell(house, shop, told())

    settled = [await inbound.drain(house.db, ears) for _ in range(2)]

    assert [1, 0] == settled
    ((partner_id, event),) = ears.heard
    assert (shop.partner_id, "evt-1", "live", NOON, "k1", "r1") == (
        partner_id,
        *(event.event_id, event.state, event.happened_at, event.key, event.ref),
    )


async def test_what_is_told_twice_or_by_eight_at_once_is_heard_once(
    house: standing.Standing, shop: directory.Partner
) -> None:
    ears = Ears()
    await asyncio.gather(*(tell(house, shop, told()) for _ in range(8)))
    await asyncio.gather(*(inbound.drain(house.db, ears) for _ in range(8)))
    await tell(house, shop, told())
    await inbound.drain(house.db, ears)

    assert ["live"] == ears.states


async def test_an_older_fact_never_comes_after_a_newer_one(
    house: standing.Standing, shop: directory.Partner
) -> None:
    ears = Ears()
    spent = told("evt-2", at=NOON - MINUTE, state="spent")
    await tell(house, shop, spent)
    await inbound.drain(house.db, ears)
    await tell(house, shop, told("evt-1", at=NOON - 2 * MINUTE))
    await tell(house, shop, told("evt-3", at=NOON - 2 * MINUTE, key="k2"))

    await inbound.drain(house.db, ears)

    # The other thing is another story.
    assert ["spent", "live"] == ears.states
    assert "k2" == ears.heard[1][1].key
    assert "older" == await house.db.fetchval(
        "select outcome from partner.fact where event_id = 'evt-1'"
    )


async def test_facts_that_wait_together_are_heard_in_the_order_they_happened(
    house: standing.Standing, shop: directory.Partner
) -> None:
    ears = Ears()
    await tell(
        house,
        shop,
        told("evt-3", at=NOON - MINUTE, state="void"),
        told("evt-1", at=NOON - 3 * MINUTE),
        told("evt-2", at=NOON - 2 * MINUTE, state="spent"),
    )

    await inbound.drain(house.db, ears)

    assert ["live", "spent", "void"] == ears.states


async def test_a_clock_that_is_ahead_silences_nothing_that_comes_after(
    house: standing.Standing, shop: directory.Partner, db: database.Database
) -> None:
    ears = Ears()
    await tell(house, shop, told("evt-1", at=NOON + timedelta(days=400)))
    await inbound.drain(db, ears)
    await inbound.receive(
        db,
        house.opener,
        message(shop, told("evt-2", at=NOON + MINUTE, state="spent")),
        now=NOON + 2 * MINUTE,
    )
    await inbound.drain(db, ears)

    assert ["live", "spent"] == ears.states


async def test_one_hears_of_a_thing_at_a_time(
    house: standing.Standing, shop: directory.Partner, db: database.Database
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    states: list[str] = []

    async def slowly(_partner_id: UUID, event: adapter.PartnerEvent) -> None:
        begun.set()
        await go_on.wait()
        states.append(event.state)

    ears = Ears()
    await tell(house, shop, told("evt-1", at=NOON - 2 * MINUTE))
    first = asyncio.create_task(inbound.drain(db, slowly))
    await begun.wait()
    await tell(house, shop, told("evt-2", at=NOON - MINUTE, state="spent"))
    meanwhile = await inbound.drain(db, ears)
    go_on.set()
    await first
    afterwards = await inbound.drain(db, ears)

    assert (0, 1) == (meanwhile, afterwards)
    assert (["live"], ["spent"]) == (states, ears.states)


async def test_a_fact_that_cannot_be_heard_waits_longer_each_time_and_is_never_dropped(
    house: standing.Standing, shop: directory.Partner, db: database.Database
) -> None:
    ears = Ears()
    await tell(house, shop, told(), told("evt-9", key="k9"))
    now = datetime.now(UTC)
    ears.deaf = True
    for seconds in (0, 1, 6, 7, 30, 4000):
        await inbound.drain(db, ears, now=now + timedelta(seconds=seconds))
    attempts = await db.fetchval("select attempts from partner.fact where event_id = 'evt-1'")
    ears.deaf = False
    await inbound.drain(db, ears, now=now + timedelta(days=1))

    assert 4 == attempts
    assert {"k1", "k9"} == {event.key for _, event in ears.heard}


async def test_what_nobody_vouches_for_is_refused_and_not_kept(
    house: standing.Standing, shop: directory.Partner
) -> None:
    fine = message(shop, told())
    for changed in (
        dataclasses.replace(fine, headers={}),
        dataclasses.replace(fine, body=told("evt-2")),
        dataclasses.replace(fine, slug="nobody"),
        dataclasses.replace(fine, slug="a\x00b"),
        dataclasses.replace(fine, slug="../admin"),
    ):
        with pytest.raises(inbound.Refused):
            await inbound.receive(house.db, house.opener, changed, now=NOON)

    assert 0 == await house.db.fetchval("select count(*) from partner.fact")


async def test_a_partner_cannot_speak_for_another(
    house: standing.Standing, shop: directory.Partner, coalition: factories.Coalition
) -> None:
    other = await house.partner(await coalition.merchant(), gone())
    await house.give(other, "another-secret-of-32-characters!!", name="webhook")

    with pytest.raises(inbound.Refused):
        await inbound.receive(house.db, house.opener, message(other, told()), now=NOON)
    await inbound.receive(house.db, house.opener, message(shop, told()), now=NOON)
    fine = message(other, told(), secret="another-secret-of-32-characters!!")
    await inbound.receive(house.db, house.opener, fine, now=NOON)

    # One id at two partners is two facts.
    assert 2 == await house.db.fetchval("select count(*) from partner.fact")


async def test_a_recording_is_refused_by_its_age(
    house: standing.Standing, shop: directory.Partner
) -> None:
    with pytest.raises(inbound.Refused):
        await inbound.receive(
            house.db, house.opener, message(shop, told()), now=NOON + timedelta(hours=1)
        )


async def test_ids_that_cannot_be_kept_as_they_are_still_tell_things_apart(
    house: standing.Standing, shop: directory.Partner
) -> None:
    ears = Ears()
    await tell(house, shop, told("e" * 5_000), told("e" * 5_001), told("a\x00b", key="k\x00"))
    await tell(house, shop, told("e" * 5_000))
    await inbound.drain(house.db, ears)

    assert 3 == len({event.event_id for _, event in ears.heard}) == len(ears.heard)


async def test_facts_are_forgotten_when_no_partner_repeats_them_any_more(
    house: standing.Standing, shop: directory.Partner, db: database.Database
) -> None:
    await tell(house, shop, told(), told("evt-2", key="k2"))
    await inbound.drain(db, Ears(), limit=1)
    now = datetime.now(UTC)

    swept = [await inbound.sweep(db, now=now + timedelta(days=days)) for days in (89, 91, 400)]

    assert [0, 1, 0] == swept
    assert "evt-2" == await db.fetchval("select event_id from partner.fact")
    assert 0 == await db.fetchval("select count(*) from partner.standing")


class Address:
    """The door alone, over HTTP without a socket."""

    def __init__(self, house: standing.Standing) -> None:
        from starlette.applications import Starlette

        from api import settings

        self.clock = 1000.0
        chosen = settings.Settings(_env_file=None)
        (route,) = webhooks.routes(chosen, house.db, house.opener)
        self.app = Starlette(routes=[route])

    def client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app), base_url="http://commonpurse.test"
        )


async def test_the_door_answers_at_once_and_a_stranger_401(
    house: standing.Standing, shop: directory.Partner
) -> None:
    body = told(at=datetime.now(UTC))
    seconds = str(int(datetime.now(UTC).timestamp()))
    signed = hmac.new(
        demo_partner.SECRET.encode(), f"{seconds}.".encode() + body, hashlib.sha256
    ).hexdigest()
    header = {demo_adapter.HEADER: f"t={seconds},v1={signed}"}
    path = f"/partners/{shop.slug}/events"
    with structlog.testing.capture_logs() as logs:
        async with Address(house).client() as http:
            right = await http.post(path, content=body, headers=header)
            wrong = await http.post(path, content=body + b" ", headers=header)
            nobody = await http.post("/partners/nobody/events", content=body, headers=header)
            long = await http.post(path, content=b"x" * (webhooks.BYTES_MAX + 1), headers=header)
            looked = await http.get(path)

    assert [200, 401, 401, 413, 405] == [
        one.status_code for one in (right, wrong, nobody, long, looked)
    ]
    assert wrong.content == nobody.content
    assert "no-store" == right.headers["Cache-Control"]
    assert 1 == await house.db.fetchval("select count(*) from partner.fact")
    refused = [one for one in logs if one["event"] == "webhook.refused"]
    assert [1, 2] == [one["refused"] for one in refused]


async def test_a_flood_of_strangers_is_counted_and_does_not_fill_the_log(
    house: standing.Standing,
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with Address(house).client() as http:
            for _ in range(webhooks.LOGGED_PER_MINUTE + 20):
                await http.post("/partners/nobody/events", content=b"{}")

    assert webhooks.LOGGED_PER_MINUTE == len(logs)
