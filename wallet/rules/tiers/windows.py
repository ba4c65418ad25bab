"""The windows of a ladder: from which instant until which one is counted.

Days begin at midnight of the programme's time zone, whatever its clocks do that night. Instants are
in UTC, so that two of them compare as instants.
"""

import calendar
from datetime import date, datetime, timedelta

from wallet.rules import local
from wallet.rules.schemes import ladders


def days_after(at: datetime, days: int, zone: str) -> datetime:
    """The same instant, or the midnight so many local days after the day of it."""
    return at if days == 0 else local.midnight(local.day(at, zone) + timedelta(days=days), zone)


def around(
    window: ladders.AnyWindow, at: datetime, *, joined_at: datetime, zone: str
) -> tuple[datetime | None, datetime | None]:
    """The window that holds an instant: its first instant, and the first one after it.

    A rolling window has neither; one since the last change begins at that instant.
    """
    day = local.day(at, zone)
    match window:
        case ladders.CalendarYear():
            return local.midnight(date(day.year, 1, 1), zone), local.midnight(
                date(day.year + 1, 1, 1), zone
            )
        case ladders.Anniversary():
            joined = local.day(joined_at, zone)
            year = day.year if _anniversary(joined, day.year) <= day else day.year - 1
            return (
                local.midnight(_anniversary(joined, year), zone),
                local.midnight(_anniversary(joined, year + 1), zone),
            )
        case ladders.SinceChange(days=days):
            return at, local.midnight(day + timedelta(days=days), zone)
        case ladders.Rolling():
            return None, None


def forgotten_at(window: ladders.Rolling, at: datetime, zone: str) -> datetime:
    """From when on a purchase no longer counts in a rolling window."""
    day = local.day(at, zone)
    if window.days is not None:
        return local.midnight(day + timedelta(days=window.days), zone)
    assert window.months is not None
    return local.midnight(local.months_on(day, window.months), zone)


def next_turn(window: ladders.Rolling, at: datetime, zone: str) -> datetime:
    """One length of a rolling window later: when the next step down may come."""
    return forgotten_at(window, at, zone)


def _anniversary(joined: date, year: int) -> date:
    if (joined.month, joined.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 2, 28)
    return joined.replace(year=year)
