"""The periods of a milestone: of the programme's calendar, from midnight to midnight.

A period has a key that sorts by time, such as `2026-W53`, and is as long as its clocks make it.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from wallet.rules.schemes.milestones import Per

WEEK: Final = timedelta(days=7)
MONTHS: Final = 12
QUARTER_MONTHS: Final = 3
_REMEMBERED: Final = 4_096  # days: each look at a member asks for the same ones again


@dataclass(frozen=True, slots=True)
class Span:
    """A period: its key, its first instant and the first one after it, None where it has none."""

    key: str
    since: datetime | None
    until: datetime | None


@lru_cache(_REMEMBERED)
def of(per: Per, day: date, zone: str) -> Span:
    """The period that a local day belongs to; rolling ones and the whole of time have no bounds."""
    if per in ("ever", "rolling"):
        return Span(per, None, None)
    key, first, end = _bounds(per, day)
    return Span(key, midnight(first, zone), midnight(end, zone))


def day_of(at: datetime, zone: str) -> date:
    """The local day of an instant."""
    return at.astimezone(ZoneInfo(zone)).date()


def week_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC, so that two of them compare as instants."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _bounds(per: Per, day: date) -> tuple[str, date, date]:
    match per:
        case "day":
            return day.isoformat(), day, day + timedelta(days=1)
        case "week":
            monday = week_of(day)
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02}", monday, monday + WEEK
        case "month":
            return f"{day:%Y-%m}", day.replace(day=1), _month(day.year, day.month + 1)
        case "quarter":
            quarter = (day.month - 1) // QUARTER_MONTHS
            first = _month(day.year, quarter * QUARTER_MONTHS + 1)
            end = _month(day.year, (quarter + 1) * QUARTER_MONTHS + 1)
            return f"{day.year}-Q{quarter + 1}", first, end
        case _:
            assert per == "year"
            return f"{day.year}", date(day.year, 1, 1), date(day.year + 1, 1, 1)


def _month(year: int, month: int) -> date:
    return date(year, month, 1) if month <= MONTHS else date(year + 1, month - MONTHS, 1)
