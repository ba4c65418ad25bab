"""The calendar of the programme's time zone: local days, when they begin, and their periods.

Instants that come back are in UTC, so that two of them compare as instants.
"""

import calendar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

Per: TypeAlias = Literal["day", "week", "month", "quarter", "year"]
"""The periods that a calendar has; weeks begin on Monday."""
WEEK: Final = timedelta(days=7)
QUARTER_MONTHS: Final = 3
YEAR_MONTHS: Final = 12
_REMEMBERED: Final = 4_096  # days: looks and decisions ask for the same ones again


class Period(NamedTuple):
    """A period by a key that sorts by time, such as `2026-W53`: its first day, the one after it."""

    key: str
    first: date
    after: date


def day(instant: datetime, zone: str) -> date:
    """Give the local day of an instant."""
    return instant.astimezone(ZoneInfo(zone)).date()


@lru_cache(_REMEMBERED)
def midnight(of: date, zone: str) -> datetime:
    """Give the first instant of a local day, in UTC.

    fold=0 reads a skipped midnight by the clock before the change: the very moment of the skip. Of
    a midnight that comes twice it takes the first.
    """
    return datetime(of.year, of.month, of.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@lru_cache(_REMEMBERED)
def period(per: Per, of: date) -> Period:
    """Give the period that a day belongs to."""
    match per:
        case "day":
            return Period(of.isoformat(), of, of + timedelta(days=1))
        case "week":
            year, week, weekday = of.isocalendar()
            first = of - timedelta(days=weekday - 1)
            return Period(f"{year}-W{week:02}", first, first + WEEK)
        case "month":
            first = of.replace(day=1)
            return Period(f"{of:%Y-%m}", first, months_on(first, 1))
        case "quarter":
            quarter = (of.month - 1) // QUARTER_MONTHS
            first = date(of.year, quarter * QUARTER_MONTHS + 1, 1)
            return Period(f"{of.year}-Q{quarter + 1}", first, months_on(first, QUARTER_MONTHS))
        case "year":
            return Period(f"{of.year}", date(of.year, 1, 1), date(of.year + 1, 1, 1))


def months_on(of: date, months: int) -> date:
    """Give the same day some months later, or the last of that month where it has no such day."""
    year, month = divmod(of.year * YEAR_MONTHS + of.month - 1 + months, YEAR_MONTHS)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(of.day, last))


def age(birth_date: date, today: date) -> int:
    """Whole years; whoever was born on 29 February grows older on 1 March of other years."""
    return (
        today.year
        - birth_date.year
        - ((today.month, today.day) < (birth_date.month, birth_date.day))
    )
