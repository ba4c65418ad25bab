"""Endpoints of merchants for tests, and a worker's turn that tells them what happened."""

from datetime import datetime
from typing import Any
from uuid import UUID

import standardwebhooks

from partners import vault
from partners.webhooks import endpoints, outbound
from tests.partners import peers
from wallet import database, ids, notices


async def endpoint(
    db: database.Database,
    ring: vault.Vault,
    peer: peers.Peer,
    merchant_id: UUID,
    topics: tuple[str, ...] = ("purchase.*", "redemption.*"),
    **more: Any,
) -> endpoints.Given:
    """Make an endpoint at a peer."""
    given = await endpoints.create(
        db,
        ring,
        request_id=more.pop("request_id", None) or ids.new(),
        merchant_id=merchant_id,
        url=peer.url("/hook"),
        topics=topics,
        private=frozenset({peer.host}),
        **more,
    )
    assert given.secret is not None
    return given


async def drain(db: database.Database) -> None:
    """Empty the outbox, as the worker does."""
    while await notices.drain(db, also=outbound.spread):
        pass


async def send(
    db: database.Database, ring: vault.Vault, peer: peers.Peer, now: datetime | None = None
) -> int:
    """One turn of a worker that may reach the peer."""
    return await outbound.send(db, ring, private=frozenset({peer.host}), now=now)


def verified(peer: peers.Peer, number: int, secret: str) -> Any:
    """What the peer's request says, as somebody else's library verifies it; it raises otherwise."""
    return standardwebhooks.Webhook(secret).verify(peer.bodies[number], peer.headers(number))


async def pings(
    db: database.Database, given: endpoints.Given, number: int, *, now: datetime | None = None
) -> list[UUID]:
    """Deliveries that are due, without anything that happened."""
    keys = [ids.new() for _ in range(number)]
    await db.execute(
        "insert into partner.delivery (delivery_id, endpoint_id, topic, subject, happened_at,"
        " next_at) select d, $2, 'webhook.ping', 'end_x', clock_timestamp(),"
        " coalesce($3, clock_timestamp()) from unnest($1::uuid[]) d",
        *(keys, given.endpoint.endpoint_id, now),
    )
    return keys
