"""Webhooks by GraphQL: a merchant makes an endpoint, sees its log, and is told at a real server."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import standardwebhooks

from api import app, settings, speaking, worker
from api.identity import bearer
from tests.api import client
from tests.partners import peers, telling
from tests.wallet import factories
from wallet import database
from wallet.rules import rhythm

CREATE = """
    mutation Create($input: WebhookEndpointCreateInput!) {
      webhookEndpointCreate(input: $input) {
        endpoint { id url topics status } secret message replayed
        errors { ... on UserError { code path } }
      }
    }
"""
LOG = """
    query Log($first: Int!, $after: Cursor) {
      webhookEndpoints {
        id status ended deliveries(first: $first, after: $after) {
          edges { node { id topic subjectId status attempts lastHttpStatus nextAt } }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
"""


def act(name: str, kind: str, asked: str) -> str:
    return (
        f"mutation Act($input: {kind}!) {{ {name}(input: $input)"
        f" {{ {asked} errors {{ ... on UserError {{ code path message }} }} }} }}"
    )


@pytest.fixture
async def peer() -> AsyncIterator[peers.Peer]:
    async with peers.serve() as served:
        yield served


@pytest.fixture
def house(peer: peers.Peer, tmp_path: Path) -> settings.Settings:
    return settings.Settings(
        _env_file=None, data_dir=tmp_path, webhook_private_hosts=f"{peer.host}, db.internal:5432"
    )


@pytest.fixture
async def shop(
    coalition: factories.Coalition, db: database.Database, house: settings.Settings
) -> AsyncIterator[client.Client]:
    """Rosa, at an application that lets her name the peer."""
    merchant_id = await coalition.merchant()
    token = await bearer.mint(db, kind="merchant", principal_id=merchant_id)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app.create_app(house, db)),
        base_url="http://commonpurse.test",
    ) as http:
        yield client.Client(http, token.text, merchant_id)


async def create(shop: client.Client, peer: peers.Peer, **changes: Any) -> Any:
    told = {"idempotencyKey": client.key(), "url": peer.url("/hook"), "topics": ["purchase.*"]}
    answer = await shop.ask(CREATE, {"input": told | changes})
    return answer.data["webhookEndpointCreate"]


async def run(db: database.Database, house: settings.Settings, *names: str) -> None:
    """Let these jobs of the worker take a turn, with the installation's own settings."""
    async with contextlib.aclosing(speaking.Speaking(house, db)) as speak:
        jobs = {job.name: job for job in worker.jobs(rhythm.RHYTHM, speak=speak)}
        for name in names:
            await jobs[name].run(db, jobs[name].batch)


async def test_a_merchant_is_told_of_its_purchase_and_asks_for_it(
    shop: client.Client,
    peer: peers.Peer,
    house: settings.Settings,
    coalition: factories.Coalition,
    db: database.Database,
) -> None:
    made = await create(shop, peer)
    member = await coalition.member()
    await coalition.report(shop.principal_id, member, factories.purchase(10_000))

    await run(db, house, "tell", "send_webhooks")

    message = telling.verified(peer, 0, made["secret"])
    asked = await shop.ask(
        "query Q($id: ID!) { purchase(id: $id) { status: __typename id } }", message["data"]
    )
    assert ("purchase.posted", message["data"]["id"]) == (
        *(message["type"], asked.data["purchase"]["id"]),
    )
    (endpoint,) = (await shop.ask(LOG, {"first": 10})).data["webhookEndpoints"]
    (edge,) = endpoint["deliveries"]["edges"]
    assert {
        "id": peer.headers(0)["webhook-id"],
        "topic": "purchase.posted",
        "subjectId": message["data"]["id"],
        "status": "DELIVERED",
        "attempts": 1,
        "lastHttpStatus": 200,
        "nextAt": None,
    } == edge["node"]


async def test_the_secret_is_shown_once_and_a_wrong_one_verifies_nothing(
    shop: client.Client, peer: peers.Peer, house: settings.Settings, db: database.Database
) -> None:
    key = client.key()
    first = await create(shop, peer, idempotencyKey=key)
    again = await create(shop, peer, idempotencyKey=key)
    rotated = await shop.ask(
        act("webhookEndpointRotate", "WebhookEndpointRotateInput", "secret message"),
        {
            "input": {
                "idempotencyKey": client.key(),
                "endpointId": first["endpoint"]["id"],
                "overlapHours": 0,
            }
        },
    )
    ping = await shop.ask(
        act("webhookPing", "WebhookPingInput", "delivery { topic status }"),
        {"input": {"idempotencyKey": client.key(), "endpointId": first["endpoint"]["id"]}},
    )
    await run(db, house, "send_webhooks")

    assert (None, True) == (again["secret"], again["replayed"])
    assert "rotate" in again["message"]
    new = rotated.data["webhookEndpointRotate"]["secret"]
    assert {"topic": "webhook.ping", "status": "PENDING"} == ping.data["webhookPing"]["delivery"]
    assert "webhook.ping" == telling.verified(peer, 0, new)["type"]
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        telling.verified(peer, 0, first["secret"])


async def test_what_cannot_be_is_refused_with_the_field_at_fault(
    shop: client.Client, peer: peers.Peer
) -> None:
    url = await create(shop, peer, url="https://169.254.169.254/")
    port = await create(shop, peer, url="http://localhost:5432/")
    topics = await create(shop, peer, topics=["member.*"])
    made = await create(shop, peer)
    hours = await shop.ask(
        act("webhookEndpointRotate", "WebhookEndpointRotateInput", "secret"),
        {
            "input": {
                "idempotencyKey": client.key(),
                "endpointId": made["endpoint"]["id"],
                "overlapHours": 169,
            }
        },
    )

    invalid = "ENDPOINT_INVALID"
    assert [{"code": invalid, "path": ["url"]}] == url["errors"] == port["errors"]
    assert [{"code": invalid, "path": ["topics"]}] == topics["errors"]
    (refused,) = hours.data["webhookEndpointRotate"]["errors"]
    assert (invalid, ["overlapHours"]) == (refused["code"], refused["path"])


async def test_a_log_is_read_page_by_page_and_a_message_sent_again(
    shop: client.Client, peer: peers.Peer, house: settings.Settings, db: database.Database
) -> None:
    made = await create(shop, peer)
    await db.execute(
        "insert into partner.delivery (delivery_id, endpoint_id, topic, subject, happened_at)"
        " select gen_random_uuid(), endpoint_id, 'purchase.posted', 'pur_x', clock_timestamp()"
        " from partner.endpoint, generate_series(1, 5)"
    )
    await run(db, house, "send_webhooks")
    seen, after = [], None
    for _ in range(3):
        page = (await shop.ask(LOG, {"first": 2, "after": after})).data["webhookEndpoints"][0]
        seen += [edge["node"] for edge in page["deliveries"]["edges"]]
        after = page["deliveries"]["pageInfo"]["endCursor"]
    replayed = await shop.ask(
        act("webhookReplay", "WebhookReplayInput", "delivery { id status attempts }"),
        {"input": {"deliveryId": seen[0]["id"]}},
    )
    await run(db, house, "send_webhooks")

    assert (5, 5) == (len(seen), len({one["id"] for one in seen}))
    assert {"id": seen[0]["id"], "status": "PENDING", "attempts": 0} == (
        replayed.data["webhookReplay"]["delivery"]
    )
    assert 6 == len(peer.heads)
    assert made["endpoint"]["id"]


async def test_the_operator_sees_and_disables_what_the_merchant_then_cannot_enable(
    shop: client.Client, peer: peers.Peer, operator: client.Client
) -> None:
    made = await create(shop, peer)
    endpoint = {"endpointId": made["endpoint"]["id"]}
    disabled = await operator.ask(
        act("merchantWebhookDisable", "MerchantWebhookInput", "endpoint { ended }"),
        {"input": {**endpoint, "reason": "it floods a stranger"}},
    )
    enabled = await shop.ask(
        act("webhookEndpointEnable", "WebhookEndpointInput", "endpoint { id }"),
        {"input": endpoint},
    )
    deleted = await shop.ask(
        act("webhookEndpointDelete", "WebhookEndpointInput", "endpoint { id }"),
        {"input": endpoint},
    )

    assert {"ended": "OPERATOR"} == disabled.data["merchantWebhookDisable"]["endpoint"]
    (refused,) = enabled.data["webhookEndpointEnable"]["errors"]
    assert "ENDPOINT_CLOSED" == refused["code"]
    assert [] == deleted.data["webhookEndpointDelete"]["errors"]
    assert [] == (await shop.ask(LOG, {"first": 1})).data["webhookEndpoints"]
