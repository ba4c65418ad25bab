"""What a merchant reports, as GraphQL input.

The inputs become the frozen facts of `wallet.rules.purchases`; nothing is defaulted here that a
rule would decide. A path in a refusal names the fields as the caller wrote them.
"""

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import strawberry
from strawberry.utils import str_converters

from api.graphql import scalars, shapes
from wallet import errors, money
from wallet.rules import purchases, text

INSTRUMENT: Final = (
    "How it was paid, as a token of yours such as `card:aurora`; never a card's number."
)
SUBSCRIPTION: Final = "Set if it is a delivery of a subscription."
COUPONS: Final = "The ids of the member's coupons that were shown; at most 10."
# A quantity has three decimals and no currency; it is read by the same strict reader.
QUANTITY: Final = money.Asset(0, "A quantity", 3, "points")


@strawberry.enum(description="Where the purchase was made.")
class PurchaseChannel(enum.Enum):
    """As wallet.rules.purchases.Channel."""

    ONLINE = strawberry.enum_value("online", description="On a web site.")
    SHOP = strawberry.enum_value("shop", description="In a shop, at a till.")
    APP = strawberry.enum_value("app", description="In an app.")


@strawberry.enum(description="What a line of a purchase is.")
class PurchaseLineKind(enum.Enum):
    """As wallet.rules.purchases.LineKind."""

    ITEM = strawberry.enum_value("item", description="Something bought.")
    SHIPPING = strawberry.enum_value("shipping", description="Delivery of what was bought.")


@strawberry.enum(description="A business event that may start the clock of pending cashback.")
class PurchaseEventKind(enum.Enum):
    """As wallet.rules.purchases.EventKind."""

    PAID = strawberry.enum_value("paid", description="The customer paid.")
    SHIPPED = strawberry.enum_value("shipped", description="The goods left the warehouse.")
    DELIVERED = strawberry.enum_value("delivered", description="The goods arrived.")
    STAY_ENDED = strawberry.enum_value("stay_ended", description="The guest checked out.")


@strawberry.enum(description="How the cashback of a line was rounded to the smallest unit.")
class Rounding(enum.Enum):
    """As wallet.money.Rounding."""

    HALF_EVEN = strawberry.enum_value(
        "half_even", description="To the nearest; a tie goes to the even neighbour."
    )
    DOWN = strawberry.enum_value("down", description="Towards zero.")
    UP = strawberry.enum_value("up", description="Away from zero.")
    HALF_UP = strawberry.enum_value(
        "half_up", description="To the nearest; a tie goes away from zero."
    )


@strawberry.input(description="One line of a receipt.")
class PurchaseLineInput:
    """Becomes a purchases.Line."""

    number: int = strawberry.field(description="The line's number, unique in the purchase.")
    category: str = strawberry.field(description="Your category, such as `Beauty`; rates go by it.")
    amount: scalars.Decimal = strawberry.field(
        description="What was paid for the whole line: after discount, tax included."
    )
    quantity: scalars.Decimal = strawberry.field(
        default=scalars.Decimal("1"), description="How many, with up to 3 decimals."
    )
    discount: scalars.Decimal = strawberry.field(
        default=scalars.Decimal("0"), description="What was taken off the line before `amount`."
    )
    tax: scalars.Decimal = strawberry.field(
        default=scalars.Decimal("0"), description="The tax inside `amount`."
    )
    kind: PurchaseLineKind = strawberry.field(
        default=PurchaseLineKind.ITEM, description="Goods, or their delivery."
    )
    labels: list[str] = strawberry.field(
        default_factory=list, description="Your labels, such as `organic`; at most 20."
    )
    external_id: str | None = strawberry.field(default=None, description="Your own id of the line.")
    product: str | None = strawberry.field(default=None, description="Your product number.")
    description: str | None = strawberry.field(default=None, description="What the receipt says.")
    brand: str | None = strawberry.field(default=None, description="The brand of the goods.")


@strawberry.input(description="Which delivery of a subscription a purchase is.")
class SubscriptionDeliveryInput:
    """Cashback is earned with each delivery, not when it is paid in advance."""

    reference: str = strawberry.field(description="Your own number of the subscription.")
    number: int = strawberry.field(description="The first delivery is 1.")


@strawberry.input(description="A business event of a purchase.")
class PurchaseEventInput:
    """Becomes a purchases.Event."""

    kind: PurchaseEventKind = strawberry.field(description="What happened.")
    at: scalars.DateTime = strawberry.field(description="When it happened.")


