"""What comes back and what it takes back: by the decision that paid, to the smallest unit.

A return never looks at today's rates. For each line, the part of the price that is kept keeps its
part of the credit, rounded as the credit was; all else is reversed. So a return in any number of
steps ends at the same place as a return at once, what is all back has earned exactly nothing, and
coming back in small steps never leaves more than was earned on what was kept.
"""

from dataclasses import dataclass

from wallet import errors, money


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line as it was sold, and what has come back of it so far (thousandths and minor units)."""

    number: int
    quantity_milli: int
    amount_minor: int
    credited_minor: int
    returned_quantity_milli: int
    returned_amount_minor: int
    reversed_minor: int
    rounding: money.Rounding


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """What comes back of a line: a quantity, an amount, both, or with neither all that is left."""

    number: int
    quantity_milli: int | None = None
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class LineReturn:
    """What this return moves on one line; `reversed_minor` of cashback is taken back."""

    number: int
    quantity_milli: int
    amount_minor: int
    reversed_minor: int


def decide(
    purchase_lines: tuple[SoldLine, ...], asked: tuple[ReturnLine, ...]
) -> tuple[LineReturn, ...]:
    """Decide a return, in the order it was asked.

    A quantity alone brings its share of the price back, counted over all returns so far; an amount
    alone (a price put right) brings no goods back. Raises RETURN_EXCEEDS_PURCHASE, AMOUNT_INVALID
    or PURCHASE_INVALID with the path of the line asked, such as ("lines", "0", "quantity").
    """
    if not asked:
        raise errors.PurchaseInvalid(
            "The return names no line. Send at least one.", path=("lines",)
        )
    sold = {line.number: line for line in purchase_lines}
    seen: set[int] = set()
    decided = []
    for place, one in enumerate(asked):
        path = ("lines", str(place))
        line = sold.get(one.number)
        if line is None:
            raise errors.ReturnExceedsPurchase(
                f"The purchase has no line {one.number}. Check the line's number.",
                path=(*path, "number"),
            )
        if one.number in seen:
            raise errors.PurchaseInvalid(
                f"Line {one.number} is there twice. Send it once, with the sum.",
                path=(*path, "number"),
            )
        seen.add(one.number)
        decided.append(_decide_line(line, one, path))
    return tuple(decided)


def _decide_line(line: SoldLine, one: ReturnLine, path: tuple[str, ...]) -> LineReturn:
    _check(line, one, path)
    quantity_milli = _quantity(line, one)
    amount_minor = _amount(line, one)
    kept_minor = _kept_credit(
        line,
        returned_quantity_milli=line.returned_quantity_milli + quantity_milli,
        returned_amount_minor=line.returned_amount_minor + amount_minor,
    )
    reversed_minor = line.credited_minor - kept_minor - line.reversed_minor
    assert reversed_minor >= 0, "an earlier return took back more than its share"
    return LineReturn(line.number, quantity_milli, amount_minor, reversed_minor)


def _check(line: SoldLine, one: ReturnLine, path: tuple[str, ...]) -> None:
    quantity_left = line.quantity_milli - line.returned_quantity_milli
    amount_left = line.amount_minor - line.returned_amount_minor
    if one.quantity_milli is None and one.amount_minor is None:
        if quantity_left == 0 and amount_left == 0:
            raise errors.ReturnExceedsPurchase(
                f"All of line {line.number} is back already. Leave it out.", path=path
            )
        return
    if one.quantity_milli is not None:
        if one.quantity_milli <= 0:
            raise errors.AmountInvalid(
                "A returned quantity is above zero.", path=(*path, "quantity")
            )
        if one.quantity_milli > quantity_left:
            raise errors.ReturnExceedsPurchase(path=(*path, "quantity"), left_milli=quantity_left)
    if one.amount_minor is not None:
        # With a quantity beside it, zero says that the goods came back without their price.
        if one.amount_minor < (0 if one.quantity_milli is not None else 1):
            raise errors.AmountInvalid("A returned amount is above zero.", path=(*path, "amount"))
        if one.amount_minor > amount_left:
            raise errors.ReturnExceedsPurchase(path=(*path, "amount"), left_minor=amount_left)


def _quantity(line: SoldLine, one: ReturnLine) -> int:
    if one.quantity_milli is not None:
        return one.quantity_milli
    if one.amount_minor is not None:
        return 0
    return line.quantity_milli - line.returned_quantity_milli


def _amount(line: SoldLine, one: ReturnLine) -> int:
    if one.amount_minor is not None:
        return one.amount_minor
    if one.quantity_milli is None:
        return line.amount_minor - line.returned_amount_minor
    # Over all returns so far, so that thirds of a price add up. What was refunded before without
    # goods counts towards it, hence not below zero.
    returned_after = money.divide(
        line.amount_minor * (line.returned_quantity_milli + one.quantity_milli),
        line.quantity_milli,
        money.Rounding.HALF_EVEN,
    )
    return max(0, returned_after - line.returned_amount_minor)


def _kept_credit(
    line: SoldLine, *, returned_quantity_milli: int, returned_amount_minor: int
) -> int:
    if line.amount_minor > 0:
        kept, whole = line.amount_minor - returned_amount_minor, line.amount_minor
    else:
        # Nothing was paid, yet something may have been credited on the price before discounts.
        kept, whole = line.quantity_milli - returned_quantity_milli, line.quantity_milli
    return money.divide(line.credited_minor * kept, whole, line.rounding)
