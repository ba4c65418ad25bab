"""The windows of a ladder: midnights of the programme, whatever its clocks and the calendar do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.rules.ladders import bought, edition, instant, stand, told
from wallet.rules.schemes import ladders

TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "UTC", "Pacific/Kiritimati"])
def test_a_year_ends_at_midnight_of_the_programme(zone: str) -> None:
    turn = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    first = stand(bought(turn - TICK, 35_000), at=turn + timedelta(days=400), zone=zone)
    second = stand(bought(turn, 35_000), at=turn + timedelta(days=400), zone=zone)

    assert (first.tier, second.tier) == ("insider", "vib")
    assert stand(at=turn - TICK, zone=zone).closes_at == turn


def test_a_rolling_window_forgets_a_purchase_after_its_days() -> None:
    entry = bought("2025-03-01T23:30:00", 35_000)
    over = ladders.Rolling(days=90)

    assert stand(entry, at="2025-05-29T23:59:59", window=over).tier == "vib"
    found = stand(entry, at="2025-05-30T00:00:00", window=over)
    assert (found.tier, found.total) == ("insider", 0)


@pytest.mark.parametrize(
    ("bought_on", "forgotten"),
    [
        ("2027-10-31", "2028-02-29T00:00:00"),
        ("2026-10-31", "2027-02-28T00:00:00"),
        ("2026-01-15", "2026-05-15T00:00:00"),
    ],
)
def test_a_rolling_window_of_months_ends_with_the_month(bought_on: str, forgotten: str) -> None:
    entry = bought(bought_on, 35_000)
    over, at = ladders.Rolling(months=4), instant(forgotten)

    assert stand(entry, at=at - TICK, window=over).tier == "vib"
    assert stand(entry, at=at, window=over).tier == "insider"


def test_a_day_of_a_rolling_window_may_have_23_or_25_hours() -> None:
    over, zone = ladders.Rolling(days=30), "Europe/Lisbon"
    entry = bought("2025-03-15", 35_000)
    end = datetime(2025, 4, 14, tzinfo=ZoneInfo(zone)).astimezone(UTC)

    assert stand(entry, at=end - TICK, window=over, zone=zone).tier == "vib"
    assert stand(entry, at=end, window=over, zone=zone).tier == "insider"


def test_in_a_rolling_window_each_step_down_leaves_its_length_to_earn_it_back() -> None:
    over = ladders.Rolling(days=30)
    found = stand(bought("2025-03-01", 100_000), at="2025-12-01", window=over, downgrade="one_step")

    assert told(found)[2:] == [
        ("2025-03-31", "downgrade", "vib"),
        ("2025-04-30", "downgrade", "insider"),
    ]


def test_a_rolling_window_keeps_a_tier_whose_grace_is_used() -> None:
    over = ladders.Rolling(days=30)
    entries = [bought("2025-03-01", 35_000), bought("2025-04-05", 35_000)]
    found = stand(*entries, at="2025-04-20", window=over, grace_days=10)

    assert told(found)[1:] == [("2025-03-01", "upgrade", "vib")]


def test_an_anniversary_turns_on_the_day_of_joining() -> None:
    entry = bought("2025-03-01", 35_000)
    joined: dict[str, Any] = {"joined": "2025-02-10", "window": ladders.Anniversary()}

    assert stand(entry, at="2027-02-09T23:59:59", **joined).tier == "vib"
    assert stand(entry, at="2027-02-10T00:00:00", **joined).tier == "insider"


def test_whoever_joined_on_29_february_has_the_28th_in_other_years() -> None:
    old = edition(datetime(2024, 1, 1, tzinfo=UTC), window=ladders.Anniversary())
    found = [
        stand(at=at, joined="2024-02-29", editions=[old]).closes_at
        for at in ("2024-03-01", "2025-03-01", "2027-03-01")
    ]

    assert [one.isoformat()[:10] for one in found if one] == [
        "2025-02-28",
        "2026-02-28",
        "2028-02-29",
    ]


def test_since_the_last_change_is_counted_anew_with_each_change() -> None:
    over = ladders.SinceChange(days=365)
    entries = [bought("2025-03-01", 40_000), bought("2025-04-01", 60_000)]

    assert stand(*entries, at="2025-05-01", window=over).total == 60_000
    assert stand(*entries, at="2026-02-28", window=over).tier == "vib"
    assert stand(*entries, at="2026-03-02", window=over).tier == "vib"
    assert stand(*entries, at="2027-03-02", window=over).tier == "insider"
