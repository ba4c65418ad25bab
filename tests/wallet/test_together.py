"""Reads of one moment travel together, and bring what each would have brought alone."""

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.wallet.factories import Coalition
from wallet import balances, database, errors, together
from wallet.campaigns import earned

EVERYTHING = """-- every type that a read may have, for $1 and $2
  select 7::int2 as small, $1::int4 as whole, 9007199254740993::int8 as large, $2::text as words,
         true as yes, null::text as nothing, '{"a": [1, "x"]}'::jsonb as document,
         date '2026-02-28' as day, timestamptz '2026-03-10 12:00:00.123456+00' as at,
         'a3bb189e-8bf9-3888-9912-ace4e6543002'::uuid as key,
         array['a3bb189e-8bf9-3888-9912-ace4e6543002'::uuid, null] as keys,
         array['x', null, 'y']::text[] as names, array[1, 2]::int8[] as numbers,
         array[timestamptz '2026-03-10 12:00:00+00'] as ats, '\\x00ff'::bytea as raw,
         'infinity'::timestamptz as never, '-infinity'::timestamptz as ever
    from generate_series(1, 3) n order by n desc -- the last line is a comment"""


class Watched:
    """A database with one connection, of which each statement is written down."""

    def __init__(self, db: database.Database) -> None:
        self.db = db
        self.statements: list[str] = []

    async def watch(self) -> None:
        async with self.db.pool.acquire() as connection:
            connection.add_query_logger(lambda told: self.statements.append(told.query))


async def watched(dsn: str) -> Watched:
    found = Watched(await database.Database.connect(dsn, size=1))
    await found.watch()
    return found


async def test_what_is_read_together_is_what_is_read_alone(db: database.Database) -> None:
    alone = await db.fetch(EVERYTHING, 3, "olá")
    page = together.Together(db)
    rows, row, value, none, empty = await asyncio.gather(
        page.fetch(EVERYTHING, 3, "olá"),
        page.fetchrow(EVERYTHING, 4, "x"),
        page.fetchval("select $1::int8 + 1", 41),
        page.fetchrow("select 1 where $1", False),
        page.fetch("select 1 where $1", False),
    )

    assert [dict(one) for one in alone] == [dict(one) for one in rows]
    assert [list(one) for one in alone] == [list(one) for one in rows]
    assert (4, 4, "x") == (row["whole"], row[1], row["words"])
    assert (42, None, []) == (value, none, empty)


async def test_reads_of_one_moment_are_one_statement_and_of_one_snapshot(dsn: str) -> None:
    it = await watched(dsn)
    page = together.Together(it.db)
    ask = "select txid_current_snapshot()::text as seen, $1::int as n"
    await asyncio.gather(*(page.fetchrow(ask, n) for n in range(5)))
    it.statements.clear()

    rows = await asyncio.gather(*(page.fetchrow(ask, n) for n in range(5)))
    assert 1 == len(it.statements)
    assert 1 == len({row["seen"] for row in rows})
    assert [0, 1, 2, 3, 4] == [row["n"] for row in rows]
    await it.db.close()


async def test_more_than_fits_into_one_statement_is_sent_in_several(dsn: str) -> None:
    it = await watched(dsn)
    page = together.Together(it.db)
    several = 2 * together.READS_MAX + 1
    await asyncio.gather(*(page.fetchval("select $1::int", n) for n in range(2)))
    it.statements.clear()

    values = await asyncio.gather(*(page.fetchval("select $1::int", n) for n in range(several)))
    assert (list(range(several)), 3) == (values, len(it.statements))
    await it.db.close()


async def test_readers_of_the_wallet_do_not_know_whether_they_read_alone(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 2_000)
    page = together.Together(coalition.db)
    alone = (
        await balances.of(coalition.db, ana.wallet_id),
        await earned.benefits(coalition.db, ana.wallet_id),
    )

    read = await asyncio.gather(
        balances.of(page, ana.wallet_id), earned.benefits(page, ana.wallet_id)
    )
    assert alone == tuple(read)


async def test_a_read_that_fails_is_told_to_everybody_who_waits(db: database.Database) -> None:
    page = together.Together(db)
    told: list[Any] = await asyncio.gather(
        page.fetch("select 1"), page.fetch("select 1 / $1::int", 0), return_exceptions=True
    )

    assert [asyncpg.DivisionByZeroError] * 2 == [type(one) for one in told]
    assert 1 == await page.fetchval("select 1")


async def test_a_database_that_is_away_is_said_to_be_away(dsn: str) -> None:
    gone = await database.Database.connect(dsn, size=1)
    page = together.Together(gone)
    await asyncio.gather(page.fetch("select 1"), page.fetch("select 2"))
    await gone.close()

    with pytest.raises((errors.Unavailable, asyncpg.InterfaceError)):
        await asyncio.gather(page.fetch("select 1"), page.fetch("select 2"))
