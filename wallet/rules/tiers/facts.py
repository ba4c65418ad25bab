"""What a standing is worked out from, and what comes of it: plain values."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from wallet import money
from wallet.rules.schemes.ladders import Ladder

Why: TypeAlias = Literal[
    "began",
    "upgrade",
    "milestone",
    "downgrade",
    "return",
    "override",
    "override_ended",
    "membership",
    "membership_ended",
    "lifetime",
    "edited",
    "restated",
]
"""Why a tier changed. `restated`: something that happened earlier was reported later."""
GivenBy: TypeAlias = Literal["override", "membership"]
"""What gives a tier besides purchases: two of the staff, or a plan that is paid for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A purchase, points that were earned, or a milestone; and what came back of it when.

    `amount` is what was bought before returns, `paid` the part of it paid with cashback. A
    milestone is reached at no merchant, has an amount of 1, and loses it when it is taken back.
    """

    entry_id: uuid.UUID
    at: datetime
    merchant_id: uuid.UUID | None
    amount: int
    paid: int = 0
    returns: tuple[tuple[datetime, int], ...] = ()
    milestone: uuid.UUID | None = None

    def kept(self, by: datetime) -> int:
        """What was kept of it, as known at an instant."""
        return max(0, self.amount - sum(minor for at, minor in self.returns if at <= by))

    def counts(self, ladder: Ladder, by: datetime) -> int:
        """What it counts for on a ladder; of what came back, the two ways of paying had a share."""
        if self.milestone is not None:
            return 0
        if ladder.merchants and self.merchant_id not in ladder.merchants:
            return 0
        kept = self.kept(by)
        if ladder.metric == "purchases":
            return 1 if kept > 0 else 0
        if ladder.counts_cashback_paid or not self.paid or not self.amount:
            return kept
        own = kept * max(0, self.amount - self.paid)
        return money.divide(own, self.amount, money.Rounding.DOWN)

    def reaches(self, ladder: Ladder, by: datetime) -> bool:
        """Whether it is a milestone that reaches a tier of a ladder, and was not taken back."""
        if self.milestone is None:
            return False
        return self.milestone in ladder.milestones and self.kept(by) > 0


@dataclass(frozen=True, slots=True)
class Given:
    """A tier that was given for a time, whatever is bought: at least this one, `since`, `until`."""

    by: GivenBy
    tier: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of a ladder, in force from an instant until the next one begins."""

    version_id: uuid.UUID
    ladder: Ladder
    since: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """Everything about a member that a standing may depend on."""

    joined_at: datetime
    entries: Sequence[Entry] = ()
    given: Sequence[Given] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A change of tier: to which, from when on, why, and by which purchases.

    `after`: the purchase at that very instant still had the tier before. `total` is what counted
    in the window then.
    """

    tier: str
    since: datetime
    why: Why
    total: int
    opens_at: datetime | None
    closes_at: datetime | None
    causes: tuple[uuid.UUID, ...]
    version_id: uuid.UUID
    after: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """So much more, until an instant (None: whenever), and what tier it is about."""

    tier: str
    remaining: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a member stands on a ladder at an instant.

    `earned` is the tier that purchases alone give, `given` what lifts above it, if anything does.
    `next` is the way up, `stay` what is left to do to keep the tier, and `falls_to` what follows if
    it is not done. `look_at` is the first instant at which time alone may change any of it.
    """

    tier: str
    since: datetime
    earned: str
    total: int
    opens_at: datetime | None
    closes_at: datetime | None
    lifetime: bool
    given: Given | None
    next: Goal | None
    stay: Goal | None
    falls_to: str | None
    warn: bool
    steps: tuple[Step, ...]
    version_id: uuid.UUID
    look_at: datetime | None
