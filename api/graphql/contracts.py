"""Contract terms as GraphQL input: the same fields as wallet.rules.contracts.Terms.

The input is turned into the document that `contracts.parse` reads; every bound and every
contradiction is judged there, so this module holds names and types only.
"""

import enum
from typing import Any

import strawberry

from api.graphql import reports, scalars, shapes
from wallet import errors, money

PERCENT = money.Asset(0, "A rate in per cent", 2, "points")


@strawberry.enum(description="Whether the limit itself is enough.")
class MinimumBoundary(enum.Enum):
    """As contracts.Minimum.boundary."""

    AT_LEAST = strawberry.enum_value("at_least", description="A basket of exactly it earns.")
    ABOVE = strawberry.enum_value("above", description="A basket of exactly it earns nothing.")


@strawberry.enum(description="What is compared with the minimum.")
class MinimumMeasure(enum.Enum):
    """As contracts.Minimum.measured_on."""

    BASE = strawberry.enum_value("base", description="What counts after the base policy.")
    TOTAL = strawberry.enum_value("total", description="All that the customer paid.")


@strawberry.enum(description="Whether discounts are taken off before the rate.")
class DiscountPolicy(enum.Enum):
    """As contracts.Base.discounts."""

    NET = strawberry.enum_value("net", description="The rate applies after discounts.")
    GROSS = strawberry.enum_value("gross", description="The rate applies before discounts.")


@strawberry.enum(description="Whether tax is part of what the rate applies to.")
class TaxPolicy(enum.Enum):
    """As contracts.Base.tax."""

    WITH = strawberry.enum_value("with", description="The rate applies to the price with tax.")
    WITHOUT = strawberry.enum_value(
        "without", description="The rate applies to the price without tax."
    )


@strawberry.enum(description="The business event that starts the pending clock.")
class ClockEvent(enum.Enum):
    """As contracts.Pending.event."""

    REPORTED = strawberry.enum_value("reported", description="The purchase was reported.")
    PAID = strawberry.enum_value("paid", description="The customer paid.")
    SHIPPED = strawberry.enum_value("shipped", description="The goods left the warehouse.")
    DELIVERED = strawberry.enum_value("delivered", description="The goods arrived.")
    STAY_ENDED = strawberry.enum_value("stay_ended", description="The guest checked out.")


@strawberry.enum(description="What happens when the event never comes.")
class WaitEnd(enum.Enum):
    """As contracts.Pending.on_wait_end."""

    MATURE = strawberry.enum_value("mature", description="The cashback becomes free to spend.")
    CANCEL = strawberry.enum_value("cancel", description="The cashback is cancelled.")


@strawberry.enum(description="Who bears a return whose cashback was already spent.")
class DeficitPolicy(enum.Enum):
    """As contracts.Deficit.policy."""

    MEMBER_OWES = strawberry.enum_value(
        "member_owes", description="Later credits of the member fill it, up to a limit."
    )
    MERCHANT_BEARS = strawberry.enum_value("merchant_bears", description="The merchant.")
    OPERATOR_BEARS = strawberry.enum_value("operator_bears", description="The operator.")


@strawberry.enum(description="Who gets what expires unspent.")
class BreakageOwner(enum.Enum):
    """As contracts.Terms.breakage."""

    OPERATOR = strawberry.enum_value("operator", description="The operator of the coalition.")
    MERCHANT = strawberry.enum_value("merchant", description="The merchant that funded it.")
    CHARITY = strawberry.enum_value("charity", description="A charity.")


@strawberry.input(description="The rate of one category.")
class CategoryRateInput:
    """One entry of contracts.Rates.by_category."""

    category: str = strawberry.field(description="Your category; case and spaces do not count.")
    percent: scalars.Decimal = strawberry.field(description="What comes back, 5.25 is 5.25 %.")


@strawberry.input(description="The smallest basket that earns.")
class MinimumInput:
    """As contracts.Minimum."""

    amount: scalars.Decimal = strawberry.field(description="In the currency of the contract.")
    boundary: MinimumBoundary = strawberry.field(description="Whether exactly it is enough.")
    measured_on: MinimumMeasure = strawberry.field(description="What is compared with it.")


@strawberry.input(description="What of a line the rate applies to.")
class BaseInput:
    """As contracts.Base."""

    discounts: DiscountPolicy = strawberry.field(description="Before or after discounts.")
    tax: TaxPolicy = strawberry.field(description="With or without tax.")
    shipping: bool = strawberry.field(description="True if shipping lines earn.")
    cashback_part_earns: bool = strawberry.field(
        default=False, description="True if the part paid with cashback earns again."
    )
    excluded_categories: list[str] = strawberry.field(
        default_factory=list, description="Categories that earn nothing."
    )


