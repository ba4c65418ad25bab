"""Crashes: what was answered is there, what was not can be sent again, and nothing is half done.

Every test kills something with SIGKILL while value moves, sends the same keys again, and asks the
books. The server flushes each commit, and the laws are asked of what survived.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from api import postgres
from tests.conftest import assert_laws
from tests.wallet import factories, giving
from tests.wallet.factories import EUR, NOON, Coalition
from wallet import donate, errors, ids, members, migrate
from wallet.database import Database

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TRIES_MAX = 100  # of a patient client: ten seconds and more of trying


@pytest.fixture(scope="module")
def steel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Embedded]:
    """One server for all of these tests, because making one takes longer than killing it."""
    options = {"shared_buffers": "64MB"}
    embedded = postgres.Embedded(tmp_path_factory.mktemp("steel") / "data", options=options)
    embedded.start()
    asyncio.run(migrate.upgrade(embedded.dsn))
    yield embedded
    embedded.erase()


@pytest.fixture
async def durable(steel: postgres.Embedded) -> AsyncIterator[postgres.Embedded]:
    """The server, up again after each test, with its laws."""
    yield steel
    if steel.pid() is None:
        await asyncio.to_thread(steel.restart)
    await assert_laws(steel.dsn)


@asynccontextmanager
async def opened(dsn: str, *, size: int = 8) -> AsyncIterator[Coalition]:
    """A coalition on a server that will be killed."""
    db = await Database.connect(dsn, size=size)
    try:
        yield await factories.open_coalition(db)
    finally:
        await db.close()


async def patiently(call: Callable[[], Awaitable[bool]]) -> tuple[bool, int]:
    """Send the same thing again until it is answered; the answer, and how often it was sent."""
    for attempt in range(1, TRIES_MAX):
        try:
            return await call(), attempt
        except (errors.Unavailable, errors.IdempotencyInProgress):
            await asyncio.sleep(0.1)
    raise AssertionError("the server never came back")


async def backends(dsn: str, clause: str = "true") -> list[int]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "select pid from pg_stat_activity where application_name = 'commonpurse'"
            f" and pid <> pg_backend_pid() and {clause}"
        )
    finally:
        await connection.close()
    return [row["pid"] for row in rows]


async def waiting_backend(dsn: str) -> int:
    """The backend that waits for a lock of ours, once there is one."""
    for _ in range(TRIES_MAX):
        if waiting := await backends(dsn, "wait_event_type = 'Lock'"):
            return waiting[0]
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")


async def donations(dsn: str, keys: list[UUID], bucket: int) -> list[int]:
    """How often each key stands in the books."""
    connection = await asyncpg.connect(dsn)
    try:
        found = [
            await connection.fetchval(
                "select count(*) from ledger.transfer where transfer_id = $1 and code = 'donate'",
                ids.placed(key, bucket),
            )
            for key in keys
        ]
    finally:
        await connection.close()
    return found


async def burst(
    coalition: Coalition, dsn: str, kill: Callable[[], Awaitable[None]]
) -> tuple[members.Member, list[UUID], list[tuple[bool, int]]]:
    """Give sixty times at once with patience, and kill something in between."""
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 10_000)
    keys = [ids.new() for _ in range(60)]

    async def give(place: int) -> tuple[bool, int]:
        await asyncio.sleep(place * 0.005)
        return await patiently(lambda: coalition.give(ana, charity_id, 10, key=keys[place]))

    underway = asyncio.gather(*(give(place) for place in range(len(keys))))
    await asyncio.sleep(0.1)
    await kill()
    answers = await underway
    assert 600 == await coalition.position(charity_id, "due")
    return ana, keys, answers


async def test_a_killed_backend_loses_and_doubles_nothing(durable: postgres.Embedded) -> None:
    async def kill() -> None:
        for pid in (await backends(durable.dsn))[:1]:
            os.kill(pid, signal.SIGKILL)

    async with opened(durable.dsn) as coalition:
        ana, keys, _ = await burst(coalition, durable.dsn, kill)

    found = await donations(durable.dsn, keys, ids.bucket_of(ana.wallet_id))
    assert [1] * 60 == found


async def test_a_killed_server_loses_and_doubles_nothing(durable: postgres.Embedded) -> None:
    async def kill() -> None:
        pid = durable.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.1)
        await asyncio.to_thread(durable.restart)

    async with opened(durable.dsn) as coalition:
        ana, keys, answers = await burst(coalition, durable.dsn, kill)

    found = await donations(durable.dsn, keys, ids.bucket_of(ana.wallet_id))
    assert [1] * 60 == found
    # Some of them really met a server that was not there.
    assert any(attempt > 1 for _, attempt in answers)


@pytest.mark.parametrize("where", ["wallet", "position"])
async def test_a_write_cut_in_the_middle_is_done_once_when_sent_again(
    durable: postgres.Embedded, where: str
) -> None:
    """Stopped at a lock that we hold: before anything is written, or when most of it is."""
    async with opened(durable.dsn) as coalition:
        ana, charity_id = await coalition.member(), await giving.charity(coalition)
        key = ids.new()
        await coalition.fill(ana, 1000)
        await coalition.give(ana, charity_id, 1)
        blocker = await asyncpg.connect(durable.dsn)
        await blocker.execute("begin")
        await blocker.execute(f"select 1 from ledger.{where} for update")
        underway = asyncio.create_task(
            patiently(lambda: coalition.give(ana, charity_id, 10, key=key))
        )
        os.kill(await waiting_backend(durable.dsn), signal.SIGKILL)
        with suppress(asyncpg.PostgresError, OSError):
            await blocker.close()
        await underway

        assert 11 == await coalition.position(charity_id, "due")
        assert 989 == (await coalition.faces(ana)).available


CLIENT = """
import asyncio, sys
from uuid import UUID
from wallet import donate, ids, money
from wallet.database import Database

