"""Schemes: which versions of what members take part in hold when, read once for each epoch.

What members take part in is a scheme: a ladder, a milestone, a board, a contest, a draw. A version
never changes; the highest one whose time has come holds, so whoever publishes again replaces what
was announced before. Ending is a version too: one without a definition.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import orjson

from wallet import errors, sql
from wallet.database import Database
from wallet.rules.schemes import kinds
from wallet.rules.schemes.definition import Scheme

SCHEMES_MAX: Final = 500
"""Schemes of a coalition, ended ones included: each process keeps them all in memory."""
MOMENT: Final = (
    "select epoch, coalesce($1::timestamptz, clock_timestamp()) as at from coalition.programme"
)
"""Which epoch it is, and when: whoever has asked already may tell it to a page that is read."""
_KEY: Final = "schemes"
_INSTANT: Final = timedelta(microseconds=1)

S = TypeVar("S", bound=Scheme)
S_co = TypeVar("S_co", bound=Scheme, covariant=True)


@dataclass(frozen=True, slots=True)
class Version(Generic[S_co]):
    """A version that holds: of which scheme, and from when."""

    scheme_id: UUID
    version_id: UUID
    version: int
    definition: S_co
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """One version as it was published; `definition` None ends the scheme."""

    version_id: UUID
    version: int
    definition: Scheme | None
    valid_from: datetime
    note: str
    published_by: UUID
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Spell:
    """How long a version has held, until now or until the next one began."""

    version: Published
    last: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A scheme with its versions, the oldest first."""

    scheme_id: UUID
    kind: str
    created_at: datetime
    versions: tuple[Published, ...]

    def at(self, instant: datetime) -> Published | None:
        """The version that holds at an instant; None before the first and after the end."""
        held = [one for one in self.versions if one.valid_from <= instant]
        return held[-1] if held and held[-1].definition is not None else None

    def spells(self, at: datetime) -> Iterator[Spell]:
        """The versions that have held until an instant, an end included, the newest first."""
        last, begins = at, None
        for one in reversed(self.versions):
            # Whoever publishes again replaces what was announced before.
            if begins is None or one.valid_from < begins:
                begins = one.valid_from
                if begins <= at:
                    yield Spell(one, last)
                    last = begins - _INSTANT

    def begun(self, at: datetime) -> Published | None:
        """The last version with a definition whose time has come, though it may have ended."""
        begun = (one.version for one in self.spells(at))
        return next((one for one in begun if one.definition is not None), None)

    def version(self, version_id: UUID | None) -> Published | None:
        """The version with this id."""
        return next((one for one in self.versions if one.version_id == version_id), None)

    @property
    def newest(self) -> Scheme:
        """The last definition that it had or will have: of which kind it is, not how it counts."""
        return next(one.definition for one in reversed(self.versions) if one.definition is not None)


@dataclass(frozen=True, slots=True)
class Book:
    """All schemes of one epoch, in the order in which they were made; nothing in it changes."""

    epoch: int
    entries: Mapping[UUID, Entry]

    def of(self, kind: type[S], at: datetime) -> list[Version[S]]:
        """The schemes of a kind that hold at an instant."""
        found = (self.one(kind, scheme_id, at) for scheme_id in self.entries)
        return [one for one in found if one is not None]

    def one(self, kind: type[S], scheme_id: UUID, at: datetime) -> Version[S] | None:
        """The scheme with this id, if it is of a kind and holds at an instant."""
        entry = self.entries.get(scheme_id)
        one = None if entry is None else entry.at(at)
        if one is None or not isinstance(one.definition, kind):
            return None
        return Version(scheme_id, one.version_id, one.version, one.definition, one.valid_from)

    def definition(self, kind: type[S], scheme_id: UUID, version_id: UUID) -> S:
        """The definition that something in the books goes by: it is kept for ever."""
        version = self.entries[scheme_id].version(version_id)
        assert version is not None, "the books name versions that were published"
        assert isinstance(version.definition, kind)
        return version.definition

    def coming(self, at: datetime) -> datetime | None:
        """When the next version of any scheme begins; None where nothing was announced."""
        begins = (one.valid_from for entry in self.entries.values() for one in entry.versions)
        return min((begun for begun in begins if begun > at), default=None)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, and the book as it was then."""

    at: datetime
    book: Book


async def moment(db: Database, now: datetime | None = None) -> Moment:
    """What holds now: one small question, and the book if it has changed."""
    row = await db.fetchrow(MOMENT, now)
    if row is None:
        raise errors.NotFound("There is no programme yet. Run `commonpurse up` or create one.")
    return Moment(row["at"], await book(db, epoch=row["epoch"]))


async def book(db: Database, *, epoch: int) -> Book:
    """The book of an epoch, or of a later one: from memory if this process has read it."""
    known = db.known.get(_KEY)
    if isinstance(known, Book) and known.epoch >= epoch:
        return known
    row = await db.fetchrow(sql.load("queries/schemes_published"))
    assert row is not None, "there is a programme, because it has an epoch"
    entries = _entries(orjson.loads(row["schemes"]), orjson.loads(row["versions"]))
    found = Book(row["epoch"], entries)
    latest = db.known.get(_KEY)
    if not isinstance(latest, Book) or latest.epoch < found.epoch:
        db.known[_KEY] = found
    return found


async def find(db: Database, scheme_id: UUID) -> Entry:
    """The scheme with this id, or NOT_FOUND."""
    entry = (await moment(db)).book.entries.get(scheme_id)
    if entry is None:
        raise errors.NotFound()
    return entry


def _entries(schemes: Iterable[Any], versions: Iterable[Any]) -> dict[UUID, Entry]:
    of: dict[str, list[Published]] = {}
    for one in versions:
        of.setdefault(one["scheme_id"], []).append(
            Published(
                version_id=UUID(one["version_id"]),
                version=one["version"],
                definition=None if one["definition"] is None else kinds.stored(one["definition"]),
                valid_from=datetime.fromisoformat(one["valid_from"]),
                note=one["note"],
                published_by=UUID(one["published_by"]),
                published_at=datetime.fromisoformat(one["published_at"]),
            )
        )
    return {
        UUID(scheme_id): Entry(
            UUID(scheme_id), kind, datetime.fromisoformat(created_at), tuple(of[scheme_id])
        )
        for scheme_id, kind, created_at in schemes
    }
