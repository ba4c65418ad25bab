"""Amounts: whole numbers of an asset's smallest unit, and the only place where anything is rounded.

An amount without its asset means nothing, and no function here turns one asset into another.
There is no float in the product: a share is an integer numerator and denominator, given to `divide`
with a named direction, or to `split` when the parts must add up to the whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal, assert_never

AMOUNT_MAX_MINOR: Final = 10**12
"""The largest amount of one movement: a million of them still add up within 64 signed bits."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A currency (ISO 4217 number, code and exponent) or points (numbers from 10,001)."""

    number: int
    code: str
    exponent: int
    kind: Literal["money", "points"]


EUR: Final = Asset(978, "EUR", 2, "money")
USD: Final = Asset(840, "USD", 2, "money")
GBP: Final = Asset(826, "GBP", 2, "money")
BRL: Final = Asset(986, "BRL", 2, "money")
JPY: Final = Asset(392, "JPY", 0, "money")
KWD: Final = Asset(414, "KWD", 3, "money")
PTS: Final = Asset(10001, "PTS", 0, "points")

ASSETS: Final = (EUR, USD, GBP, BRL, JPY, KWD, PTS)

_DIGITS_MAX: Final = 40
"""Of a number of JSON: more than any amount has, and few enough to be worked out at once."""

_BY_CODE: Final = {one.code: one for one in ASSETS}
_BY_NUMBER: Final = {one.number: one for one in ASSETS}
# [0-9] and not \d, which also matches the digits of other scripts.
_DECIMAL: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,6}))?")


class Rounding(StrEnum):
    """What happens to less than the smallest unit; each is the same on both sides of zero."""

    HALF_EVEN = "half_even"
    """To the nearest; a tie goes to the even neighbour, so ties favour nobody in the long run."""
    DOWN = "down"
    """Towards zero."""
    UP = "up"
    """Away from zero."""
    HALF_UP = "half_up"
    """To the nearest; a tie goes away from zero."""


def asset(code: str) -> Asset:
    """Find an asset by its code, `EUR`. ValueError if the coalition does not keep it."""
    found = _BY_CODE.get(code)
    if found is None:
        raise ValueError(f"{code!r} is not one of {', '.join(sorted(_BY_CODE))}")
    return found


def asset_by_number(number: int) -> Asset:
    """Find an asset by its number, 978. ValueError if the coalition does not keep it."""
    found = _BY_NUMBER.get(number)
    if found is None:
        raise ValueError(f"{number} is not the number of an asset")
    return found


def divide(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Divide and round to a whole number: the one rounding of the product.

    Signs are taken off first, so minus an amount always rounds to minus what the amount rounds to.
    ZeroDivisionError if the denominator is zero.
    """
    whole, rest = divmod(abs(numerator), abs(denominator))
    if rest and _rounds_up(whole, rest * 2 - abs(denominator), rounding):
        whole += 1
    return -whole if (numerator < 0) != (denominator < 0) else whole


def _rounds_up(whole: int, over_half: int, rounding: Rounding) -> bool:
    """`over_half` is how far twice the rest lies above the denominator; the rest is not zero."""
    # Compared by identity, the usual direction first: a basket is rounded hundreds of times.
    if rounding is Rounding.HALF_EVEN:
        return over_half > 0 or (over_half == 0 and whole % 2 == 1)
    if rounding is Rounding.DOWN:
        return False
    if rounding is Rounding.UP:
        return True
    if rounding is Rounding.HALF_UP:
        return over_half >= 0
    assert_never(rounding)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` out by `weights` (none below zero) so that the parts add up to it exactly.

    Every part gets its whole units; what is left goes one unit each to the largest remainders, ties
    to the first. Weights that are all zero can share only zero: else ValueError.
    """
    if any(weight < 0 for weight in weights):
        raise ValueError("a weight is below zero")
    weight_sum = sum(weights)
    if total == 0:
        return [0] * len(weights)
    if weight_sum == 0:
        raise ValueError("nothing to share by")
    shares = [divmod(abs(total) * weight, weight_sum) for weight in weights]
    parts = [whole for whole, _ in shares]
    left = abs(total) - sum(parts)
    largest_first = sorted(range(len(parts)), key=lambda place: -shares[place][1])
    for place in largest_first[:left]:
        parts[place] += 1
    return parts if total > 0 else [-part for part in parts]


def parse(text: str, asset: Asset) -> int:
    """Read a plain decimal, `12.34`, as minor units of `asset`.

    ValueError for signs other than one minus, exponents, leading zeros, spaces, more than 15 whole
    digits, or more decimals than the asset has, even if they are zeros.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise ValueError("not a plain decimal number such as 12.34")
    sign, whole, decimals = match[1], match[2], match[3] or ""
    if len(decimals) > asset.exponent:
        raise ValueError(f"{asset.code} has {asset.exponent} decimals, not {len(decimals)}")
    minor = int(whole + decimals.ljust(asset.exponent, "0"))
    return -minor if sign else minor


def exact(number: Decimal, asset: Asset) -> int:
    """Read a number of JSON, `12.3` or `12.30` or `1.23e1`, as minor units; it is never rounded.

    ValueError for what is no number, is too long to be an amount, or is no whole minor units.
    """
    sign, digits, exponent = number.as_tuple()
    minor: int
    rest: int
    if not isinstance(exponent, int) or len(digits) > _DIGITS_MAX or abs(exponent) > _DIGITS_MAX:
        raise ValueError("not an amount such as 12.34")
    whole = int("".join(map(str, digits)))
    places = exponent + asset.exponent
    minor, rest = (whole * 10**places, 0) if places >= 0 else divmod(whole, 10**-places)
    if rest:
        raise ValueError(f"{asset.code} has {asset.exponent} decimals, not {-exponent}")
    return -minor if sign else minor


def show(minor: int, asset: Asset) -> str:
    """Write minor units as a plain decimal with all the asset's decimals: 1234 EUR is `12.34`."""
    if asset.exponent == 0:
        return str(minor)
    digits = str(abs(minor)).rjust(asset.exponent + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[: -asset.exponent]}.{digits[-asset.exponent :]}"


def phrase(minor: int, asset: Asset) -> str:
    """Write an amount as it stands in a sentence: `12.34 EUR`, `1 point`, `250 points`."""
    if asset.kind == "points":
        return f"{show(minor, asset)} point{'' if abs(minor) == 1 else 's'}"
    return f"{show(minor, asset)} {asset.code}"
