"""Tiers: what purchases reach, when a member comes down, and what is said about it beforehand."""

import itertools
from datetime import timedelta
from uuid import UUID

import pytest

from tests.rules.ladders import NAMES, bought, edition, instant, stand, told
from wallet.rules.schemes import ladders
from wallet.rules.tiers import facts, standing

TICK = timedelta(microseconds=1)
TIERS = tuple(ladders.Tier(word=word, name=name, threshold=n) for word, name, n in NAMES)


@pytest.mark.parametrize(
    ("amount", "tier"),
    [
        (34_999, "insider"),
        (35_000, "vib"),
        (35_001, "vib"),
        (99_999, "vib"),
        (100_000, "rouge"),
        (100_001, "rouge"),
    ],
)
def test_a_tier_is_reached_to_the_cent(amount: int, tier: str) -> None:
    found = stand(bought("2025-03-01", amount), at="2025-03-02")

    assert (found.tier, found.earned, found.total) == (tier, tier, amount)


def test_the_purchase_that_reaches_a_tier_is_decided_by_the_one_before() -> None:
    one, other = bought("2025-03-01", 20_000), bought("2025-04-01", 20_000)
    found = stand(one, other, at="2025-05-01")

    assert standing.tier_at(found.steps, one.at) == "insider"
    assert standing.tier_at(found.steps, other.at) == "insider"
    assert standing.tier_at(found.steps, other.at + TICK) == "vib"


def test_an_upgrade_names_the_purchases_that_caused_it() -> None:
    entries = [bought("2025-03-01", 20_000), bought("2025-04-01", 20_000)]
    found = stand(*entries, at="2025-05-01")

    assert told(found) == [("2025-01-01", "began", "insider"), ("2025-04-01", "upgrade", "vib")]
    assert found.steps[-1].causes == tuple(one.entry_id for one in entries)


def test_one_purchase_may_rise_two_steps() -> None:
    found = stand(bought("2025-03-01", 100_000), at="2025-05-01")

    assert told(found)[1:] == [("2025-03-01", "upgrade", "rouge")]


def test_a_tier_lasts_through_the_year_after_it_was_reached() -> None:
    entry = bought("2025-06-01", 35_000)

    assert stand(entry, at="2026-12-31T23:59:59").tier == "vib"
    assert stand(entry, at="2027-01-01T00:00:00").tier == "insider"


@pytest.mark.parametrize(
    ("policy", "tiers"),
    [
        ("none", ["rouge", "rouge", "rouge"]),
        ("one_step", ["rouge", "vib", "insider"]),
        ("full", ["rouge", "insider", "insider"]),
    ],
)
def test_members_come_down_as_the_ladder_says(policy: str, tiers: list[str]) -> None:
    entry = bought("2025-06-01", 100_000)
    found = [stand(entry, at=f"{year}-06-01", downgrade=policy).tier for year in (2026, 2027, 2028)]

    assert found == tiers


def test_full_reassessment_stops_at_what_was_reached_again() -> None:
    found = stand(bought("2025-06-01", 100_000), bought("2026-06-01", 40_000), at="2027-06-01")

    assert told(found)[-1] == ("2027-01-01", "downgrade", "vib")


def test_a_grace_puts_the_step_down_off() -> None:
    entry = bought("2025-06-01", 35_000)

    assert stand(entry, at="2027-01-30T23:59:59", grace_days=30).tier == "vib"
    assert stand(entry, at="2027-01-31T00:00:00", grace_days=30).tier == "insider"


def test_what_is_bought_in_the_grace_may_keep_the_tier() -> None:
    entries = [bought("2025-06-01", 35_000), bought("2027-01-20", 35_000)]
    found = stand(*entries, at="2027-06-01", grace_days=30)

    assert told(found)[1:] == [("2025-06-01", "upgrade", "vib")]


