"""A purchase as campaigns see it: which of its lines can count, on how much, at which local time.

A line counts by what the merchant's contract counts of it: what is excluded there, or not paid,
earns nothing from any campaign either.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wallet.rules import cashback, purchases, text
from wallet.rules.campaigns import facts


class Line(NamedTuple):
    """A line that can count; `base_minor` above zero, `contract_minor` what the contract gives.

    A tuple, because a simulation makes millions of them.
    """

    number: int
    category: str
    base_minor: int
    contract_minor: int
    quantity_milli: int
    product: str | None
    brand: str | None
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Basket:
    """What is asked of a purchase; `local` is its instant on the programme's clock."""

    purchase: purchases.Purchase
    place: facts.Place
    member: facts.Member | None
    local: datetime
    lines: tuple[Line, ...]
    total_minor: int
    base_minor: int
    categories: frozenset[str] = field(default_factory=frozenset)


def of(
    purchase: purchases.Purchase,
    contract: cashback.Decision,
    place: facts.Place,
    member: facts.Member | None,
) -> Basket:
    """Look at a purchase that the contract has decided; lines in the order of their numbers."""
    pairs = sorted(
        zip(purchase.lines, contract.lines, strict=True), key=lambda pair: pair[0].number
    )
    lines = tuple(
        Line(
            line.number,
            text.key(line.category),
            decided.base_minor,
            decided.credited_minor,
            line.quantity_milli,
            line.product,
            None if line.brand is None else text.key(line.brand),
            line.labels,
        )
        for line, decided in pairs
        if decided.base_minor > 0
    )
    return Basket(
        purchase=purchase,
        place=place,
        member=member,
        local=purchase.purchased_at.astimezone(ZoneInfo(place.zone)),
        lines=lines,
        total_minor=sum(line.amount_minor for line in purchase.lines),
        base_minor=sum(line.base_minor for line in lines),
        categories=frozenset(line.category for line in lines),
    )
