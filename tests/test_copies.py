"""A test's database is as new as a fresh copy, and whatever is not so is thrown away."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests import copies
from tests.wallet import factories
from wallet import database, ids

CLAIMS = """
insert into ledger.claim (bucket, merchant_id, reference, purchase_id, wallet_id, fingerprint)
select 0, gen_random_uuid(), n::text, gen_random_uuid(), gen_random_uuid(), gen_random_uuid()
  from generate_series(1, $1) n
"""


@pytest.fixture
async def made(server: str, template: str) -> AsyncIterator[copies.Copies]:
    """Copies that only this test takes and gives back."""
    kept = copies.Copies(server, template, f"{template}_{ids.new().hex[-8:]}")
    yield kept
    await kept.close()


async def contents(url: str) -> list[tuple[object, ...]]:
    """Every table and catalog with what is in it, or with how much, and how the planner sees it."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(copies.TABLES)
        return [
            (
                table["name"],
                await connection.fetchval(f"select count(*) from {table['name']}"),
                await connection.fetchval(
                    "select (reltuples, relpages)::text from pg_class where oid = $1", table["oid"]
                )
                if not table["is_catalog"]
                else None,
            )
            for table in tables
        ]
    finally:
        await connection.close()


async def shop(url: str) -> None:
    """Fill a dozen tables, as tests do."""
    db = await database.Database.connect(url)
    coalition = await factories.open_coalition(db)
    member = await coalition.member()
    await coalition.fill(member, 2_000)
    await db.close()


async def test_a_copy_comes_back_as_it_was_made(made: copies.Copies) -> None:
    copy = await made.take()
    new = await contents(copy.url)
    await shop(copy.url)
    used = await contents(copy.url)

    await made.give_back(copy)
    again = await made.take()

    assert used != new
    assert (copy.name, new) == (again.name, await contents(again.url))
    await made.drop(again)


async def test_a_large_table_is_new_from_its_first_page_on(made: copies.Copies) -> None:
    copy = await made.take()
    await copies.execute(copy.url, CLAIMS.replace("$1", "5000"))

    await made.give_back(copy)
    again = await made.take()

    assert copy.name == again.name
    assert 0 == await again.keeper.fetchval("select pg_relation_size('ledger.claim')")
    await made.drop(again)


async def test_what_cannot_be_put_back_is_dropped(made: copies.Copies) -> None:
    kept, copy = [], await made.take()
    for change in (
        "create table public.kept (id int)",
        "alter table ledger.transfer disable trigger append_only",
        "alter function ledger.refuse_change() security definer",
        "grant select on ledger.transfer to public",
        "alter database {} set jit = on",
        "analyze ledger.chart",
        "select lo_from_bytea(0, 'kept')",
        "insert into coalition.migration (version_num) values ('9999')",
        "update ledger.chart set about = 'something else'",
        "update ledger.chart set about = 'something else'; select pg_stat_reset()",
    ):
        await copies.execute(copy.url, change.format(copy.name))
        await made.give_back(copy)
        again = await made.take()
        kept += [change] if again.name == copy.name else []
        copy = again
    await made.drop(copy)

    assert [] == kept


async def test_a_session_that_stays_takes_its_database_with_it(made: copies.Copies) -> None:
    copy = await made.take()
    stayed = await asyncpg.connect(copy.url)

    await made.give_back(copy)
    again = await made.take()

    assert copy.name != again.name
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await stayed.fetchval("select 1")
    await made.drop(again)


@pytest.mark.parametrize("stays", [True, False])
async def test_what_comes_when_nobody_has_it_never_reaches_the_next_test(
    made: copies.Copies, stays: bool
) -> None:
    copy = await made.take()
    await made.give_back(copy)
    late = await asyncpg.connect(copy.url)
    await late.execute(CLAIMS, 1)
    if not stays:
        await late.close()

    again = await made.take()

    assert copy.name != again.name
    late.terminate()
    await made.drop(again)


async def test_a_copy_whose_keeper_was_sent_away_is_dropped(made: copies.Copies) -> None:
    copy = await made.take()
    await copies.execute(
        copy.url,
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()",
    )

    assert [] == await copies.check(copy)
    await made.give_back(copy)
    again = await made.take()

    assert copy.name != again.name
    await made.drop(again)


async def test_what_a_session_has_set_or_kept_is_gone(made: copies.Copies) -> None:
    look = (
        "select pg_backend_pid(), current_setting('jit'), current_user, to_regclass('kept')::text"
    )
    copy = await made.take()
    db = await made.connect(copy)
    new = await db.fetchrow(look)
    await db.execute("set jit = on; set role commonpurse; listen news; select pg_advisory_lock(7)")

    await made.give_back(copy)
    again = await made.take()
    found = await (await made.connect(again)).fetchrow(look)

    assert (copy.name, new) == (again.name, found)
    locks = "select count(*) from pg_locks where locktype = 'advisory' and granted and objid = 7"
    assert (0, []) == (
        await again.keeper.fetchval(locks),
        await db.fetch("select pg_listening_channels()"),
    )
    await made.drop(again)


async def test_what_a_session_that_stays_has_written_is_seen(made: copies.Copies) -> None:
    copy = await made.take()
    db = await made.connect(copy)
    coalition = await factories.open_coalition(db)
    await coalition.fill(await coalition.member(), 2_000)

    await made.give_back(copy)
    again = await made.take()

    assert copy.name == again.name
    assert not await again.keeper.fetchval(again.look)
    await made.drop(again)


async def test_a_session_that_is_still_in_use_takes_its_database_with_it(
    made: copies.Copies,
) -> None:
    copy = await made.take()
    session = await (await made.connect(copy)).pool.acquire()

    await made.give_back(copy)
    again = await made.take()

    assert copy.name != again.name
    with pytest.raises(asyncpg.InterfaceError):
        await session.fetchval("select 1")
    await made.drop(again)


@pytest.mark.parametrize("which", ["pool", "bulk_pool"])
async def test_sessions_that_a_test_has_closed_are_opened_anew(
    made: copies.Copies, which: str
) -> None:
    copy = await made.take()
    db = await made.connect(copy)
    await db.fetchval("select 1")
    await db.bulk("select '1'")
    await getattr(db, which).close()

    await made.give_back(copy)
    again = await made.take()

    assert copy.name == again.name
    assert 1 == await (await made.connect(again)).fetchval("select 1")
    await made.drop(again)
