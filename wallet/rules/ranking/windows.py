"""Windows: the stretches of the programme's calendar in which scores are counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, timedelta

from wallet.rules import local
from wallet.rules.schemes.boards import Ranked

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A window by the name it has in the books, such as `2026-W11`; it ends before `ends_at`."""

    key: str
    starts_at: datetime
    ends_at: datetime

    @property
    def last(self) -> datetime:
        """The last instant that belongs to it."""
        return self.ends_at - _INSTANT


def at(scheme: Ranked, instant: datetime, zone: str) -> Window | None:
    """The window that an instant lies in; None before and after one that comes once."""
    if scheme.window == "once":
        assert scheme.from_at is not None
        assert scheme.until_at is not None
        if not scheme.from_at <= instant < scheme.until_at:
            return None
        return Window("once", scheme.from_at, scheme.until_at)
    return _calendar(scheme.window, local.day(instant, zone), zone)


def latest(scheme: Ranked, instant: datetime, zone: str) -> Window | None:
    """The window that an instant lies in, or the one that came before it; None before the first."""
    if scheme.window != "once":
        return at(scheme, instant, zone)
    assert scheme.from_at is not None
    return named(scheme, "once", zone) if scheme.from_at <= instant else None


def open_at(scheme: Ranked, instant: datetime, zone: str) -> Iterator[Window]:
    """The windows whose scores may change at an instant, the newest first.

    The one it lies in, and those that ended so short ago that goods may still come back.
    """
    settling = timedelta(days=scheme.settle_days)
    if scheme.window == "once":
        assert scheme.from_at is not None
        assert scheme.until_at is not None
        if scheme.from_at <= instant <= scheme.until_at + settling:
            yield Window("once", scheme.from_at, scheme.until_at)
        return
    window = at(scheme, instant, zone)
    while window is not None and instant <= window.ends_at + settling:
        yield window
        window = at(scheme, window.starts_at - _INSTANT, zone)


def named(scheme: Ranked, key: str, zone: str) -> Window | None:
    """The window with this name; None for what is no name of one."""
    if scheme.window == "once":
        assert scheme.from_at is not None
        assert scheme.until_at is not None
        return Window("once", scheme.from_at, scheme.until_at) if key == "once" else None
    try:
        year, rest = int(key[:4]), key[5:]
        match scheme.window:
            case "week":
                first = date.fromisocalendar(year, int(rest.removeprefix("W")), 1)
            case "month":
                first = date(year, int(rest), 1)
            case "quarter":
                first = date(year, int(rest.removeprefix("Q")) * 3, 1)
            case _:
                first = date(year, 1, 1)
        found = _calendar(scheme.window, first, zone)
    except (ValueError, OverflowError):
        return None
    # The last year that a date can be in has no room for what comes after a window.
    return found if found.key == key and found.ends_at.year < MAXYEAR else None


def day(instant: datetime, zone: str) -> Window:
    """The local day that an instant lies in."""
    return _calendar("day", local.day(instant, zone), zone)


def month(instant: datetime, zone: str) -> Window:
    """The local month that an instant lies in."""
    return _calendar("month", local.day(instant, zone), zone)


def _calendar(every: local.Per, day: date, zone: str) -> Window:
    key, first, after = local.period(every, day)
    return Window(key, local.midnight(first, zone), local.midnight(after, zone))
