"""The server that is measured: an embedded one of the benchmark's own, or one that is named.

It flushes every commit, as in production. Databases are made for one run and dropped at its end;
a run that was killed leaves some, and the next one drops them first.
"""

import contextlib
import os
import urllib.parse
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TypeAlias

import asyncpg
import psutil

from api import cluster, postgres
from wallet import migrate

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# A server that has run for a day writes its log into old files. A new one makes each file first,
# and whoever writes most pays for that, so the files are made before anything is measured.
LOG_FILES = 96
LOG_BYTES = 16_000_000  # nearly one file
LOG_KEPT = {"min_wal_size": "2GB", "max_wal_size": "4GB"}

PREFIX = "commonpurse_bench_"
FOLDER = Path(".commonpurse/bench")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: the URL of a superuser, and its load generator if there is one."""

    dsn: str
    pgbench: Path | None
    folder: Path | None  # of an embedded server's files; None for one that was given

    def cpu_seconds(self) -> float | None:
        """Processor time that the server has used so far, all its processes together.

        None for a server that was given: its processes may be anywhere. Unlike a rate, this says
        what a movement costs even while somebody else keeps the machine busy.
        """
        if self.folder is None:
            return None
        used = 0.0
        for process in cluster.processes(self.folder):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                # The first process also knows what its children used that are gone.
                used += times.user + times.system + times.children_user + times.children_system
        return used

    def url(self, name: str) -> str:
        """URL of one of our databases."""
        return urllib.parse.urlsplit(self.dsn)._replace(path=f"/{PREFIX}{name}").geturl()

    async def create(self, name: str) -> str:
        """Make a migrated database with the benchmark's functions in it; returns its URL."""
        async with connect(self.dsn) as admin:
            await admin.execute(f"drop database if exists {PREFIX}{name} with (force)")
            await admin.execute(f"create database {PREFIX}{name}")
        url = self.url(name)
        await migrate.upgrade(url)
        async with connect(url) as owner:
            for part in ("ids", "fill", "bare_movement"):
                await owner.execute(script(f"sql/{part}.sql"))
        return url

    async def age(self) -> None:
        """Give our own server the log files that it would have after a day; takes some seconds."""
        if self.folder is None:
            return
        async with connect(self.dsn) as admin:
            there = await admin.fetchval("select count(*) from pg_ls_waldir()")
            for _ in range(max(0, LOG_FILES - there)):
                await admin.execute(
                    f"select pg_logical_emit_message(false, 'bench', repeat('x', {LOG_BYTES}))"
                )
            await admin.execute("checkpoint")

    async def clean(self) -> None:
        """Drop every database that a run of ours made."""
        async with connect(self.dsn) as admin:
            rows = await admin.fetch(
                "select datname from pg_database where starts_with(datname, $1)", PREFIX
            )
            for row in rows:
                await admin.execute(f"drop database if exists {row['datname']} with (force)")


@contextlib.contextmanager
def start(dsn: str | None, folder: Path = FOLDER) -> Iterator[Server]:
    """Serve for the length of the block; `dsn` is a superuser's URL of a server that runs."""
    if dsn:
        yield Server(dsn, _pgbench(folder), None)
        return
    with postgres.Embedded(folder, options=LOG_KEPT) as embedded:
        yield Server(embedded.dsn, _pgbench(folder), embedded.folder)


@contextlib.asynccontextmanager
async def connect(dsn: str) -> AsyncIterator[Connection]:
    """One connection for the length of the block."""
    connection = await asyncpg.connect(dsn, timeout=10, command_timeout=900)
    try:
        yield connection
    finally:
        await connection.close()


def script(name: str) -> str:
    """The text of a file of this package."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _pgbench(folder: Path) -> Path | None:
    try:
        found = cluster.tools(folder.absolute()).folder / "pgbench"
    except cluster.Unusable:
        return None
    return found if os.access(found, os.X_OK) else None
