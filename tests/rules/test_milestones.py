"""Milestones: what counts, when a target is reached, and how what came back lowers it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.rules.milestones import (
    BAKERY,
    CINEMA,
    ROSA,
    bought,
    days,
    done,
    follow,
    line,
    milestone,
    named,
)
from wallet import errors
from wallet.rules.milestones import periods
from wallet.rules.schemes import kinds


def test_the_purchase_that_reaches_the_target_says_when_and_all_of_them_say_by_what() -> None:
    things = [bought(day) for day in days(0, 1, 2)]

    (one,) = follow(milestone(target=3), *reversed(things)).reached
    assert ("ever", 1, 3, things[2].at) == (one.period, one.nth, one.measured, one.at)
    assert tuple(thing.purchase_id for thing in things) == one.causes


def test_what_is_ahead_says_how_much_there_is_and_how_often_it_was_reached() -> None:
    found = follow(milestone(target=3, times=9), *map(bought, days(0, 1, 2, 3))).ahead

    assert (1, 3, 1) == (found.had, found.target, found.times_done)


def test_what_came_back_whole_never_was_bought() -> None:
    found = follow(milestone(target=2), bought(days(0)[0]), bought(days(1)[0], 0))

    assert ([], 1) == (named(found), found.ahead.had)


def test_an_amount_counts_what_was_kept_at_the_merchants_of_the_milestone() -> None:
    definition = milestone(metric="amount", target=1_000, merchants=[str(ROSA)])

    elsewhere = follow(definition, bought(days(0)[0], 5_000, merchant_id=BAKERY))
    here = follow(definition, bought(days(0)[0], 999), bought(days(1)[0], 2))
    assert ([], 0) == (named(elsewhere), elsewhere.ahead.had)
    assert [1_001] == [one.measured for one in here.reached]


def test_a_purchase_below_the_least_does_not_count() -> None:
    definition = milestone(target=2, at_least_minor=500)

    found = follow(definition, *[bought(day, 499) for day in days(0, 1, 2)], bought(days(3)[0]))
    assert ([], 1) == (named(found), found.ahead.had)


@pytest.mark.parametrize(
    ("condition", "counts"),
    [
        ({"if": "category", "any_of": ["COFFEE"]}, 2),
        ({"if": "category", "any_of": ["tea"], "unless": True}, 2),
        ({"if": "category", "any_of": ["tea"]}, 0),
        ({"if": "product", "any_of": ["4711"]}, 1),
        ({"if": "brand", "any_of": ["Delta"]}, 1),
        ({"if": "label", "any_of": ["fair"]}, 1),
    ],
)
def test_lines_say_what_counts(condition: dict[str, Any], counts: int) -> None:
    plain = bought(days(0)[0], lines=(line(),))
    special = bought(days(1)[0], lines=(line(product="4711", brand="DELTA", labels=("fair",)),))

    assert counts == follow(milestone(lines=[condition]), plain, special).ahead.had


def test_units_are_whole_ones_in_all_and_half_ones_add_up() -> None:
    definition = milestone(metric="units", target=3)
    halves = [bought(day, lines=(line(milli=1_500),)) for day in days(0, 1)]

    assert [3_000] == [one.measured for one in follow(definition, *halves).reached]


def test_different_merchants_count_once_and_whoever_brought_them_is_the_cause() -> None:
    first, again, second, third = (
        bought(day, merchant_id=merchant)
        for day, merchant in zip(days(0, 1, 2, 3), (ROSA, ROSA, BAKERY, CINEMA), strict=True)
    )

    definition = milestone(metric="merchants", target=3, per="month")
    (one,) = follow(definition, first, again, second, third).reached
    assert ("2026-03", 3) == (one.period, one.measured)
    assert (first.purchase_id, second.purchase_id, third.purchase_id) == one.causes


def test_categories_are_counted_by_their_key() -> None:
    basket = bought(
        days(0)[0], lines=(line(), line(category="coffee "), line(category="Tea"), line(0))
    )

    assert 2 == follow(milestone(metric="categories"), basket).ahead.had


def test_a_surplus_counts_for_the_next_time_only_where_it_is_said() -> None:
    definition = {"metric": "amount", "target": 1_000, "times": 9}
    things = [bought(days(0)[0], 2_500), bought(days(1)[0], 500)]

    kept = follow(milestone(**definition, surplus=True), *things)
    dropped = follow(milestone(**definition), *things)
    assert [("ever", 1), ("ever", 2), ("ever", 3)] == named(kept)
    assert [1_000] * 3 == [one.measured for one in kept.reached]
    assert tuple(one.purchase_id for one in things) == kept.reached[2].causes
    assert ([("ever", 1)], 500) == (named(dropped), dropped.ahead.had)


def test_it_is_reached_no_more_often_than_it_says() -> None:
    found = follow(milestone(target=2, times=2), *map(bought, days(*range(9))))

    assert ([("ever", 1), ("ever", 2)], 2) == (named(found), found.ahead.times_done)


def test_each_period_counts_for_itself_by_the_local_calendar() -> None:
    # Half past eleven in the evening in London is another day in Lisbon only in summer.
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    definition = milestone(target=1, per="month")

    found = follow(definition, bought(late), at=late)
    assert [("2026-07", 1)] == named(found)
    assert datetime(2026, 6, 30, 23, tzinfo=UTC) == found.ahead.period.since
    assert datetime(2026, 7, 31, 23, tzinfo=UTC) == found.ahead.period.until


@pytest.mark.parametrize(
    ("per", "day", "key", "hours"),
    [
        ("day", date(2026, 3, 29), "2026-03-29", 23),
        ("day", date(2026, 10, 25), "2026-10-25", 25),
        ("week", date(2027, 1, 2), "2026-W53", 168),
        ("week", date(2026, 3, 29), "2026-W13", 167),
        ("month", date(2026, 12, 31), "2026-12", 744),
        ("quarter", date(2026, 11, 26), "2026-Q4", 2_209),
        ("year", date(2026, 5, 1), "2026", 8_760),
    ],
)
def test_a_period_has_the_key_and_the_length_of_its_calendar(
    per: Any, day: date, key: str, hours: int
) -> None:
    span = periods.of(per, day, "Europe/Lisbon")

    assert span.since is not None
    assert span.until is not None
    assert (key, timedelta(hours=hours)) == (span.key, span.until - span.since)


def test_a_rolling_window_forgets_what_is_older_than_its_days() -> None:
    definition = milestone(target=3, per="rolling", days=7, times=9)

    within = follow(definition, *map(bought, days(0, 3, 6)))
    beyond = follow(definition, *map(bought, days(0, 3, 7)))
    twice = follow(definition, *map(bought, days(0, 1, 2, 3, 4, 5)))
    assert [("rolling", 1)] == named(within)
    assert [] == named(beyond)
    assert [("rolling", 1), ("rolling", 2)] == named(twice)


def test_weeks_in_a_row_are_local_weeks_across_the_clock_change_and_the_year() -> None:
    definition = milestone(metric="weeks", target=4)
    # Sunday night and Monday morning in Lisbon; the clocks go forward on 29 March 2026.
    spring = [date(2026, 3, 22), date(2026, 3, 23), date(2026, 3, 31), date(2026, 4, 12)]
    winter = [date(2025, 12, 15), date(2025, 12, 28), date(2026, 1, 1), date(2026, 1, 11)]

    across_spring = follow(definition, *map(bought, spring))
    across_winter = follow(definition, *map(bought, winter), since=datetime(2025, 1, 1, tzinfo=UTC))
    assert [("ever", 1)] == named(across_spring)
    assert [("ever", 1)] == named(across_winter)


def test_a_week_left_out_breaks_the_row_and_the_next_row_begins_after_a_reward() -> None:
    definition = milestone(metric="weeks", target=2, times=9)

    broken = follow(definition, *map(bought, days(0, 14)))
    twice = follow(definition, *map(bought, days(0, 7, 8, 14, 21)))
    assert [] == named(broken)
    assert [("ever", 1), ("ever", 2)] == named(twice)


def test_a_week_counts_when_its_purchases_come_to_enough() -> None:
    definition = milestone(metric="weeks", target=2, at_least_minor=1_000)
    things = [bought(day, 600) for day in days(0, 1, 7)]

    early = follow(definition, *things)
    enough = follow(definition, *things, bought(days(13)[0], 400))
    assert ([], [2]) == (named(early), [one.measured for one in enough.reached])
    assert 4 == len(enough.reached[0].causes)


def test_a_row_lives_until_the_week_after_it_is_over() -> None:
    definition = milestone(metric="weeks", target=4)
    things = [bought(day) for day in days(0, 7)]

    hads = [
        follow(definition, *things, at=datetime(2026, 3, day, 12, tzinfo=UTC)).ahead.had
        for day in (15, 16, 22, 23)
    ]
    assert [2, 2, 2, 0] == hads


def test_a_review_and_a_visit_are_two_deeds_and_two_visits_are_one() -> None:
    definition = milestone(metric="deeds", target=2, deeds=[{"kind": "review"}, {"kind": "visit"}])
    visits = [done(day, "visit") for day in days(0, 1)]

    assert [] == named(follow(definition, *visits, done(days(2)[0], "quiz")))
    assert [("ever", 1)] == named(follow(definition, *visits, done(days(2)[0], "review")))


def test_events_are_those_that_are_named_or_all() -> None:
    named_quiz = milestone(metric="events", deeds=[{"kind": "quiz", "name": "Coffee"}])
    things = [
        done(days(0)[0], "quiz", "COFFEE"),
        done(days(1)[0], "quiz"),
        done(days(2)[0], "visit"),
    ]

    assert 1 == follow(named_quiz, *things).ahead.had
    assert 3 == follow(milestone(metric="events"), *things).ahead.had


def test_nothing_counts_before_it_begins_or_after_it_ends() -> None:
    definition = milestone(target=3, until="2026-03-04T12:00:00Z")

    found = follow(definition, *map(bought, days(0, 1, 2)), since=datetime(2026, 3, 3, tzinfo=UTC))
    assert ([], 1) == (named(found), found.ahead.had)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"target": 0}, "target"),
        ({"metric": "events", "lines": [{"if": "category", "any_of": ["x"]}]}, "lines"),
        ({"metric": "events", "at_least_minor": 5}, "at_least_minor"),
        ({"deeds": [{"kind": "visit"}]}, "deeds"),
        ({"metric": "deeds", "target": 2, "deeds": [{"kind": "visit"}]}, "target"),
        ({"metric": "events", "deeds": [{"kind": "visit"}, {"kind": "visit"}]}, "deeds"),
        ({"per": "rolling"}, "days"),
        ({"days": 7}, "days"),
        ({"metric": "weeks", "per": "month"}, "per"),
        ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"metric": "merchants", "surplus": True, "times": 2}, "surplus"),
        ({"surplus": True}, "surplus"),
        ({"per": "rolling", "days": 7, "surplus": True, "times": 2}, "surplus"),
    ],
)
def test_what_could_not_be_reached_or_would_be_unclear_is_refused(
    changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(errors.SchemeInvalid) as refusal:
        milestone(**changes)

    assert (path,) == refusal.value.path


def test_a_definition_is_read_back_as_it_was_written() -> None:
    definition = milestone(
        metric="events", deeds=[{"kind": "quiz", "name": "x"}], since="2026-01-01T00:00:00Z"
    )

    assert definition == kinds.read(kinds.dump(definition))
