"""Playing within limits: a member's own most, and shutting oneself out.

A limit that becomes tighter holds at once; one that becomes looser waits a day, so that nobody
loosens it in the heat of a game. Shutting oneself out can be made longer and never shorter.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from wallet import errors

WAIT: Final = timedelta(hours=24)
"""How long a looser limit waits: one night's sleep."""
MOST_MAX: Final = 1_000
"""A limit above it would limit nobody."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most plays in a day, a week and a month of the programme's calendar; None for no limit.

    A play is a spin of a wheel or an entry into a raffle.
    """

    day: int | None = None
    week: int | None = None
    month: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member has said: limits now, limits from `later_at` on, and whether they are out.

    `excluded_until` is None where `excluded_at` is, or where it is for ever.
    """

    limits: Limits = Limits()
    later: Limits = Limits()
    later_at: datetime | None = None
    excluded_at: datetime | None = None
    excluded_until: datetime | None = None

    def at(self, at: datetime) -> Limits:
        """The limits that hold at an instant."""
        return self.limits if self.later_at is None or at < self.later_at else self.later

    def excluded(self, at: datetime) -> bool:
        """True while the member has shut themselves out."""
        return self.excluded_at is not None and (
            self.excluded_until is None or at < self.excluded_until
        )


def change(standing: Standing, asked: Limits, at: datetime) -> Standing:
    """Set limits: what is tighter holds from `at` on, what is looser a day later.

    PLAY_INVALID for a limit that cannot be. Asking again for what already waits keeps its hour.
    """
    for name in ("day", "week", "month"):
        most = getattr(asked, name)
        if most is not None and not 0 <= most <= MOST_MAX:
            raise errors.PlayInvalid(
                f"A limit is between 0 and {MOST_MAX} plays. Correct it.", path=(name,)
            )
    held = standing.at(at)
    now = Limits(
        _tighter(held.day, asked.day),
        _tighter(held.week, asked.week),
        _tighter(held.month, asked.month),
    )
    if now == asked:
        return replace(standing, limits=now, later=now, later_at=None)
    waits = standing.later_at is not None and at < standing.later_at and standing.later == asked
    return replace(
        standing, limits=now, later=asked, later_at=standing.later_at if waits else at + WAIT
    )


def exclude(standing: Standing, until: datetime | None, at: datetime) -> Standing:
    """Shut a member out until an instant, or for ever (None).

    PLAY_INVALID for an end that is past, SELF_EXCLUDED for one before that which stands.
    """
    if until is not None and until <= at:
        raise errors.PlayInvalid("This end lies in the past. Correct it.", path=("until",))
    if standing.excluded(at):
        ends = standing.excluded_until
        if until is not None and (ends is None or until < ends):
            raise errors.SelfExcluded()
        return replace(standing, excluded_until=until)
    return replace(standing, excluded_at=at, excluded_until=until)


def starts(at: datetime, zone: str) -> tuple[datetime, datetime, datetime]:
    """When the day, the week and the month began in which an instant lies; weeks on Monday."""
    day = at.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return day, day - timedelta(days=day.weekday()), day.replace(day=1)


def _tighter(held: int | None, asked: int | None) -> int | None:
    limits = [one for one in (held, asked) if one is not None]
    return min(limits, default=None)
