"""Expiry: the last local day is usable to its last second, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.strategies import INSTANTS
from wallet.rules import contracts, expiry

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def local(text: str, tz: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz))


@pytest.mark.parametrize(
    ("available", "days", "tz", "ends"),
    [
        # An ordinary day, from its first and to its last second.
        ("2026-03-10T00:00:00", 0, "UTC", "2026-03-11T00:00:00+00:00"),
        ("2026-03-10T23:59:59", 0, "UTC", "2026-03-11T00:00:00+00:00"),
        # The ends of the earth.
        ("2026-03-10T23:59:59", 1, "Pacific/Pago_Pago", "2026-03-12T11:00:00+00:00"),
        ("2026-03-10T00:00:00", 1, "Pacific/Kiritimati", "2026-03-11T10:00:00+00:00"),
        # Clocks forward and back in Berlin: 23 and 25 hours.
        ("2026-03-28T12:00:00", 1, "Europe/Berlin", "2026-03-29T22:00:00+00:00"),
        ("2026-10-24T12:00:00", 1, "Europe/Berlin", "2026-10-25T23:00:00+00:00"),
        # A midnight that is skipped (Cairo, Santiago) and one that comes twice (Havana).
        ("2026-04-22T12:00:00", 1, "Africa/Cairo", "2026-04-23T22:00:00+00:00"),
        ("2026-09-04T12:00:00", 1, "America/Santiago", "2026-09-06T04:00:00+00:00"),
        ("2026-10-30T12:00:00", 1, "America/Havana", "2026-11-01T04:00:00+00:00"),
        # A day that never was: Samoa went from 29 to 31 December 2011.
        ("2011-12-28T12:00:00", 1, "Pacific/Apia", "2011-12-30T10:00:00+00:00"),
        # 29 February, and the years without one.
        ("2028-02-28T12:00:00", 1, "UTC", "2028-03-01T00:00:00+00:00"),
        ("2028-02-29T12:00:00", 365, "UTC", "2029-03-01T00:00:00+00:00"),
        ("2026-02-28T12:00:00", 1, "UTC", "2026-03-02T00:00:00+00:00"),
        ("2027-02-28T12:00:00", 366, "UTC", "2028-03-01T00:00:00+00:00"),
    ],
)
def test_value_ends_with_the_local_day(available: str, days: int, tz: str, ends: str) -> None:
    found = expiry.end_of_day(local(available, tz), days, tz)

    assert found.isoformat() == ends
    assert found.tzinfo is UTC


@given(INSTANTS, st.integers(0, 1000), st.timezone_keys(allow_prefix=False))
def test_a_lot_is_usable_through_the_whole_of_its_last_local_day(
    available_at: datetime, days: int, tz: str
) -> None:
    zone = ZoneInfo(tz)
    last_day = available_at.astimezone(zone).date() + days * DAY

    ends_at = expiry.end_of_day(available_at, days, tz)

    assert ends_at.astimezone(zone).date() > last_day
    assert (ends_at - SECOND).astimezone(zone).date() <= last_day
    assert available_at < ends_at


def test_a_lot_without_days_never_expires() -> None:
    assert expiry.expires_at(local("2026-03-10", "UTC"), contracts.Expiry(None), "UTC") is None


def test_a_lot_expires_so_many_days_after_it_became_free() -> None:
    found = expiry.expires_at(local("2026-03-10", "UTC"), contracts.Expiry(30), "UTC")

    assert found == datetime(2026, 4, 10, tzinfo=UTC)


def test_what_a_refund_gives_back_keeps_its_day_or_gets_the_grace() -> None:
    terms = contracts.Expiry(365, grace_days=30)
    day = datetime(2026, 4, 10, tzinfo=UTC)

    def restored(restored_at: datetime) -> datetime | None:
        return expiry.restored_until(day, restored_at=restored_at, expiry=terms, tz="UTC")

    assert restored(day - SECOND) == day
    assert restored(day) == datetime(2026, 5, 11, tzinfo=UTC)
    assert expiry.restored_until(None, restored_at=day, expiry=terms, tz="UTC") is None


def test_nothing_expires_without_the_notice_that_its_terms_ask_for() -> None:
    terms = contracts.Expiry(365, notice_days=30)
    ends_at = datetime(2026, 4, 10, tzinfo=UTC)
    notice_by = expiry.notice_by(ends_at, terms, "UTC")

    def may(now: datetime, noticed_at: datetime | None) -> bool:
        return expiry.may_expire(ends_at, now=now, noticed_at=noticed_at, expiry=terms, tz="UTC")

    assert notice_by == datetime(2026, 3, 11, tzinfo=UTC)
    assert may(ends_at, notice_by - SECOND)
    assert not may(ends_at, notice_by)
    assert not may(ends_at, None)
    assert not may(ends_at - SECOND, notice_by - SECOND)


def test_without_a_notice_in_the_terms_the_day_alone_decides() -> None:
    terms = contracts.Expiry(365)
    ends_at = datetime(2026, 4, 10, tzinfo=UTC)

    def may(now: datetime) -> bool:
        return expiry.may_expire(ends_at, now=now, noticed_at=None, expiry=terms, tz="UTC")

    assert may(ends_at)
    assert not may(ends_at - SECOND)
