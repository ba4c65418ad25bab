"""Ladders that run: what was published of them, as the editions that the rule climbs by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from wallet.database import Database
from wallet.progress import schemes
from wallet.rules.schemes.ladders import Ladder
from wallet.rules.tiers import facts

_KEY: Final = "ladders"


@dataclass(frozen=True, slots=True)
class Running:
    """A ladder with all its editions in order, and when it ended or will end."""

    scheme_id: UUID
    editions: tuple[facts.Edition, ...]
    ends_at: datetime | None = None

    @property
    def ladder(self) -> Ladder:
        """The newest edition."""
        return self.editions[-1].ladder

    def edition(self, at: datetime) -> facts.Edition | None:
        """The edition in force at an instant; None before the first and after the end."""
        if self.ends_at is not None and self.ends_at <= at:
            return None
        found = [one for one in self.editions if one.since <= at]
        return found[-1] if found else None


def of(db: Database, book: schemes.Book) -> Sequence[Running]:
    """All ladders of a book, the oldest first; worked out once for each epoch."""
    known = db.known.get(_KEY)
    if isinstance(known, tuple) and known[0] == book.epoch:
        return known[1]  # type: ignore[no-any-return]
    found = [one for entry in book.entries.values() if (one := _running(entry)) is not None]
    db.known[_KEY] = (book.epoch, found)
    return found


async def at(db: Database, *, epoch: int) -> Sequence[Running]:
    """All ladders of an epoch, or of a later one."""
    return of(db, await schemes.book(db, epoch=epoch))


def house(running: Sequence[Running], at: datetime) -> Running | None:
    """The programme's own ladder at an instant: the oldest that holds everywhere."""
    for one in running:
        edition = one.edition(at)
        if edition is not None and not edition.ladder.merchants:
            return one
    return None


def _running(entry: schemes.Entry) -> Running | None:
    """The editions of a scheme: a version holds until a later one's time has come."""
    editions: list[facts.Edition] = []
    ends_at: datetime | None = None
    for one in entry.versions:
        editions = [before for before in editions if before.since < one.valid_from]
        if one.definition is None:
            ends_at = one.valid_from
        elif isinstance(one.definition, Ladder):
            ends_at = None
            editions.append(facts.Edition(one.version_id, one.definition, one.valid_from))
    return Running(entry.scheme_id, tuple(editions), ends_at) if editions else None
