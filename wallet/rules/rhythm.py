"""The built-in scorer: what a member buys often, and whether it is about time for it again.

A category's score is its purchases counted by age (`favourites.score_milli`), less what a broken
rhythm takes away, plus a head start for what most members like: it decides while a member's own
purchases are few. The order is by likelihood alone; the rate says how far the rhythm has run, so
that the largest goes to what was bought regularly and is overdue. Whole numbers throughout.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from wallet.rules import favourites, offers

DAYS_MIN: Final = 3
"""Two gaps are the least that can be called a rhythm."""
HEAD_START_MILLI: Final = 1000
"""For the first candidate: one purchase of today. It falls evenly to nothing at `HEAD_STARTS`."""
HEAD_STARTS: Final = 20

STANDING_PERCENT: Final = ((150, 100), (300, 93), (600, 80))
"""Up to so many per cent of its usual gap since the last purchase, a category keeps so much of its
score. Read off the real year, at days that the evaluation does not use (`docs/offers.md`).
"""
BROKEN_PERCENT: Final = 50

DUE_PERCENT: Final = 75
OVERDUE_PERCENT: Final = 150
FAVOURITE_BPS: Final = 200
DUE_BPS: Final = 300
OVERDUE_BPS: Final = 500


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The scorer; it has no state."""

    name: str = "rhythm"
    version: int = 1

    def score(
        self, history: offers.History, candidates: Sequence[str], today: date
    ) -> Sequence[offers.Scored]:
        """Propose every candidate that the member has bought, the likeliest first."""
        place = {category: number for number, category in enumerate(candidates)}
        ranked = sorted(
            (-_score_milli(one, place[one.category], today), place[one.category], one.category)
            for one in history.bought
            if one.category in place
        )
        bought = {one.category: one for one in history.bought}
        return [_scored(bought[category], today) for _, _, category in ranked]


RHYTHM: Final = Rhythm()


def gap_days(bought: favourites.Bought) -> int | None:
    """Find the usual gap between two days of purchase (the median), None without a rhythm."""
    days = sorted({day.toordinal() for day in bought.days})
    if len(days) < DAYS_MIN:
        return None
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(days))
    return gaps[len(gaps) // 2]


def _score_milli(bought: favourites.Bought, place: int, today: date) -> int:
    standing = _standing_percent(_run_percent(bought, today))
    head_start = max(0, HEAD_START_MILLI * (HEAD_STARTS - place) // HEAD_STARTS)
    return favourites.score_milli(bought, today) * standing // 100 + head_start


def _run_percent(bought: favourites.Bought, today: date) -> int | None:
    """Say how far the rhythm has run since the last purchase: 100 is the usual gap."""
    gap = gap_days(bought)
    if gap is None:
        return None
    return (today.toordinal() - bought.days[-1].toordinal()) * 100 // gap


def _standing_percent(run_percent: int | None) -> int:
    if run_percent is None:
        return 100
    for until, percent in STANDING_PERCENT:
        if run_percent <= until:
            return percent
    return BROKEN_PERCENT


def _scored(bought: favourites.Bought, today: date) -> offers.Scored:
    run, gap = _run_percent(bought, today), gap_days(bought)
    last_on = bought.days[-1].isoformat()
    if run is None or gap is None or run < DUE_PERCENT:
        data: dict[str, int | str] = {
            "times": len(bought.days),
            "days": offers.HISTORY_DAYS,
            "last_on": last_on,
        }
        return offers.Scored(bought.category, FAVOURITE_BPS, "favourite", data)
    rhythm: dict[str, int | str] = {"every_days": gap, "last_on": last_on}
    if run < OVERDUE_PERCENT:
        return offers.Scored(bought.category, DUE_BPS, "due", rhythm)
    return offers.Scored(bought.category, OVERDUE_BPS, "overdue", rhythm)
