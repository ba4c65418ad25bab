"""From synchronous code to the database: Authlib's core over one asyncpg connection.

Authlib's authorization server calls its hooks without await. It runs in a greenlet: a hook that
needs a row switches out, the event loop waits for PostgreSQL, and the hook goes on with the row. So
there is no second driver and no ORM session (decisions 3 and 7).

Everything that one request does is one transaction. It commits whenever the code *returns*, also
when what it returns is an error: that a token was used twice must stay known, although whoever
presented it is told no.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy.util import await_only, greenlet_spawn

from api.identity import clients
from wallet import database, errors

T = TypeVar("T")

ROLLED_BACK: Final = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)
"""The server took everything back, so the same request may be tried again from its start."""

AWAY: Final = (*database.RETRIED, asyncpg.QueryCanceledError, TimeoutError, OSError)
"""The database did not answer; whether the transaction was committed may not be known."""


class Rows:
    """One connection inside a transaction, for code that does not await."""

    def __init__(self, connection: clients.Connection) -> None:
        self.connection = connection

    def row(self, statement: str, *arguments: object) -> Any:
        """The first row, or None."""
        return self.wait(self.connection.fetchrow(statement, *arguments))

    def run(self, statement: str, *arguments: object) -> None:
        """Run a statement."""
        self.wait(self.connection.execute(statement, *arguments))

    def wait(self, awaitable: Awaitable[T]) -> T:
        """What an asynchronous call answers; never while another one is under way."""
        return await_only(awaitable)


async def run(db: database.Database, act: Callable[[Rows], T]) -> T:
    """Run synchronous code in one transaction and return its answer; Unavailable if none can be.

    `act` may be run again from its start, so it changes nothing but rows.
    """
    for attempt in range(1, database.TRIES_MAX + 1):
        try:
            async with db.transaction() as connection:
                return await greenlet_spawn(act, Rows(connection))
        except ROLLED_BACK as error:
            if attempt == database.TRIES_MAX:
                raise errors.Unavailable("Others are changing the same thing.") from error
            jitter = 0.5 + random.random()  # noqa: S311 - it only keeps callers apart
            await asyncio.sleep(database.PAUSE_SECONDS * 2**attempt * jitter)
        except AWAY as error:
            if isinstance(error, ValueError):
                raise  # An argument of the wrong type is a bug, not an outage.
            raise errors.Unavailable("The database did not answer in time.") from error
    raise AssertionError("unreachable")
