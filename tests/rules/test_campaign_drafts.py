"""Drafts of campaigns: read strictly, with the field at fault; contradictions are refused."""

import json
from datetime import timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.examples import NOON
from wallet import errors, ids
from wallet.rules.campaigns import contradictions, drafts, programme
from wallet.rules.campaigns.definition import Definition

GROUPS = ("bonus", "offers", "late")
ROSA, BAKERY = ids.new(), ids.new()
DAY = timedelta(days=1)


def at(days: int) -> str:
    return (NOON + days * DAY).isoformat()


def written(**changes: Any) -> dict[str, Any]:
    """A campaign of 5 % for a month as an operator would write it, but for what is given."""
    plain: dict[str, Any] = {
        "name": "March bonus",
        "asset": "EUR",
        "starts_at": at(0),
        "ends_at": at(30),
        "give": {"give": "rate", "bps": 500},
        "stack": {"group": "bonus", "priority": 10},
        "funding": [{"funder": "operator", "bps": 10_000}],
        "terms": {"text": {"en": "Five per cent on everything."}},
    }
    return {**plain, **changes}


def parse(raw: object, *others: contradictions.Other) -> Definition:
    return drafts.parse(raw, house_asset="EUR", now=NOON, groups=GROUPS, others=others)


def refused(raw: object, *others: contradictions.Other) -> errors.CampaignInvalid:
    with pytest.raises(errors.CampaignInvalid) as caught:
        parse(raw, *others)
    return caught.value


def put(place: str, value: Any, raw: dict[str, Any] | None = None) -> dict[str, Any]:
    """Put a value at a dotted place; the way is made where it is not there."""
    made: dict[str, Any] = json.loads(json.dumps(written() if raw is None else raw))
    *way, last = place.split(".")
    spot: Any = made
    for step in way:
        spot = spot[int(step)] if isinstance(spot, list) else spot.setdefault(step, {})
    spot[int(last) if isinstance(spot, list) else last] = value
    return made


CATEGORY = {"if": "category", "any_of": ["Beauty", "Bread"]}
ACTIVITY = {
    "on": {"on": "activity", "kind": "review"},
    "give": {"give": "amount", "minor": 50},
}
REFERRAL = {
    "on": {"on": "referral", "referrer_minor": 500, "purchase_min_minor": 2_000},
    "give": {"give": "amount", "minor": 500},
}
FIXED = {"give": {"give": "amount", "minor": 500}}
COUPON = {"give": {"give": "coupon", "name": "Coffee"}}
PTS = {"asset": "PTS", "give": {"give": "points", "units": 1, "per_minor": 100}}


def test_a_campaign_is_read_with_its_defaults() -> None:
    raw = written(lines=[CATEGORY], when=[{"if": "bundle", "all_of": ["Coffee ", "CUPCAKES"]}])

    found = parse(raw)

    assert ("beauty", "bread") == found.lines[0].any_of  # type: ignore[union-attr]
    assert ("coffee", "cupcakes") == found.when[0].all_of  # type: ignore[union-attr]
    assert NOON == found.starts_at
    assert (None, (), "recheck") == (found.budget, found.caps.member, found.on_return)


NOT_READ: list[tuple[str, Any]] = [
    ("foo", 1),
    ("give.give", "magic"),
    ("give.bps", 5.0),
    ("give.bps", 0),
    ("give.percent", 5),
    ("stack.order", 1),
    ("stack.priority", -1),
    ("asset", None),
    ("name", ""),
    ("name", " "),
    ("name", "half \ud800"),
    ("starts_at", "2026-03-10T12:00:00"),
    ("starts_at", "tomorrow"),
    ("starts_at", "1999-03-10T12:00:00Z"),
    ("ends_at", "2200-03-10T12:00:00Z"),
    ("funding", []),
    ("funding.0.funder", "somebody"),
    ("merchants", ["mer_x"]),
    ("rounding", "ceiling"),
    ("terms.text.en", ""),
    ("terms.text.en", "\x00"),
    ("stack.priority", 10_001),
]


@pytest.mark.parametrize(("place", "value"), NOT_READ)
def test_a_field_that_can_not_be_read_is_named(place: str, value: Any) -> None:
    raw = written()
    *way, last = place.split(".")
    spot: Any = raw
    for step in way:
        spot = spot[int(step)] if isinstance(spot, list) else spot[step]
    spot[last] = value

    refusal = refused(raw)

    path = (*place.split("."), "0") if place == "merchants" else tuple(place.split("."))
    assert path == refusal.path
    assert ".".join(refusal.path) in refusal.message


@pytest.mark.parametrize("place", ["name", "give", "stack.group", "terms.text", "funding"])
def test_a_missing_field_is_named(place: str) -> None:
    raw: Any = written()
    *way, last = place.split(".")
    spot = raw
    for step in way:
        spot = spot[step]
    del spot[last]

    assert tuple(place.split(".")) == refused(raw).path


@pytest.mark.parametrize("raw", [None, [], "campaign", 7])
def test_what_is_no_object_is_refused_at_the_top(raw: Any) -> None:
    assert () == refused(raw).path