@strawberry.input(description="A purchase, as your till or web shop knows it.")
class PurchaseReportInput:
    """Becomes a purchases.Purchase and the id of its request."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(
        description="New for every purchase, the same on every retry."
    )
    member_id: strawberry.ID = strawberry.field(description="Who bought.")
    reference: str = strawberry.field(
        description="Your own number of the purchase; it can be credited once only."
    )
    purchased_at: scalars.DateTime = strawberry.field(description="When it was bought.")
    channel: PurchaseChannel = strawberry.field(description="Where it was bought.")
    currency: scalars.CurrencyCode = strawberry.field(description="The currency of all amounts.")
    lines: list[PurchaseLineInput] = strawberry.field(description="The lines; 1 to 500.")
    store_external_id: str | None = strawberry.field(
        default=None, description="Your own id of the shop."
    )
    paid_with_cashback: scalars.Decimal = strawberry.field(
        default=scalars.Decimal("0"),
        description="The part of the sum that the member paid with cashback.",
    )
    events: list[PurchaseEventInput] = strawberry.field(
        default_factory=list, description="What has already happened to it."
    )
    instrument: str | None = strawberry.field(default=None, description=INSTRUMENT)
    subscription: SubscriptionDeliveryInput | None = strawberry.field(
        default=None, description=SUBSCRIPTION
    )
    coupons: list[strawberry.ID] = strawberry.field(default_factory=list, description=COUPONS)


@strawberry.input(description="A basket to be judged; nothing is stored.")
class PurchasePreviewInput:
    """As PurchaseReportInput, without what only a sale has."""

    channel: PurchaseChannel = strawberry.field(description="Where it would be bought.")
    currency: scalars.CurrencyCode = strawberry.field(description="The currency of all amounts.")
    lines: list[PurchaseLineInput] = strawberry.field(description="The lines; 1 to 500.")
    purchased_at: scalars.DateTime | None = strawberry.field(
        default=None, description="When it would be bought; null for now."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who would buy, if known."
    )
    store_external_id: str | None = strawberry.field(
        default=None, description="Your own id of the shop."
    )
    paid_with_cashback: scalars.Decimal = strawberry.field(
        default=scalars.Decimal("0"), description="The part to be paid with cashback."
    )
    instrument: str | None = strawberry.field(default=None, description=INSTRUMENT)
    subscription: SubscriptionDeliveryInput | None = strawberry.field(
        default=None, description=SUBSCRIPTION
    )
    coupons: list[strawberry.ID] = strawberry.field(default_factory=list, description=COUPONS)


def _build_by_name(shape: type, **nested: type) -> None:
    """Let the library build an input from the names of its fields.

    By itself it resolves the type and the name of every field again for every value: of a bulk
    report of ten thousand lines that was two thirds of all the work. `nested` are the fields that
    hold inputs, or lists of them.
    """
    definition = _definition(shape)
    names = tuple(
        (field.python_name, str_converters.to_camel_case(field.python_name))
        for field in definition.fields
    )

    def build(_shape: type, value: Mapping[str, Any], context: object) -> object:
        found = {python: value[name] for python, name in names if name in value}
        for python, inner in nested.items():
            make, told = _definition(inner).from_input, found.get(python)
            if isinstance(told, list):
                found[python] = [make(inner, one, context) for one in told]
            elif told is not None:
                found[python] = make(inner, told, context)
        return shape(**found)

    definition.from_input = build


def _definition(shape: Any) -> Any:
    return shape.__strawberry_definition__


_build_by_name(PurchaseLineInput)
_build_by_name(PurchaseEventInput)
_build_by_name(SubscriptionDeliveryInput)
_build_by_name(
    PurchaseReportInput,
    lines=PurchaseLineInput,
    events=PurchaseEventInput,
    subscription=SubscriptionDeliveryInput,
)


def facts(told: PurchaseReportInput | PurchasePreviewInput, at: datetime) -> purchases.Purchase:
    """Return the facts of a purchase at `at`; the paths of its refusals begin inside the input."""
    asset = shapes.asset(told.currency, path=("currency",))
    if told.store_external_id is not None:
        # Looked up before the rules check the purchase, so it is checked here.
        text.check(told.store_external_id, "store", chars_max=purchases.REFERENCE_CHARS_MAX)
    report = told if isinstance(told, PurchaseReportInput) else None
    return purchases.Purchase(
        reference=report.reference if report else "preview",
        asset=asset.code,
        channel=shapes.value(told.channel),
        store=told.store_external_id,
        purchased_at=at,
        lines=tuple(
            _line(line, asset, path=("lines", str(place))) for place, line in enumerate(told.lines)
        ),
        paid_with_cashback_minor=shapes.minor(
            told.paid_with_cashback, asset, path=("paid_with_cashback",)
        ),
        events=tuple(event(one) for one in report.events) if report else (),
        instrument=told.instrument,
        subscription=None if told.subscription is None else told.subscription.reference,
        delivery=None if told.subscription is None else told.subscription.number,
        coupons=tuple(
            shapes.key("ben", coupon, path=("coupons", str(place)))
            for place, coupon in enumerate(told.coupons)
        ),
    )


def event(told: PurchaseEventInput) -> purchases.Event:
    """Return the facts of an event."""
    return purchases.Event(kind=shapes.value(told.kind), at=told.at)


def _line(told: PurchaseLineInput, asset: money.Asset, *, path: Sequence[str]) -> purchases.Line:
    return purchases.Line(
        number=told.number,
        external_id=told.external_id,
        product=told.product,
        description=told.description,
        kind=shapes.value(told.kind),
        category=told.category,
        labels=tuple(told.labels),
        quantity_milli=milli(told.quantity, path=(*path, "quantity")),
        amount_minor=shapes.minor(told.amount, asset, path=(*path, "amount")),
        discount_minor=shapes.minor(told.discount, asset, path=(*path, "discount")),
        tax_minor=shapes.minor(told.tax, asset, path=(*path, "tax")),
        brand=told.brand,
    )


def milli(quantity: str, *, path: Sequence[str]) -> int:
    """Return a quantity in thousandths; raises PURCHASE_INVALID for more than 3 decimals."""
    try:
        return money.parse(quantity, QUANTITY)
    except ValueError as error:
        raise errors.PurchaseInvalid(f"This quantity is not valid: {error}.", path=path) from None


def milli_or_none(quantity: str | None, *, path: Sequence[str]) -> int | None:
    """As `milli`, for a quantity that may be missing."""
    return None if quantity is None else milli(quantity, path=path)


def quantity(thousandths: int) -> scalars.Decimal:
    """Print thousandths without decimals that say nothing: 1500 is 1.5, 2000 is 2."""
    whole, rest = divmod(thousandths, 1000)
    return scalars.Decimal(f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole))
