"""Webhooks as GraphQL: where a merchant is told, of what, and what came of each message."""

import enum
from datetime import datetime
from typing import Annotated, Final

import strawberry

from api.graphql import context, cost, permissions, scalars, shapes
from partners.webhooks import deliveries, endpoints
from wallet import ids

TOPICS: Final = (
    "`purchase.*` and `redemption.*`, or some of them by their names, such as"
    " `redemption.captured`; at most ten."
)


@strawberry.enum(description="Whether an endpoint is sent to.")
class WebhookEndpointStatus(enum.Enum):
    """As endpoints.Status."""

    ACTIVE = strawberry.enum_value("active", description="It is.")
    DISABLED = strawberry.enum_value(
        "disabled", description="Nothing is sent, and nothing new is recorded for it."
    )


@strawberry.enum(description="Why an endpoint is disabled.")
class WebhookEndpointEnded(enum.Enum):
    """As endpoints.Ended."""

    MERCHANT = strawberry.enum_value("merchant", description="The merchant disabled it.")
    OPERATOR = strawberry.enum_value(
        "operator", description="The operator did; only they enable it again."
    )
    GONE = strawberry.enum_value("gone", description="It answered 410.")
    FAILING = strawberry.enum_value(
        "failing", description="For three days nothing came through. Enable it when it is mended."
    )


@strawberry.enum(description="What became of a message.")
class WebhookDeliveryStatus(enum.Enum):
    """As deliveries.Status."""

    PENDING = strawberry.enum_value("pending", description="It waits for its next try.")
    DELIVERED = strawberry.enum_value("delivered", description="It was answered 2xx.")
    FAILED = strawberry.enum_value("failed", description="It is not tried any more.")
    CANCELLED = strawberry.enum_value(
        "cancelled", description="Its endpoint was deleted before it was told."
    )


@strawberry.type(description="One message to one endpoint, as the log has it for thirty days.")
class WebhookDelivery:
    """Its id is the `webhook-id` that the receiver sees at each try."""

    id: strawberry.ID = strawberry.field(description="Opaque and permanent.")
    topic: str = strawberry.field(description="What kind of thing happened.")
    subject_id: strawberry.ID = strawberry.field(description="To what: ask for it by this id.")
    happened_at: scalars.DateTime = strawberry.field(description="When it happened.")
    status: WebhookDeliveryStatus = strawberry.field(description="What became of it.")
    attempts: int = strawberry.field(description="Tries so far, since it was last replayed.")
    next_at: scalars.DateTime | None = strawberry.field(
        description="The next try, at the earliest; null if there is none."
    )
    delivered_at: scalars.DateTime | None = strawberry.field(
        description="When it was answered 2xx; null if it never was."
    )
    last_http_status: int | None = strawberry.field(
        description="What the newest try was answered; null for no answer."
    )
    last_failure: str | None = strawberry.field(
        description="Why the newest try has no answer; null if it has one."
    )
    facts: strawberry.Private[deliveries.Delivery]


@strawberry.type(description="An address of a merchant's that is told what happened.")
class WebhookEndpoint:
    """Shown to its merchant and to the operator; never its secret."""

    id: strawberry.ID = strawberry.field(description="Opaque and permanent.")
    url: str = strawberry.field(description="Where messages are sent.")
    topics: list[str] = strawberry.field(
        description=f"What it is told of, at most one of each: {TOPICS}"
    )
    status: WebhookEndpointStatus = strawberry.field(description="Whether it is sent to.")
    ended: WebhookEndpointEnded | None = strawberry.field(
        description="Why it is disabled; null while it is active."
    )
    failures: int = strawberry.field(
        description="Failures in a row; 0 while messages come through."
    )
    rests_until: scalars.DateTime | None = strawberry.field(
        description="Nothing is tried before this, because tries have failed."
    )
    delivered_at: scalars.DateTime | None = strawberry.field(
        description="When a message last came through; null if none has."
    )
    created_at: scalars.DateTime = strawberry.field(description="When it was made.")
    facts: strawberry.Private[endpoints.Endpoint]

    @shapes.paged("deliveries", "What it was told, newest first.")
    async def deliveries(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[WebhookDelivery] | None:
        """Whoever sees the endpoint sees its log."""
        rows = await deliveries.page(
            info.context.db,
            self.facts.endpoint_id,
            first=shapes.first_of(first) + 1,
            before=shapes.place_of(after, datetime),
        )
        return shapes.page(
            [show_delivery(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.facts.created_at, row.facts.delivery_id),
        )


@strawberry.type
class Query:
    """Root fields for merchants, and for the operator."""

    @permissions.root(
        "Query.webhookEndpoints",
        "Your endpoints, the oldest first; at most ten.",
        cost.ListSize(assumed_size=10),
    )
    async def webhook_endpoints(self, info: context.Info) -> list[WebhookEndpoint] | None:
        """Its own only."""
        found = await endpoints.of(info.context.db, context.merchant(info))
        return [show(one) for one in found]

    @permissions.root(
        "Query.merchantWebhooks",
        "The endpoints of a merchant; none for a merchant that is not there. At most ten.",
        cost.ListSize(assumed_size=10),
    )
    async def merchant_webhooks(
        self,
        info: context.Info,
        merchant_id: Annotated[strawberry.ID, strawberry.argument(description="Which merchant.")],
    ) -> list[WebhookEndpoint] | None:
        """For the operator, who is asked why nothing arrives."""
        try:
            found = await endpoints.of(info.context.db, ids.parse("mer", merchant_id))
        except ValueError:
            return []
        return [show(one) for one in found]


def show(found: endpoints.Endpoint) -> WebhookEndpoint:
    """Return an endpoint as GraphQL."""
    return WebhookEndpoint(
        id=strawberry.ID(ids.show("end", found.endpoint_id)),
        url=found.url,
        topics=list(found.topics),
        status=WebhookEndpointStatus(found.status),
        ended=WebhookEndpointEnded(found.ended) if found.ended else None,
        failures=found.failures,
        rests_until=scalars.instant(found.rests_until),
        delivered_at=scalars.instant(found.delivered_at),
        created_at=scalars.DateTime(found.created_at),
        facts=found,
    )


def show_delivery(found: deliveries.Delivery) -> WebhookDelivery:
    """Return a delivery as GraphQL."""
    waits = found.status == "pending"
    return WebhookDelivery(
        id=strawberry.ID(ids.show("dlv", found.delivery_id)),
        topic=found.topic,
        subject_id=strawberry.ID(found.subject),
        happened_at=scalars.DateTime(found.happened_at),
        status=WebhookDeliveryStatus(found.status),
        attempts=found.attempts,
        next_at=scalars.DateTime(found.next_at) if waits else None,
        delivered_at=scalars.instant(found.delivered_at),
        last_http_status=found.last_status,
        last_failure=found.last_failure,
        facts=found,
    )
