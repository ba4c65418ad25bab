"""Campaigns that contradict themselves, the programme or another campaign are refused by field."""

from typing import Any

import pytest

from tests.rules.test_campaign_drafts import (
    ACTIVITY,
    BAKERY,
    CATEGORY,
    COUPON,
    FIXED,
    PTS,
    REFERRAL,
    ROSA,
    at,
    parse,
    refused,
    written,
)
from wallet import ids
from wallet.rules.campaigns import contradictions

# What is changed of a good campaign, and the path of the field that is refused for it.
CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "another currency": ({"asset": "USD"}, "asset"),
    "no currency": ({"asset": "XXX"}, "asset"),
    "a start in the past": ({"starts_at": at(-1)}, "starts_at"),
    "an end at the start": ({"ends_at": at(0)}, "ends_at"),
    "an end before the start": ({"ends_at": at(-1)}, "ends_at"),
    "a rate in points": ({"asset": "PTS"}, "give"),
    "an offer in points": ({**PTS, "give": {"give": "personal", "bps_max": 500}}, "give"),
    "a multiple of the contract in points": (
        {**PTS, "give": {"give": "multiplier", "times_milli": 2000}},
        "give.of",
    ),
    "a top-up in points": (
        {**PTS, "stack": {"group": "bonus", "priority": 1, "tops_up": True}},
        "stack.tops_up",
    ),
    "points in euros": ({**PTS, "asset": "EUR"}, "asset"),
    "points for a charity": (
        {**PTS, "charity": {"charity_id": str(ROSA), "bps": 100}},
        "charity",
    ),
    "a coupon for a charity": (
        {**COUPON, "charity": {"charity_id": str(ROSA), "bps": 100}},
        "charity",
    ),
    "shares below the whole": ({"funding": [{"funder": "operator", "bps": 9_999}]}, "funding"),
    "shares above the whole": (
        {
            "funding": [
                {"funder": "operator", "bps": 9_999},
                {"funder": "merchant", "bps": 2},
            ]
        },
        "funding",
    ),
    "a funder twice": (
        {
            "funding": [
                {"funder": "operator", "bps": 5_000},
                {"funder": "operator", "bps": 5_000},
            ]
        },
        "funding.1.funder",
    ),
    "a funder twice by another name": (
        {
            "merchants": [str(ROSA)],
            "funding": [
                {"funder": str(ROSA), "bps": 5_000},
                {"funder": "merchant", "bps": 5_000},
            ],
        },
        "funding.1.funder",
    ),
    "a purchase cap above a member cap": (
        {"caps": {"purchase_minor": 501, "member": [{"minor": 500, "per": "month"}]}},
        "caps.purchase_minor",
    ),
    "a day cap above a month cap": (
        {"caps": {"member": [{"minor": 500, "per": "month"}, {"minor": 501, "per": "day"}]}},
        "caps.member.1.minor",
    ),
    "two caps of a period": (
        {"caps": {"member": [{"minor": 500, "per": "month"}, {"minor": 400, "per": "month"}]}},
        "caps.member.1.per",
    ),
    "a member cap above the budget": (
        {"caps": {"member": [{"minor": 501, "per": "month"}]}, "budget": {"minor": 500}},
        "caps.member.0.minor",
    ),
    "a purchase cap above the budget": (
        {"caps": {"purchase_minor": 501}, "budget": {"minor": 500}},
        "caps.purchase_minor",
    ),
    "an amount above its cap": ({**FIXED, "caps": {"purchase_minor": 499}}, "give.minor"),
    "an amount above a member's cap": (
        {**FIXED, "caps": {"member": [{"minor": 499, "per": "year"}]}},
        "give.minor",
    ),
    "a cap above the amount": ({**FIXED, "caps": {"purchase_minor": 501}}, "caps.purchase_minor"),
    "a cap of a coupon": ({**COUPON, "caps": {"purchase_minor": 1}}, "caps"),
    "a budget of a coupon": ({**COUPON, "budget": {"minor": 1}}, "budget"),
    "a budget below one amount": ({**FIXED, "budget": {"minor": 499}}, "budget.minor"),
    "a budget below one referral": ({**REFERRAL, "budget": {"minor": 999}}, "budget.minor"),
    "an invitation that asks who it is": (
        {**REFERRAL, "when": [{"if": "segment", "any_of": ["families"]}]},
        "when.0",
    ),
    "an invitation that nobody pays": (
        {
            **REFERRAL,
            "funding": [{"funder": "operator", "bps": 1}, {"funder": "merchant", "bps": 9_999}],
        },
        "funding.1.funder",
    ),
    "alerts out of order": (
        {"budget": {"minor": 500, "alerts_bps": [9_000, 9_000]}},
        "budget.alerts_bps.1",
    ),
    "two conditions of a kind": (
        {"when": [{"if": "joined", "within_days": 3}, {"if": "joined", "within_days": 4}]},
        "when.1",
    ),
    "two line conditions of a kind": ({"lines": [CATEGORY, CATEGORY]}, "lines.1"),
    "a category twice": ({"lines": [{**CATEGORY, "any_of": ["a", "A "]}]}, "lines.0.any_of.1"),
    "a category demanded and excluded": (
        {"lines": [CATEGORY, {"if": "category", "any_of": ["x", "BREAD"], "unless": True}]},
        "lines.1.any_of.1",
    ),
    "a category that grows": ({"lines": [{**CATEGORY, "any_of": ["ŉ" * 33]}]}, "lines.0.any_of.0"),
    "a bundle of one category": (
        {"when": [{"if": "bundle", "all_of": ["Coffee", "COFFEE"]}]},
        "when.0.all_of.1",
    ),
    "a schedule without time": (
        {"when": [{"if": "schedule", "since": "10:00", "until": "10:00"}]},
        "when.0.until",
    ),
    "a schedule on other days": (
        {"ends_at": at(1), "when": [{"if": "schedule", "days": ["fri", "sat"]}]},
        "when.0",
    ),
    "a coupon with spaces": ({"give": {"give": "coupon", "name": "Coffee "}}, "give.name"),
    "a benefit with spaces": (
        {"give": {"give": "benefit", "name": " Ship", "about": "free"}},
        "give.name",
    ),
    "a condition coupon with spaces": (
        {"when": [{"if": "coupon", "name": "Coffee "}]},
        "when.0.name",
    ),
    "a tier with spaces": ({"when": [{"if": "tier", "any_of": ["gold "]}]}, "when.0.any_of.0"),
    "a merchant twice": ({"merchants": [str(ROSA), str(ROSA)]}, "merchants.1"),
    "an unknown group": ({"stack": {"group": "mine", "priority": 1}}, "stack.group"),
    "a multiple of an unknown group": (
        {"give": {"give": "multiplier", "times_milli": 2000, "of": "mine"}},
        "give.of",
    ),
    "a multiple of its own group": (
        {"give": {"give": "multiplier", "times_milli": 2000, "of": "bonus"}},
        "give.of",
    ),
    "a multiple of a later group": (
        {"give": {"give": "multiplier", "times_milli": 2000, "of": "late"}},
        "give.of",
    ),
    "a coupon that tops up": (
        {**COUPON, "stack": {"group": "bonus", "priority": 1, "tops_up": True}},
        "stack.tops_up",
    ),
    "terms without English": ({"terms": {"text": {"pt": "Cinco por cento."}}}, "terms.text.en"),
    "terms in another language": ({"terms": {"text": {"en": "x", "fr": "x"}}}, "terms.text"),
    "a basket without a purchase": (
        {**ACTIVITY, "when": [{"if": "minimum", "amount_minor": 100}]},
        "when.0",
    ),
    "a quantity without a purchase": (
        {**REFERRAL, "when": [{"if": "quantity", "at_least_milli": 100}]},
        "when.0",
    ),
    "lines without a purchase": ({**ACTIVITY, "lines": [CATEGORY]}, "lines.0"),
    "a rate without a purchase": ({**ACTIVITY, "give": {"give": "rate", "bps": 1}}, "give"),
    "units without a purchase": (
        {**ACTIVITY, "give": {"give": "amount", "minor": 1, "per": "unit"}},
        "give.per",
    ),
    "a purchase cap without a purchase": (
        {**ACTIVITY, "caps": {"purchase_minor": 50}},
        "caps.purchase_minor",
    ),
    "a top-up without a purchase": (
        {**ACTIVITY, "stack": {"group": "bonus", "priority": 1, "tops_up": True}},
        "stack.tops_up",
    ),
    "an own activity without a name": (
        {**ACTIVITY, "on": {"on": "activity", "kind": "custom"}},
        "on.name",
    ),
    "a score without a quiz": (
        {**ACTIVITY, "on": {"on": "activity", "kind": "visit", "score_min": 1}},
        "on.score_min",
    ),
}


