"""Two roads to one schema: the migrations, step by step, and the tables as the code has them."""

import re
from collections.abc import Sequence
from importlib import resources

import asyncpg
import pytest
from sqlalchemy import Connection as AlchemyConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import api.identity.tables  # noqa: F401
import partners.tables  # noqa: F401
import wallet.tables  # noqa: F401 - registers the tables
from tests.conftest import Connection
from tests.wallet import giving
from tests.wallet.factories import Coalition
from wallet import migrate, sql

SCHEMAS = "('ledger', 'coalition', 'identity', 'partner')"
MIGRATION_TABLE = "migration"  # Alembic's own, which no model has
COLUMNS = f"""
select table_schema, table_name, column_name, udt_name, is_nullable, column_default,
       is_identity, is_generated
  from information_schema.columns c
  join information_schema.tables t using (table_schema, table_name)
 where table_schema in {SCHEMAS} and table_name <> '{MIGRATION_TABLE}' and table_type = 'BASE TABLE'
 order by 1, 2, 3
"""
CONSTRAINTS = f"""
select conrelid::regclass::text, conname, pg_get_constraintdef(c.oid) from pg_constraint c
  join pg_namespace n on n.oid = connamespace
 where n.nspname in {SCHEMAS} and conrelid <> 0 and contype in ('p', 'u', 'c', 'f', 'x')
   and conrelid::regclass::text not like '%.{MIGRATION_TABLE}' order by 1, 2
"""
# Storage parameters are a step of their own, which another engine may skip.
INDEXES = rf"""
select indexname, regexp_replace(indexdef, ' WITH \([^)]*\)', '') from pg_indexes
 where schemaname in {SCHEMAS} and tablename <> '{MIGRATION_TABLE}' order by 1, 2
"""


async def shape(dsn: str) -> list[Sequence[object]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [
            tuple(row)
            for query in (COLUMNS, CONSTRAINTS, INDEXES)
            for row in await connection.fetch(query)
        ]
    finally:
        await connection.close()


async def create_from_models(dsn: str) -> None:
    """Make the tables as the code has them, after the one function that a check of theirs asks."""

    def create(connection: AlchemyConnection) -> None:
        connection.execute(text("create schema ledger"))
        connection.execute(text("create schema coalition"))
        connection.execute(text("create schema identity"))
        connection.execute(text("create schema partner"))
        for name in sql.names("functions"):
            if name.endswith("chart"):
                connection.exec_driver_sql(sql.load(name))
        SQLModel.metadata.create_all(connection)

    engine = create_async_engine(dsn.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(create)
    await engine.dispose()


async def test_the_migrations_make_what_the_models_say(dsn: str, empty_dsn: str) -> None:
    await create_from_models(empty_dsn)

    migrated, modelled = await shape(dsn), await shape(empty_dsn)

    assert len(migrated) > 300
    assert sorted(map(str, modelled)) == sorted(map(str, migrated))


async def test_migrating_again_changes_nothing(coalition: Coalition, dsn: str) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 500)
    before = await shape(dsn)

    await migrate.upgrade(dsn)
    await migrate.upgrade(dsn)

    assert before == await shape(dsn)
    assert 500 == (await coalition.faces(ana)).available
    await coalition.spend(ana, coalition.mint, 500)


async def test_a_changed_wallet_touches_no_index(coalition: Coalition, owner: Connection) -> None:
    """Every change of a wallet and of a position stays on its page: heap-only tuples."""
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 10_000)
    for _ in range(60):
        await coalition.give(ana, charity_id, 1)
    await coalition.db.close()
    await owner.execute("select pg_stat_force_next_flush()")

    rows = await owner.fetch(
        "select relname, n_tup_upd, n_tup_hot_upd from pg_stat_user_tables"
        " where schemaname = 'ledger' and relname in ('wallet', 'position')"
    )

    changed = {row["relname"]: (row["n_tup_upd"], row["n_tup_hot_upd"]) for row in rows}
    assert changed["wallet"][0] >= 60
    assert changed["position"][0] >= 59
    assert all(changes == hot for changes, hot in changed.values()), changed


@pytest.mark.tampers
async def test_gifts_from_before_there_were_records_of_gifts_are_recorded(
    coalition: Coalition, owner: Connection
) -> None:
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 100)
    await coalition.give(ana, charity_id, 40)
    before = await owner.fetch("select * from ledger.donation")
    await owner.execute("alter table ledger.donation disable trigger all")
    await owner.execute("delete from ledger.donation")
    step = (resources.files("wallet.migrations.versions") / "0005_charities.sql").read_text()
    (statement,) = re.findall(r"^insert into ledger\.donation.*?;$", step, re.MULTILINE | re.DOTALL)

    await owner.execute(statement)

    assert before == await owner.fetch("select * from ledger.donation")
