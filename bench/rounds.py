"""Sides that take turns: A B, then B A, so that a machine that slows down slows both.

A turn's rate is rows that appeared in the database, divided by the time the load ran. A side's
figure is the median of its turns; the spread says how far to trust it.
"""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bench import server

SETTLE_SECONDS = 0.2
"""How long a process of the server may take to end, so that the first one knows what it used."""

Step = Callable[[], Awaitable[int]]
"""What a client of the load does again and again; it answers how much it did."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a side: what the load generator did in which time, in its own count.

    `warm` is what it did before the clock started: it is in the books, but in no rate.
    """

    done: int
    seconds: float
    warm: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One of the sides. `rows` counts in the database; a turn adds `each` rows for each thing done.

    `rows` None is a side that only reads: then the answers are counted, after each was checked.
    """

    name: str
    play: Callable[[], Awaitable[Turn]]
    dsn: str
    rows: str | None
    each: int = 1


@dataclass(slots=True)
class Result:
    """What the turns of one side gave, in things per second."""

    name: str
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.rates)

    @property
    def cpu(self) -> float | None:
        """Microseconds of the server's processors for each thing, or None where unknown."""
        return statistics.median(self.cpu_us) if self.cpu_us else None

    @property
    def low(self) -> float:
        """The slowest turn."""
        return min(self.rates)

    @property
    def high(self) -> float:
        """The fastest turn."""
        return max(self.rates)


async def play(
    on: server.Server, sides: Sequence[Side], rounds: int, tick: Callable[[str], None]
) -> dict[str, Result]:
    """Play all rounds; raises AssertionError when rows and load generator disagree."""
    results = {side.name: Result(side.name) for side in sides}
    for number in range(rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            tick(side.name)
            await _turn(on, side, results[side.name])
    return results


async def _turn(on: server.Server, side: Side, result: Result) -> None:
    before = await _count(side)
    cpu = await _cpu_seconds(on)
    turn = await side.play()
    # What the server worked for the warming up is in here too: it is a few things among thousands.
    if cpu is not None:
        used = (await _cpu_seconds(on) or cpu) - cpu
        result.cpu_us.append(1e6 * used / max(1, turn.done + turn.warm))
    result.rates.append(_rate(side, turn, await _count(side) - before))


async def _cpu_seconds(on: server.Server) -> float | None:
    if on.folder is None:
        return None
    await asyncio.sleep(SETTLE_SECONDS)
    return on.cpu_seconds()


def _rate(side: Side, turn: Turn, added: int) -> float:
    if side.rows is None:
        return turn.done / turn.seconds
    assert added == (turn.done + turn.warm) * side.each, f"{side.name}: {turn}, {added} rows"
    return (added / side.each - turn.warm) / turn.seconds


async def _count(side: Side) -> int:
    if side.rows is None:
        return 0
    async with server.connect(side.dsn) as connection:
        return int(await connection.fetchval(side.rows))
