"""Facts to start from: each test names only what it is about and takes the rest from here."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from wallet import money
from wallet.rules import contracts, purchases

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)

LINE = purchases.Line(
    number=1,
    external_id=None,
    product=None,
    description=None,
    kind="item",
    category="Beauty",
    labels=(),
    quantity_milli=1000,
    amount_minor=1234,
    discount_minor=0,
    tax_minor=0,
)

TERMS = contracts.Terms(
    asset="EUR",
    rates=contracts.Rates(default_bps=100, by_category={"beauty": 500}),
    minimum=None,
    base=contracts.Base(discounts="net", tax="with", shipping=False),
    rounding=money.Rounding.HALF_EVEN,
    pending=contracts.Pending(event="paid", days=14, wait_days_max=60, on_wait_end="mature"),
    expiry=contracts.Expiry(days=365),
    deficit=contracts.Deficit(policy="member_owes", max_minor=5000),
    breakage="operator",
)


def line(number: int = 1, amount_minor: int = 1234, **facts: Any) -> purchases.Line:
    """A line of beauty for 12.34, but for what is given."""
    return replace(LINE, number=number, amount_minor=amount_minor, **facts)


def purchase(*lines: purchases.Line, **facts: Any) -> purchases.Purchase:
    """A purchase in a shop at noon, with these lines, but for what is given."""
    start = purchases.Purchase(
        reference="till-7/1001",
        asset="EUR",
        channel="shop",
        store="berlin-mitte",
        purchased_at=NOON,
        lines=lines or (LINE,),
        paid_with_cashback_minor=0,
        events=(),
    )
    return replace(start, **facts)


def contract(terms: contracts.Terms = TERMS, **changes: Any) -> contracts.Contract:
    """The contract of Rosa Drugstore: 5 % on beauty, 1 % on all else, but for what is given."""
    return contracts.Contract(
        contract_id=uuid.UUID(int=7),
        version=3,
        terms=replace(terms, **changes),
        merchant_name="Rosa Drugstore",
    )
