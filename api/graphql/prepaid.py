"""Prepaid subscriptions as GraphQL: opened with what was paid, delivered by purchases, ended.

A delivery is a purchase that names its subscription by the merchant's reference: purchaseReport.
"""

import enum
import uuid
from typing import Annotated, TypeAlias

import strawberry

from api import explaining
from api.graphql import (
    context,
    merchants,
    permissions,
    refusals,
    scalars,
    shapes,
    wording,
)
from wallet import ids, subscriptions
from wallet.rules import purchases
from wallet.rules import subscriptions as rules


@strawberry.enum(description="What a delivery has to come to.")
class DeliveryAmounts(enum.Enum):
    """As rules.Amounts; a test compares both."""

    SHARES = strawberry.enum_value(
        "shares", description="Its share: what was paid, over the deliveries."
    )
    AS_REPORTED = strawberry.enum_value(
        "as_reported", description="What you report, up to what was paid in all."
    )


@strawberry.type(description="Deliveries that were paid for at once.")
class PrepaidSubscription(shapes.Node):
    """As subscriptions.Subscription."""

    reference: str = strawberry.field(description="The merchant's own number of it.")
    rhythm: str = strawberry.field(description="How often it comes, in the merchant's words.")
    deliveries: int = strawberry.field(description="How many were paid for.")
    delivered: list[int] = strawberry.field(
        description="The numbers of those that were made and kept in part at least; at most 1,000.",
    )
    total: shapes.Money = strawberry.field(description="What was paid in advance.")
    left: shapes.Money = strawberry.field(description="What of it was not delivered.")
    amounts: DeliveryAmounts = strawberry.field(description="What a delivery has to come to.")
    opened_at: scalars.DateTime = strawberry.field(description="When it was opened.")
    cancelled_at: scalars.DateTime | None = strawberry.field(
        description="When the rest was cancelled; null if it was not."
    )
    merchant: merchants.Merchant | None = strawberry.field(description="Who delivers.")
    key: strawberry.Private[uuid.UUID]


SubscriptionError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("SubscriptionError", description="Why it was refused."),
]


@strawberry.type(description="Outcome of opening or cancelling a prepaid subscription.")
class SubscriptionPayload:
    """The subscription as it stands after it."""

    subscription: PrepaidSubscription | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    refund: shapes.Money | None = strawberry.field(
        default=None, description="What you have to pay back, after a cancelling."
    )
    explanation: str | None = strawberry.field(
        default=None, description="Why so much, to read, after a cancelling."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[SubscriptionError] = shapes.refused()


@strawberry.input(description="What a member has paid for in advance.")
class SubscriptionOpenInput:
    """Becomes rules.Subscription."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    member_id: strawberry.ID = strawberry.field(description="Who paid.")
    reference: str = strawberry.field(
        description="Your own number of it, which deliveries name; each stands for one."
    )
    deliveries: int = strawberry.field(description="How many were paid for; 1 to 1,000.")
    total: shapes.MoneyInput = strawberry.field(
        description="What was paid for all of them; it earns nothing by itself."
    )
    rhythm: str = strawberry.field(description="How often, such as `monthly`; at most 64 letters.")
    amounts: DeliveryAmounts = strawberry.field(
        default=DeliveryAmounts.SHARES, description="What a delivery has to come to."
    )


@strawberry.input(description="The end of what is left.")
class SubscriptionCancelInput:
    """What was delivered stays earned."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    subscription_id: strawberry.ID = strawberry.field(description="Which one.")
    reason: str = strawberry.field(description="Why, for the records.")


@strawberry.type
class Mutation:
    """Root fields for merchants."""

    @permissions.root(
        "Mutation.subscriptionOpen",
        "Say what a member has paid for in advance; each delivery then earns on its share.",
    )
    @refusals.answered(SubscriptionPayload)
    async def subscription_open(
        self,
        info: context.Info,
        told: Annotated[
            SubscriptionOpenInput, strawberry.argument(name="input", description="What was paid.")
        ],
    ) -> SubscriptionPayload | None:
        """Once for each reference."""
        asset = shapes.asset(told.total.currency, path=("total", "currency"))
        minor = shapes.minor(told.total.amount, asset, path=("total", "amount"))
        opened = await subscriptions.start(
            info.context.db,
            merchant_id=context.merchant(info),
            request_id=context.request(info, "subscriptionOpen", told.idempotency_key),
            member_id=shapes.key("mem", told.member_id, path=("member_id",)),
            terms=rules.Subscription(
                reference=told.reference,
                asset=asset.code,
                deliveries=told.deliveries,
                total_minor=minor,
                rhythm=told.rhythm,
                amounts=shapes.value(told.amounts),
            ),
        )
        return SubscriptionPayload(subscription=show(opened.subscription), replayed=opened.replayed)

    @permissions.root(
        "Mutation.subscriptionCancel",
        "End what was not delivered yet; the answer says what to pay back.",
    )
    @refusals.answered(SubscriptionPayload)
    async def subscription_cancel(
        self,
        info: context.Info,
        told: Annotated[
            SubscriptionCancelInput,
            strawberry.argument(name="input", description="Which, and why."),
        ],
    ) -> SubscriptionPayload | None:
        """Once, and for good."""
        ended = await subscriptions.cancel(
            info.context.db,
            merchant_id=context.merchant(info),
            request_id=context.request(info, "subscriptionCancel", told.idempotency_key),
            subscription_id=shapes.key("sub", told.subscription_id, path=("subscription_id",)),
            reason=told.reason,
        )
        one = ended.subscription
        assert one.refund_minor is not None
        return SubscriptionPayload(
            subscription=show(one),
            refund=shapes.show(one.refund_minor, one.asset),
            explanation=explaining.left(one.asset, one.refund_minor, language=wording.language()),
            replayed=ended.replayed,
        )


def show(row: subscriptions.Subscription) -> PrepaidSubscription:
    """Return a subscription as GraphQL."""
    terms = row.terms
    return PrepaidSubscription(
        id=strawberry.ID(ids.show("sub", row.subscription_id)),
        reference=terms.reference,
        rhythm=terms.rhythm,
        deliveries=terms.deliveries,
        delivered=[one.delivery for one in row.delivered][: purchases.DELIVERIES_MAX],
        total=shapes.show(terms.total_minor, row.asset),
        left=shapes.show(row.left_minor, row.asset),
        amounts=DeliveryAmounts(terms.amounts),
        opened_at=scalars.DateTime(row.opened_at),
        cancelled_at=scalars.instant(row.cancelled_at),
        merchant=merchants.named(row.merchant_id, row.merchant_name),
        key=row.subscription_id,
    )


async def node(info: context.Info, subscription_id: uuid.UUID) -> PrepaidSubscription | None:
    """Return a subscription to its member, support, or the merchant who delivers."""
    found = await subscriptions.find(info.context.db, subscription_id)
    visible = context.may_see(
        info, wallet_id=found.wallet_id, merchant_id=found.merchant_id, scope="purchases:read"
    )
    return show(found) if visible else None
