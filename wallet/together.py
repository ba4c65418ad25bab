"""Reads that are asked for at one moment become one statement: a page is one round trip.

Whoever reads for a page asks a `Together` as it would ask the database. What is asked while nobody
waits for anything else is sent as one statement, so it is of one snapshot too: no page shows a
balance of before a purchase beside a tier of after it. What two ask alike is read once, and a read
that is asked alone is sent as it is.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson

from wallet.database import Database

READS_MAX: Final = 20
"""Reads of one statement: a page has a dozen, and planning them takes as long as reading them."""

_PLACE: Final = re.compile(r"\$(\d+)")
_Value: TypeAlias = Callable[[Any], Any]


class Row:
    """A row like the driver's: columns by name or place, and its values in order."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: Sequence[str], values: Sequence[Any]) -> None:
        self._names = names
        self._values = values

    def __getitem__(self, column: str | int) -> Any:
        place = column if isinstance(column, int) else self._names.index(column)
        return self._values[place]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> Sequence[str]:
        """The columns; so `dict(row)` is what it is for the driver's rows."""
        return self._names


@dataclass(frozen=True, slots=True)
class _Shape:
    """The columns of a read: their names, how JSON is asked for, and how it becomes a value."""

    names: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[_Value | None, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    statement: str
    arguments: tuple[object, ...]
    rows: "asyncio.Future[Sequence[Any]]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Together(Database):
    """A database of which the reads of one moment travel together; all else goes its own way."""

    def __init__(self, db: Database) -> None:
        super().__init__(db.pool, db.bulk_pool)
        self.known = db.known
        self._asked: list[_Asked] = []
        self._sent: set[asyncio.Task[None]] = set()
        self._told: dict[str, Row] = {}

    def know(self, statement: str, **columns: Any) -> None:
        """Take it as known what a statement with no arguments but None would answer: one row."""
        self._told[statement] = Row(tuple(columns), tuple(columns.values()))

    async def fetch(self, statement: str, *arguments: object) -> list[Any]:
        """All rows of a query."""
        return list(await self._ask(statement, arguments))

    async def fetchrow(self, statement: str, *arguments: object) -> Any:
        """The first row, or None."""
        return next(iter(await self._ask(statement, arguments)), None)

    async def fetchval(self, statement: str, *arguments: object) -> Any:
        """The first column of the first row."""
        row = await self.fetchrow(statement, *arguments)
        return None if row is None else row[0]

    async def _ask(self, statement: str, arguments: tuple[object, ...]) -> Sequence[Any]:
        if statement in self._told and not any(one is not None for one in arguments):
            return [self._told[statement]]
        for asked in self._asked:
            if (asked.statement, asked.arguments) == (statement, arguments):
                return await asked.rows
        if not self._asked:
            asyncio.get_running_loop().call_soon(self._wait, 0)
        asked = _Asked(statement, arguments)
        self._asked.append(asked)
        return await asked.rows

    def _wait(self, seen: int) -> None:
        """Send once a turn of the loop has brought no more reads: tasks begin tasks that read."""
        if len(self._asked) > seen:
            asyncio.get_running_loop().call_soon(self._wait, len(self._asked))
        else:
            self._send()

    def _send(self) -> None:
        asked, self._asked = self._asked, []
        for start in range(0, len(asked), READS_MAX):
            task = asyncio.create_task(self._answer(asked[start : start + READS_MAX]))
            self._sent.add(task)
            task.add_done_callback(self._sent.discard)

    async def _answer(self, asked: Sequence[_Asked]) -> None:
        try:
            found = await self._read(asked)
        except BaseException as problem:  # Whoever waits is told, and must not wait for ever.
            for one in asked:
                if not one.rows.done():
                    one.rows.set_exception(problem)
            if not isinstance(problem, Exception):
                raise
            return
        for one, rows in zip(asked, found, strict=True):
            if not one.rows.done():
                one.rows.set_result(rows)

    async def _read(self, asked: Sequence[_Asked]) -> Sequence[Sequence[Any]]:
        if len(asked) == 1:
            return [await super().fetch(asked[0].statement, *asked[0].arguments)]
        shapes = [await self._shape(one.statement) for one in asked]
        parts, arguments = [], list[object]()
        for place, (one, shape) in enumerate(zip(asked, shapes, strict=True)):
            text = _renumbered(one.statement, after=len(arguments))
            told = ", ".join(f"q{place}.{column}" for column in shape.columns)
            # Our own statements; the line break ends a comment at the end of one.
            part = f"array(select jsonb_build_array({told}) from ({text}\n) q{place})"  # noqa: S608
            parts.append(part)
            arguments += one.arguments
        row = await super().fetchrow(f"select {', '.join(parts)}", *arguments)
        assert row is not None
        return [_rows(shape, told) for shape, told in zip(shapes, row, strict=True)]

    async def _shape(self, statement: str) -> _Shape:
        """What columns a statement has: the server is asked once in the life of a process."""
        key = ("shape", statement)
        known = self.known.get(key)
        if isinstance(known, _Shape):
            return known
        async with self.pool.acquire() as connection:
            prepared = await connection.prepare(statement)
            kinds = [(one.name, one.type.name) for one in prepared.get_attributes()]
        shape = _Shape(
            names=tuple(name for name, _ in kinds),
            columns=tuple(f'"{name}"{_AS.get(kind, "")}' for name, kind in kinds),
            values=tuple(_VALUES[kind] for _, kind in kinds),
        )
        self.known[key] = shape
        return shape


def _renumbered(statement: str, *, after: int) -> str:
    """A statement with its places behind `after` others."""
    return _PLACE.sub(lambda match: f"${int(match[1]) + after}", statement)


def _rows(shape: _Shape, told: Sequence[str]) -> list[Row]:
    return [
        Row(
            shape.names,
            [
                one if one is None or value is None else value(one)
                for value, one in zip(shape.values, orjson.loads(text), strict=True)
            ],
        )
        for text in told
    ]


def _instant(text: str) -> datetime:
    # What the driver gives for them has no time zone.
    if text in ("infinity", "-infinity"):
        return datetime.max if text == "infinity" else datetime.min  # noqa: DTZ901
    return datetime.fromisoformat(text).astimezone(UTC)


def _each(value: _Value) -> _Value:
    return lambda several: [None if one is None else value(one) for one in several]


# The driver gives JSON as text, and readers parse it.
_AS: Final = {"jsonb": "::text", "json": "::text"}
_PLAIN: Final = ("int2", "int4", "int8", "text", "varchar", "name", "bool", "json", "jsonb")
_VALUES: Final[dict[str, _Value | None]] = {
    **dict.fromkeys(_PLAIN),
    **dict.fromkeys(f"{kind}[]" for kind in _PLAIN),
    "uuid": UUID,
    "uuid[]": _each(UUID),
    "date": date.fromisoformat,
    "date[]": _each(date.fromisoformat),
    "timestamptz": _instant,
    "timestamptz[]": _each(_instant),
    "bytea": lambda text: bytes.fromhex(text.removeprefix("\\x")),
}
"""How JSON becomes what the driver would give, by type; one that is missing is a bug: KeyError."""
