"""What a contract decided on a line, said from what is stored with the line.

In English it is the stored sentence, word for word, where the facts suffice: the decision, the
line, what of the purchase was paid with cashback, and the terms of the contract's version. Without
the terms, the minimum of a basket and the part paid with cashback are not known: the sentence then
says less, never something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from api.explaining import tongue
from wallet import money
from wallet.rules import cashback, contracts, purchases, sentences, text


class Line(Protocol):
    """A line with its decision, as `wallet.statements` reads it."""

    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...
    @property
    def rule(self) -> str: ...
    @property
    def base_minor(self) -> int: ...
    @property
    def rate_bps(self) -> int: ...
    @property
    def credited_minor(self) -> int: ...


class Judged:
    """A line of a basket and what a contract would give on it, as one line."""

    def __init__(self, bought: purchases.Line, decided: cashback.LineDecision) -> None:
        self.number, self.kind, self.category = bought.number, bought.kind, bought.category
        self.amount_minor, self.discount_minor = bought.amount_minor, bought.discount_minor
        self.tax_minor, self.rule = bought.tax_minor, decided.rule
        self.base_minor, self.rate_bps = decided.base_minor, decided.rate_bps
        self.credited_minor = decided.credited_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """The purchase that the line is of, with all its lines; `terms` if they are at hand."""

    lines: Sequence[Line]
    asset: money.Asset
    merchant: str
    paid_with_cashback_minor: int
    terms: contracts.Terms | None = None


def line(one: Line, of: Bought, *, language: str) -> str:
    """Say why a line earned what it earned."""
    told = tongue.of(language)
    merchant = text.shorten(of.merchant, chars_max=sentences.MERCHANT_CHARS_MAX)
    if one.rule == cashback.SHIPPING:
        said = told.say("Nothing earned: shipping does not count at {merchant}.", merchant=merchant)
    elif one.rule.startswith("excluded:"):
        said = told.say(
            "Nothing earned: {what} is excluded from cashback at {merchant}.",
            what=_what(told, one),
            merchant=merchant,
        )
    elif one.rule == cashback.BELOW_MINIMUM:
        said = _below_minimum(told, of)
    elif one.rate_bps == 0:
        said = told.say(
            "Nothing earned: {what} earns no cashback at {merchant}.",
            what=_what(told, one),
            merchant=merchant,
        )
    elif one.base_minor == 0:
        said = _nothing_left(told, one, of, merchant)
    else:
        said = _earned(told, one, of, merchant)
    return text.shorten(said, chars_max=tongue.SENTENCE_CHARS_MAX)


def _earned(told: tongue.Tongue, one: Line, of: Bought, merchant: str) -> str:
    share = told.say(
        "{percent} of {base}{measure}{where} at {merchant}",
        percent=told.percent(one.rate_bps),
        base=told.amount(one.base_minor, of.asset),
        measure=_measure(told, one, of.terms),
        where=_where(told, one),
        merchant=merchant,
    )
    credited = told.amount(one.credited_minor, of.asset)
    if one.credited_minor:
        said = told.say("{share}: {credited}.", share=share, credited=credited)
    else:
        said = told.say(
            "Nothing earned: {share} rounds to {credited}.", share=share, credited=credited
        )
    part_minor = _cashback_part(one, of)
    if not part_minor:
        return said
    return f"{said} " + told.say(
        "The price was {price}; {part} of it was paid with cashback and does not earn.",
        price=told.amount(one.amount_minor, of.asset),
        part=told.amount(part_minor, of.asset),
    )


def _below_minimum(told: tongue.Tongue, of: Bought) -> str:
    minimum = None if of.terms is None else of.terms.minimum
    if minimum is None:
        return told.say("Nothing earned: this basket is below the minimum of the offer.")
    above = minimum.boundary == "above"
    total = minimum.measured_on == "total"
    measured_minor = sum(one.amount_minor if total else one.base_minor for one in of.lines)
    missing_minor = minimum.amount_minor - measured_minor + (1 if above else 0)
    facts = {
        "measured": told.amount(measured_minor, of.asset),
        "minimum": told.amount(minimum.amount_minor, of.asset),
        "missing": told.amount(missing_minor, of.asset),
    }
    if total and above:
        return told.say(
            "Nothing earned: this basket is {measured}, the offer starts above {minimum}."
            " {missing} was missing.",
            **facts,
        )
    if total:
        return told.say(
            "Nothing earned: this basket is {measured}, the offer starts at {minimum}."
            " {missing} was missing.",
            **facts,
        )
    if above:
        return told.say(
            "Nothing earned: this basket counts {measured}, the offer starts above {minimum}."
            " {missing} was missing.",
            **facts,
        )
    return told.say(
        "Nothing earned: this basket counts {measured}, the offer starts at {minimum}."
        " {missing} was missing.",
        **facts,
    )


def _nothing_left(told: tongue.Tongue, one: Line, of: Bought, merchant: str) -> str:
    price = told.amount(one.amount_minor, of.asset)
    part_minor = _cashback_part(one, of)
    if part_minor:
        return told.say(
            "Nothing earned: all {price} of this line was paid with cashback and does not earn.",
            price=price,
        )
    if one.amount_minor == 0:
        return told.say("Nothing earned: this line cost {price}.", price=price)
    if part_minor is None:
        return told.say("Nothing earned: nothing of this line counts at {merchant}.",
                        merchant=merchant)  # fmt: skip
    return told.say(
        "Nothing earned: without tax, nothing is left of the {price} of this line.", price=price
    )


def _cashback_part(one: Line, of: Bought) -> int | None:
    """What of the line was paid with cashback and does not earn; None if that is not known."""
    if of.paid_with_cashback_minor == 0:
        return 0
    if of.terms is None:
        return None
    if of.terms.base.cashback_part_earns:
        return 0
    # As the decision shared it out: in the order of line numbers.
    ordered = sorted(of.lines, key=lambda each: each.number)
    parts = money.split(of.paid_with_cashback_minor, [each.amount_minor for each in ordered])
    return next(
        part for each, part in zip(ordered, parts, strict=True) if each.number == one.number
    )


def _measure(told: tongue.Tongue, one: Line, terms: contracts.Terms | None) -> str:
    if terms is None:
        return ""
    before = terms.base.discounts == "gross" and one.discount_minor > 0
    without = terms.base.tax == "without" and one.tax_minor > 0
    if before and without:
        return told.say(" before discounts and without tax")
    if before:
        return told.say(" before discounts")
    return told.say(" without tax") if without else ""


def _what(told: tongue.Tongue, one: Line) -> str:
    category = _category(one)
    if category:
        return category
    return told.say("shipping") if one.kind == "shipping" else told.say("this line")


def _where(told: tongue.Tongue, one: Line) -> str:
    category = _category(one)
    if category:
        return told.say(" in {category}", category=category)
    return told.say(" for shipping") if one.kind == "shipping" else ""


def _category(one: Line) -> str:
    return text.shorten(text.title(one.category), chars_max=text.CATEGORY_CHARS_MAX)
