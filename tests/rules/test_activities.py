"""What counts as an activity, and which campaigns give for it."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.wallet import inviting
from wallet import errors
from wallet.rules import activities
from wallet.rules.activities import Activity, Bought
from wallet.rules.campaigns import facts, programme
from wallet.rules.campaigns.definition import Definition

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TODAY = NOON.date()
ROSA, OTHER = uuid.UUID(int=2), uuid.UUID(int=3)
PLACE = facts.Place(ROSA, uuid.UUID(int=1), "Europe/Lisbon")
GOOD: dict[str, Activity] = {
    "review": Activity(
        kind="review",
        reference="r-1",
        happened_at=NOON,
        proof="https://rosa.example/reviews/1",
        purchase_id=uuid.UUID(int=9),
        line_no=1,
        stars=4,
    ),
    "share": Activity(kind="share", reference="s-1", happened_at=NOON, proof="post 17"),
    "visit": Activity(kind="visit", reference="v-1", happened_at=NOON),
    "quiz": Activity(kind="quiz", reference="q-1", happened_at=NOON, name="Bread", score=80),
    "custom": Activity(
        kind="custom", reference="c-1", happened_at=NOON, name="recycling", proof="slip 4"
    ),
}


def version(number: int = 1, **changes: Any) -> facts.Version:
    """A campaign that gives 1.00 for each visit, one in a month, but for what is given."""
    on = {"on": "activity", "kind": "visit", **changes.pop("on", {})}
    plain = {"give": {"give": "amount", "minor": 100}, "name": f"Campaign {number}"}
    plain |= {"stack": {"group": "bonus", "priority": number, **changes.pop("stack", {})}}
    raw = inviting.definition(**{**plain, **changes, "on": on})
    return facts.Version(
        uuid.UUID(int=number), uuid.UUID(int=100 + number), msgspec.convert(raw, Definition)
    )


def decide(
    *versions: facts.Version,
    activity: Activity = GOOD["visit"],
    rules: programme.Rules = programme.DEFAULT,
    **member: Any,
) -> activities.Outcome:
    return activities.decide(activity, versions, rules, place=PLACE, member=facts.Member(**member))


def given(found: activities.Outcome) -> list[tuple[int, int]]:
    return [(one.version.campaign_id.int, one.desired_minor) for one in found.chosen]


def why(found: activities.Outcome) -> dict[int, list[Any]]:
    return {one.version.campaign_id.int: list(one.reasons) for one in found.missed}


@pytest.mark.parametrize("kind", activities.KINDS)
def test_a_whole_activity_of_each_kind_passes(kind: str) -> None:
    activities.check(GOOD[kind], known_at=NOON)


@pytest.mark.parametrize(
    ("kind", "changes", "path"),
    [
        ("visit", {"kind": "dance"}, "kind"),
        ("visit", {"reference": ""}, "reference"),
        ("visit", {"reference": "x" * 129}, "reference"),
        ("visit", {"name": " "}, "name"),
        ("visit", {"proof": "x" * 501}, "proof"),
        ("visit", {"happened_at": NOON + timedelta(minutes=6)}, "happened_at"),
        ("visit", {"happened_at": NOON.replace(tzinfo=None)}, "happened_at"),
        ("visit", {"score": 1}, "score"),
        ("visit", {"stars": 1}, "stars"),
        ("visit", {"line_no": 1}, "line_no"),
        ("visit", {"purchase_id": ROSA}, "purchase_id"),
        ("share", {"proof": None}, "proof"),
        ("custom", {"proof": None}, "proof"),
        ("custom", {"name": None}, "name"),
        ("quiz", {"score": None}, "score"),
        ("quiz", {"score": -1}, "score"),
        ("quiz", {"score": 1_000_001}, "score"),
        ("review", {"proof": None}, "proof"),
        ("review", {"purchase_id": None}, "purchase_id"),
        ("review", {"line_no": None}, "line_no"),
        ("review", {"stars": None}, "stars"),
        ("review", {"stars": 0}, "stars"),
        ("review", {"stars": 6}, "stars"),
    ],
)
def test_what_no_activity_can_be_is_refused_at_its_field(
    kind: str, changes: dict[str, Any], path: str
) -> None:
    with pytest.raises((errors.ActivityInvalid, errors.TextInvalid)) as caught:
        activities.check(replace(GOOD[kind], **changes), known_at=NOON)

    assert (path,) == caught.value.path


def test_what_is_too_old_is_refused_at_its_time() -> None:
    activities.check_age(GOOD["visit"], known_at=NOON + activities.AGE_MAX)
    with pytest.raises(errors.ActivityInvalid) as caught:
        activities.check_age(GOOD["visit"], known_at=NOON + timedelta(days=91))

    assert ("happened_at",) == caught.value.path


@pytest.mark.parametrize(
    ("bought", "kept"),
    [
        (Bought(1000, 0, 500, 0), True),
        (Bought(2000, 1000, 500, 250), True),
        (Bought(1000, 1000, 500, 500), False),
        (Bought(2000, 500, 500, 500), False),
        (Bought(1000, 0, 0, 0), True),
    ],
)
def test_a_line_that_came_back_whole_is_not_kept(bought: Bought, kept: bool) -> None:
    assert kept == bought.kept


def test_a_review_of_nothing_is_refused_at_the_line() -> None:
    for bought in (None, Bought(1000, 1000, 500, 500)):
        with pytest.raises(errors.ActivityInvalid) as caught:
            activities.check_line(bought)

        assert ("line_no",) == caught.value.path


def test_campaigns_for_something_else_are_not_spoken_of() -> None:
    others = (
        version(1, on={"kind": "share"}),
        version(2, on={"name": "open day"}),
        version(3, merchants=[str(OTHER)]),
    )

    assert activities.Outcome((), ()) == decide(*others)


def test_a_name_is_matched_however_it_is_spelled() -> None:
    visit = replace(GOOD["visit"], name="OPEN  day")

    assert [(1, 100)] == given(decide(version(1, on={"name": "Open Day"}), activity=visit))


def test_stars_never_change_what_is_given() -> None:
    campaign = version(1, on={"kind": "review"})

    found = {
        stars: given(decide(campaign, activity=replace(GOOD["review"], stars=stars)))
        for stars in range(1, 6)
    }

    assert {stars: [(1, 100)] for stars in range(1, 6)} == found


def test_a_score_below_the_least_gives_nothing_and_says_so() -> None:
    campaign = version(1, on={"kind": "quiz", "score_min": 81})

    low = decide(campaign, activity=GOOD["quiz"])
    high = decide(campaign, activity=replace(GOOD["quiz"], score=81))

    assert ([], {1: [activities.SCORE]}) == (given(low), why(low))
    assert not low.spent
    assert [(1, 100)] == given(high)


@pytest.mark.parametrize(
    ("per", "day", "spent"),
    [
        ("day", TODAY, True),
        ("day", TODAY - timedelta(days=1), False),
        ("week", TODAY - timedelta(days=1), True),
        ("week", TODAY - timedelta(days=2), False),
        ("month", TODAY.replace(day=1), True),
        ("month", TODAY - timedelta(days=10), False),
        ("year", TODAY.replace(month=1, day=1), True),
        ("year", TODAY.replace(year=2025, month=12, day=31), False),
        ("campaign", TODAY.replace(year=2024), True),
    ],
)
def test_so_many_count_in_each_period(per: str, day: Any, spent: bool) -> None:
    campaign = version(1, on={"most": 2, "per": per})
    used = {campaign.campaign_id: (facts.Used(day, 0, 2),)}

    assert spent is decide(campaign, usage=used).spent


def test_a_limit_beside_another_reason_is_no_limit_alone() -> None:
    campaign = version(1, when=[{"if": "tier", "any_of": ["gold"]}])
    used = {campaign.campaign_id: (facts.Used(TODAY, 100, 1),)}

    found = decide(campaign, usage=used)

    assert ["tier", "activity"] == [reason["if"] for reason in why(found)[1]]
    assert not found.spent


@pytest.mark.parametrize(
    ("condition", "member", "held"),
    [
        ({"if": "segment", "any_of": ["fans"]}, {"segments": frozenset({"fans"})}, True),
        ({"if": "segment", "any_of": ["fans"]}, {}, False),
        ({"if": "tier", "any_of": ["gold"]}, {"tier": "gold"}, True),
        ({"if": "joined", "within_days": 3}, {"joined_days": 4}, False),
        ({"if": "birthday"}, {"birthday_known": True, "birthday_days": 0}, True),
        ({"if": "schedule", "days": ["tue"]}, {}, True),
        ({"if": "schedule", "since": "13:00"}, {}, False),
        (
            {"if": "experiment", "experiment_id": str(OTHER), "arm": "B"},
            {"arms": {OTHER: "B"}},
            True,
        ),
    ],
)
def test_conditions_on_the_moment_and_the_member_hold_or_say_why(
    condition: Any, member: dict[str, Any], held: bool
) -> None:
    found = decide(version(1, when=[condition]), **member)

    assert held == bool(found.chosen)
    assert held or condition["if"] == why(found)[1][0]["if"]


def test_terms_that_want_acceptance_wait_for_it() -> None:
    campaign = version(1, terms={"text": {"en": "As agreed."}, "acceptance": True})

    assert {1: [{"if": "terms"}]} == why(decide(campaign))
    assert [(1, 100)] == given(decide(campaign, accepted=frozenset({campaign.version_id})))


def test_of_a_group_all_the_best_or_the_first_give() -> None:
    pair = version(1), version(2, give={"give": "amount", "minor": 300})

    found = {
        mode: given(
            decide(*pair, rules=programme.Rules(groups=(programme.Group(name="bonus", mode=mode),)))
        )
        for mode in ("all", "best", "first")
    }

    assert {"all": [(1, 100), (2, 300)], "best": [(2, 300)], "first": [(1, 100)]} == found


def test_an_exclusive_campaign_bars_the_groups_after_it() -> None:
    alone = version(1, stack={"exclusive": True})
    later = version(2, stack={"group": "offers"})

    found = decide(later, alone)

    assert [(1, 100)] == given(found)
    assert {2: [{"if": "excluded", "by": "Campaign 1"}]} == why(found)


def test_what_is_no_money_is_given_for_nothing() -> None:
    campaign = version(1, give={"give": "coupon", "name": "coffee"})

    assert [(1, 0)] == given(decide(campaign))
