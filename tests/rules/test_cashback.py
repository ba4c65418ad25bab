"""What a purchase earns, in numbers and in words."""

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.rules.examples import TERMS, contract, line, purchase
from tests.rules.strategies import cases
from wallet import errors, money
from wallet.rules import cashback, contracts, purchases

Case = tuple[purchases.Purchase, contracts.Contract]


def base(**policy: Any) -> contracts.Contract:
    """Rosa's contract with another base policy."""
    return contract(base=replace(TERMS.base, **policy))


def minimum(amount_minor: int, boundary: Any, measured_on: Any = "base") -> contracts.Contract:
    """Rosa's contract with a minimum basket."""
    return contract(minimum=contracts.Minimum(amount_minor, boundary, measured_on))


def only(bought: purchases.Purchase, under: contracts.Contract) -> cashback.LineDecision:
    """The decision on a purchase of one line."""
    (decided,) = cashback.decide(bought, under).lines
    return decided


# The numbers


def test_a_category_earns_its_own_rate_and_all_else_the_default() -> None:
    decision = cashback.decide(
        purchase(line(1, 1234), line(2, 1000, category="Milk"), line(3, 1000, category="")),
        contract(),
    )

    assert [(one.rule, one.rate_bps, one.credited_minor) for one in decision.lines] == [
        ("category:beauty", 500, 62),
        ("default", 100, 10),
        ("default", 100, 10),
    ]
    assert decision.credited_minor == 82
    assert (decision.asset, decision.version) == ("EUR", 3)


def test_a_category_is_matched_whatever_its_capitals_and_spaces() -> None:
    assert only(purchase(line(category=" BEAUTY")), contract()).rule == "category:beauty"


@pytest.mark.parametrize(
    ("policy", "base_minor"),
    [
        ({"discounts": "net", "tax": "with"}, 1190),
        ({"discounts": "net", "tax": "without"}, 1000),
        ({"discounts": "gross", "tax": "with"}, 1490),
        ({"discounts": "gross", "tax": "without"}, 1300),
    ],
)
@pytest.mark.parametrize(
    ("cashback_part_earns", "paid_minor", "left_of_10"),
    [(False, 0, 10), (False, 119, 9), (False, 595, 5), (False, 1190, 0), (True, 595, 10)],
)
def test_the_base_is_what_the_contract_says_it_is(
    policy: dict[str, Any],
    base_minor: int,
    cashback_part_earns: bool,
    paid_minor: int,
    left_of_10: int,
) -> None:
    bought = purchase(
        line(amount_minor=1190, discount_minor=300, tax_minor=190),
        paid_with_cashback_minor=paid_minor,
    )

    decided = only(bought, base(cashback_part_earns=cashback_part_earns, **policy))

    assert decided.base_minor == base_minor * left_of_10 // 10


@pytest.mark.parametrize(("counts", "credited_minor"), [(True, 5), (False, 0)])
def test_shipping_earns_only_where_the_contract_counts_it(
    counts: bool, credited_minor: int
) -> None:
    bought = purchase(line(amount_minor=499, kind="shipping", category=""))

    assert only(bought, base(shipping=counts)).credited_minor == credited_minor


def test_the_part_paid_with_cashback_is_taken_out_of_every_line_by_its_amount() -> None:
    bought = purchase(
        line(1, 100), line(2, 100), line(3, 100, kind="shipping"), paid_with_cashback_minor=100
    )

    decision = cashback.decide(bought, contract())

    # 34, 33 and 33 cents of it fall on the three lines.
    assert [one.base_minor for one in decision.lines] == [66, 67, 0]


def test_a_line_of_value_zero_earns_zero() -> None:
    decided = only(purchase(line(amount_minor=0)), contract())

    assert (decided.base_minor, decided.credited_minor) == (0, 0)


def test_a_gift_earns_on_its_price_before_the_discount_where_the_contract_says_gross() -> None:
    bought = purchase(line(amount_minor=0, discount_minor=1000))

    assert only(bought, base(discounts="gross")).credited_minor == 50


@pytest.mark.parametrize("measured_on", ["base", "total"])
@pytest.mark.parametrize(
    ("boundary", "amount_minor", "earns"),
    [
        ("at_least", 1999, False),
        ("at_least", 2000, True),
        ("at_least", 2001, True),
        ("above", 1999, False),
        ("above", 2000, False),
        ("above", 2001, True),
    ],
)
def test_the_minimum_basket_is_exact_to_the_smallest_unit(
    measured_on: str, boundary: str, amount_minor: int, earns: bool
) -> None:
    bought = purchase(line(1, amount_minor - 500), line(2, 500))

    decision = cashback.decide(bought, minimum(2000, boundary, measured_on))

    assert (decision.credited_minor > 0) is earns
    if not earns:
        assert [one.rule for one in decision.lines] == ["below_minimum"] * 2
        assert [one.base_minor for one in decision.lines] == [amount_minor - 500, 500]


