"""Scores: what a member has of a board's metric in a window, and since when.

The score follows from what was kept alone, so whoever works it out again from the books finds the
same. Of two equal scores the one that was reached first is the better; a return lowers the score,
and it counts as reached by the last purchase that still adds to it.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wallet.rules.progress import facts
from wallet.rules.ranking.windows import Window
from wallet.rules.schemes.boards import Ranked

EXACT: Final = 128
"""Scores below it have a band each; above, 64 bands share each doubling, so one is 1.6 % wide."""
SLOTS: Final = 256
"""Parts of a window: members with one small score are counted by the part they reached it in."""


@dataclass(frozen=True, slots=True)
class Play:
    """What a game or a quiz gave: its points, and when it was played."""

    scheme_id: uuid.UUID
    at: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """Points of a metric, never zero, and the instant at which they were reached."""

    points: int
    reached_at: datetime


def score(
    scheme: Ranked,
    window: Window,
    purchases: Sequence[facts.Purchase],
    plays: Sequence[Play],
    zone: str,
) -> Score | None:
    """The score in a window; None for nothing. Purchases and plays come in the order of time."""
    inside = [
        one
        for one in purchases
        if window.starts_at <= one.at < window.ends_at
        and one.kept_minor > 0
        and (not scheme.merchants or one.merchant_id in scheme.merchants)
    ]
    match scheme.metric:
        case "amount":
            return _total(_capped(scheme, inside, zone))
        case "purchases":
            return _total((one.at, 1) for one in inside)
        case "merchants":
            first = {one.merchant_id: one.at for one in reversed(inside)}
            return _total((at, 1) for at in sorted(first.values()))
        case _:
            return _total(
                (one.at, one.points)
                for one in plays
                if window.starts_at <= one.at < window.ends_at and one.scheme_id in scheme.games
            )


def bought_at(merchant_id: uuid.UUID, window: Window, purchases: Iterable[facts.Purchase]) -> bool:
    """Whether something was bought and kept at a merchant in a window."""
    return any(
        one.merchant_id == merchant_id
        and one.kept_minor > 0
        and window.starts_at <= one.at < window.ends_at
        for one in purchases
    )


def band(points: int) -> int:
    """The band that a score falls into: higher scores never fall into a lower one."""
    shift = max(points.bit_length() - EXACT.bit_length() + 1, 0)
    return shift * (EXACT // 2) + (points >> shift)


def slot(found: Score, window: Window) -> int:
    """The part of the window in which a small score was reached; 0 for those that share a band."""
    if found.points >= EXACT:
        return 0
    whole = window.ends_at - window.starts_at
    return min(SLOTS - 1, (found.reached_at - window.starts_at) * SLOTS // whole)


def _capped(
    scheme: Ranked, purchases: Iterable[facts.Purchase], zone: str
) -> Iterable[tuple[datetime, int]]:
    assert scheme.caps is not None
    days: Counter[object] = Counter()
    for one in purchases:
        day = one.day(zone)
        room = scheme.caps.day_minor - days[day]
        minor = min(one.kept_minor, scheme.caps.purchase_minor, room)
        days[day] += minor
        yield one.at, minor


def _total(parts: Iterable[tuple[datetime, int]]) -> Score | None:
    found = None
    for at, points in parts:
        if points > 0:
            found = Score(points if found is None else found.points + points, at)
    return found
