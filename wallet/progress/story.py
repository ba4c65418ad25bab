"""A story: one thing that members take part in, and how it is told to look at a wallet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from wallet.database import Database
from wallet.progress import schemes
from wallet.rules.progress import facts


class Stale(Exception):
    """The wallet's facts moved while a story decided."""


class Story(Protocol):
    """One thing that members take part in; modules are stories."""

    NAME: str

    def wants(self, book: schemes.Book, at: datetime) -> "Wants | None":
        """What it has to know; None while nothing concerns it."""

    async def advance(
        self, db: Database, book: schemes.Book, seen: facts.Seen, at: datetime
    ) -> datetime | None:
        """Decide and write; the instant at which it wants to look again. Stale if facts moved."""


@dataclass(frozen=True, slots=True)
class Wants:
    """How far back purchases are needed, and whether with their lines."""

    since: datetime
    lines: bool = False
