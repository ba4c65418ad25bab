"""The laws: queries that return the rows which break them. Empty means the books are right.

Each law is a file in `wallet/sql/laws`, named for what it says. All of them read one snapshot.
"""

from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from wallet import database, sql

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
"""A connection of one's own, or one that a pool has lent."""

ROWS_MAX = 20
"""Rows shown of a broken law: enough to find the cause, few enough to read."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One law that is broken, in its own words, and some of the rows that break it."""

    law: str
    rows: tuple[dict[str, object], ...]


async def check(connection: Connection) -> list[Breach]:
    """Run every law over one snapshot; the empty list is what must come back."""
    breaches = []
    async with database.transaction(connection, isolation="repeatable_read", readonly=True):
        for name in sql.names("laws"):
            law = f"select * from ({sql.load(name)}) breach limit {ROWS_MAX}"  # noqa: S608 - ours
            rows = await connection.fetch(law)
            if rows:
                breaches.append(Breach(title(name), tuple(dict(row) for row in rows)))
    return breaches


def title(name: str) -> str:
    """A law's file name as a sentence, e.g. "value is conserved"."""
    return name.partition("_")[2].replace("_", " ")