@strawberry.input(description="When cashback becomes free to spend.")
class PendingInput:
    """As contracts.Pending."""

    event: ClockEvent = strawberry.field(description="What starts the clock.")
    days: int = strawberry.field(description="Days from that event.")
    wait_days_max: int = strawberry.field(description="Days to wait for the event at most.")
    on_wait_end: WaitEnd = strawberry.field(description="What happens if it never comes.")


@strawberry.input(description="How long cashback lives once it is free to spend.")
class ExpiryInput:
    """As contracts.Expiry."""

    days: int | None = strawberry.field(default=None, description="Days; null is for ever.")
    grace_days: int = strawberry.field(
        default=30, description="What refunded cashback gets if it expired meanwhile."
    )
    notice_days: int = strawberry.field(
        default=0, description="Above zero nothing expires without a notice so many days before."
    )


@strawberry.input(description="Who bears a return whose cashback was already spent.")
class DeficitInput:
    """As contracts.Deficit."""

    policy: DeficitPolicy = strawberry.field(description="Who.")
    member_owes_at_most: scalars.Decimal = strawberry.field(
        default=scalars.Decimal("0"), description="The most that the member may come to owe."
    )


@strawberry.input(description="The terms of a merchant's contract.")
class ContractTermsInput:
    """As contracts.Terms."""

    currency: scalars.CurrencyCode = strawberry.field(description="The currency of all amounts.")
    default_percent: scalars.Decimal = strawberry.field(
        description="What comes back where no category rate applies, 1.00 is 1 %."
    )
    base: BaseInput = strawberry.field(description="What of a line the rates apply to.")
    pending: PendingInput = strawberry.field(description="When cashback becomes free to spend.")
    expiry: ExpiryInput = strawberry.field(description="How long it lives then.")
    deficit: DeficitInput = strawberry.field(description="Who bears returns after spending.")
    breakage: BreakageOwner = strawberry.field(description="Who gets what expires unspent.")
    charity_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which charity; exactly when `breakage` is CHARITY."
    )
    rounding: reports.Rounding = strawberry.field(
        default=reports.Rounding.HALF_EVEN, description="How cashback is rounded."
    )
    category_rates: list[CategoryRateInput] = strawberry.field(
        default_factory=list, description="Rates of their own, by category."
    )
    minimum: MinimumInput | None = strawberry.field(
        default=None, description="The smallest basket that earns; null for any."
    )
    hold_minutes: int = strawberry.field(
        default=15, description="How long a hold at this merchant's till lasts."
    )


def document(told: ContractTermsInput) -> dict[str, Any]:
    """Return the JSON of the terms.

    Raises TERMS_INVALID, AMOUNT_INVALID, CURRENCY_MISMATCH, or NOT_FOUND for no charity's id.
    """
    asset = shapes.asset(told.currency, path=("terms", "currency"))
    by_category: dict[str, int] = {}
    for place, rate in enumerate(told.category_rates):
        path = ("terms", "category_rates", str(place))
        if rate.category in by_category:
            raise errors.TermsInvalid("This category has a rate already.", path=path)
        by_category[rate.category] = _bps(rate.percent, *path, "percent")
    terms: dict[str, Any] = {
        "asset": asset.code,
        "rates": {
            "default_bps": _bps(told.default_percent, "terms", "default_percent"),
            "by_category": by_category,
        },
        "base": {
            "discounts": shapes.value(told.base.discounts),
            "tax": shapes.value(told.base.tax),
            "shipping": told.base.shipping,
            "cashback_part_earns": told.base.cashback_part_earns,
            "excluded_categories": list(told.base.excluded_categories),
        },
        "rounding": shapes.value(told.rounding),
        "pending": {
            "event": shapes.value(told.pending.event),
            "days": told.pending.days,
            "wait_days_max": told.pending.wait_days_max,
            "on_wait_end": shapes.value(told.pending.on_wait_end),
        },
        "expiry": {
            "days": told.expiry.days,
            "grace_days": told.expiry.grace_days,
            "notice_days": told.expiry.notice_days,
        },
        "deficit": {
            "policy": shapes.value(told.deficit.policy),
            "max_minor": shapes.minor(
                told.deficit.member_owes_at_most,
                asset,
                path=("terms", "deficit", "member_owes_at_most"),
            ),
        },
        "breakage": shapes.value(told.breakage),
        "hold_minutes": told.hold_minutes,
    }
    if told.charity_id is not None:
        charity_id = shapes.key("cha", told.charity_id, path=("terms", "charity_id"))
        terms["charity_id"] = str(charity_id)
    if told.minimum is not None:
        terms["minimum"] = {
            "amount_minor": shapes.minor(
                told.minimum.amount, asset, path=("terms", "minimum", "amount")
            ),
            "boundary": shapes.value(told.minimum.boundary),
            "measured_on": shapes.value(told.minimum.measured_on),
        }
    return terms


def _bps(percent: str, *path: str) -> int:
    try:
        return money.parse(percent, PERCENT)
    except ValueError as error:
        raise errors.TermsInvalid(f"This rate is not valid: {error}.", path=path) from None
