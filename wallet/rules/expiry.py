"""When value expires: at the end of a local day, so that its last day is usable to the last second.

A lot keeps an instant in UTC, worked out once when it becomes available; the sweep compares
instants and knows no calendar. Days are days of the programme's time zone, whatever its clocks do
that night.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from wallet.rules import contracts, local

_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)


def end_of_day(instant: datetime, days: int, tz: str) -> datetime:
    """Find the end of the local day that lies `days` after the local day of `instant`, in UTC.

    That is the first instant of the day after it, so value is usable while `now <` the answer, also
    where a midnight is skipped or comes twice. Assertion for a naive instant or days below zero.
    """
    assert instant.tzinfo is not None
    assert days >= 0
    return local.midnight(local.day(instant, tz) + timedelta(days=days + 1), tz)


def expires_at(available_at: datetime, expiry: contracts.Expiry, tz: str) -> datetime | None:
    """Find when a lot that is free from `available_at` expires; None if it never does."""
    if expiry.days is None:
        return None
    return end_of_day(available_at, expiry.days, tz)


def restored_until(
    expires: datetime | None, *, restored_at: datetime, expiry: contracts.Expiry, tz: str
) -> datetime | None:
    """Find when a lot expires that a refund or release gives back: its own day, never a new life.

    Only if that day has passed meanwhile, the grace of the terms counts from the day it came back.
    """
    if expires is None or expires > restored_at:
        return expires
    return end_of_day(restored_at, expiry.grace_days, tz)


def notice_by(expires: datetime, expiry: contracts.Expiry, tz: str) -> datetime:
    """Find the last instant at which a notice of this expiry is still early enough.

    It is the end of the local day `notice_days` before the last usable day; without a notice in the
    terms it is the expiry itself.
    """
    if expiry.notice_days == 0:
        return expires
    last_usable = (expires - _INSTANT).astimezone(ZoneInfo(tz))
    return end_of_day(last_usable - expiry.notice_days * _DAY, 0, tz)


def may_expire(
    expires: datetime,
    *,
    now: datetime,
    noticed_at: datetime | None,
    expiry: contracts.Expiry,
    tz: str,
) -> bool:
    """Say whether a lot may be expired: its day is over, and the member was told in time."""
    if now < expires:
        return False
    if expiry.notice_days == 0:
        return True
    return noticed_at is not None and noticed_at < notice_by(expires, expiry, tz)