def test_a_minimum_on_the_base_leaves_shipping_and_the_cashback_part_out() -> None:
    bought = purchase(line(1, 2000), line(2, 500, kind="shipping"), paid_with_cashback_minor=500)

    on_base = cashback.decide(bought, minimum(1600, "at_least", "base"))
    one_more = cashback.decide(bought, minimum(1601, "at_least", "base"))
    on_total = cashback.decide(bought, minimum(2500, "at_least", "total"))

    assert on_base.credited_minor == 80
    assert one_more.credited_minor == 0
    assert on_total.credited_minor == 80


@pytest.mark.parametrize(
    ("asset", "amount_minor", "half_even", "down", "up"),
    [("JPY", 190, 10, 9, 10), ("KWD", 1250, 62, 62, 63), ("PTS", 30, 2, 1, 2), ("EUR", 0, 0, 0, 0)],
)
def test_each_asset_is_rounded_in_its_own_smallest_unit(
    asset: str, amount_minor: int, half_even: int, down: int, up: int
) -> None:
    bought = purchase(line(amount_minor=amount_minor), asset=asset)

    credited = [
        only(bought, contract(asset=asset, rounding=rounding)).credited_minor
        for rounding in (money.Rounding.HALF_EVEN, money.Rounding.DOWN, money.Rounding.UP)
    ]

    assert credited == [half_even, down, up]


def test_a_purchase_in_another_currency_than_the_contract_is_refused() -> None:
    with pytest.raises(errors.CurrencyMismatch) as caught:
        cashback.decide(purchase(asset="USD"), contract())

    assert caught.value.path == ("asset",)


# The words


@pytest.mark.parametrize(
    ("bps", "says"),
    [
        (500, "5 %"),
        (525, "5.25 %"),
        (50, "0.5 %"),
        (5, "0.05 %"),
        (10_000, "100 %"),
        (150, "1.5 %"),
    ],
)
def test_a_rate_is_printed_exactly(bps: int, says: str) -> None:
    decided = only(
        purchase(line(amount_minor=100_000)), contract(rates=contracts.Rates(default_bps=bps))
    )

    assert decided.sentence.startswith(f"{says} of 1000.00 EUR in Beauty at Rosa Drugstore: ")


SENTENCES: list[tuple[purchases.Purchase, contracts.Contract, str]] = [
    (purchase(), contract(), "5 % of 12.34 EUR in Beauty at Rosa Drugstore: 0.62 EUR."),
    (
        purchase(line(category="MEN'S CARE")),
        contract(),
        "1 % of 12.34 EUR in Men's Care at Rosa Drugstore: 0.12 EUR.",
    ),
    (
        purchase(line(category="")),
        contract(),
        "1 % of 12.34 EUR at Rosa Drugstore: 0.12 EUR.",
    ),
    (
        purchase(line(amount_minor=1434), paid_with_cashback_minor=200),
        contract(),
        (
            "5 % of 12.34 EUR in Beauty at Rosa Drugstore: 0.62 EUR. The price was 14.34 EUR; "
            "2.00 EUR of it was paid with cashback and does not earn."
        ),
    ),
    (
        purchase(paid_with_cashback_minor=1234),
        contract(),
        "Nothing earned: all 12.34 EUR of this line was paid with cashback and does not earn.",
    ),
    (
        purchase(line(amount_minor=1800)),
        minimum(2000, "at_least", "total"),
        (
            "Nothing earned: this basket is 18.00 EUR, the offer starts at 20.00 EUR. "
            "2.00 EUR was missing."
        ),
    ),
    (
        purchase(line(amount_minor=2000)),
        minimum(2000, "above"),
        (
            "Nothing earned: this basket counts 20.00 EUR, the offer starts above 20.00 EUR. "
            "0.01 EUR was missing."
        ),
    ),
    (
        purchase(line(category="tobacco")),
        base(excluded_categories=("tobacco",)),
        "Nothing earned: Tobacco is excluded from cashback at Rosa Drugstore.",
    ),
    (
        purchase(line(category="  ")),
        contract(rates=contracts.Rates(0)),
        "Nothing earned: this line earns no cashback at Rosa Drugstore.",
    ),
    (
        purchase(line(kind="shipping")),
        contract(),
        "Nothing earned: shipping does not count at Rosa Drugstore.",
    ),
    (
        purchase(line(kind="shipping", category="")),
        base(shipping=True),
        "1 % of 12.34 EUR for shipping at Rosa Drugstore: 0.12 EUR.",
    ),
    (
        purchase(line(amount_minor=0)),
        contract(),
        "Nothing earned: this line cost 0.00 EUR.",
    ),
    (
        purchase(line(amount_minor=5)),
        contract(),
        "Nothing earned: 5 % of 0.05 EUR in Beauty at Rosa Drugstore rounds to 0.00 EUR.",
    ),
    (
        purchase(),
        contract(rates=contracts.Rates(0)),
        "Nothing earned: Beauty earns no cashback at Rosa Drugstore.",
    ),
    (
        purchase(line(amount_minor=1190, tax_minor=190, discount_minor=10)),
        base(tax="without", discounts="gross"),
        "5 % of 10.10 EUR before discounts and without tax in Beauty at Rosa Drugstore: 0.50 EUR.",
    ),
    (
        purchase(line(amount_minor=190, tax_minor=190)),
        base(tax="without"),
        "Nothing earned: without tax, nothing is left of the 1.90 EUR of this line.",
    ),
    (
        purchase(line(amount_minor=200), asset="PTS"),
        contract(asset="PTS"),
        "5 % of 200 points in Beauty at Rosa Drugstore: 10 points.",
    ),
]


