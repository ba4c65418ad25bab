"""Favourites: what a member buys again and again, worked out from their own purchases alone.

The score counts each purchase of a category in thousandths, less the longer ago it was, so that
often and lately come first. The same purchases give the same favourites in the same order, each
with the count and the day that made it one; a member who wants none has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from wallet.rules import text

WINDOW_DAYS: Final = 90
"""How far back favourites look: a season, so that what is over with it is no favourite for long."""
PLACES_MAX: Final = 5
"""A member reads five lines; a campaign for favourites that knows more of them is for anything."""
TIMES_MIN: Final = 2
"""Bought once is tried, not liked."""

HALF_LIFE_DAYS: Final = 120
WEIGHTS_MILLI: Final = (1000, 841, 707, 595)
"""What a purchase of 0 to 29, 30 to 59, 60 to 89 and 90 to 119 days ago counts. Each further 120
days halve it: a power of two by table, because a float may differ between machines.
"""
_STEP_DAYS: Final = HALF_LIFE_DAYS // len(WEIGHTS_MILLI)


@dataclass(frozen=True, slots=True)
class Bought:
    """What a member bought of one category: one day for each purchase, the oldest first.

    `category` is a `text.key`; `kept_minor` is what they paid for what they have not given back.
    Purchases of which all of the category came back are not in it.
    """

    category: str
    days: tuple[date, ...]
    kept_minor: int

    def __post_init__(self) -> None:
        assert self.days, self.category
        assert self.kept_minor >= 0, self.kept_minor


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a category is a favourite: bought so many times in so many days, last on that day."""

    times: int
    days: int
    last_on: date


@dataclass(frozen=True, slots=True)
class Favourite:
    """One favourite; place 1 is the dearest."""

    place: int
    category: str
    reason: Reason


def choose(
    history: Sequence[Bought], *, today: date, opted_out: bool = False
) -> tuple[Favourite, ...]:
    """Choose the favourites out of a history, the dearest first; none for who wants none.

    Equal scores are put in order by the later last day, then by what was kept, then by name.
    """
    if opted_out:
        return ()
    lately = [one for bought in history if (one := since(bought, today, WINDOW_DAYS)) is not None]
    liked = [bought for bought in lately if len(bought.days) >= TIMES_MIN]
    liked.sort(
        key=lambda one: (
            -score_milli(one, today),
            -one.days[-1].toordinal(),
            -one.kept_minor,
            one.category,
        )
    )
    return tuple(
        Favourite(place, one.category, Reason(len(one.days), WINDOW_DAYS, one.days[-1]))
        for place, one in enumerate(liked[:PLACES_MAX], 1)
    )


def since(bought: Bought, today: date, days: int) -> Bought | None:
    """Keep the purchases of the last so many days, today included; None if there are none.

    What was kept is not known for each purchase, so it stays the sum of all.
    """
    first = today.toordinal() - days + 1
    kept = tuple(day for day in bought.days if first <= day.toordinal() <= today.toordinal())
    return Bought(bought.category, kept, bought.kept_minor) if kept else None


def score_milli(bought: Bought, today: date) -> int:
    """Count the purchases in thousandths, each by its age; those after today do not count."""
    end = today.toordinal()
    return sum(_weight_milli(end - day.toordinal()) for day in bought.days)


def sentence(category: str, reason: Reason) -> str:
    """Say why a category is a favourite."""
    bought = f"You bought {named(category)} {times(reason.times)}"
    return f"{bought} in the last {reason.days} days."


def named(category: str) -> str:
    """Write a category's key for a sentence."""
    return text.shorten(text.title(category), chars_max=text.CATEGORY_CHARS_MAX)


def times(count: int) -> str:
    """Write how often: once, 2 times."""
    return "once" if count == 1 else f"{count} times"


def _weight_milli(age_days: int) -> int:
    if age_days < 0:
        return 0
    halvings, rest = divmod(age_days, HALF_LIFE_DAYS)
    return WEIGHTS_MILLI[rest // _STEP_DAYS] >> halvings
