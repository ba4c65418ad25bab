"""Bad purchases are refused with the field at fault; good ones pass."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.rules.examples import LINE, NOON, line, purchase
from wallet import errors, money
from wallet.rules import purchases


def refused(bad: purchases.Purchase) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(errors.Refusal) as caught:
        purchases.check(bad)
    return caught.value.code, caught.value.path


def test_a_good_purchase_passes() -> None:
    purchases.check(
        purchase(
            line(1, tax_minor=1234, labels=("bio",), external_id="sku-1", description="Soap"),
            line(2, 0, category="", quantity_milli=1),
            line(3, 499, kind="shipping", category=""),
            paid_with_cashback_minor=1733,
            events=(purchases.Event("paid", NOON), purchases.Event("shipped", NOON)),
            store=None,
        )
    )


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - what a careless till sends


@pytest.mark.parametrize(
    ("facts", "code", "path"),
    [
        ({"reference": ""}, "TEXT_INVALID", ("reference",)),
        ({"reference": "  "}, "TEXT_INVALID", ("reference",)),
        ({"reference": "x" * 129}, "TEXT_INVALID", ("reference",)),
        ({"reference": "a\x00b"}, "TEXT_INVALID", ("reference",)),
        ({"reference": "a\ud800"}, "TEXT_INVALID", ("reference",)),
        ({"store": ""}, "TEXT_INVALID", ("store",)),
        ({"asset": "XXX"}, "CURRENCY_MISMATCH", ("asset",)),
        ({"channel": "fax"}, "PURCHASE_INVALID", ("channel",)),
        ({"purchased_at": NAIVE}, "PURCHASE_INVALID", ("purchased_at",)),
        (
            {"purchased_at": datetime(1970, 1, 1, tzinfo=UTC)},
            "PURCHASE_INVALID",
            ("purchased_at",),
        ),
        (
            {"purchased_at": datetime(9999, 12, 31, tzinfo=UTC)},
            "PURCHASE_INVALID",
            ("purchased_at",),
        ),
        ({"lines": ()}, "PURCHASE_INVALID", ("lines",)),
        ({"paid_with_cashback_minor": -1}, "AMOUNT_INVALID", ("paid_with_cashback",)),
        ({"paid_with_cashback_minor": 1235}, "AMOUNT_INVALID", ("paid_with_cashback",)),
        (
            {"events": (purchases.Event("sold", NOON),)},  # type: ignore[arg-type]
            "EVENT_INVALID",
            ("events", "0", "kind"),
        ),
        (
            {"events": (purchases.Event("paid", NOON), purchases.Event("paid", NOON))},
            "EVENT_INVALID",
            ("events", "1", "kind"),
        ),
        (
            {"events": (purchases.Event("paid", datetime(2026, 1, 1)),)},  # noqa: DTZ001
            "PURCHASE_INVALID",
            ("events", "0", "at"),
        ),
    ],
)
def test_a_bad_field_of_a_purchase_is_named(
    facts: dict[str, Any], code: str, path: tuple[str, ...]
) -> None:
    assert refused(purchase(**facts)) == (code, path)


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ({"number": 0}, "PURCHASE_INVALID", "number"),
        ({"number": 1_000_001}, "PURCHASE_INVALID", "number"),
        ({"number": 1}, "PURCHASE_INVALID", "number"),
        ({"kind": "gift"}, "PURCHASE_INVALID", "kind"),
        ({"quantity_milli": 0}, "PURCHASE_INVALID", "quantity"),
        ({"quantity_milli": -1000}, "PURCHASE_INVALID", "quantity"),
        ({"quantity_milli": 10**9 + 1}, "PURCHASE_INVALID", "quantity"),
        ({"quantity_milli": 1.5}, "PURCHASE_INVALID", "quantity"),
        ({"amount_minor": -1}, "AMOUNT_INVALID", "amount"),
        ({"amount_minor": money.AMOUNT_MAX_MINOR + 1}, "AMOUNT_INVALID", "amount"),
        ({"amount_minor": 12.34}, "AMOUNT_INVALID", "amount"),
        ({"amount_minor": True}, "AMOUNT_INVALID", "amount"),
        ({"discount_minor": -1}, "AMOUNT_INVALID", "discount"),
        ({"tax_minor": 1235}, "AMOUNT_INVALID", "tax"),
        ({"tax_minor": -1}, "AMOUNT_INVALID", "tax"),
        ({"category": "x" * 65}, "TEXT_INVALID", "category"),
        ({"category": "\x00"}, "TEXT_INVALID", "category"),
        ({"labels": tuple("abcdefghijklmnopqrstu")}, "TOO_MANY", "labels"),
        ({"external_id": "x" * 201}, "TEXT_INVALID", "external_id"),
        ({"product": "\udfff"}, "TEXT_INVALID", "product"),
        ({"description": "x" * 201}, "TEXT_INVALID", "description"),
    ],
)
def test_a_bad_field_of_a_line_is_named_with_its_place(
    facts: dict[str, Any], code: str, field: str
) -> None:
    bad = replace(LINE, **{"number": 2, **facts})

    assert refused(purchase(LINE, bad)) == (code, ("lines", "1", field))


def test_nothing_is_reported_from_the_future_but_a_clock_may_be_a_day_ahead() -> None:
    ahead = NOON + purchases.AHEAD_MAX
    too_far = ahead + timedelta(seconds=1)

    purchases.check(
        purchase(purchased_at=ahead, events=(purchases.Event("paid", ahead),)), known_at=NOON
    )

    for facts, path in (
        ({"purchased_at": too_far}, ("purchased_at",)),
        ({"events": (purchases.Event("paid", too_far),)}, ("events", "0", "at")),
    ):
        with pytest.raises(errors.PurchaseInvalid) as caught:
            purchases.check(purchase(**facts), known_at=NOON)
        assert caught.value.path == path


def test_a_bad_label_is_named_with_its_place() -> None:
    assert refused(purchase(line(labels=("good", "")))) == (
        "TEXT_INVALID",
        ("lines", "0", "labels", "1"),
    )


def test_as_many_lines_as_the_limit_pass_and_one_more_does_not() -> None:
    lines = tuple(line(number) for number in range(1, purchases.LINES_MAX + 2))

    purchases.check(purchase(*lines[:-1]))

    assert refused(purchase(*lines)) == ("TOO_MANY", ("lines",))


def test_the_largest_purchase_passes_and_one_unit_more_does_not() -> None:
    purchases.check(purchase(line(1, money.AMOUNT_MAX_MINOR)))

    for more in (line(2, 1), line(2, 0, discount_minor=1)):
        assert refused(purchase(line(1, money.AMOUNT_MAX_MINOR), more)) == (
            "AMOUNT_INVALID",
            ("lines",),
        )


@pytest.mark.parametrize(
    "token", ["4111111111111111", "card:aurora/4111 1111 1111 1111", "visa5500-0000-0000-0004"]
)
def test_a_cards_number_is_no_token(token: str) -> None:
    assert ("PURCHASE_INVALID", ("instrument",)) == refused(purchase(LINE, instrument=token))


@pytest.mark.parametrize(
    "token",
    [
        "card:aurora/4111111111111112",  # its check digit is wrong, so no card has it
        "9c411111-1111-4111-8111-41111111111a",
        "card:aurora/41111111111111114111111111111111",  # longer than any card's
    ],
)
def test_a_token_of_many_digits_is_one(token: str) -> None:
    purchases.check(purchase(LINE, instrument=token))
