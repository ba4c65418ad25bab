"""The windows of a ladder: from which instant until which one is counted.

Days begin at midnight of the programme's time zone, whatever its clocks do that night. Instants are
in UTC, so that two of them compare as instants.
"""

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from wallet.rules.schemes import ladders


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a local day; of a midnight that comes twice the first."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day_of(at: datetime, zone: str) -> date:
    """The local day of an instant."""
    return at.astimezone(ZoneInfo(zone)).date()


def days_after(at: datetime, days: int, zone: str) -> datetime:
    """The same instant, or the midnight so many local days after the day of it."""
    return at if days == 0 else midnight(day_of(at, zone) + timedelta(days=days), zone)


def around(
    window: ladders.AnyWindow, at: datetime, *, joined_at: datetime, zone: str
) -> tuple[datetime | None, datetime | None]:
    """The window that holds an instant: its first instant, and the first one after it.

    A rolling window has neither; one since the last change begins at that instant.
    """
    day = day_of(at, zone)
    match window:
        case ladders.CalendarYear():
            return midnight(date(day.year, 1, 1), zone), midnight(date(day.year + 1, 1, 1), zone)
        case ladders.Anniversary():
            joined = day_of(joined_at, zone)
            year = day.year if _anniversary(joined, day.year) <= day else day.year - 1
            return (
                midnight(_anniversary(joined, year), zone),
                midnight(_anniversary(joined, year + 1), zone),
            )
        case ladders.SinceChange(days=days):
            return at, midnight(day + timedelta(days=days), zone)
        case ladders.Rolling():
            return None, None


def forgotten_at(window: ladders.Rolling, at: datetime, zone: str) -> datetime:
    """From when on a purchase no longer counts in a rolling window."""
    day = day_of(at, zone)
    if window.days is not None:
        return midnight(day + timedelta(days=window.days), zone)
    assert window.months is not None
    return midnight(_months_after(day, window.months), zone)


def next_turn(window: ladders.Rolling, at: datetime, zone: str) -> datetime:
    """One length of a rolling window later: when the next step down may come."""
    return forgotten_at(window, at, zone)


def _anniversary(joined: date, year: int) -> date:
    if (joined.month, joined.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28)
    return joined.replace(year=year)


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
