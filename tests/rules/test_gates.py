"""Gates: who may play, from which instant and which birthday on, and where."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.rules import draws
from wallet.rules import local
from wallet.rules.draws import definition, gates

ZONE = "Europe/Lisbon"
NOON = draws.NOON


def wheel(**changes: Any) -> definition.Wheel:
    return msgspec.convert({**draws.WHEEL, **changes}, definition.Wheel)


def asked(
    draw: definition.Wheel,
    at: datetime = NOON,
    *,
    born: date | None = None,
    country: str | None = None,
) -> str | None:
    return gates.refusal(draw, at, zone=ZONE, birth_date=born, country=country)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOON - timedelta(microseconds=1), "draw_closed"),
        (NOON, None),
        (NOON + 30 * draws.DAY - timedelta(microseconds=1), None),
        (NOON + 30 * draws.DAY, "draw_closed"),
    ],
)
def test_a_draw_is_open_from_its_first_instant_until_its_last(
    at: datetime, expected: str | None
) -> None:
    assert expected == asked(wheel(), at)


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (None, "age_gate"),
        (date(2008, 3, 11), "age_gate"),
        (date(2008, 3, 10), None),
        (date(1950, 1, 1), None),
    ],
)
def test_an_age_is_reached_on_the_birthday_and_must_be_known(
    born: date | None, expected: str | None
) -> None:
    assert expected == asked(wheel(gates={"age_min": 18}), born=born)


@pytest.mark.parametrize(("country", "expected"), [(None, 1), ("ES", 1), ("PT", 0)])
def test_a_country_must_be_known_and_named(country: str | None, expected: int) -> None:
    refused = asked(wheel(gates={"countries": ["PT", "BR"]}), country=country)

    assert ["jurisdiction_gate"] * expected == [one for one in [refused] if one]


def test_whoever_was_born_on_a_leap_day_is_older_on_the_first_of_march() -> None:
    born = date(2008, 2, 29)

    assert [17, 18] == [local.age(born, date(2026, 2, 28)), local.age(born, date(2026, 3, 1))]


@pytest.mark.parametrize(
    ("per", "began"),
    [("day", "2026-03-31T23:00"), ("week", "2026-03-30T00:00"), ("month", "2026-03-31T23:00")],
)
def test_periods_begin_by_the_programmes_calendar(per: definition.Period, began: str) -> None:
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)  # the first of April in Lisbon, in summer time
    found = gates.since(per, wheel(), late, ZONE).astimezone(UTC)

    # Monday began in Lisbon an hour before its midnight in UTC.
    expected = datetime.fromisoformat(f"{began}+00:00")
    assert found == (expected - timedelta(hours=1) if per == "week" else expected)
