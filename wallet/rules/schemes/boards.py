"""Boards: who has the most of something in a window of time, among everybody or a group."""

import uuid
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from wallet.rules.campaigns.conditions import Minor, Name, Part
from wallet.rules.schemes.definition import Scheme, refuse

SETTLE_DAYS_MAX: Final = 60
"""How long returns may still lower a score; more is longer than merchants take goods back."""
GAMES_MAX: Final = 20
"""Games and quizzes whose points one board adds up."""

Every: TypeAlias = Literal["week", "month", "quarter", "year", "once"]
"""Of the programme's calendar, a week from Monday; `once` is from one instant until another."""
Games: TypeAlias = Annotated[tuple[uuid.UUID, ...], msgspec.Meta(max_length=GAMES_MAX)]


class Group(Part, frozen=True, kw_only=True):
    """Who is ranked: members of a segment, of a tier, or who bought at a merchant in the window."""

    segment: Name | None = None
    tier: Name | None = None
    customers_of: uuid.UUID | None = None


class SpendCaps(Part, frozen=True, kw_only=True):
    """What counts of one purchase and of one local day: a board is no reason to overspend."""

    purchase_minor: Minor
    day_minor: Minor


class Ranked(Scheme, frozen=True, kw_only=True):
    """What ranks members by a score.

    `amount` is what was bought and kept, in minor units under `caps`; `purchases` those of which
    something was kept; `merchants` how many different ones; `points` what `games` gave.
    """

    metric: Literal["amount", "purchases", "merchants", "points"]
    window: Every
    from_at: datetime | None = None
    until_at: datetime | None = None
    caps: SpendCaps | None = None
    games: Games = ()
    group: Group = Group()
    settle_days: Annotated[int, msgspec.Meta(ge=0, le=SETTLE_DAYS_MAX)] = 14
    """Days after a window in which returns still lower its scores; then it is final."""

    def check(self) -> None:
        """See to it that caps, games and instants are there exactly where they are needed."""
        if (self.metric == "amount") != (self.caps is not None):
            refuse("what counts of a purchase and of a day is capped, for `amount` alone", "caps")
        if (self.metric == "points") != bool(self.games):
            refuse("the games whose points count are named for `points`, and for it alone", "games")
        if self.metric == "points" and self.merchants:
            refuse("points are not bound to merchants: name the games", "merchants")
        bounds = (self.from_at, self.until_at)
        if any((self.window == "once") != (one is not None) for one in bounds):
            refuse("a window that is `once` has both `from_at` and `until_at`", "window")
        for name, one in zip(("from_at", "until_at"), bounds, strict=True):
            if one is not None and one.tzinfo is None:
                refuse("it names its offset from UTC, such as Z", name)
        if self.from_at is not None and self.until_at is not None and self.until_at <= self.from_at:
            refuse("it ends after it begins", "until_at")


class Board(Ranked, frozen=True, kw_only=True, tag="board"):
    """A board for the honour: everybody of its group is on it, unless they leave boards."""
