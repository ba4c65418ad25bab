"""When households of the demo redeem at the partner shop: the rule, without any shop."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="the journey extra is not installed")

from api.journey import ordering
from api.replay import ordered, shop
from partners.reference_shop import faults
from wallet.rules import orders

MONDAY = date(2017, 1, 2)
POLICY = ordering.Policy()
EVERYBODY = range(1, 2501)
TURNS = [ordering.Turn(household, MONDAY) for household in EVERYBODY]


def test_every_household_looks_at_its_balance_once_a_week() -> None:
    week = [MONDAY + timedelta(days=day) for day in range(7)]

    turns = [sum(ordering.is_turn(household, day) for day in week) for household in EVERYBODY]

    assert {1} == set(turns)


def test_half_of_them_link_their_account_once_and_some_end_it() -> None:
    days = [MONDAY + timedelta(days=day) for day in range(365)]
    linked = Counter(
        household
        for household in EVERYBODY
        for day in days[:30]
        if ordering.links_on(POLICY, household, day, since=days[0])
    )
    ended = [
        household
        for household in linked
        for day in days
        if ordering.unlinks_on(POLICY, household, day, since=days[0])
    ]

    assert {1} == set(linked.values())
    assert 1_150 < len(linked) < 1_350
    assert len(ended) == len(set(ended))
    assert 200 < len(ended) < 300


@pytest.mark.parametrize(("available", "taken"), [(299, None), (300, 300), (499, 400)])
def test_without_a_link_it_is_a_gift_card_in_the_steps_of_the_shop(
    available: int, taken: int | None
) -> None:
    found = ordering.wish(POLICY, TURNS[0], linked=False, available_minor=available)

    assert (None if taken is None else ("gift_card", taken)) == found


def test_with_a_link_it_is_store_credit_or_points() -> None:
    wishes = [ordering.wish(POLICY, turn, linked=True, available_minor=275) for turn in TURNS]
    kinds = Counter(wish[0] for wish in wishes if wish)

    assert {250} == {wish[1] for wish in wishes if wish}
    assert {"store_credit", "points"} == set(kinds)
    assert 500 < kinds["points"] < 750
    assert all(orders.fits(POLICY.offer(kind), 250) for kind in kinds)


def test_what_becomes_of_an_order_has_been_decided_before_it_is_made() -> None:
    fates = Counter(map(ordering.fate, TURNS))
    spent = [ordering.spent_minor(turn, 500, ordering.SPENT_AFTER) for turn in TURNS]
    back = [turn for turn in TURNS if ordering.takes_back(turn, ordering.BACK_AFTER)]

    for name, parts in Counter(ordering.FATES).items():
        assert abs(fates[name] - parts * 250) < 100, name
    assert {0: fates["kept"] + fates["taken back"], 250: fates["spent in part"]} == {
        amount: count for amount, count in Counter(spent).items() if amount < 500
    }
    assert len(back) == fates["taken back"] + fates["spent, then taken back"]
    assert not any(ordering.spent_minor(turn, 500, ordering.BACK_AFTER) for turn in TURNS)


def test_orders_of_a_day_have_ids_of_their_own_that_follow_from_the_data() -> None:
    ids = {turn.request_id for turn in TURNS}

    assert len(TURNS) == len(ids)
    assert ids == {ordering.Turn(turn.household, MONDAY).request_id for turn in TURNS}


@pytest.mark.parametrize("faults_bps", [0, 1_000, 10_000])
def test_faults_of_every_kind_share_what_was_asked_for(faults_bps: int) -> None:
    shared = shop.rates(faults_bps)
    struck = [rate for name, rate in shared.items() if name != faults.TWICE]

    assert set(faults.FAULTS) == set(shared)
    assert faults_bps == sum(struck) == shared[faults.TWICE]
    assert max(struck) - min(struck) <= 1
    assert shared == faults.Setting(rates_bps=shared).rates_bps


def test_what_stands_on_one_side_only_is_no_sound_end() -> None:
    def told(**changes: Any) -> ordered.Told:
        same = ordered.Sum(1, 500)
        plain: dict[str, Any] = {
            "orders": {},
            "asked": {},
            "doubted": 0,
            "struck": {},
            "requests": 0,
            "here": same,
        }
        plain |= {"there": same, "lost": (), "unpaid": (), "differing": (), "twice": ()}
        plain |= {"spent_minor": 0, "days": {"clean": 1}, "differences": ()}
        return ordered.Told(**(plain | changes))

    assert told().sound
    assert not told(lost=("a",)).sound
    assert not told(there=ordered.Sum(2, 1_000)).sound
    assert not told(days={"clean": 1, "unread": 1}).sound
