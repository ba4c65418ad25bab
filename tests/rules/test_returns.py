"""Returns: by the decision that paid, in any steps, to the smallest unit."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.rules.strategies import ROUNDINGS
from wallet import errors, money
from wallet.rules import returns

SOLD = returns.SoldLine(
    number=1,
    quantity_milli=3000,
    amount_minor=1000,
    credited_minor=50,
    returned_quantity_milli=0,
    returned_amount_minor=0,
    reversed_minor=0,
    rounding=money.Rounding.HALF_EVEN,
)


def back(sold: returns.SoldLine, **asked: Any) -> returns.LineReturn:
    """What one return of this line moves."""
    (moved,) = returns.decide((sold,), (returns.ReturnLine(sold.number, **asked),))
    return moved


def after(sold: returns.SoldLine, moved: returns.LineReturn) -> returns.SoldLine:
    """The line once this return is booked."""
    return replace(
        sold,
        returned_quantity_milli=sold.returned_quantity_milli + moved.quantity_milli,
        returned_amount_minor=sold.returned_amount_minor + moved.amount_minor,
        reversed_minor=sold.reversed_minor + moved.reversed_minor,
    )


def test_a_whole_line_back_takes_back_all_it_earned() -> None:
    assert back(SOLD) == returns.LineReturn(1, 3000, 1000, 50)


def test_a_quantity_brings_its_share_of_the_price_and_thirds_add_up() -> None:
    line, moves = SOLD, []
    for _ in range(3):
        moved = back(line, quantity_milli=1000)
        moves.append((moved.amount_minor, moved.reversed_minor))
        line = after(line, moved)

    assert moves == [(333, 17), (334, 16), (333, 17)]
    assert line.reversed_minor == 50


def test_an_amount_without_goods_is_a_price_put_right() -> None:
    first = back(SOLD, amount_minor=500)
    rest = back(after(SOLD, first))

    assert first == returns.LineReturn(1, 0, 500, 25)
    assert rest == returns.LineReturn(1, 3000, 500, 25)


def test_goods_after_a_price_put_right_bring_back_only_what_was_still_paid() -> None:
    line = after(SOLD, back(SOLD, amount_minor=500))

    assert back(line, quantity_milli=1000).amount_minor == 0
    assert back(line, quantity_milli=2000).amount_minor == 167
    assert back(line, quantity_milli=3000) == returns.LineReturn(1, 3000, 500, 25)


def test_a_line_that_cost_nothing_goes_back_by_its_quantity() -> None:
    gift = replace(SOLD, amount_minor=0)
    half = replace(gift, quantity_milli=2000)

    assert back(gift) == returns.LineReturn(1, 3000, 0, 50)
    assert back(half, quantity_milli=1000) == returns.LineReturn(1, 1000, 0, 25)


def test_what_rounds_down_on_the_way_in_is_not_kept_on_the_way_out() -> None:
    # One cent earned on a euro; 99 cents back must not leave a cent earned on one cent.
    line = replace(SOLD, amount_minor=100, credited_minor=1, rounding=money.Rounding.DOWN)

    assert back(line, amount_minor=99).reversed_minor == 1


@pytest.mark.parametrize(
    ("asked", "code", "path"),
    [
        ({"quantity_milli": 3001}, "RETURN_EXCEEDS_PURCHASE", ("lines", "0", "quantity")),
        ({"amount_minor": 1001}, "RETURN_EXCEEDS_PURCHASE", ("lines", "0", "amount")),
        ({"quantity_milli": 0}, "AMOUNT_INVALID", ("lines", "0", "quantity")),
        ({"quantity_milli": -1}, "AMOUNT_INVALID", ("lines", "0", "quantity")),
        ({"amount_minor": 0}, "AMOUNT_INVALID", ("lines", "0", "amount")),
        ({"amount_minor": -1}, "AMOUNT_INVALID", ("lines", "0", "amount")),
        (
            {"quantity_milli": 1, "amount_minor": -1},
            "AMOUNT_INVALID",
            ("lines", "0", "amount"),
        ),
    ],
)
def test_more_than_was_bought_does_not_come_back(
    asked: dict[str, Any], code: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(errors.Refusal) as caught:
        back(SOLD, **asked)

    assert (caught.value.code, caught.value.path) == (code, path)


def test_a_line_comes_back_only_once() -> None:
    line = after(SOLD, back(SOLD))

    for asked in ({}, {"quantity_milli": 1}, {"amount_minor": 1}):
        with pytest.raises(errors.ReturnExceedsPurchase):
            back(line, **asked)


@pytest.mark.parametrize(
    ("asked", "code", "path"),
    [
        ((), "PURCHASE_INVALID", ("lines",)),
        ((returns.ReturnLine(2),), "RETURN_EXCEEDS_PURCHASE", ("lines", "0", "number")),
        (
            (returns.ReturnLine(1, 1000), returns.ReturnLine(1, 1000)),
            "PURCHASE_INVALID",
            ("lines", "1", "number"),
        ),
    ],
)
def test_a_return_names_lines_of_the_purchase_each_once(
    asked: tuple[returns.ReturnLine, ...], code: str, path: tuple[str, ...]
) -> None:
    with pytest.raises(errors.Refusal) as caught:
        returns.decide((SOLD,), asked)

    assert (caught.value.code, caught.value.path) == (code, path)


@st.composite
def sold_lines(draw: st.DrawFn) -> returns.SoldLine:
    amount_minor = draw(st.one_of(st.just(0), st.integers(1, 50), st.integers(1, 10**9)))
    return replace(
        SOLD,
        quantity_milli=draw(st.integers(1, 10_000)),
        amount_minor=amount_minor,
        credited_minor=draw(st.integers(0, max(amount_minor, 100))),
        rounding=draw(ROUNDINGS),
    )


@st.composite
def steps(draw: st.DrawFn, sold: returns.SoldLine) -> returns.ReturnLine:
    """Any return that the line still has room for."""
    quantity_left = sold.quantity_milli - sold.returned_quantity_milli
    amount_left = sold.amount_minor - sold.returned_amount_minor
    quantity = draw(st.none() | st.integers(1, quantity_left)) if quantity_left else None
    least = 0 if quantity is not None else 1
    amount = draw(st.none() | st.integers(least, amount_left)) if amount_left >= least else None
    return returns.ReturnLine(sold.number, quantity, amount)


@given(st.data())
def test_returns_in_any_steps_take_back_exactly_what_was_credited(data: st.DataObject) -> None:
    line = data.draw(sold_lines())
    for _ in range(data.draw(st.integers(0, 6))):
        if (line.returned_quantity_milli, line.returned_amount_minor) == (
            line.quantity_milli,
            line.amount_minor,
        ):
            break
        (moved,) = returns.decide((line,), (data.draw(steps(line)),))
        event("quantity" if moved.quantity_milli else "amount only")
        assert moved.reversed_minor >= 0
        assert min(moved.quantity_milli, moved.amount_minor) >= 0
        line = after(line, moved)

        assert 0 <= line.reversed_minor <= line.credited_minor
        assert line.returned_quantity_milli <= line.quantity_milli
        assert line.returned_amount_minor <= line.amount_minor
    left = (
        line.quantity_milli - line.returned_quantity_milli,
        line.amount_minor - line.returned_amount_minor,
    )
    if any(left):
        line = after(line, back(line))

    assert line.reversed_minor == line.credited_minor
    assert line.returned_amount_minor == line.amount_minor
    assert line.returned_quantity_milli == line.quantity_milli


@given(sold_lines().filter(lambda line: line.amount_minor > 1), st.data())
def test_the_way_a_return_is_cut_into_steps_does_not_change_what_it_takes(
    line: returns.SoldLine, data: st.DataObject
) -> None:
    amount = data.draw(st.integers(2, line.amount_minor))
    first = data.draw(st.integers(1, amount - 1))

    at_once = after(line, back(line, amount_minor=amount))
    halfway = after(line, back(line, amount_minor=first))
    in_two = after(halfway, back(halfway, amount_minor=amount - first))

    assert in_two == at_once


@given(
    st.integers(1, 10**6),
    st.integers(0, 10_000),
    st.data(),
)
def test_buying_and_returning_never_earns_more_than_buying_what_was_kept(
    amount_minor: int, rate_bps: int, data: st.DataObject
) -> None:
    # Rounded down, the strictest case: no cent may be left over from the larger basket.
    down = money.Rounding.DOWN
    line = replace(
        SOLD,
        amount_minor=amount_minor,
        credited_minor=money.divide(amount_minor * rate_bps, 10_000, down),
        rounding=down,
    )
    kept_minor = data.draw(st.integers(0, amount_minor - 1))

    line = after(line, back(line, amount_minor=amount_minor - kept_minor))

    assert line.credited_minor - line.reversed_minor <= money.divide(
        kept_minor * rate_bps, 10_000, down
    )
