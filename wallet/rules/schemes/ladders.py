"""Ladders: the tiers of a programme or of one merchant, as a definition that is published.

A ladder says what counts, over which window, what each tier needs and gives, and how a member comes
down again. What counts is kept apart from what a member may spend: spending never lowers a tier.
"""

import itertools
import uuid
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from wallet import money
from wallet.rules.campaigns.conditions import Name, Part
from wallet.rules.schemes.definition import Scheme, Word, refuse
from wallet.rules.schemes.milestones import Milestone

TIERS_MAX: Final = 20
"""No programme of the field has more than six; a screen shows twenty."""
ENTITLEMENTS_MAX: Final = 50
"""Of one tier: a list that a till can still show."""
ROLLING_DAYS_MAX: Final = 1_100
"""Three years: longer windows are what `lifetime_after` is for."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
GraceDays = Annotated[int, msgspec.Meta(ge=0, le=180)]
"""Up to half a year; every window is at least as long."""


class Entitlement(Part, frozen=True):
    """Something that members of a tier may have: a word for tills, and what it is."""

    word: Word
    text: Text


class Tier(Part, frozen=True):
    """A step of the ladder: from this much on, of whatever the ladder counts.

    `milestone` is another way up: reached in the window, it reaches the tier.
    """

    word: Word
    name: Name
    threshold: Annotated[int, msgspec.Meta(ge=0, le=money.AMOUNT_MAX_MINOR)]
    milestone: uuid.UUID | None = None
    entitlements: Annotated[tuple[Entitlement, ...], msgspec.Meta(max_length=ENTITLEMENTS_MAX)] = ()


class Window(Part, frozen=True, tag_field="over"):
    """The time over which is counted; its ends are midnights of the programme's time zone."""


class CalendarYear(Window, frozen=True, tag="calendar_year"):
    """From 1 January to the end of 31 December."""


class Anniversary(Window, frozen=True, tag="anniversary"):
    """A year from the day on which the member joined; 29 February is the 28th in other years."""


class SinceChange(Window, frozen=True, tag="since_change"):
    """So many days since the tier was reached or confirmed; counting begins anew with each."""

    days: Annotated[int, msgspec.Meta(ge=1, le=ROLLING_DAYS_MAX)]


class Rolling(Window, frozen=True, tag="rolling"):
    """The last so many days or months, whichever is given: a purchase counts that long."""

    days: Annotated[int, msgspec.Meta(ge=1, le=ROLLING_DAYS_MAX)] | None = None
    months: Annotated[int, msgspec.Meta(ge=1, le=36)] | None = None


class AfterWindows(Part, frozen=True, tag_field="after", tag="windows"):
    """Whoever reached the highest tier in so many windows keeps it for life."""

    windows: Annotated[int, msgspec.Meta(ge=1, le=50)]


class AfterSum(Part, frozen=True, tag_field="after", tag="sum"):
    """Whoever came to this much, ever, has the highest tier for life."""

    sum: Annotated[int, msgspec.Meta(ge=1, le=money.AMOUNT_MAX_MINOR)]


AnyWindow: TypeAlias = CalendarYear | Anniversary | SinceChange | Rolling
Metric = Literal["spend", "purchases", "points"]
Downgrade = Literal["none", "one_step", "full"]
Edits = Literal["next_window", "at_once"]


class Ladder(Scheme, frozen=True, kw_only=True, tag="ladder"):
    """The tiers of the coalition, or of some merchants, in order; the first one needs nothing.

    `spend` counts minor units of what was bought and kept, `purchases` how many of which something
    was kept, `points` the points that were earned. What was paid with cashback counts only if it
    says so. `edits` says when a new version may lower somebody: with the next window, or at once.
    """

    tiers: Annotated[tuple[Tier, ...], msgspec.Meta(min_length=2, max_length=TIERS_MAX)]
    window: AnyWindow
    metric: Metric = "spend"
    counts_cashback_paid: bool = False
    downgrade: Downgrade = "full"
    grace_days: GraceDays = 0
    warn_days: Annotated[int, msgspec.Meta(ge=0, le=90)] = 30
    lifetime_after: AfterWindows | AfterSum | None = None
    edits: Edits = "next_window"

    def place(self, word: str) -> int | None:
        """Where a tier stands, 0 the lowest; None if there is none of this word."""
        return next((n for n, one in enumerate(self.tiers) if one.word == word), None)

    def reached(self, total: int, milestones: Mapping[uuid.UUID, int] | None = None) -> int:
        """Which place is reached by this much, and by milestones that were reached so often."""
        often = milestones or {}
        return max(
            n
            for n, one in enumerate(self.tiers)
            if one.threshold <= total or (one.milestone is not None and often.get(one.milestone))
        )

    @property
    def top(self) -> int:
        """The place of the highest tier."""
        return len(self.tiers) - 1

    @property
    def milestones(self) -> frozenset[uuid.UUID]:
        """Those that reach a tier."""
        return frozenset(one.milestone for one in self.tiers if one.milestone is not None)

    def schemes(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The milestones that reach a tier."""
        return dict(self._named())

    def check_named(self, others: Mapping[uuid.UUID, Scheme]) -> None:
        """What reaches a tier has to be a milestone."""
        for path, scheme_id in self._named():
            if not isinstance(others[scheme_id], Milestone):
                refuse("this is no milestone", *path)

    def check(self) -> None:
        """Refuse a ladder that nobody could climb."""
        if self.tiers[0].threshold != 0:
            refuse("the first tier needs nothing: its threshold is 0", "tiers", "0", "threshold")
        if self.tiers[0].milestone is not None:
            refuse("the first tier needs nothing, and no milestone", "tiers", "0", "milestone")
        for place, (one, other) in enumerate(itertools.pairwise(self.tiers), 1):
            if other.threshold <= one.threshold:
                refuse("each tier needs more than the one before", "tiers", str(place), "threshold")
        _check_words([one.word for one in self.tiers], "tiers")
        for place, tier in enumerate(self.tiers):
            words = [one.word for one in tier.entitlements]
            _check_words(words, "tiers", str(place), "entitlements")
        _check_time(self)

    def _named(self) -> Iterator[tuple[tuple[str, ...], uuid.UUID]]:
        for place, one in enumerate(self.tiers):
            if one.milestone is not None:
                yield ("tiers", str(place), "milestone"), one.milestone


def _check_words(words: list[str], *path: str) -> None:
    for place, word in enumerate(words):
        if word in words[:place]:
            refuse("another one has this word", *path, str(place), "word")


def _check_time(it: Ladder) -> None:
    match it.window:
        case Rolling(days=days, months=months) if (days is None) == (months is None):
            refuse("give either days or months", "window")
        case Rolling() if isinstance(it.lifetime_after, AfterWindows):
            refuse("a rolling window has no end that could be counted", "lifetime_after")
        case SinceChange(days=days) if it.grace_days >= days:
            refuse("the grace is as long as the window", "grace_days")
        case _:
            pass
    if it.downgrade == "none" and it.grace_days:
        refuse("nobody comes down, so there is no grace", "grace_days")
