"""Milestones under any history: order does not matter, returns lower, nothing is reached twice."""

import random
import uuid
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.rules.milestones import bought, follow, line, milestone, named
from wallet.rules.progress import facts
from wallet.rules.schemes.milestones import Milestone

PER = st.sampled_from(["ever", "day", "week", "month", "quarter", "year", "rolling"])


@st.composite
def definitions(draw: st.DrawFn) -> Milestone:
    metric = draw(
        st.sampled_from(["amount", "purchases", "units", "merchants", "categories", "weeks"])
    )
    per = "ever" if metric == "weeks" else draw(PER)
    times = draw(st.integers(1, 5))
    adds_up = metric in ("amount", "purchases", "units") and per != "rolling" and times > 1
    changes: dict[str, Any] = {
        "metric": metric,
        "target": draw(st.integers(1, 40 if metric == "amount" else 4)),
        "per": per,
        "times": times,
        "surplus": adds_up and draw(st.booleans()),
        "at_least_minor": draw(st.sampled_from([None, 5])),
    }
    if per == "rolling":
        changes["days"] = draw(st.integers(1, 20))
    return milestone(**changes)


@st.composite
def purchases(draw: st.DrawFn) -> facts.Purchase:
    day = date(2026, 3, 20) + timedelta(days=draw(st.integers(0, 60)))
    lines = tuple(
        line(minor, milli, category=category)
        for minor, milli, category in draw(
            st.lists(
                st.tuples(st.integers(0, 20), st.integers(0, 2_000), st.sampled_from("abc")),
                min_size=1,
                max_size=3,
            )
        )
    )
    return bought(day, merchant_id=uuid.UUID(int=draw(st.integers(1, 3))), lines=lines)


HISTORIES = st.lists(purchases(), max_size=25)


@given(definitions(), HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_reports_does_not_matter(
    definition: Milestone, history: list[facts.Purchase], chance: random.Random
) -> None:
    shuffled = history[:]
    chance.shuffle(shuffled)

    assert follow(definition, *history) == follow(definition, *shuffled)


@given(definitions(), HISTORIES)
def test_nothing_is_reached_twice_nor_out_of_turn_and_each_time_is_enough(
    definition: Milestone, history: list[facts.Purchase]
) -> None:
    found = follow(definition, *history)

    assert len(found.reached) == len(set(named(found)))
    for key in {one.period for one in found.reached}:
        numbers = [one.nth for one in found.reached if one.period == key]
        assert [*range(1, len(numbers) + 1)] == numbers
        assert len(numbers) <= definition.times
    assert all(one.measured >= found.ahead.target and one.causes for one in found.reached)
    assert sorted(one.at for one in found.reached) == [one.at for one in found.reached]


@given(definitions(), HISTORIES, st.data())
def test_what_comes_back_never_reaches_anything(
    definition: Milestone, history: list[facts.Purchase], data: st.DataObject
) -> None:
    before = follow(definition, *history)
    returned = [_less(one, data.draw(st.sampled_from([0, 1, 2]))) for one in history]

    after = follow(definition, *returned)
    assert set(named(after)) <= set(named(before))


@given(definitions(), HISTORIES, purchases())
def test_what_is_bought_besides_never_takes_anything_away(
    definition: Milestone, history: list[facts.Purchase], more: facts.Purchase
) -> None:
    before, after = follow(definition, *history), follow(definition, *history, more)

    assert set(named(before)) <= set(named(after))


def _less(purchase: facts.Purchase, share: int) -> facts.Purchase:
    """A purchase of which nothing, half or all came back."""
    lines = tuple(
        replace(
            one,
            kept_minor=one.kept_minor * (2 - share) // 2,
            kept_milli=one.kept_milli * (2 - share) // 2,
        )
        for one in purchase.lines
    )
    return replace(purchase, lines=lines, kept_minor=sum(one.kept_minor for one in lines))
