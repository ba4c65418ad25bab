"""Databases for tests: copies of one template, handed out again only when provably like new.

To copy and to drop some 850 files takes a third of a second, most of it the kernel's, and a new
session has every catalog to read, function to compile and statement to plan. So a copy that a test
has done with is put back as it was, in milliseconds, over a connection that stays (the keeper), and
the sessions that the test had as the application (the door) are set back and stay as well.

What a test has touched is told by PostgreSQL's own counters of written rows, one for each table
and catalog, which every session adds to before it is gone. Rows of the books are deleted, and then
every table is looked at. A copy is dropped, and the next test gets a fresh one, as soon as anything
else is not as it was handed out: a catalog or a row of the template was written, someone is still
connected, a session of the door is still in use, the keeper was disconnected, or a write arrived
afterwards.
"""

import asyncio
import contextlib
import itertools
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import asyncpg

from wallet import database, laws

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

SIZE: Final = 8  # connections of the door; a test of many clients opens its own
USES_MAX: Final = 200  # of one copy: what deleted rows leave behind in its files stays small
PAGES_MAX: Final = 10  # of a table whose rows are deleted; the planner takes an empty one for ten
LEAVE_SECONDS_MAX: Final = 2.0  # a session that was closed is gone in a millisecond

TABLES: Final = """
select c.oid, format('%I.%I', c.relnamespace::regnamespace, c.relname) as name,
       c.relnamespace = 'pg_catalog'::regnamespace as is_catalog
  from pg_class c
 where c.relkind = 'r' and c.relnamespace <> 'information_schema'::regnamespace
   and (not c.relisshared or c.oid = 'pg_db_role_setting'::regclass)
"""
WRITTEN: Final = """
select array_agg(pg_stat_get_tuples_inserted(t.oid) + pg_stat_get_tuples_updated(t.oid)
                 + pg_stat_get_tuples_deleted(t.oid) order by t.place) as rows,
       (select pg_stat_get_db_stat_reset_time(d.oid) is not null from pg_database d
         where d.datname = current_database()) as were_reset
  from unnest($1::oid[]) with ordinality t (oid, place)
"""
STATEFUL: Final = "select exists (select from pg_class where relkind in ('S', 'm'))"
OTHERS: Final = """
select count(*) from pg_stat_activity
 where datid = (select oid from pg_database where datname = current_database())
   and pid <> pg_backend_pid() and pid <> all ($1::int[]) and backend_type = 'client backend'
"""
# What a session may have set or kept; all it has written is counted now, and not in a second.
SET_BACK: Final = """
select pg_advisory_unlock_all(); close all; unlisten *; reset all; discard temp;
reset session authorization; reset role;
select pg_stat_force_next_flush()
"""


class Unlike(Exception):
    """The copy is not as it was handed out, and cannot be put back; the text says why."""


AWAY: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What a keeper says whose connection a test has ended, or whose tables it has renamed."""


@dataclass(slots=True)
class Copy:
    """A database of which a test may do what it likes."""

    name: str
    url: str
    keeper: Connection
    oids: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    fixed: frozenset[str] = frozenset()  # what no test may write if its copy is to be kept
    look: str = ""  # a query that is true as long as a row is left
    written: list[int] = field(default_factory=list)
    uses: int = 0
    door: database.Database | None = None
    pids: list[int] = field(default_factory=list)  # the sessions of the door, while nobody has it


class Copies:
    """The copies of one template. All of it runs in one event loop: the session's."""

    def __init__(self, server: str, template: str, prefix: str) -> None:
        self._server = server
        self._template = template
        self._names = (f"{prefix}_{number}" for number in itertools.count())
        self._spare: Copy | None = None

    async def take(self) -> Copy:
        """Give a database that is like new: the one that came back, or a fresh copy."""
        spare, self._spare = self._spare, None
        if spare is not None:
            try:
                await _assert_untouched(spare)
            except (Unlike, *AWAY):
                await self.drop(spare)
            else:
                return spare
        return await self._fresh()

    async def connect(self, copy: Copy) -> database.Database:
        """Give the application's view of the copy, with sessions that know their way around."""
        if copy.door is None:
            copy.door = await database.Database.connect(copy.url, size=SIZE)
        return database.Database(copy.door.pool, copy.door.bulk_pool)

    async def give_back(self, copy: Copy) -> None:
        """Keep the copy for the next test if it can be put back as it was; otherwise drop it."""
        try:
            await _put_back(copy)
        except (Unlike, *AWAY):
            await self.drop(copy)
        else:
            assert self._spare is None, "one test at a time"
            self._spare = copy

    async def drop(self, copy: Copy) -> None:
        """Delete the copy, whoever is connected to it."""
        await _leave(copy)
        await execute(self._server, f"drop database if exists {copy.name} with (force)")

    async def close(self) -> None:
        """Delete the copy that is kept."""
        if self._spare is not None:
            await self.drop(self._spare)
            self._spare = None

    async def _fresh(self) -> Copy:
        name = next(self._names)
        await execute(self._server, copying(name, self._template))
        url = at(self._server, name)
        # As a replica: neither the guards of append-only tables nor foreign keys are asked. Set for
        # good, because each change of this setting throws away the plans, also those of the laws.
        keeper = await asyncpg.connect(url, server_settings={"session_replication_role": "replica"})
        copy = Copy(name, url, keeper)
        rows = await copy.keeper.fetch(TABLES)
        copy.oids = [row["oid"] for row in rows]
        copy.names = [row["name"] for row in rows]
        ours = [row["name"] for row in rows if not row["is_catalog"]]
        given = await copy.keeper.fetchrow(
            "select " + ", ".join(f"exists (select from {name})" for name in ours)
        )
        assert given is not None
        emptied = [name for name, is_given in zip(ours, given, strict=True) if not is_given]
        copy.fixed = frozenset(copy.names) - frozenset(emptied)
        copy.look = "select " + " or ".join(f"exists (select from {name})" for name in emptied)
        assert not await copy.keeper.fetchval(STATEFUL), "What has no rows cannot be put back."
        copy.written = await _written(copy)
        return copy


