"""Terms: read strictly, with the field at fault; written as they are read."""

import json
from typing import Any

import pytest

from tests.rules.examples import TERMS
from wallet import errors, money
from wallet.rules import contracts


def written() -> dict[str, Any]:
    """Terms as a merchant would write them."""
    return {
        "asset": "EUR",
        "rates": {"default_bps": 100, "by_category": {"Beauty": 500}},
        "minimum": {"amount_minor": 2000, "boundary": "at_least", "measured_on": "base"},
        "base": {
            "discounts": "net",
            "tax": "with",
            "shipping": False,
            "excluded_categories": ["Tobacco"],
        },
        "rounding": "half_even",
        "pending": {"event": "paid", "days": 14, "wait_days_max": 60, "on_wait_end": "cancel"},
        "expiry": {"days": 365},
        "deficit": {"policy": "member_owes", "max_minor": 5000},
        "breakage": "operator",
    }


def test_terms_are_read_with_their_defaults() -> None:
    terms = contracts.parse(written())

    assert terms.rates.by_category == {"beauty": 500}
    assert terms.base.excluded_categories == ("tobacco",)
    assert terms.base.cashback_part_earns is False
    assert terms.expiry == contracts.Expiry(days=365, grace_days=30, notice_days=0)
    assert terms.hold_minutes == 15
    assert terms.rounding is money.Rounding.HALF_EVEN


def test_terms_are_read_back_from_what_is_written() -> None:
    for terms in (TERMS, contracts.parse(written())):
        stored = json.loads(json.dumps(contracts.dump(terms)))

        assert contracts.parse(stored) == terms


BAD: list[tuple[str, Any]] = [
    ("asset", "XXX"),
    ("asset", None),
    ("rates", None),
    ("rates.default_bps", -1),
    ("rates.default_bps", 10_001),
    ("rates.default_bps", 5.0),
    ("rates.default_bps", "5"),
    ("rates.default_bps", True),
    ("rates.by_category.Beauty", 10_001),
    ("rates.by_category.BEAUTY ", 5),
    ("rates.by_category.", 5),
    ("rates.by_category." + "ŉ" * 33, 5),
    ("rates.extra", 1),
    ("minimum.amount_minor", money.AMOUNT_MAX_MINOR + 1),
    ("minimum.boundary", "over"),
    ("base.tax", "maybe"),
    ("base.shipping", 1),
    ("base.excluded_categories.0", 7),
    ("base.excluded_categories.0", "beauty"),
    ("base.excluded_categories.0", "\x00"),
    ("rounding", "ceiling"),
    ("pending.event", "sold"),
    ("pending.days", 731),
    ("pending.on_wait_end", "wait"),
    ("expiry.days", 0),
    ("expiry.notice_days", 365),
    ("deficit.max_minor", -1),
    ("breakage", "nobody"),
    ("hold_minutes", 0),
    ("hold_minutes", 1441),
    ("holdMinutes", 15),
]


@pytest.mark.parametrize(("place", "value"), BAD)
def test_a_bad_field_of_terms_is_named(place: str, value: Any) -> None:
    raw: Any = written()
    *way, last = place.split(".")
    spot = raw
    for step in way:
        spot = spot[step]
    spot[int(last) if isinstance(spot, list) else last] = value

    with pytest.raises(errors.TermsInvalid) as caught:
        contracts.parse(raw)

    assert caught.value.path == tuple(place.split("."))
    assert place.strip() in caught.value.message


@pytest.mark.parametrize("place", ["asset", "pending", "pending.days", "deficit.policy"])
def test_a_missing_field_of_terms_is_named(place: str) -> None:
    raw: Any = written()
    *way, last = place.split(".")
    spot = raw
    for step in way:
        spot = spot[step]
    del spot[last]

    with pytest.raises(errors.TermsInvalid) as caught:
        contracts.parse(raw)

    assert caught.value.path == tuple(place.split("."))


@pytest.mark.parametrize("raw", [None, [], "terms", 7])
def test_terms_that_are_no_object_are_refused_at_the_top(raw: Any) -> None:
    with pytest.raises(errors.TermsInvalid) as caught:
        contracts.parse(raw)

    assert caught.value.path == ()


def test_a_field_name_that_cannot_be_printed_is_still_answered_in_print() -> None:
    with pytest.raises(errors.TermsInvalid) as caught:
        contracts.parse({**written(), "\ud800" * 1000: 1})

    assert caught.value.message.encode()
    assert len(caught.value.path[0]) == 64


def test_more_categories_than_the_limit_are_refused() -> None:
    raw = written()
    raw["rates"]["by_category"] = {f"c{n}": 1 for n in range(contracts.CATEGORIES_MAX + 1)}

    with pytest.raises(errors.TermsInvalid) as caught:
        contracts.parse(raw)

    assert caught.value.path == ("rates", "by_category")


def test_the_schema_is_json_names_every_field_and_allows_no_other() -> None:
    schema = json.loads(json.dumps(contracts.json_schema()))
    terms = schema["$defs"]["Terms"]

    assert schema == contracts.json_schema()
    assert set(terms["properties"]) == set(contracts.dump(TERMS))
    for part in schema["$defs"].values():
        if part.get("type") == "object":
            assert part["additionalProperties"] is False


def test_breakage_goes_to_a_charity_only_when_the_charity_is_named() -> None:
    charity_id = "01a20038-3ba3-765c-af9a-3fa2cfda6fc4"
    named = {**written(), "breakage": "charity"}

    with pytest.raises(errors.TermsInvalid) as refused:
        contracts.parse(named)
    assert refused.value.path == ("charity_id",)
    assert contracts.parse({**named, "charity_id": charity_id}).breakage == "charity"
