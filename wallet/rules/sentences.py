"""Why a line earned what it earned, in one or two sentences that a member can read.

The sentence is stored with the decision and never rewritten. It says the rate exactly, what it was
taken of, and what was left out and why. Each is bounded: a name that is too long is shortened.
"""

from functools import lru_cache
from typing import Final

from wallet import money
from wallet.rules import contracts, purchases, text

SENTENCE_CHARS_MAX: Final = 400
"""The longest answer to "why": two lines on a phone's screen in the usual case, never a page."""
MERCHANT_CHARS_MAX: Final = 80

NOTHING: Final = "Nothing earned: "


@lru_cache(contracts.BPS + 1)
def percent(rate_bps: int) -> str:
    """Write basis points as a percentage, exactly: 525 is `5.25 %`, 500 is `5 %`."""
    whole, rest = divmod(rate_bps, 100)
    decimals = f".{rest:02d}".rstrip("0").rstrip(".")
    return f"{whole}{decimals} %"


def earned(
    line: purchases.Line,
    terms: contracts.Terms,
    merchant_name: str,
    *,
    base_minor: int,
    rate_bps: int,
    credited_minor: int,
    cashback_part_minor: int,
) -> str:
    """Say what a line earned, or why a line that counts came to nothing."""
    asset = money.asset(terms.asset)
    if rate_bps == 0:
        return f"{NOTHING}{_what(line)} earns no cashback at {_at(merchant_name)}."
    if base_minor == 0:
        return _nothing_left(line, asset, cashback_part_minor)
    share = (
        f"{percent(rate_bps)} of {money.phrase(base_minor, asset)}{_measure(line, terms)}"
        f"{_in(line)} at {_at(merchant_name)}"
    )
    credited = money.phrase(credited_minor, asset)
    says = f"{share}: {credited}." if credited_minor else f"{NOTHING}{share} rounds to {credited}."
    if cashback_part_minor:
        says += (
            f" The price was {money.phrase(line.amount_minor, asset)}; "
            f"{money.phrase(cashback_part_minor, asset)} of it was paid with cashback "
            "and does not earn."
        )
    return says


def excluded(line: purchases.Line, merchant_name: str) -> str:
    """Say that the line's category does not earn."""
    return f"{NOTHING}{_what(line)} is excluded from cashback at {_at(merchant_name)}."


def shipping(merchant_name: str) -> str:
    """Say that shipping does not count."""
    return f"{NOTHING}shipping does not count at {_at(merchant_name)}."


def below_minimum(minimum: contracts.Minimum, asset: money.Asset, *, measured_minor: int) -> str:
    """Say where the offer starts and how much was missing."""
    above = minimum.boundary == "above"
    missing_minor = minimum.amount_minor - measured_minor + (1 if above else 0)
    return (
        f"{NOTHING}this basket {'is' if minimum.measured_on == 'total' else 'counts'} "
        f"{money.phrase(measured_minor, asset)}, the offer starts {'above' if above else 'at'} "
        f"{money.phrase(minimum.amount_minor, asset)}. "
        f"{money.phrase(missing_minor, asset)} was missing."
    )


def _nothing_left(line: purchases.Line, asset: money.Asset, cashback_part_minor: int) -> str:
    price = money.phrase(line.amount_minor, asset)
    if cashback_part_minor:
        return f"{NOTHING}all {price} of this line was paid with cashback and does not earn."
    if line.amount_minor == 0:
        return f"{NOTHING}this line cost {price}."
    return f"{NOTHING}without tax, nothing is left of the {price} of this line."


def _measure(line: purchases.Line, terms: contracts.Terms) -> str:
    before = terms.base.discounts == "gross" and line.discount_minor > 0
    without = terms.base.tax == "without" and line.tax_minor > 0
    if before and without:
        return " before discounts and without tax"
    if before:
        return " before discounts"
    return " without tax" if without else ""


def _what(line: purchases.Line) -> str:
    category = _category(line.category)
    if category:
        return category
    return "shipping" if line.kind == "shipping" else "this line"


def _in(line: purchases.Line) -> str:
    category = _category(line.category)
    if category:
        return f" in {category}"
    return " for shipping" if line.kind == "shipping" else ""


def _category(category: str) -> str:
    return text.shorten(text.title(category), chars_max=text.CATEGORY_CHARS_MAX)


def _at(merchant_name: str) -> str:
    return text.shorten(merchant_name, chars_max=MERCHANT_CHARS_MAX)