GOOD: dict[str, dict[str, Any]] = {
    "a plain one": {},
    "one that began just now": {"starts_at": (NOON - timedelta(minutes=5)).isoformat()},
    "one without an end": {"ends_at": None},
    "points": PTS,
    "an amount with its cap": {**FIXED, "caps": {"purchase_minor": 500}},
    "a budget of one amount": {**FIXED, "budget": {"minor": 500}},
    "an amount for each unit": {
        "give": {"give": "amount", "minor": 50, "per": "unit"},
        "caps": {"purchase_minor": 500, "member": [{"minor": 500, "per": "day"}]},
    },
    "a week's cap above a month's": {
        "caps": {"member": [{"minor": 500, "per": "month"}, {"minor": 501, "per": "week"}]}
    },
    "a category but not another": {
        "lines": [CATEGORY, {"if": "category", "any_of": ["tobacco"], "unless": True}]
    },
    "two labels with evidence": {
        "lines": [{"if": "certified", "label": "organic"}, {"if": "certified", "label": "fair"}]
    },
    "a multiple of an earlier group": {
        "stack": {"group": "late", "priority": 1},
        "give": {"give": "multiplier", "times_milli": 2000, "of": "offers"},
    },
    "a night": {"when": [{"if": "schedule", "since": "22:00", "until": "02:00"}]},
    "a short one on its day": {
        "ends_at": at(1),
        "when": [{"if": "schedule", "days": ["tue"], "since": "20:00", "until": "24:00"}],
    },
    "a review": ACTIVITY,
    "a coupon for a friend": {**REFERRAL, **COUPON, "budget": {"minor": 500}},
    "shares": {
        "merchants": [str(ROSA), str(BAKERY)],
        "funding": [
            {"funder": "merchant", "bps": 5_000},
            {"funder": str(ROSA), "bps": 5_000},
        ],
    },
}


@pytest.mark.parametrize("what", GOOD)
def test_what_can_be_run_is_read_back_from_what_is_written(what: str) -> None:
    found = parse(written(**GOOD[what]))
    stored = json.loads(json.dumps(drafts.dump(found)))

    assert found == parse(stored) == drafts.read(stored)


@given(
    categories=st.lists(st.text(min_size=1, max_size=64), min_size=1, max_size=4),
    bps=st.integers(1, 10_000),
    priority=st.integers(0, 10_000),
    starts=st.integers(0, 10**7),
    lasts=st.integers(1, 10**7) | st.none(),
    offset=st.integers(-14, 14),
    budget=st.integers(1, 10**12) | st.none(),
)
def test_whatever_is_accepted_is_written_as_it_is_read(
    categories: list[str],
    bps: int,
    priority: int,
    starts: int,
    lasts: int | None,
    offset: int,
    budget: int | None,
) -> None:
    begins = NOON + timedelta(seconds=starts)
    local = begins.astimezone(timezone(timedelta(hours=offset)))
    raw = written(
        lines=[{"if": "category", "any_of": categories}],
        give={"give": "rate", "bps": bps},
        stack={"group": "bonus", "priority": priority},
        starts_at=local.isoformat(),
        ends_at=None if lasts is None else (begins + timedelta(seconds=lasts)).isoformat(),
        budget=None if budget is None else {"minor": budget},
    )
    try:
        found = parse(raw)
    except errors.CampaignInvalid as refusal:
        assert refusal.path[0] == "lines"  # noqa: PT017 - only a name may be wrong here
        return

    assert found == parse(drafts.dump(found))
    assert found == parse(json.loads(json.dumps(drafts.dump(found))))


def test_the_schema_of_a_definition_allows_no_unknown_field_and_is_plain_json() -> None:
    schema = drafts.json_schema()

    assert schema == json.loads(json.dumps(schema))
    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    for name, part in schema["$defs"].items():
        if "properties" in part:
            assert part["additionalProperties"] is False, name
        assert "\n  " not in part.get("description", "")
    assert set(Definition.__struct_fields__) == set(schema["$defs"]["Definition"]["properties"])


def test_the_rules_of_a_programme_are_read_back_from_what_is_written() -> None:
    for rules in (programme.DEFAULT, programme.parse({"groups": [{"name": "a", "mode": "first"}]})):
        assert rules == programme.parse(json.loads(json.dumps(programme.dump(rules))))
    assert ("bonus", "offers") == programme.DEFAULT.names()


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ({"groups": []}, "groups"),
        ({"groups": [{"name": "a", "mode": "any"}]}, "groups.0.mode"),
        ({"groups": [{"name": "a", "mode": "all"}] * 2}, "groups.1.name"),
        ({"groups": [{"name": "contract", "mode": "all"}]}, "groups.0.name"),
        ({"groups": [{"name": " a", "mode": "all"}]}, "groups.0.name"),
        ({"groups": [{"name": "\x00", "mode": "all"}]}, "groups.0.name"),
        (
            {"groups": [{"name": "a", "mode": "all"}], "purchase_cap_minor": 0},
            "purchase_cap_minor",
        ),
    ],
)
def test_rules_that_can_not_be_run_are_refused_at_their_field(raw: Any, path: str) -> None:
    with pytest.raises(errors.CampaignInvalid) as caught:
        programme.parse(raw)

    assert tuple(path.split(".")) == caught.value.path


def test_a_definition_is_frozen() -> None:
    assert Definition.__struct_config__.frozen
    assert isinstance(parse(written()), msgspec.Struct)
