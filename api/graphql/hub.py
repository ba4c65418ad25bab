"""The hub of a process: who follows which wallet, and who must be told that it has moved.

Nobody tells the hub. While somebody waits, it asks the database a few times a second which of those
wallets are past the mark that their follower knows, all in one statement; while nobody waits, it
asks nothing. A mark tells everything, so nothing can be missed: a look that fails is made up for
by the next one, without a worker, without a connection that listens, and after any outage. It keeps
no changes in memory either; a follower reads them from the books when it is ready for them.
"""

import asyncio
import collections
import contextlib
import dataclasses
import time
import uuid
from collections.abc import Iterator
from typing import Final

import asyncpg
import structlog

from api.graphql import failures, patience
from wallet import changes, database, errors, programme

log: Final = structlog.get_logger("api.graphql")

LOOK_SECONDS: Final = 0.25  # a member who pays at a till looks up at the phone no sooner
LOOK_SHARE: Final = 20  # a look may take a twentieth of the time: the more to ask, the less often
PAUSE_SECONDS_MAX: Final = 5.0  # between two tries while the database is away
STREAMS_MAX: Final = 10_000  # of one process: at some 50 KB each, half a gigabyte
STREAMS_PER_CALLER_MAX: Final = 20  # a phone, a tablet and a few tabs, each of them reconnecting


class Closed(Exception):
    """The process stops; whoever follows connects again and goes on from the last cursor."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    wallet_id: uuid.UUID
    mark: int
    told: asyncio.Future[None]


class Hub:
    """One per application. It starts with the first who waits, and `close` ends it for all."""

    def __init__(self, db: database.Database, waits: patience.Patience) -> None:
        self.waits = waits
        self._db = db
        self._waiting: set[_Waiting] = set()
        self._open: collections.Counter[uuid.UUID] = collections.Counter()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    @contextlib.contextmanager
    def place(self, caller: uuid.UUID) -> Iterator[None]:
        """Count a stream while it is open. Raises failures.Failure RATE_LIMITED."""
        if self._open[caller] >= STREAMS_PER_CALLER_MAX or self._open.total() >= STREAMS_MAX:
            raise failures.Failure(
                "RATE_LIMITED",
                f"Too many open streams; one caller may have {STREAMS_PER_CALLER_MAX}. Close one.",
                headers={"Retry-After": "5"},
            )
        self._open[caller] += 1
        try:
            yield
        finally:
            self._open[caller] -= 1
            if self._open[caller] == 0:
                del self._open[caller]

    async def moved(self, wallet_id: uuid.UUID, mark: int) -> None:
        """Return when the wallet is past that mark. Raises Closed when the process stops."""
        if self._closed:
            raise Closed
        waiting = _Waiting(wallet_id, mark, asyncio.get_running_loop().create_future())
        self._waiting.add(waiting)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            await waiting.told
        finally:
            self._waiting.discard(waiting)

    async def close(self) -> None:
        """Send everybody away, now and from now on."""
        self._closed = True
        for waiting in self._waiting:
            if not waiting.told.done():
                waiting.told.set_exception(Closed())
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    async def _look(self) -> None:
        pause = LOOK_SECONDS
        try:
            while self._waiting:
                await asyncio.sleep(pause)
                began = time.monotonic()
                if await self._tell():
                    took = time.monotonic() - began
                    pause = min(max(LOOK_SECONDS, took * LOOK_SHARE), PAUSE_SECONDS_MAX)
                else:
                    pause = min(pause * 2, PAUSE_SECONDS_MAX)
        finally:
            self._looking = None

    async def _tell(self) -> bool:
        """Look once and tell whose wallet has moved; False if the database could not be asked."""
        waiting = [one for one in self._waiting if not one.told.done()]
        known: dict[uuid.UUID, int] = {}
        for one in waiting:
            known[one.wallet_id] = min(one.mark, known.get(one.wallet_id, one.mark))
        try:
            house = await programme.of(self._db)
            found = await changes.moved(self._db, list(known.items()), asset=house.asset)
        except (errors.Unavailable, asyncpg.PostgresError, OSError) as error:
            log.warning("hub.failed", waiting=len(waiting), error=type(error).__name__)
            return False
        except Exception:
            # A bug here must not leave everybody waiting for ever; it is logged and tried again.
            log.exception("hub.broken", waiting=len(waiting))
            return False
        for one in waiting:
            if found.get(one.wallet_id, 0) > one.mark and not one.told.done():
                one.told.set_result(None)
        return True