@pytest.mark.parametrize(("bought", "under", "says"), SENTENCES)
def test_a_member_reads_why(
    bought: purchases.Purchase, under: contracts.Contract, says: str
) -> None:
    assert only(bought, under).sentence == says


def test_an_excluded_line_says_so_even_below_the_minimum() -> None:
    under = contract(
        base=replace(TERMS.base, excluded_categories=("tobacco",)),
        minimum=contracts.Minimum(10**6, "at_least", "base"),
    )

    decision = cashback.decide(purchase(line(1, category="Tobacco"), line(2)), under)

    assert [one.rule for one in decision.lines] == ["excluded:tobacco", "below_minimum"]


def test_the_longest_names_and_amounts_still_make_a_sentence_of_bounded_length() -> None:
    bought = purchase(
        line(
            category="ŉ" * 64,
            amount_minor=money.AMOUNT_MAX_MINOR - 1,
            tax_minor=1,
            discount_minor=1,
        ),
        paid_with_cashback_minor=money.AMOUNT_MAX_MINOR - 10_000,
    )
    under = replace(base(tax="without", discounts="gross"), merchant_name="Rosa\n" * 100)

    says = only(bought, under).sentence

    assert len(says) <= 400
    assert "\n" not in says
    assert "…" in says


# What holds for every purchase and every contract


@given(cases())
def test_every_line_is_credited_by_one_rounding_of_base_times_rate(case: Case) -> None:
    bought, under = case

    decision = cashback.decide(bought, under)

    for sold, one in zip(bought.lines, decision.lines, strict=True):
        event(one.rule.split(":")[0])
        assert sold.number == one.number
        assert 0 <= one.base_minor <= sold.amount_minor + sold.discount_minor
        assert one.credited_minor == money.divide(
            one.base_minor * one.rate_bps, 10_000, one.rounding
        )
        assert 0 <= one.credited_minor <= one.base_minor
        assert (one.credited_minor == 0) is one.sentence.startswith("Nothing earned: ")
        assert one.sentence.endswith(".")
        assert len(one.sentence) <= 400
    assert decision.credited_minor == sum(one.credited_minor for one in decision.lines)


@given(cases())
def test_a_preview_promises_what_the_report_pays(case: Case) -> None:
    assert cashback.decide(*case) == cashback.decide(*case)


@given(cases(), st.randoms(use_true_random=False))
def test_a_till_that_sorts_its_lines_otherwise_earns_the_same(
    case: Case, shuffler: random.Random
) -> None:
    bought, under = case
    shuffled = list(bought.lines)
    shuffler.shuffle(shuffled)

    one = cashback.decide(bought, under)
    other = cashback.decide(replace(bought, lines=tuple(shuffled)), under)

    assert sorted(other.lines, key=lambda line: line.number) == sorted(
        one.lines, key=lambda line: line.number
    )


@given(cases())
def test_what_earns_and_what_was_paid_with_cashback_add_up_to_the_price(case: Case) -> None:
    bought, under = case
    terms = replace(
        under.terms,
        base=contracts.Base(discounts="net", tax="with", shipping=True),
        minimum=None,
    )

    decision = cashback.decide(bought, replace(under, terms=terms))

    total_minor = sum(sold.amount_minor for sold in bought.lines)
    base_sum_minor = sum(one.base_minor for one in decision.lines)
    assert base_sum_minor + bought.paid_with_cashback_minor == total_minor