def test_a_return_lowers_from_its_instant_on_and_not_before() -> None:
    entry = bought("2025-03-01", 36_000, ("2025-05-01", 1_001))
    found = stand(entry, at="2025-06-01")

    assert told(found)[1:] == [
        ("2025-03-01", "upgrade", "vib"),
        ("2025-05-01", "return", "insider"),
    ]
    assert found.steps[-1].causes == (entry.entry_id,)
    assert found.steps[-1].total == found.total == 34_999
    assert standing.tier_at(found.steps, instant("2025-04-01")) == "vib"


def test_a_return_that_leaves_enough_changes_nothing() -> None:
    found = stand(bought("2025-03-01", 36_000, ("2025-05-01", 1_000)), at="2025-06-01")

    assert (found.tier, len(found.steps)) == ("vib", 2)


def test_a_late_return_undoes_what_the_year_before_had_decided() -> None:
    entry = bought("2025-12-28", 100_000, ("2026-01-05", 100_000))

    assert told(stand(entry, at="2026-02-01"))[1:] == [
        ("2025-12-28", "upgrade", "rouge"),
        ("2026-01-05", "return", "insider"),
    ]


def test_a_late_return_leaves_what_this_year_has_reached() -> None:
    entries = [
        bought("2025-12-28", 100_000, ("2026-03-05", 100_000)),
        bought("2026-01-10", 40_000),
    ]

    assert told(stand(*entries, at="2026-04-01"))[-1] == ("2026-03-05", "return", "vib")


def test_whoever_keeps_a_tier_in_spite_of_a_return_may_lose_it_at_the_year_s_end() -> None:
    entries = [bought("2025-03-01", 35_000), bought("2026-03-01", 35_000, ("2026-04-01", 1))]

    assert stand(*entries, at="2026-12-31").tier == "vib"
    assert told(stand(*entries, at="2027-01-02"))[-1] == ("2027-01-01", "downgrade", "insider")


def test_what_is_paid_with_cashback_counts_only_where_the_ladder_says_so() -> None:
    entry = bought("2025-03-01", 35_000, paid=1)

    assert stand(entry, at="2025-06-01").tier == "insider"
    assert stand(entry, at="2025-06-01", counts_cashback_paid=True).tier == "vib"


def test_of_what_comes_back_both_ways_of_paying_had_a_share() -> None:
    entry = bought("2025-03-01", 40_000, ("2025-04-01", 20_000), paid=10_000)

    assert stand(entry, at="2025-06-01").total == 15_000


def test_a_merchant_s_ladder_counts_its_own_purchases() -> None:
    elsewhere = UUID(int=7)
    entry = bought("2025-03-01", 35_000)

    assert stand(entry, at="2025-06-01", merchants=(elsewhere,)).total == 0
    assert stand(entry, at="2025-06-01", merchants=(entry.merchant_id,)).tier == "vib"


def test_purchases_are_counted_as_long_as_something_of_them_is_kept() -> None:
    tiers = (
        ladders.Tier(word="new", name="New", threshold=0),
        ladders.Tier(word="often", name="Often", threshold=2),
    )
    kept = [bought("2025-03-01", 500, ("2025-03-05", 499)), bought("2025-03-02", 100)]
    gone = [bought("2025-03-01", 500, ("2025-03-05", 500)), bought("2025-03-02", 100)]

    found = [stand(*one, at="2025-06-01", metric="purchases", tiers=tiers) for one in (kept, gone)]

    assert [(one.tier, one.total) for one in found] == [("often", 2), ("new", 1)]


# For life, by the staff, by an edit.


def test_whoever_was_at_the_top_often_enough_stays_there() -> None:
    entries = [bought(f"{year}-06-01", 100_000) for year in (2025, 2026)]
    life = ladders.AfterWindows(windows=2)
    found = stand(*entries, at="2030-01-01", lifetime_after=life)

    assert (found.tier, found.lifetime, found.stay) == ("rouge", True, None)
    assert told(found)[-1] == ("2027-01-01", "lifetime", "rouge")
    assert stand(entries[0], at="2030-01-01", lifetime_after=life).tier == "insider"


def test_a_sum_of_all_years_may_give_the_top_for_life() -> None:
    entries = [bought(f"{year}-06-01", 30_000) for year in (2025, 2026, 2027)]
    found = stand(*entries, at="2030-01-01", lifetime_after=ladders.AfterSum(sum=90_000))

    assert told(found)[1:] == [("2027-06-01", "lifetime", "rouge")]


