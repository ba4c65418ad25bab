"""Bringing a database up to date: Alembic for the tables, then the functions, guards and grants.

Tables change by numbered migrations. Functions, views, guards and grants are code: every file is
applied anew at each run, in order, and applying it twice changes nothing. All of it runs as the
owner of the database, never as the application.
"""

import asyncio
from importlib import resources

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from wallet import sql
from wallet.rules import chart


async def upgrade(dsn: str) -> None:
    """Migrate the database at `dsn` (as its owner) to this version of the code."""
    await asyncio.to_thread(command.upgrade, config(dsn), "head")
    connection = await asyncpg.connect(dsn)
    try:
        await install(connection)
    finally:
        await connection.close()


def config(dsn: str) -> Config:
    """Build Alembic's configuration without a file, so that it works from an installed wheel."""
    settings = Config()
    settings.set_main_option("script_location", str(resources.files("wallet") / "migrations"))
    settings.attributes["dsn"] = dsn
    return settings


def newest() -> str:
    """The number of the newest migration that this code has."""
    head = ScriptDirectory.from_config(config("")).get_current_head()
    assert head is not None
    return head


async def install(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Apply functions, views, guards, grants and the chart, all or none of them."""
    async with connection.transaction():
        # Two processes that start at once wait here for each other; this is not a posting path.
        await connection.execute("lock table coalition.programme in share row exclusive mode")
        await connection.execute("set local client_min_messages = warning")
        for name in sql.names("functions"):
            await connection.execute(sql.load(name))
        await connection.executemany(
            "insert into ledger.chart (code, debit_kind, credit_kind, about)"
            " values ($1, $2, $3, $4) on conflict (code) do update set about = excluded.about",
            [(one.code, one.debit_kind, one.credit_kind, one.about) for one in chart.CHART],
        )
