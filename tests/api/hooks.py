"""What Rosa is told in the world: an endpoint of hers, and one message to it."""

import uuid
from datetime import UTC, datetime
from typing import Any, Final

from api import settings
from partners import vault
from partners.webhooks import deliveries, endpoints
from tests.api import client
from wallet import database, ids

PREFIXES: Final = {"WebhookDelivery": "dlv", "WebhookEndpoint": "end"}

# What the matrix has to know of it: the ids that mutations take, and what they say besides.
KINDS_OF_IDS: Final = {"deliveryId": "WebhookDelivery", "endpointId": "WebhookEndpoint"}
SAID: Final[dict[str, dict[str, Any]]] = {
    name: {}
    for name in (
        *("webhookEndpointRotate", "webhookEndpointDisable", "webhookEndpointEnable"),
        *("webhookEndpointDelete", "webhookPing", "webhookReplay"),
    )
}


async def build(db: database.Database, rosa: uuid.UUID) -> dict[str, uuid.UUID]:
    """Make the one thing of each type, by the type's name."""
    given = await endpoints.create(
        db,
        vault.Vault(settings.Settings(_env_file=None).partner_keyring),
        request_id=ids.new(),
        merchant_id=rosa,
        url="https://rosa.example/hooks",
        topics=["redemption.*"],
    )
    endpoint_id = given.endpoint.endpoint_id
    ping, _ = await deliveries.ping(
        db,
        request_id=ids.new(),
        merchant_id=rosa,
        endpoint_id=endpoint_id,
        now=datetime.now(UTC),
    )
    return {"WebhookDelivery": ping.delivery_id, "WebhookEndpoint": endpoint_id}


async def walk(through: Any, merchant: str) -> None:
    """Make an endpoint for webhooks, replace its secret, and do so while our own bugs are about."""
    make = (
        "mutation E($input: WebhookEndpointCreateInput!) { webhookEndpointCreate(input: $input)"
        " { endpoint { id } secret } }"
    )
    told = {"url": "https://shop.example/hooks", "topics": ["redemption.*"]}
    made = await through.ask(merchant, make, input={"idempotencyKey": client.key(), **told})
    endpoint = made["data"]["webhookEndpointCreate"]
    through.keep("webhook secret", endpoint["secret"])
    rotate = (
        "mutation R($input: WebhookEndpointRotateInput!) { webhookEndpointRotate(input: $input)"
        " { secret } }"
    )
    asked = {"endpointId": endpoint["endpoint"]["id"]}
    other = await through.ask(merchant, rotate, input={"idempotencyKey": client.key(), **asked})
    through.keep("webhook secret", other["data"]["webhookEndpointRotate"]["secret"])
    async with through.without("partner.endpoint_secret"):
        await through.ask(merchant, make, input={"idempotencyKey": client.key(), **told})
