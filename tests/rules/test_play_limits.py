"""A member's own limits: tighter at once, looser a day later, and out for as long as they said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet import errors
from wallet.rules import play_limits

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOSTS = st.none() | st.integers(0, play_limits.MOST_MAX)
LIMITS = st.builds(play_limits.Limits, MOSTS, MOSTS, MOSTS)


def test_a_first_limit_holds_at_once() -> None:
    said = play_limits.change(play_limits.Standing(), play_limits.Limits(day=3), NOON)

    assert play_limits.Limits(day=3) == said.at(NOON)
    assert said.later_at is None


def test_a_looser_limit_waits_a_day() -> None:
    tight = play_limits.change(play_limits.Standing(), play_limits.Limits(day=3), NOON)

    loose = play_limits.change(tight, play_limits.Limits(day=9), NOON + HOUR)

    assert play_limits.Limits(day=3) == loose.at(NOON + 24 * HOUR)
    assert play_limits.Limits(day=9) == loose.at(NOON + 25 * HOUR)


def test_no_limit_at_all_is_looser_than_any() -> None:
    tight = play_limits.change(play_limits.Standing(), play_limits.Limits(week=3), NOON)

    free = play_limits.change(tight, play_limits.Limits(), NOON)

    assert (play_limits.Limits(week=3), play_limits.Limits()) == (
        free.at(NOON),
        free.at(NOON + DAY),
    )


def test_asking_again_for_what_waits_keeps_its_hour() -> None:
    tight = play_limits.change(play_limits.Standing(), play_limits.Limits(day=3), NOON)
    loose = play_limits.change(tight, play_limits.Limits(day=9), NOON)

    again = play_limits.change(loose, play_limits.Limits(day=9), NOON + 5 * HOUR)

    assert loose == again


@given(first=LIMITS, then=LIMITS)
def test_no_limit_is_ever_loosened_within_a_day(
    first: play_limits.Limits, then: play_limits.Limits
) -> None:
    held = play_limits.change(play_limits.Standing(), first, NOON)
    said = play_limits.change(held, then, NOON + HOUR).at(NOON + HOUR)

    for name in ("day", "week", "month"):
        before, after = getattr(first, name), getattr(said, name)
        assert before is None or (after is not None and after <= before)


@given(first=LIMITS, then=LIMITS)
def test_what_was_asked_holds_a_day_later(
    first: play_limits.Limits, then: play_limits.Limits
) -> None:
    said = play_limits.change(play_limits.change(play_limits.Standing(), first, NOON), then, NOON)

    assert then == said.at(NOON + DAY)


@pytest.mark.parametrize("most", [-1, play_limits.MOST_MAX + 1])
def test_a_limit_that_cannot_be_is_refused_at_its_field(most: int) -> None:
    with pytest.raises(errors.PlayInvalid) as refused:
        play_limits.change(play_limits.Standing(), play_limits.Limits(week=most), NOON)

    assert ("week",) == refused.value.path


def test_whoever_is_out_is_out_until_that_day() -> None:
    out = play_limits.exclude(play_limits.Standing(), NOON + DAY, NOON)

    assert [True, True, False] == [out.excluded(at) for at in (NOON, NOON + 23 * HOUR, NOON + DAY)]


@pytest.mark.parametrize("stands", [NOON + 2 * DAY, None])
def test_an_exclusion_is_never_made_shorter(stands: datetime | None) -> None:
    out = play_limits.exclude(play_limits.Standing(), stands, NOON)

    with pytest.raises(errors.SelfExcluded):
        play_limits.exclude(out, NOON + DAY, NOON)


def test_an_exclusion_can_be_made_longer() -> None:
    out = play_limits.exclude(play_limits.Standing(), NOON + DAY, NOON)

    assert play_limits.exclude(out, None, NOON).excluded(NOON + 9999 * DAY)


def test_an_end_that_is_past_is_refused() -> None:
    with pytest.raises(errors.PlayInvalid):
        play_limits.exclude(play_limits.Standing(), NOON, NOON)


def test_days_weeks_and_months_begin_by_the_programmes_calendar() -> None:
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)  # the first of April in Lisbon

    day, week, month = play_limits.starts(late, "Europe/Lisbon")

    assert ["2026-04-01", "2026-03-30", "2026-04-01"] == [
        one.date().isoformat() for one in (day, week, month)
    ]
