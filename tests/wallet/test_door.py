"""The way to the database: when it is full, slow or busy, the caller is told to come back."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import giving
from tests.wallet.factories import Coalition
from wallet import errors, ids
from wallet.database import Database


@pytest.fixture
async def crowded(owner: Connection, dsn: str) -> AsyncIterator[Database]:
    """A door whose role may have two connections, for four that want them."""
    await owner.execute("drop role if exists visitor")
    await owner.execute("create role visitor login connection limit 2")
    await owner.execute("grant commonpurse_app to visitor")
    db = await Database.connect(dsn.replace("commonpurse@", "visitor@"), size=4)
    yield db
    await db.close()
    await owner.execute("drop role visitor")


async def test_too_many_connections_are_an_outage_and_not_a_bug(crowded: Database) -> None:
    answers = await asyncio.gather(
        *(crowded.fetchval("select 1 from pg_sleep(0.3)") for _ in range(8)),
        return_exceptions=True,
    )

    assert 1 in answers
    assert {1} == {one for one in answers if not isinstance(one, errors.Unavailable)}


async def test_a_wallet_that_stays_locked_is_in_progress_and_nothing_is_done(
    coalition: Coalition, owner: Connection
) -> None:
    ana, key = await coalition.member(), ids.new()
    charity_id = await giving.charity(coalition)
    await coalition.fill(ana, 100)
    async with owner.transaction():
        await owner.execute("select 1 from ledger.wallet for update")
        with pytest.raises(errors.IdempotencyInProgress):
            await coalition.give(ana, charity_id, 10, key=key)

    replayed = await coalition.give(ana, charity_id, 10, key=key)

    assert not replayed
    assert 90 == (await coalition.faces(ana)).available


async def test_a_statement_that_takes_too_long_is_stopped(coalition: Coalition) -> None:
    with pytest.raises(errors.Unavailable):
        await coalition.db.fetchval("select pg_sleep(5)")


async def test_a_bug_is_not_called_an_outage(coalition: Coalition) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await coalition.db.fetchval("select * from ledger.nothing")
    with pytest.raises(asyncpg.DataError):
        await coalition.db.fetchval("select $1::uuid", 5)