def test_an_override_holds_until_its_end_and_leaves_no_floor_behind() -> None:
    given = facts.Given("override", "rouge", instant("2025-03-01"), instant("2025-06-01"))
    entry = bought("2025-04-01", 35_000)
    during = stand(entry, at="2025-05-31", given=(given,))
    after = stand(entry, at="2025-06-02", given=(given,))

    assert (during.tier, during.earned, during.given) == ("rouge", "vib", given)
    assert (after.tier, after.given) == ("vib", None)
    assert told(after)[1:] == [
        ("2025-03-01", "override", "rouge"),
        ("2025-06-01", "override_ended", "vib"),
    ]
    assert [one.total for one in after.steps] == [0, 0, 35_000]


def test_whoever_earns_more_than_an_override_has_it() -> None:
    given = facts.Given("override", "vib", instant("2025-03-01"), instant("2025-06-01"))
    found = stand(bought("2025-04-01", 100_000), at="2025-07-01", given=(given,))

    assert told(found)[1:] == [
        ("2025-03-01", "override", "vib"),
        ("2025-04-01", "upgrade", "rouge"),
    ]


def test_the_higher_of_what_is_given_holds_and_the_lower_after_it() -> None:
    plan = facts.Given("membership", "vib", instant("2024-12-01"), instant("2025-08-01"))
    override = facts.Given("override", "rouge", instant("2025-03-01"), instant("2025-06-01"))
    found = stand(at="2025-09-01", given=(plan, override))

    assert told(found) == [
        ("2025-01-01", "membership", "vib"),
        ("2025-03-01", "override", "rouge"),
        ("2025-06-01", "membership", "vib"),
        ("2025-08-01", "membership_ended", "insider"),
    ]


def test_a_term_that_follows_another_changes_nothing() -> None:
    days = ("2025-02-01", "2025-03-01", "2025-04-01")
    terms = [
        facts.Given("membership", "vib", instant(one), instant(other))
        for one, other in itertools.pairwise(days)
    ]
    found = stand(at="2025-05-01", given=tuple(terms))

    assert told(found)[1:] == [
        ("2025-02-01", "membership", "vib"),
        ("2025-04-01", "membership_ended", "insider"),
    ]


def test_a_tier_that_an_edit_leaves_out_is_given_no_more() -> None:
    editions = [edition(), edition(instant("2025-07-01"), tiers=(TIERS[0], TIERS[2]))]
    plan = facts.Given("membership", "vib", instant("2025-03-01"), instant("2025-12-01"))
    found = stand(at="2025-08-01", editions=editions, given=(plan,))

    assert (found.tier, found.given) == ("insider", None)
    assert told(found)[-1] == ("2025-07-01", "edited", "insider")


DEARER = (TIERS[0], ladders.Tier(word="vib", name="VIB", threshold=50_000), TIERS[2])
CHEAPER = (TIERS[0], ladders.Tier(word="vib", name="VIB", threshold=30_000), TIERS[2])


def test_nobody_comes_down_by_an_edit_before_the_year_ends() -> None:
    editions = [edition(), edition(instant("2025-07-01"), tiers=DEARER)]
    entry = bought("2025-03-01", 40_000, ("2025-08-01", 1))

    assert stand(entry, at="2025-12-31", editions=editions).tier == "vib"
    assert stand(entry, at="2026-01-02", editions=editions).tier == "insider"


def test_an_edit_that_says_so_lowers_at_once() -> None:
    editions = [edition(), edition(instant("2025-07-01"), tiers=DEARER, edits="at_once")]
    found = stand(bought("2025-03-01", 40_000), at="2025-08-01", editions=editions)

    assert told(found)[-1] == ("2025-07-01", "edited", "insider")


def test_an_edit_raises_at_once_whoever_has_enough() -> None:
    editions = [edition(), edition(instant("2025-07-01"), tiers=CHEAPER)]
    found = stand(bought("2025-03-01", 30_000), at="2025-08-01", editions=editions)

    assert told(found)[-1] == ("2025-07-01", "edited", "vib")


