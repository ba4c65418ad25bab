"""What a purchase earns: one decision for each line, with the numbers and the words to explain it.

The order of thought, line by line: does the line count (shipping, excluded categories), how much
of it counts (discounts, tax, the part paid with cashback), does the basket reach the minimum, which
rate applies, and one rounding. Rates do not stack: a category's own rate replaces the default. For
every line `credited_minor == divide(base_minor * rate_bps, 10_000, rounding)`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from wallet import errors, money
from wallet.rules import clock as clocks
from wallet.rules import contracts, purchases, sentences, text

Contract = contracts.Contract

DEFAULT: Final = "default"
SHIPPING: Final = "shipping"
BELOW_MINIMUM: Final = "below_minimum"


@dataclass(frozen=True, slots=True)
class LineDecision:
    """What one line earned and by which rule; amounts in minor units of the contract's asset.

    `rule` is `default`, `category:beauty`, or why nothing was earned: `excluded:tobacco`,
    `shipping`, `below_minimum` (with a rate of 0, and a base of 0 where the line does not count).
    """

    number: int
    rule: str
    base_minor: int
    rate_bps: int
    rounding: money.Rounding
    credited_minor: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a purchase earned, in the order of its lines, and when that is free to spend."""

    lines: tuple[LineDecision, ...]
    credited_minor: int
    clock: clocks.Due
    asset: str
    contract_id: UUID
    version: int


def decide(
    purchase: purchases.Purchase,
    contract: contracts.Contract,
    *,
    reported_at: datetime | None = None,
    tz: str = "UTC",
) -> Decision:
    """Decide a checked purchase under a contract; a preview and a report are this same call.

    `reported_at` starts the clock where the contract says so (the purchase's own time if it is not
    given), `tz` is the programme's time zone. The numbers do not depend on the order of the lines.
    Raises CURRENCY_MISMATCH if the contract is in another asset.
    """
    terms = contract.terms
    if purchase.asset != terms.asset:
        raise errors.CurrencyMismatch(
            f"The contract is in {terms.asset}, the purchase in {purchase.asset}. "
            f"Report it in {terms.asset}.",
            path=("asset",),
        )
    parts = _cashback_parts(purchase, terms)
    bases = [
        _base_minor(line, terms, part) for line, part in zip(purchase.lines, parts, strict=True)
    ]
    shortfall = _shortfall(purchase, terms, base_sum_minor=sum(bases))
    lines = tuple(
        _decide_line(line, contract, base_minor=base, cashback_part_minor=part, shortfall=shortfall)
        for line, base, part in zip(purchase.lines, bases, parts, strict=True)
    )
    return Decision(
        lines=lines,
        credited_minor=sum(line.credited_minor for line in lines),
        clock=clocks.start(terms, purchase.events, reported_at or purchase.purchased_at, tz),
        asset=terms.asset,
        contract_id=contract.contract_id,
        version=contract.version,
    )


def _cashback_parts(purchase: purchases.Purchase, terms: contracts.Terms) -> list[int]:
    paid_minor = purchase.paid_with_cashback_minor
    if paid_minor == 0 or terms.base.cashback_part_earns:
        return [0] * len(purchase.lines)
    # Shared out in the order of line numbers, so that a till that sorts otherwise earns the same.
    places = sorted(range(len(purchase.lines)), key=lambda place: purchase.lines[place].number)
    shares = money.split(paid_minor, [purchase.lines[place].amount_minor for place in places])
    parts = [0] * len(places)
    for place, share in zip(places, shares, strict=True):
        parts[place] = share
    return parts


def _base_minor(line: purchases.Line, terms: contracts.Terms, part_minor: int) -> int:
    if _left_out(line, terms) is not None:
        return 0
    counts_minor = line.amount_minor
    if terms.base.discounts == "gross":
        counts_minor += line.discount_minor
    if terms.base.tax == "without":
        counts_minor -= line.tax_minor
    if part_minor == 0:
        return counts_minor
    # The part paid with cashback had its share of tax and discount, so the same share is taken out.
    share_minor = money.divide(
        counts_minor * part_minor, line.amount_minor, money.Rounding.HALF_EVEN
    )
    return counts_minor - share_minor


def _left_out(line: purchases.Line, terms: contracts.Terms) -> str | None:
    if line.kind == "shipping" and not terms.base.shipping:
        return SHIPPING
    if terms.base.excluded_categories:
        key = text.key(line.category)
        if key in terms.base.excluded_categories:
            return f"excluded:{key}"
    return None


def _shortfall(
    purchase: purchases.Purchase, terms: contracts.Terms, *, base_sum_minor: int
) -> str | None:
    # The sentence of a basket below the minimum, None for one that reaches it.
    minimum = terms.minimum
    if minimum is None:
        return None
    measured_minor = base_sum_minor
    if minimum.measured_on == "total":
        measured_minor = sum(line.amount_minor for line in purchase.lines)
    reached = (
        measured_minor > minimum.amount_minor
        if minimum.boundary == "above"
        else measured_minor >= minimum.amount_minor
    )
    if reached:
        return None
    asset = money.asset(terms.asset)
    return sentences.below_minimum(minimum, asset, measured_minor=measured_minor)


def _decide_line(
    line: purchases.Line,
    contract: contracts.Contract,
    *,
    base_minor: int,
    cashback_part_minor: int,
    shortfall: str | None,
) -> LineDecision:
    terms = contract.terms
    left_out = _left_out(line, terms)
    if left_out == SHIPPING:
        return _nothing(line, terms, SHIPPING, 0, sentences.shipping(contract.merchant_name))
    if left_out is not None:
        says = sentences.excluded(line, contract.merchant_name)
        return _nothing(line, terms, left_out, 0, says)
    if shortfall is not None:
        return _nothing(line, terms, BELOW_MINIMUM, base_minor, shortfall)
    rule, rate_bps = _rate(line, terms)
    credited_minor = money.divide(base_minor * rate_bps, contracts.BPS, terms.rounding)
    says = sentences.earned(
        line,
        terms,
        contract.merchant_name,
        base_minor=base_minor,
        rate_bps=rate_bps,
        credited_minor=credited_minor,
        cashback_part_minor=cashback_part_minor,
    )
    assert len(says) <= sentences.SENTENCE_CHARS_MAX
    return LineDecision(
        line.number, rule, base_minor, rate_bps, terms.rounding, credited_minor, says
    )


def _rate(line: purchases.Line, terms: contracts.Terms) -> tuple[str, int]:
    key = text.key(line.category)
    rate_bps = terms.rates.by_category.get(key)
    if rate_bps is None:
        return DEFAULT, terms.rates.default_bps
    return f"category:{key}", rate_bps


def _nothing(
    line: purchases.Line, terms: contracts.Terms, rule: str, base_minor: int, says: str
) -> LineDecision:
    return LineDecision(line.number, rule, base_minor, 0, terms.rounding, 0, says)
