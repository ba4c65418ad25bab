"""The one way to the database: a small asyncpg pool in autocommit, and when a call is tried again.

Every verb is one statement, so nothing on the money path waits inside a transaction for Python. A
call that the server gave up for another's sake, or that was lost with the connection, is sent again
with the same ids, at most `TRIES_MAX` times; the functions make that harmless.
"""

import asyncio
import contextlib
import contextvars
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, Literal, Self, TypeAlias

import asyncpg
import orjson

from wallet import errors

TRIES_MAX: Final = 5
"""Tries of one call. Deadlocks and lost connections are rare; five in a row is an outage."""

PAUSE_SECONDS: Final = 0.02
"""The first pause between two tries; it doubles, and jitter keeps callers apart."""

WAIT_SECONDS: Final = 5.0
"""How long a caller waits for a free connection before it is told to come back."""

RETRIED: Final = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    # The driver's own word for a connection that broke under it while it was working.
    asyncpg.InternalClientError,
    ConnectionError,
)
"""Worth another try: 40001, 40P01, 08xxx, 53xxx, 57P01-57P03, 55P03 and broken sockets."""

STATEMENT_TIMEOUT: Final = "2s"
"""For single movements and reads; whoever waits longer is told to send the same id again."""

BULK_TIMEOUT: Final = "60s"
"""For batches, sweeps and imports, which have a few connections of their own."""

LOCK_TIMEOUT: Final = "500ms"
"""A wallet's lock is held for milliseconds; half a second of waiting is a queue, not a turn."""

Isolation: TypeAlias = Literal["read_committed", "repeatable_read"]
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

_open: Final[contextvars.ContextVar[bool]] = contextvars.ContextVar("transaction", default=False)


def in_transaction() -> bool:
    """True while this task has a transaction open: whoever calls a partner asserts that none is."""
    return _open.get()


@contextlib.asynccontextmanager
async def transaction(
    connection: Connection, *, isolation: Isolation = "read_committed", readonly: bool = False
) -> AsyncIterator[None]:
    """Open a transaction on a connection; every one of ours is opened here."""
    async with connection.transaction(isolation=isolation, readonly=readonly):
        before = _open.set(True)
        try:
            yield
        finally:
            _open.reset(before)


class Database:
    """Connections as the application role; every method is one round trip."""

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", bulk_pool: "asyncpg.Pool[asyncpg.Record]"
    ) -> None:
        self.pool = pool
        self.bulk_pool = bulk_pool
        # What never changes once written (the programme, contract terms) is read once per process.
        self.known: dict[object, object] = {}

    @classmethod
    async def connect(
        cls,
        dsn: str,
        *,
        role: str | None = "commonpurse_app",
        size: int = 8,
        bulk_size: int = 2,
    ) -> Self:
        """Open the pools; more than 16 connections on two cores only wait for each other."""
        pool = await _pool(dsn, role, size, STATEMENT_TIMEOUT, LOCK_TIMEOUT)
        bulk_pool = await _pool(dsn, role, bulk_size, BULK_TIMEOUT, BULK_TIMEOUT)
        return cls(pool, bulk_pool)

    async def close(self) -> None:
        """Close the pools; calls under way are finished first."""
        await self.pool.close()
        await self.bulk_pool.close()

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection in a transaction, for the few writes that are more than one statement."""
        async with (
            self.pool.acquire(timeout=WAIT_SECONDS) as connection,
            transaction(connection),
        ):
            yield connection

    async def fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows of a query."""
        rows: list[asyncpg.Record] = await self._run("fetch", statement, arguments)
        return rows

    async def fetchrow(self, statement: str, *arguments: object) -> asyncpg.Record | None:
        """The first row, or None."""
        row: asyncpg.Record | None = await self._run("fetchrow", statement, arguments)
        return row

    async def fetchval(self, statement: str, *arguments: object) -> Any:
        """The first column of the first row."""
        return await self._run("fetchval", statement, arguments)

    async def execute(self, statement: str, *arguments: object) -> str:
        """Run a statement and return its tag."""
        tag: str = await self._run("execute", statement, arguments)
        return tag

    async def call(self, statement: str, *arguments: object) -> Any:
        """Call a function that answers jsonb, and read the answer."""
        answer = await self._run("fetchval", statement, arguments)
        return None if answer is None else orjson.loads(answer)

    async def bulk(self, statement: str, *arguments: object) -> Any:
        """Like `call`, for batches and sweeps, which may take longer than a single movement."""
        answer = await self._run("fetchval", statement, arguments, self.bulk_pool)
        return None if answer is None else orjson.loads(answer)

    async def _run(
        self,
        method: str,
        statement: str,
        arguments: Sequence[object],
        pool: "asyncpg.Pool[asyncpg.Record] | None" = None,
    ) -> Any:
        for attempt in range(1, TRIES_MAX + 1):
            try:
                async with (pool or self.pool).acquire(timeout=WAIT_SECONDS) as connection:
                    return await getattr(connection, method)(statement, *arguments)
            except RETRIED as error:
                if isinstance(error, ValueError):
                    raise  # An argument of the wrong type is a bug, not an outage.
                if attempt == TRIES_MAX:
                    raise _gave_up(error) from error
                jitter = 0.5 + random.random()  # noqa: S311 - it only keeps callers apart
                await asyncio.sleep(PAUSE_SECONDS * 2**attempt * jitter)
            except (TimeoutError, OSError, asyncpg.QueryCanceledError) as error:
                raise errors.Unavailable("The database did not answer in time.") from error
        raise AssertionError("unreachable")


async def _pool(
    dsn: str, role: str | None, size: int, statement_timeout: str, lock_timeout: str
) -> "asyncpg.Pool[asyncpg.Record]":
    settings = {
        "application_name": "commonpurse",
        "statement_timeout": statement_timeout,
        "lock_timeout": lock_timeout,
        "timezone": "UTC",
        "jit": "off",
    }
    if role is not None:
        settings["role"] = role
    try:
        return await asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=size,
            server_settings=settings,
            # Our sessions change no setting, so there is nothing to reset: no extra round trip.
            reset=_keep,
        )
    except (*RETRIED, OSError, TimeoutError) as error:
        raise errors.Unavailable("The database does not answer.") from error


async def _keep(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    return None


def _gave_up(error: Exception) -> Exception:
    """What the caller is told: somebody still works on this wallet, or the database is away."""
    if isinstance(error, asyncpg.LockNotAvailableError):
        return errors.IdempotencyInProgress()
    return errors.Unavailable("The database does not answer.")
