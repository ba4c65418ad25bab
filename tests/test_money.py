"""Money: whole numbers, one rounding, and parts that add up."""

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet import money
from wallet.money import Rounding

DECIMAL = {
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.UP: ROUND_UP,
    Rounding.HALF_UP: ROUND_HALF_UP,
}
ANY_ASSET = st.sampled_from(money.ASSETS)
ANY_ROUNDING = st.sampled_from(Rounding)


@pytest.mark.parametrize(
    ("numerator", "half_even", "down", "up", "half_up"),
    [
        (0, 0, 0, 0, 0),
        (4, 0, 0, 1, 0),
        (5, 0, 0, 1, 1),
        (6, 1, 0, 1, 1),
        (10, 1, 1, 1, 1),
        (15, 2, 1, 2, 2),
        (25, 2, 2, 3, 3),
        (-5, 0, 0, -1, -1),
        (-15, -2, -1, -2, -2),
        (-25, -2, -2, -3, -3),
    ],
)
def test_tenths_are_rounded_as_the_direction_is_named(
    numerator: int, half_even: int, down: int, up: int, half_up: int
) -> None:
    assert [money.divide(numerator, 10, one) for one in Rounding] == [half_even, down, up, half_up]


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**6), ANY_ROUNDING)
def test_dividing_agrees_with_decimal_arithmetic(
    numerator: int, denominator: int, rounding: Rounding
) -> None:
    # Sixty digits hold every quotient of these ranges without a second rounding.
    from decimal import localcontext

    with localcontext(prec=60):
        expected = (Decimal(numerator) / denominator).quantize(Decimal(1), DECIMAL[rounding])

    assert money.divide(numerator, denominator, rounding) == int(expected)
    assert money.divide(-numerator, -denominator, rounding) == int(expected)
    assert money.divide(numerator, -denominator, rounding) == -int(expected)


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**12), min_size=1, max_size=50).filter(any),
)
def test_parts_add_up_to_the_whole_and_none_is_a_unit_off(total: int, weights: list[int]) -> None:
    parts = money.split(total, weights)

    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)
        assert weight or not part


def test_what_is_left_over_goes_to_the_largest_remainder_and_ties_to_the_first() -> None:
    assert money.split(100, [1, 1, 1]) == [34, 33, 33]
    assert money.split(2, [1, 1, 1]) == [1, 1, 0]
    assert money.split(10, [1, 2]) == [3, 7]
    assert money.split(-100, [1, 1, 1]) == [-34, -33, -33]
    assert money.split(0, [0, 0]) == [0, 0]
    assert money.split(0, []) == []


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (1, [2, -1])])
def test_nothing_is_shared_out_by_no_weight_or_a_negative_one(
    total: int, weights: list[int]
) -> None:
    with pytest.raises(ValueError, match=r"share|zero"):
        money.split(total, weights)


@given(st.integers(-(10**14), 10**14), ANY_ASSET)
def test_an_amount_is_read_back_from_its_text(minor: int, asset: money.Asset) -> None:
    assert money.parse(money.show(minor, asset), asset) == minor


@pytest.mark.parametrize(
    ("minor", "asset", "text"),
    [
        (1234, money.EUR, "12.34"),
        (5, money.EUR, "0.05"),
        (-5, money.EUR, "-0.05"),
        (0, money.EUR, "0.00"),
        (1234, money.JPY, "1234"),
        (1234, money.KWD, "1.234"),
        (-7, money.PTS, "-7"),
        (10**12, money.EUR, "10000000000.00"),
    ],
)
def test_an_amount_shows_all_decimals_of_its_asset(
    minor: int, asset: money.Asset, text: str
) -> None:
    assert money.show(minor, asset) == text


def test_fewer_decimals_than_the_asset_has_are_read() -> None:
    assert money.parse("12", money.EUR) == 1200
    assert money.parse("12.3", money.EUR) == 1230
    assert money.parse("-0", money.EUR) == 0
    assert money.parse("0.001", money.KWD) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".5",
        "5.",
        "+1",
        "01",
        "1e3",
        "1,00",
        " 1",
        "1\n",
        "1_000",
        "NaN",
        "Infinity",
        "0x1",
        "--1",
        "1.234",
        "1.000",
        "١",
        "1000000000000000",
    ],
)
def test_what_is_not_a_plain_decimal_of_the_asset_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"decimal"):
        money.parse(text, money.EUR)


def test_a_yen_has_no_decimals_at_all() -> None:
    with pytest.raises(ValueError, match="JPY has 0 decimals"):
        money.parse("1.0", money.JPY)


def test_an_amount_reads_well_in_a_sentence() -> None:
    assert money.phrase(1234, money.EUR) == "12.34 EUR"
    assert money.phrase(1, money.PTS) == "1 point"
    assert money.phrase(250, money.PTS) == "250 points"


def test_assets_are_found_by_code_and_by_number() -> None:
    for one in money.ASSETS:
        assert money.asset(one.code) is one
        assert money.asset_by_number(one.number) is one
    with pytest.raises(ValueError, match="XXX"):
        money.asset("XXX")
    with pytest.raises(ValueError, match="999"):
        money.asset_by_number(999)


@pytest.mark.parametrize(
    ("number", "minor"),
    [("12.3", 1230), ("12.30", 1230), ("12.3000", 1230), ("3", 300), ("1.23e1", 1230), ("0", 0)],
)
def test_a_number_of_json_is_read_exactly(number: str, minor: int) -> None:
    assert minor == money.exact(Decimal(number), money.EUR)
    assert -minor == money.exact(-Decimal(number), money.EUR)


@pytest.mark.parametrize(
    "number",
    [
        *("12.345", "0.001", "1e-3", "1e41", "1e999999999", "1e-999999999", "NaN", "Infinity"),
        *("4.1000000000000000000000000000000001", "9" * 41),
    ],
)
def test_a_number_that_is_no_amount_is_refused_and_never_rounded(number: str) -> None:
    with pytest.raises(ValueError, match=r"decimals|not an amount"):
        money.exact(Decimal(number), money.EUR)