async def main(dsn, member, charity):
    db = await Database.connect(dsn, size=4)
    async def give():
        while True:
            key = ids.new()
            print("sent", key, flush=True)
            await donate.give(db, member_id=UUID(member), request_id=key, charity_id=UUID(charity),
                              amount_minor=1, asset=money.EUR)
            print("answered", key, flush=True)
    await asyncio.gather(*(give() for _ in range(4)))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_killed_client_finds_its_answers_when_it_comes_back(
    durable: postgres.Embedded,
) -> None:
    async with opened(durable.dsn) as coalition:
        ana, charity_id = await coalition.member(), await giving.charity(coalition)
        await coalition.fill(ana, 100_000)
        arguments = (durable.dsn, str(ana.member_id), str(charity_id))
        client = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CLIENT, *arguments), stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        assert client.stdout is not None
        lines = [(await client.stdout.readline()).decode().split() for _ in range(100)]
        client.send_signal(signal.SIGKILL)
        lines += [line.decode().split() async for line in client.stdout]
        await client.wait()
        sent = [UUID(key) for what, key in lines if what == "sent"]
        answered = [UUID(key) for what, key in lines if what == "answered"]
        bucket = ids.bucket_of(ana.wallet_id)
        there = await donations(durable.dsn, answered, bucket)

        for key in sent:
            await coalition.give(ana, charity_id, 1, key=key)

        assert [1] * len(answered) == there
        assert len(answered) < len(sent)
        assert len(sent) == await coalition.position(charity_id, "due")


class Relay:
    """A wire to the server that can lose one answer: the one that says `posted`."""

    def __init__(self, port: int) -> None:
        self.port, self.armed, self.lost = port, False, 0
        self.running: set[asyncio.Task[None]] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.port)
        tasks = [
            asyncio.create_task(self.pass_on(reader, up_writer, answers=False)),
            asyncio.create_task(self.pass_on(up_reader, writer, answers=True)),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, up_writer):
            end.close()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        while data := await reader.read(65_536):
            if answers and self.armed and b'"posted"' in data:
                self.armed, self.lost = False, self.lost + 1
                return
            writer.write(data)
            await writer.drain()


async def test_an_answer_lost_on_the_wire_is_given_again(durable: postgres.Embedded) -> None:
    assert durable.running is not None
    relay = Relay(durable.running.port)
    wire = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = wire.sockets[0].getsockname()[1]
    dsn = durable.tcp_dsn.replace(f":{durable.running.port}/", f":{port}/")
    assert dsn != durable.tcp_dsn
    async with opened(durable.dsn) as coalition:
        ana, charity_id = await coalition.member(), await giving.charity(coalition)
        await coalition.fill(ana, 1000)
        db = await Database.connect(dsn, size=1)
        relay.armed = True

        replayed = await donate.give(
            db,
            member_id=ana.member_id,
            request_id=ids.new(),
            charity_id=charity_id,
            amount_minor=10,
            asset=EUR,
            now=NOON,
        )
        await db.close()
        wire.close()

        assert 1 == relay.lost
        assert replayed
        assert 10 == await coalition.position(charity_id, "due")


async def test_without_its_database_a_verb_says_so_and_then_goes_on(
    durable: postgres.Embedded,
) -> None:
    async with opened(durable.dsn) as coalition:
        ana, key = await coalition.member(), ids.new()
        charity_id = await giving.charity(coalition)
        await coalition.fill(ana, 1000)
        pid = durable.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.2)

        for attempt in (
            coalition.give(ana, charity_id, 10, key=key),
            coalition.report(coalition.mint, ana, factories.purchase(100)),
            members.find(coalition.db, ana.member_id),
        ):
            with pytest.raises(errors.Unavailable):
                await attempt
        await asyncio.to_thread(durable.restart)
        replayed, _ = await patiently(lambda: coalition.give(ana, charity_id, 10, key=key))

        assert not replayed
        assert 990 == (await coalition.faces(ana)).available


async def test_a_server_that_was_never_there_is_unavailable() -> None:
    async def ask() -> None:
        db = await Database.connect("postgresql://nobody@127.0.0.1:9/nothing")
        await db.fetchval("select 1")

    with pytest.raises(errors.Unavailable):
        await ask()
