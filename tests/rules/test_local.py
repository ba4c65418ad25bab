"""Local days: where clocks change, where a month is short, and that periods tile the calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.rules import local

PERS: tuple[local.Per, ...] = ("day", "week", "month", "quarter", "year")


@given(
    day=st.dates(date(1990, 1, 1), date(2090, 12, 31)),
    per=st.sampled_from(PERS),
)
def test_periods_hold_their_days_and_follow_each_other(day: date, per: local.Per) -> None:
    found = local.period(per, day)
    following = local.period(per, found.after)

    assert found.first <= day < found.after == following.first
    assert found.key < following.key
    assert found == local.period(per, found.first)


@pytest.mark.parametrize(
    ("day", "zone", "begins"),
    [
        (date(2026, 7, 1), "Europe/Lisbon", datetime(2026, 6, 30, 23, tzinfo=UTC)),
        (date(2026, 3, 29), "Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC)),  # skipped
        (
            date(2026, 10, 25),
            "Asia/Beirut",
            datetime(2026, 10, 24, 22, tzinfo=UTC),
        ),  # an hour again
        (date(2026, 11, 1), "America/Havana", datetime(2026, 11, 1, 4, tzinfo=UTC)),  # twice
    ],
)
def test_a_day_begins_at_its_first_instant(day: date, zone: str, begins: datetime) -> None:
    assert begins == local.midnight(day, zone)
    assert day == local.day(begins, zone)
    assert day - timedelta(days=1) == local.day(begins - timedelta(microseconds=1), zone)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
    ],
)
def test_a_short_month_ends_with_its_last_day(day: date, months: int, expected: date) -> None:
    assert expected == local.months_on(day, months)
