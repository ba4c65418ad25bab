"""What every test may ask for: a migrated database of its own, and the laws at its end.

Each worker of pytest-xdist has a server of its own, in `.commonpurse/tests/`, started by the first
test that wants a database and kept for the next run: pure rules never wait for it. The schema is
migrated once into a template; each test gets a copy, a fresh one or one that was provably put back
as it was (`copies.py`). With `COMMONPURSE_TEST_DATABASE_URL` (a superuser's) the copies are made on
that server instead.

`dsn` is the copy's URL, `db` a pool on it as the application, `owner` a connection as its owner,
`empty_dsn` a database without our schema, and `durable` a server that a test may kill.
"""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import asyncpg
import hypothesis
import pytest

from api import postgres
from tests import copies
from wallet import database, laws, migrate

ROOT = Path(__file__).resolve().parent.parent
MIGRATING = 7_201_501  # an advisory lock: two workers on one given server make its roles in turn

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
numbers = itertools.count()

# A shared core makes any test slow once, so none has a deadline. Searching is for developers: CI
# tries the same examples each time, and is red only for what the change did.
hypothesis.settings.register_profile(
    "house", deadline=None, derandomize="CI" in os.environ, print_blob=True
)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def server(worker_id: str) -> Iterator[str]:
    """URL of a server to make databases on, as a superuser."""
    given = os.environ.get("COMMONPURSE_TEST_DATABASE_URL")
    if given:
        yield given
        return
    # The files are thrown away, so nothing is flushed to disk: a test of crashes uses `durable`.
    # No table is analyzed behind a test's back, so that a plan does not depend on what ran before.
    embedded = _start(worker_id, durable=False, options={"autovacuum": "off"})
    yield embedded.dsn
    embedded.stop()


@pytest.fixture(scope="session")
def template(server: str, worker_id: str) -> Iterator[str]:
    """Name of a database with our schema and nothing in it, to copy from."""
    name = f"commonpurse_test_{worker_id}_{os.getpid()}"
    asyncio.run(_make_template(server, name))
    yield name
    asyncio.run(_drop(server, name))


@pytest.fixture(scope="session")
async def databases(server: str, template: str) -> AsyncIterator[copies.Copies]:
    """The copies that this worker's tests get, one after the other."""
    kept = copies.Copies(server, template, f"{template}_copy")
    yield kept
    await kept.close()


@pytest.fixture(autouse=True)
async def nothing_goes_on() -> AsyncIterator[None]:
    """End what a test has left running, for the next one runs in the same event loop."""
    yield
    await _end_the_rest()


@pytest.fixture
async def copy(
    databases: copies.Copies, request: pytest.FixtureRequest
) -> AsyncIterator[copies.Copy]:
    """A migrated database of the test's own; the laws hold at its end."""
    taken = await databases.take()
    yield taken
    await _end_the_rest()
    if request.node.get_closest_marker("tampers") is not None:
        await databases.drop(taken)
        return
    try:
        breaches = await copies.check(taken)

        assert [] == breaches
    except BaseException:
        await databases.drop(taken)
        raise
    await databases.give_back(taken)


@pytest.fixture
def dsn(copy: copies.Copy) -> str:
    """URL of a migrated database of the test's own, as its owner."""
    return copy.url


@pytest.fixture
async def empty_dsn(server: str, template: str) -> AsyncIterator[str]:
    """URL of a database of the test's own without our schema, as its owner."""
    name = f"{template}_empty_{next(numbers)}"
    await copies.execute(server, f"create database {name}")
    yield copies.at(server, name)
    await _drop(server, name)


@pytest.fixture
async def db(databases: copies.Copies, copy: copies.Copy) -> database.Database:
    """The database as the API sees it: as the application, with its few privileges."""
    return await databases.connect(copy)


@pytest.fixture
async def owner(dsn: str) -> AsyncIterator[Connection]:
    """One connection as the owner, for what the application may not do."""
    connected = await asyncpg.connect(dsn)
    yield connected
    await connected.close()


@pytest.fixture
async def durable(worker_id: str) -> AsyncIterator[postgres.Embedded]:
    """A migrated server of the test's own that flushes each commit: kill it as you like.

    At the end it is started again if it is down, so that the laws are asked of what survived.
    """
    embedded = await asyncio.to_thread(_start, f"{worker_id}-durable", durable=True)
    try:
        await migrate.upgrade(embedded.dsn)
        yield embedded
        if embedded.pid() is None:
            await asyncio.to_thread(embedded.restart)
        await assert_laws(embedded.dsn)
    finally:
        await asyncio.to_thread(embedded.erase)


def _start(
    name: str, *, durable: bool, options: Mapping[str, str] | None = None
) -> postgres.Embedded:
    """Start a server in the first folder of that name that no other run in this tree uses.

    One that a killed run left is taken over; what must be durable is made anew.
    """
    for number in itertools.count():
        folder = ROOT / ".commonpurse" / "tests" / f"{name}-{number}"
        embedded = postgres.Embedded(folder, durable=durable, options=options)
        with contextlib.suppress(postgres.Busy):
            if durable:
                embedded.erase()
            embedded.start()
            return embedded
    raise AssertionError("unreachable")


async def _end_the_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


async def assert_laws(dsn: str) -> None:
    """Fail with every row that breaks a law."""
    connection = await asyncpg.connect(dsn)
    try:
        breaches = await laws.check(connection)
    finally:
        await connection.close()

    assert [] == breaches


async def _make_template(server: str, name: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute("select pg_advisory_lock($1)", MIGRATING)
        await _sweep(connection)
        await connection.execute(f"create database {name}")
        await migrate.upgrade(copies.at(server, name))
    finally:
        await connection.close()


async def _sweep(connection: Connection) -> None:
    # A run that was killed leaves its databases; a number in their name tells whose they were.
    rows = await connection.fetch(
        "select datname from pg_database where datname like 'commonpurse\\_test\\_%'"
    )
    for row in rows:
        pid = row["datname"].split("_")[3]
        if not Path(f"/proc/{pid}").exists() and Path("/proc").exists():
            await connection.execute(f"drop database if exists {row['datname']} with (force)")


async def _drop(server: str, name: str) -> None:
    await copies.execute(server, f"drop database if exists {name} with (force)")
