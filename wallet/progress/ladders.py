"""Ladders that were published, as the editions that the rule climbs by."""

from collections.abc import Sequence
from typing import Final

from wallet.database import Database
from wallet.progress import schemes
from wallet.rules.schemes.ladders import Ladder
from wallet.rules.tiers import facts
from wallet.rules.tiers.running import Running

_KEY: Final = "ladders"


def of(db: Database, book: schemes.Book) -> Sequence[Running]:
    """All ladders of a book, the oldest first; worked out once for each epoch."""
    known = db.known.get(_KEY)
    if isinstance(known, tuple) and known[0] == book.epoch:
        found: Sequence[Running] = known[1]
        return found
    found = [one for entry in book.entries.values() if (one := _running(entry)) is not None]
    db.known[_KEY] = (book.epoch, found)
    return found


async def at(db: Database, *, epoch: int) -> Sequence[Running]:
    """All ladders of an epoch, or of a later one."""
    return of(db, await schemes.book(db, epoch=epoch))


def _running(entry: schemes.Entry) -> Running | None:
    """The editions of a scheme: a version holds until a later one's time has come."""
    editions: list[facts.Edition] = []
    ends_at = None
    for one in entry.versions:
        editions = [before for before in editions if before.since < one.valid_from]
        if one.definition is None:
            ends_at = one.valid_from
        elif isinstance(one.definition, Ladder):
            ends_at = None
            editions.append(facts.Edition(one.version_id, one.definition, one.valid_from))
    return Running(entry.scheme_id, tuple(editions), ends_at) if editions else None
