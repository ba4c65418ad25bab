"""Alembic's environment: one asyncpg connection, taken from the configuration's attributes."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

import wallet.tables  # noqa: F401 - registers the tables

VERSION_TABLE = "migration"


def run(connection: Connection) -> None:
    """Apply what is missing inside one transaction."""
    connection.execute(text("create schema if not exists ledger"))
    connection.execute(text("create schema if not exists coalition"))
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        version_table=VERSION_TABLE,
        version_table_schema="coalition",
        include_schemas=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def main() -> None:
    """Connect as the owner and migrate."""
    dsn: str = context.config.attributes["dsn"]
    engine = create_async_engine(
        dsn.replace("postgres://", "postgresql://").replace(
            "postgresql://", "postgresql+asyncpg://"
        ),
        poolclass=NullPool,
    )
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(main())