def test_a_tier_that_an_edit_leaves_out_becomes_the_one_that_needs_no_more() -> None:
    editions = [edition(), edition(instant("2025-07-01"), tiers=(TIERS[0], TIERS[2]))]
    found = stand(bought("2025-03-01", 40_000), at="2025-08-01", editions=editions)

    assert told(found)[-1] == ("2025-07-01", "edited", "insider")


def test_a_ladder_counts_what_was_bought_in_its_first_window_before_it_began() -> None:
    late = edition(instant("2025-07-01"))
    found = stand(bought("2025-03-01", 35_000), at="2025-08-01", editions=[late])

    assert told(found) == [("2025-07-01", "began", "vib")]


# What is said beforehand.


def test_a_member_is_told_what_is_missing_to_rise() -> None:
    found = stand(bought("2025-03-01", 34_999), at="2025-06-01")

    assert found.next == facts.Goal("vib", 1, instant("2026-01-01T00:00:00"))
    assert stand(bought("2025-03-01", 100_000), at="2025-06-01").next is None


def test_a_member_is_told_what_is_missing_to_stay() -> None:
    entries = [bought("2025-03-01", 35_000), bought("2026-03-01", 23_000)]
    found = stand(*entries, at="2026-06-01")

    assert found.stay == facts.Goal("vib", 12_000, instant("2027-01-01T00:00:00"))
    assert found.falls_to == "insider"


def test_a_member_is_warned_before_the_last_days_and_only_with_reason() -> None:
    entries = [bought("2025-03-01", 35_000), bought("2026-03-01", 23_000)]
    again = [*entries, bought("2026-12-05", 12_000)]

    assert [
        stand(*entries, at=at).warn for at in ("2026-12-01T23:59:59", "2026-12-02T00:00:00")
    ] == [False, True]
    assert not stand(*again, at="2026-12-10").warn
    assert not stand(*entries, at="2026-12-10", downgrade="none").warn


def test_in_a_rolling_window_the_purchase_that_is_forgotten_first_sets_the_day() -> None:
    over = ladders.Rolling(days=90)
    entries = [bought("2025-03-01", 20_000), bought("2025-04-01", 20_000)]
    found = stand(*entries, at="2025-04-02", window=over)

    assert found.stay == facts.Goal("vib", 15_000, instant("2025-05-30T00:00:00"))


def test_a_member_in_grace_is_told_what_is_missing_until_its_end() -> None:
    entry = bought("2025-06-01", 35_000)
    found = stand(entry, at="2027-01-10", grace_days=30)

    assert found.stay == facts.Goal("vib", 35_000, instant("2027-01-31T00:00:00"))
    assert found.look_at == instant("2027-01-31T00:00:00")


def test_somebody_is_looked_at_again_when_time_may_change_something() -> None:
    entries = [bought("2025-03-01", 35_000)]

    assert stand(*entries, at="2026-06-01").look_at == instant("2026-12-02T00:00:00")
    assert stand(*entries, at="2026-12-02T00:00:00").look_at == instant("2027-01-01T00:00:00")


def test_whoever_returns_often_stands_where_what_was_kept_puts_them() -> None:
    back = [(f"2025-04-{day:02}", 1_000) for day in range(1, standing.RETURNS_MAX + 5)]
    entries = [bought("2025-03-01", 50_000, *back), bought("2025-05-01", 20_000)]
    found = stand(*entries, at="2025-06-01")

    assert (found.tier, found.total) == ("vib", 70_000 - 1_000 * len(back))
    assert [one.why for one in found.steps][-1] in ("upgrade", "return")


def test_the_order_in_which_purchases_are_reported_does_not_matter() -> None:
    entries = [
        bought("2025-03-01", 20_000, ("2025-09-01", 20_000)),
        bought("2025-04-01", 20_000),
        bought("2025-05-01", 20_000),
    ]
    found = {stand(*order, at="2025-12-01") for order in itertools.permutations(entries)}

    assert len(found) == 1