async def check(copy: Copy) -> list[laws.Breach]:
    """The laws that the copy breaks, asked by the keeper, which knows how, or by a newcomer."""
    try:
        return await laws.check(copy.keeper)
    except AWAY:
        connection = await asyncpg.connect(copy.url)
        try:
            return await laws.check(connection)
        finally:
            await connection.close()


async def execute(url: str, statement: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def copying(name: str, template: str) -> str:
    """Say how to copy the template: as files, for to log every page takes twice as long."""
    return f"create database {name} template {template} strategy file_copy"


def at(server: str, name: str) -> str:
    """URL of a database of the server."""
    return urllib.parse.urlsplit(server)._replace(path=f"/{name}").geturl()


async def _put_back(copy: Copy) -> None:
    copy.uses += 1
    if copy.uses >= USES_MAX:
        raise Unlike("It has served long enough.")
    if copy.door is not None and (copy.door.pool.is_closing() or copy.door.bulk_pool.is_closing()):
        await copy.door.close()
        copy.door = None
    copy.pids = await _set_back(copy.door) if copy.door is not None else []
    await _wait_until_alone(copy)
    written = await _written(copy)
    touched = [
        (oid, name)
        for oid, name, before, now in zip(copy.oids, copy.names, copy.written, written, strict=True)
        if before != now
    ]
    if fixed := sorted({name for _, name in touched} & copy.fixed):
        raise Unlike(f"{', '.join(fixed)} was written.")
    if touched:
        await _empty(copy, touched)
        # Now, not in a second: what the keeper itself has written is known before the next test.
        await copy.keeper.execute("select pg_stat_force_next_flush()")
        copy.written = await _written(copy)
    await _assert_empty(copy)


async def _set_back(door: database.Database) -> list[int]:
    pids = []
    for pool in (door.pool, door.bulk_pool):
        if pool.get_idle_size() < pool.get_size():
            raise Unlike("A session is still in use.")
        sessions = [await pool.acquire() for _ in range(pool.get_size())]
        try:
            for session in sessions:
                await session.execute(SET_BACK)
                pids.append(session.get_server_pid())
        finally:
            for session in sessions:
                await pool.release(session)
    return pids


async def _empty(copy: Copy, touched: list[tuple[int, str]]) -> None:
    rows = await copy.keeper.fetch(
        "select pg_relation_size(oid) > $2 * current_setting('block_size')::bigint as is_large"
        " from unnest($1::oid[]) with ordinality t (oid, place) order by place",
        [oid for oid, _ in touched],
        PAGES_MAX,
    )
    large = [name for (_, name), row in zip(touched, rows, strict=True) if row["is_large"]]
    statements = [f"delete from {name}" for _, name in touched if name not in large]
    if large:
        statements.append(f"truncate {', '.join(large)} cascade")
    await copy.keeper.execute("; ".join(statements))


async def _assert_untouched(copy: Copy) -> None:
    if await copy.keeper.fetchval(OTHERS, copy.pids):
        raise Unlike("Someone came while nobody had it.")
    if copy.written != await _written(copy):
        raise Unlike("Something was written after it came back.")


async def _assert_empty(copy: Copy) -> None:
    if await copy.keeper.fetchval(copy.look):
        raise Unlike("Rows are left.")


async def _wait_until_alone(copy: Copy) -> None:
    # A session counts what it wrote before it disappears from the list.
    deadline = time.monotonic() + LEAVE_SECONDS_MAX
    while await copy.keeper.fetchval(OTHERS, copy.pids):
        if time.monotonic() > deadline:
            raise Unlike("Someone is still connected.")
        await asyncio.sleep(0.001)


async def _written(copy: Copy) -> list[int]:
    counters = await copy.keeper.fetchrow(WRITTEN, copy.oids)
    if counters is None or counters["were_reset"]:
        raise Unlike("The counters were set to zero.")
    rows: list[int] = counters["rows"]
    return rows


async def _leave(copy: Copy) -> None:
    with contextlib.suppress(*AWAY):
        if copy.door is not None:
            async with asyncio.timeout(LEAVE_SECONDS_MAX):
                await copy.door.close()
    with contextlib.suppress(*AWAY):
        await copy.keeper.close(timeout=LEAVE_SECONDS_MAX)
