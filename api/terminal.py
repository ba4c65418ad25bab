"""What every command needs: the settings, the database, and a place to print.

The settings are read once, here; a wrong one ends the command with the name of its variable. What a
command prints goes to the output, what is logged to the error stream, so that it can be piped.
"""

import asyncio
import contextlib
import logging
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final, TypeVar

import asyncpg
import pydantic
import rich.console
import structlog
import typer

from api import postgres, settings
from wallet import database, ids

Answer = TypeVar("Answer")

out: Final = rich.console.Console(highlight=False)


def configured() -> settings.Settings:
    """Read the settings and begin to log by them; a wrong value is said, and ends the command."""
    try:
        house = settings.Settings()
    except pydantic.ValidationError as wrong:
        for one in wrong.errors():
            name = str(one["loc"][0] if one["loc"] else "").upper()
            out.print(f"[red]COMMONPURSE_{name.removeprefix('COMMONPURSE_')}: {one['msg']}[/red]")
        raise typer.Exit(2) from None
    set_up_logs(house)
    return house


def set_up_logs(house: settings.Settings) -> None:
    """Log to the error stream, so that what a command prints can be piped."""
    renderer: structlog.typing.Processor = structlog.dev.ConsoleRenderer(colors=False)
    if house.log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[house.log_level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Libraries that would print tokens or whole URLs at a lower level.
    for name in ("authlib", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)


@contextlib.contextmanager
def reached(house: settings.Settings, *, alone: bool = False) -> Iterator[str]:
    """The given database, or the embedded one for as long as it is needed."""
    if house.dsn is not None:
        yield house.dsn
        return
    with postgres.use(house.data_dir, alone=alone) as dsn:
        yield dsn


def with_database(act: Callable[[database.Database], Awaitable[Answer]]) -> Answer:
    """Run an act with a small pool on the database, as the application."""

    async def run(dsn: str) -> Answer:
        async with opened(dsn) as db:
            return await act(db)

    with reached(configured()) as dsn:
        return asyncio.run(run(dsn))


@contextlib.asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[database.Database]:
    """A small pool for one command."""
    db = await database.Database.connect(dsn, size=2)
    try:
        yield db
    finally:
        await db.close()


def as_owner(act: Callable[["asyncpg.Connection[asyncpg.Record]"], Awaitable[bool]]) -> bool:
    """Run an act with one connection as the database's owner; return what it says."""

    async def run(dsn: str) -> bool:
        connection = await asyncpg.connect(dsn)
        try:
            return await act(connection)
        finally:
            await connection.close()

    with reached(configured()) as dsn:
        return asyncio.run(run(dsn))


def identified(prefix: str, text: str) -> uuid.UUID:
    """Read an id that somebody typed, such as mem_..."""
    try:
        return ids.parse(prefix, text)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
