"""What the shop has issued, and what became of it: the whole of its money, in memory.

A look-up and the fact that follows from it happen without a pause between them, in one thread: of
two requests with one key the second one always finds what the first one did.
"""

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from partners.reference_shop import journal

State = Literal["live", "spent", "void"]
REDEMPTIONS_MAX: Final = 1_000_000
"""They are all kept in memory, at about a kilobyte each."""
ON_ACCOUNTS: Final = frozenset({"store_credit", "points"})
"""Kinds that go to a shopper's account; the others are codes for whoever holds them."""


@dataclass(slots=True)
class Redemption:
    """One thing that was issued, as it stands."""

    fact: journal.Issued
    reversed_minor: int = 0
    spent_minor: int = 0
    reversed_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def left_minor(self) -> int:
        """What can still be spent or taken back."""
        return self.fact.amount_minor - self.reversed_minor - self.spent_minor

    @property
    def state(self) -> State:
        """Spendable, used up, or taken back."""
        if self.left_minor:
            return "live"
        return "spent" if self.spent_minor else "void"


class Book:
    """All redemptions, by key, by code, by account, and in the order of their times."""

    def __init__(self, kept: journal.Journal) -> None:
        self._journal = kept
        self._by_key: dict[str, Redemption] = {}
        self._in_order: list[Redemption] = []
        self._by_code: dict[str, Redemption] = {}
        self._by_subject: dict[str, list[Redemption]] = {}

    def apply(self, fact: journal.Issued | journal.Reversed | journal.Spent) -> Redemption:
        """Let a fact have happened."""
        if isinstance(fact, journal.Issued):
            made = Redemption(fact, changed_at=fact.at)
            self._by_key[fact.key] = made
            self._in_order.append(made)
            if fact.code is not None:
                self._by_code[fact.code] = made
            if fact.subject is not None:
                self._by_subject.setdefault(fact.subject, []).append(made)
            return made
        changed = self._by_key[fact.key]
        if isinstance(fact, journal.Reversed):
            changed.reversed_minor += fact.amount_minor
            changed.reversed_at = fact.at
        else:
            changed.spent_minor += fact.amount_minor
        assert changed.left_minor >= 0
        changed.changed_at = fact.at
        return changed

    def record(self, fact: journal.Issued | journal.Reversed | journal.Spent) -> Redemption:
        """Put a fact on the disk, then let it have happened."""
        self._journal.write(fact)
        return self.apply(fact)

    def find(self, key: str) -> Redemption | None:
        """Find by the partner's key."""
        return self._by_key.get(key)

    def by_code(self, code: str) -> Redemption | None:
        """Find by the code that a person shows."""
        return self._by_code.get(code.strip().upper())

    def of(self, subject: str) -> list[Redemption]:
        """What went to an account, oldest first."""
        return self._by_subject.get(subject, [])

    def balances(self, subject: str) -> dict[str, int]:
        """What an account can spend, by currency."""
        sums: dict[str, int] = {}
        for one in self.of(subject):
            if one.fact.kind in ON_ACCOUNTS and one.left_minor:
                sums[one.fact.currency] = sums.get(one.fact.currency, 0) + one.left_minor
        return sums

    @property
    def latest(self) -> datetime | None:
        """When something was issued last."""
        return self._in_order[-1].fact.at if self._in_order else None

    @property
    def is_full(self) -> bool:
        """True if nothing more is issued."""
        return len(self._in_order) >= REDEMPTIONS_MAX

    def all(self) -> Iterator[Redemption]:
        """Everything, in the order in which it was issued."""
        return iter(self._in_order)

    def between(self, since: datetime, until: datetime) -> Sequence[Redemption]:
        """What was issued from `since` to before `until`, in that order."""
        first, last = (
            bisect.bisect_left(self._in_order, moment, key=lambda one: one.fact.at)
            for moment in (since, until)
        )
        return self._in_order[first:last]
