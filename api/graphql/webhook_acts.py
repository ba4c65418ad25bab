"""What merchants do with their endpoints for webhooks, and what the operator may do about them.

A secret is in one answer only, that of the request which made it.
"""

import datetime
import uuid
from typing import Annotated, Final, TypeAlias

import strawberry

from api.graphql import context, permissions, refusals, scalars, shapes, staff, webhooks
from partners.webhooks import deliveries, endpoints
from wallet import errors

KEEP: Final = "Keep the secret now: it is shown this once."
SHOWN_ONCE: Final = (
    "The secret was in the answer to the first request with this key. If that answer was lost,"
    " rotate to get a new one."
)

WebhookError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("WebhookError", description="Why an act about a webhook was refused."),
]


@strawberry.type(description="Outcome of an act about an endpoint.")
class WebhookEndpointPayload:
    """The endpoint as it stands after it."""

    endpoint: webhooks.WebhookEndpoint | None = strawberry.field(
        default=None, description="As it stands now; null if refused or deleted."
    )
    secret: str | None = strawberry.field(
        default=None, description="The new secret, this once; null if none was made."
    )
    message: str | None = strawberry.field(
        default=None, description="What to do about the secret; null if there is nothing to do."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[WebhookError] = shapes.refused()


@strawberry.type(description="Outcome of an act about a message.")
class WebhookDeliveryPayload:
    """The message as it stands after it."""

    delivery: webhooks.WebhookDelivery | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[WebhookError] = shapes.refused()


@strawberry.input(description="A new endpoint.")
class WebhookEndpointCreateInput:
    """It gets a secret of its own."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    url: str = strawberry.field(description="A public https address, on port 443 or 8443.")
    topics: list[str] = strawberry.field(description=f"What to tell it of: {webhooks.TOPICS}")


@strawberry.input(description="A new secret for an endpoint.")
class WebhookEndpointRotateInput:
    """Both sign for a while, so that the receiver can change over."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    endpoint_id: strawberry.ID = strawberry.field(description="Which endpoint.")
    overlap_hours: int = strawberry.field(
        default=24, description="How long the old one still signs, up to 168; 0 if it leaked."
    )


@strawberry.input(description="One of your endpoints.")
class WebhookEndpointInput:
    """Repeating the act changes nothing, so it needs no key."""

    endpoint_id: strawberry.ID = strawberry.field(description="Which endpoint.")


@strawberry.input(description="A message to try the way with.")
class WebhookPingInput:
    """It says nothing."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    endpoint_id: strawberry.ID = strawberry.field(description="Which endpoint.")


@strawberry.input(description="A message to send again.")
class WebhookReplayInput:
    """Repeating it while the message is on its way changes nothing."""

    delivery_id: strawberry.ID = strawberry.field(description="Which message.")


@strawberry.input(description="An endpoint of a merchant, and why the operator acts on it.")
class MerchantWebhookInput:
    """Repeating the act changes nothing."""

    endpoint_id: strawberry.ID = strawberry.field(description="Which endpoint.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.type
class Mutation:
    """Root fields for merchants."""

    @permissions.root(
        "Mutation.webhookEndpointCreate",
        "Be told what happens to your purchases and redemptions; the secret is in this answer.",
    )
    @refusals.answered(WebhookEndpointPayload)
    async def webhook_endpoint_create(
        self,
        info: context.Info,
        told: Annotated[
            WebhookEndpointCreateInput,
            strawberry.argument(name="input", description="The endpoint."),
        ],
    ) -> WebhookEndpointPayload | None:
        """Its first message may be sent within a second."""
        given = await endpoints.create(
            info.context.db,
            info.context.vault,
            request_id=context.request(info, "webhookEndpointCreate", told.idempotency_key),
            merchant_id=context.merchant(info),
            url=told.url,
            topics=told.topics,
            private=info.context.webhook_hosts,
        )
        return _given(given)

    @permissions.root(
        "Mutation.webhookEndpointRotate",
        "Make a new secret for an endpoint; it is in this answer only.",
    )
    @refusals.answered(WebhookEndpointPayload)
    async def webhook_endpoint_rotate(
        self,
        info: context.Info,
        told: Annotated[
            WebhookEndpointRotateInput,
            strawberry.argument(name="input", description="Which endpoint, and how."),
        ],
    ) -> WebhookEndpointPayload | None:
        """Messages carry both signatures meanwhile."""
        given = await endpoints.rotate(
            info.context.db,
            info.context.vault,
            request_id=context.request(info, "webhookEndpointRotate", told.idempotency_key),
            merchant_id=context.merchant(info),
            endpoint_id=_endpoint(told.endpoint_id),
            overlap=_hours(told.overlap_hours),
        )
        return _given(given)

    @permissions.root("Mutation.webhookEndpointDisable", "Send nothing to an endpoint for now.")
    @refusals.answered(WebhookEndpointPayload)
    async def webhook_endpoint_disable(
        self,
        info: context.Info,
        told: Annotated[
            WebhookEndpointInput, strawberry.argument(name="input", description="Which.")
        ],
    ) -> WebhookEndpointPayload | None:
        """What happens meanwhile is not recorded for it."""
        found = await _own(info, told.endpoint_id)
        changed = await endpoints.disable(
            info.context.db, endpoint_id=found.endpoint_id, by="merchant"
        )
        return WebhookEndpointPayload(endpoint=webhooks.show(changed))

    @permissions.root(
        "Mutation.webhookEndpointEnable", "Send to an endpoint again, what waited first."
    )
    @refusals.answered(WebhookEndpointPayload)
    async def webhook_endpoint_enable(
        self,
        info: context.Info,
        told: Annotated[
            WebhookEndpointInput, strawberry.argument(name="input", description="Which.")
        ],
    ) -> WebhookEndpointPayload | None:
        """Its failures are forgotten."""
        found = await _own(info, told.endpoint_id)
        changed = await endpoints.enable(
            info.context.db, endpoint_id=found.endpoint_id, by="merchant"
        )
        return WebhookEndpointPayload(endpoint=webhooks.show(changed))

    @permissions.root(
        "Mutation.webhookEndpointDelete", "Forget an endpoint, its secrets and what waits for it."
    )
    @refusals.answered(WebhookEndpointPayload)
    async def webhook_endpoint_delete(
        self,
        info: context.Info,
        told: Annotated[
            WebhookEndpointInput, strawberry.argument(name="input", description="Which.")
        ],
    ) -> WebhookEndpointPayload | None:
        """For good."""
        await endpoints.delete(
            info.context.db,
            merchant_id=context.merchant(info),
            endpoint_id=_endpoint(told.endpoint_id),
        )
        return WebhookEndpointPayload()

    @permissions.root("Mutation.webhookPing", "Send a message that says nothing, to try the way.")
    @refusals.answered(WebhookDeliveryPayload)
    async def webhook_ping(
        self,
        info: context.Info,
        told: Annotated[WebhookPingInput, strawberry.argument(name="input", description="Where.")],
    ) -> WebhookDeliveryPayload | None:
        """One in ten seconds."""
        sent, replayed = await deliveries.ping(
            info.context.db,
            request_id=context.request(info, "webhookPing", told.idempotency_key),
            merchant_id=context.merchant(info),
            endpoint_id=_endpoint(told.endpoint_id),
            now=datetime.datetime.now(datetime.UTC),
        )
        return WebhookDeliveryPayload(delivery=webhooks.show_delivery(sent), replayed=replayed)

    @permissions.root(
        "Mutation.webhookReplay", "Send a message again, under its own id, from the first try on."
    )
    @refusals.answered(WebhookDeliveryPayload)
    async def webhook_replay(
        self,
        info: context.Info,
        told: Annotated[
            WebhookReplayInput, strawberry.argument(name="input", description="Which.")
        ],
    ) -> WebhookDeliveryPayload | None:
        """Whoever has seen its id knows that it is the same."""
        found = await deliveries.replay(
            info.context.db,
            merchant_id=context.merchant(info),
            delivery_id=shapes.key("dlv", told.delivery_id, path=("delivery_id",)),
            now=datetime.datetime.now(datetime.UTC),
        )
        return WebhookDeliveryPayload(delivery=webhooks.show_delivery(found))

    @permissions.root(
        "Mutation.merchantWebhookDisable",
        "Send nothing to an endpoint of a merchant; only the operator enables it again.",
    )
    @refusals.answered(WebhookEndpointPayload)
    async def merchant_webhook_disable(
        self,
        info: context.Info,
        told: Annotated[
            MerchantWebhookInput, strawberry.argument(name="input", description="Which, why.")
        ],
    ) -> WebhookEndpointPayload | None:
        """Logged as webhook.disable."""
        changed = await endpoints.judge(
            info.context.db,
            endpoint_id=_endpoint(told.endpoint_id),
            enabled=False,
            actor=context.actor(info),
            reason=told.reason,
        )
        return WebhookEndpointPayload(endpoint=webhooks.show(changed))

    @permissions.root("Mutation.merchantWebhookEnable", "Send to an endpoint of a merchant again.")
    @refusals.answered(WebhookEndpointPayload)
    async def merchant_webhook_enable(
        self,
        info: context.Info,
        told: Annotated[
            MerchantWebhookInput, strawberry.argument(name="input", description="Which, why.")
        ],
    ) -> WebhookEndpointPayload | None:
        """Logged as webhook.enable."""
        changed = await endpoints.judge(
            info.context.db,
            endpoint_id=_endpoint(told.endpoint_id),
            enabled=True,
            actor=context.actor(info),
            reason=told.reason,
        )
        return WebhookEndpointPayload(endpoint=webhooks.show(changed))


async def _own(info: context.Info, shown: str) -> endpoints.Endpoint:
    return await endpoints.own(info.context.db, context.merchant(info), _endpoint(shown))


def _endpoint(shown: str) -> uuid.UUID:
    return shapes.key("end", shown, path=("endpoint_id",))


def _hours(told: int) -> datetime.timedelta:
    most = int(endpoints.OVERLAP_MAX / datetime.timedelta(hours=1))
    if not 0 <= told <= most:
        raise errors.EndpointInvalid(
            f"An old secret signs for at most {most} hours. Choose less.", path=("overlap_hours",)
        )
    return datetime.timedelta(hours=told)


def _given(given: endpoints.Given) -> WebhookEndpointPayload:
    return WebhookEndpointPayload(
        endpoint=webhooks.show(given.endpoint),
        secret=given.secret,
        message=SHOWN_ONCE if given.replayed else KEEP,
        replayed=given.replayed,
    )
