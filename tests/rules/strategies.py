"""Any checked purchase and any contract: what the property tests draw from."""

from datetime import datetime, timedelta

from hypothesis import strategies as st

from tests.rules.examples import NOON, contract, purchase
from wallet import money
from wallet.rules import contracts, purchases

CATEGORIES = ("Beauty", "BEAUTY ", "Tobacco", "Men's care", "", "x" * 64)

ASSETS = st.sampled_from([one.code for one in money.ASSETS])
ROUNDINGS = st.sampled_from(money.Rounding)
INSTANTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    max_value=datetime(2199, 12, 31),  # noqa: DTZ001
    timezones=st.timezones(),
)
AMOUNTS = st.one_of(st.integers(0, 20), st.integers(0, 50_000), st.integers(0, 10**9))


@st.composite
def lines(draw: st.DrawFn, number: int) -> purchases.Line:
    """One line with this number."""
    amount_minor = draw(AMOUNTS)
    return purchases.Line(
        number=number,
        external_id=None,
        product=None,
        description=None,
        kind=draw(st.sampled_from(["item", "item", "item", "shipping"])),
        category=draw(st.sampled_from(CATEGORIES)),
        labels=(),
        quantity_milli=draw(st.integers(1, 10_000)),
        amount_minor=amount_minor,
        discount_minor=draw(AMOUNTS),
        tax_minor=draw(st.integers(0, amount_minor)),
    )


@st.composite
def any_purchase(draw: st.DrawFn, asset: str) -> purchases.Purchase:
    """One purchase of one to eight lines that passes `purchases.check`."""
    numbers = draw(st.lists(st.integers(1, 99), min_size=1, max_size=8, unique=True))
    drawn = tuple(draw(lines(number)) for number in numbers)
    total_minor = sum(line.amount_minor for line in drawn)
    some: tuple[purchases.EventKind, ...] = ("paid", "delivered")
    kinds = draw(st.lists(st.sampled_from(some), unique=True, max_size=2))
    found = purchase(
        *drawn,
        asset=asset,
        paid_with_cashback_minor=draw(st.integers(0, total_minor)),
        events=tuple(
            purchases.Event(kind, NOON + timedelta(hours=draw(st.integers(0, 99))))
            for kind in kinds
        ),
    )
    purchases.check(found)
    return found


@st.composite
def any_terms(draw: st.DrawFn, asset: str) -> contracts.Terms:
    """Terms that `contracts.parse` gives, with every policy drawn."""
    minimum = st.fixed_dictionaries(
        {
            "amount_minor": AMOUNTS,
            "boundary": st.sampled_from(["at_least", "above"]),
            "measured_on": st.sampled_from(["base", "total"]),
        }
    )
    return contracts.parse(
        {
            "asset": asset,
            "rates": {
                "default_bps": draw(st.integers(0, 10_000)),
                "by_category": {"beauty": draw(st.integers(0, 10_000))},
            },
            "minimum": draw(st.none() | minimum),
            "base": {
                "discounts": draw(st.sampled_from(["net", "gross"])),
                "tax": draw(st.sampled_from(["with", "without"])),
                "shipping": draw(st.booleans()),
                "cashback_part_earns": draw(st.booleans()),
                "excluded_categories": draw(st.sampled_from([[], ["tobacco"]])),
            },
            "rounding": draw(ROUNDINGS).value,
            "pending": {
                "event": draw(st.sampled_from(["reported", "paid", "delivered", "stay_ended"])),
                "days": draw(st.integers(0, 90)),
                "wait_days_max": draw(st.integers(0, 120)),
                "on_wait_end": draw(st.sampled_from(["mature", "cancel"])),
            },
            "expiry": {"days": draw(st.none() | st.integers(1, 730))},
            "deficit": {"policy": "member_owes", "max_minor": 0},
            "breakage": "operator",
        }
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[purchases.Purchase, contracts.Contract]:
    """A purchase and the contract it falls under, in any asset."""
    asset = draw(ASSETS)
    return draw(any_purchase(asset)), contract(draw(any_terms(asset)))