@pytest.mark.parametrize("why", CONTRADICTIONS)
def test_what_contradicts_itself_is_refused_at_its_field(why: str) -> None:
    changes, place = CONTRADICTIONS[why]

    refusal = refused(written(**changes))

    assert tuple(place.split(".")) == refusal.path
    assert f"at {place}: " in refusal.message


def other(**changes: Any) -> contradictions.Other:
    return contradictions.Other(ids.new(), parse(written(name="Spring", **changes)))


ELSEWHERE: list[dict[str, Any]] = [
    {"stack": {"group": "bonus", "priority": 11}},
    {"stack": {"group": "offers", "priority": 10}},
    {"starts_at": at(30), "ends_at": at(31)},
    {"merchants": [str(BAKERY)]},
    ACTIVITY,
]


@pytest.mark.parametrize("changes", ELSEWHERE)
def test_campaigns_that_do_not_meet_may_stand_side_by_side(changes: dict[str, Any]) -> None:
    mine = written(merchants=[str(ROSA)])

    assert "March bonus" == parse(mine, other(**changes)).name


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({}, {}),
        ({"merchants": [str(ROSA)]}, {}),
        ({"merchants": [str(ROSA), str(BAKERY)]}, {"merchants": [str(ROSA)]}),
        ({"starts_at": at(29), "ends_at": None}, {}),
        (ACTIVITY, ACTIVITY),
    ],
)
def test_campaigns_without_an_order_are_refused_and_the_other_is_named(
    mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    refusal = refused(written(**mine), other(**theirs))

    assert ("stack", "priority") == refusal.path
    assert "'Spring'" in refusal.message
