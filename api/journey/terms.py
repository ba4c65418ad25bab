"""What each merchant of the demo promises: one contract each, as the JSON the wallet publishes.

Invented, but believable, and together they use every kind of clause: rates by category, a minimum
basket with either boundary, net and gross bases, excluded goods, all roundings, pending clocks with
and without a business event, every deficit policy, and several ends for value nobody spends.
"""

import uuid
from typing import Any, Final

from api.journey import keys

Terms = dict[str, Any]


def _terms(
    *,
    rates: Terms,
    pending: Terms,
    expiry: Terms,
    deficit: Terms,
    minimum: Terms | None = None,
    discounts: str = "net",
    excluded: tuple[str, ...] = (),
    rounding: str = "half_even",
    breakage: str = "operator",
    charity_id: uuid.UUID | None = None,
) -> Terms:
    return {
        "asset": "USD",
        "rates": rates,
        "minimum": minimum,
        "base": {
            "discounts": discounts,
            "tax": "with",  # the data has no tax; a till that sends none loses nothing by this
            "shipping": False,
            "cashback_part_earns": False,
            "excluded_categories": list(excluded),
        },
        "rounding": rounding,
        "pending": pending,
        "expiry": expiry,
        "deficit": deficit,
        "breakage": breakage,
        "charity_id": None if charity_id is None else str(charity_id),
        "hold_minutes": 15,
    }


def _rates(default_bps: int, **by_category: int) -> Terms:
    named = {name.replace("_", " "): bps for name, bps in by_category.items()}
    return {"default_bps": default_bps, "by_category": named}


def _after(event: str, days: int, *, wait_days_max: int = 30, on_wait_end: str = "mature") -> Terms:
    return {
        "event": event,
        "days": days,
        "wait_days_max": wait_days_max,
        "on_wait_end": on_wait_end,
    }


def _lives(days: int | None, *, notice_days: int = 0) -> Terms:
    return {"days": days, "grace_days": 30, "notice_days": notice_days}


def _deficit(policy: str, max_minor: int = 0) -> Terms:
    return {"policy": policy, "max_minor": max_minor}


MEALS_ON_WHEELS: Final = keys.named("charity", "meals-on-wheels")
"""The charity that the florist names; invented like the rest."""

BY_MERCHANT: Final[dict[str, Terms]] = {
    # A broad, modest offer: coffee and cereal pay better, soft drinks less.
    "harvest-row": _terms(
        rates=_rates(100, coffee=300, cold_cereal=200, laundry_detergents=200, soft_drinks=50),
        pending=_after("reported", 7),
        expiry=_lives(365),
        deficit=_deficit("member_owes", 2_000),
        excluded=("bottle deposits", "coupons store mfg", "unknown"),
    ),
    # Nothing goes without two weeks' notice.
    "greenleaf": _terms(
        rates=_rates(200, organics_fruit_vegetables=400, salad_bar=300),
        pending=_after("reported", 2),
        expiry=_lives(180, notice_days=14),
        deficit=_deficit("merchant_bears"),
        rounding="down",
    ),
    # Pays only on a proper shop: twenty dollars or more on the whole receipt.
    "brandt": _terms(
        rates=_rates(200, seafood_fresh=400, seafood_frozen=300),
        minimum={"amount_minor": 2_000, "boundary": "at_least", "measured_on": "total"},
        pending=_after("reported", 5),
        expiry=_lives(270),
        deficit=_deficit("member_owes", 1_000),
        rounding="half_up",
    ),
    # Strictly more than five dollars, and on the price before the card's discount.
    "corner-oven": _terms(
        rates=_rates(300, cakes=500, coffee_shop=500),
        minimum={"amount_minor": 500, "boundary": "above", "measured_on": "base"},
        pending=_after("reported", 0),
        expiry=_lives(120),
        deficit=_deficit("merchant_bears"),
        discounts="gross",
        rounding="down",
    ),
    "rosa": _terms(
        rates=_rates(
            200,
            diapers_disposables=100,
            fragrances=600,
            hair_care_products=300,
            makeup_and_treatment=500,
        ),
        pending=_after("paid", 14),
        expiry=_lives(365),
        deficit=_deficit("member_owes", 2_000),
    ),
    # Prescriptions and infant formula may not be promoted.
    "whitmore": _terms(
        rates=_rates(150, vitamins=400, smoking_cessations=500),
        pending=_after("paid", 14),
        expiry=_lives(None),
        deficit=_deficit("operator_bears"),
        discounts="gross",
        excluded=("infant formula", "pharmacy"),
    ),
    # Thirty days, because thirty days is how long it takes things back.
    "fifth-and-main": _terms(
        rates=_rates(150, greeting_cards_wrap_party_sply=400, toys_and_games=300),
        pending=_after("paid", 30, wait_days_max=45),
        expiry=_lives(365),
        deficit=_deficit("member_owes", 2_000),
        excluded=(
            "cigarettes",
            "cigars",
            "gift cards",
            "long distance calling cards",
            "prepaid wireless accessories",
            "tickets",
            "tobacco other",
        ),
    ),
    # At once and small, and gone in two months, to the pump's own benefit.
    "blue-pump": _terms(
        rates=_rates(100),
        pending=_after("reported", 0),
        expiry=_lives(60),
        deficit=_deficit("merchant_bears"),
        rounding="down",
        breakage="merchant",
    ),
    # Paid only for flowers that arrived: an order that nobody delivers earns nothing. What is not
    # spent in a season goes to a charity.
    "petal": _terms(
        rates=_rates(500, roses=800),
        pending=_after("delivered", 1, wait_days_max=21, on_wait_end="cancel"),
        expiry=_lives(90),
        deficit=_deficit("merchant_bears"),
        rounding="up",
        breakage="charity",
        charity_id=MEALS_ON_WHEELS,
    ),
    "cellar-door": _terms(
        rates=_rates(200, domestic_wine=300, imported_wine=400),
        minimum={"amount_minor": 1_500, "boundary": "at_least", "measured_on": "base"},
        pending=_after("reported", 3),
        expiry=_lives(180),
        deficit=_deficit("member_owes", 500),
    ),
}
