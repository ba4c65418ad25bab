"""Deliveries as the merchant sees them: the log of each endpoint, a replay, and a ping to try it.

`partners.webhooks.outbound` makes and sends them. The log is kept for thirty days.
"""

import dataclasses
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

from partners.webhooks import endpoints
from wallet import errors, ids
from wallet.database import Database

PAGE_MAX: Final = 100
KEPT: Final = timedelta(days=30)
"""How long the log of deliveries is kept."""
SWEEP: Final = 1000

Status: TypeAlias = Literal["pending", "delivered", "failed", "cancelled"]

_LOG: Final = """
    select d.delivery_id, d.endpoint_id, d.topic, d.subject, d.happened_at, d.status, d.attempts,
           d.next_at, d.created_at, d.delivered_at, a.http_status as last_status,
           a.failure as last_failure
      from partner.delivery d
      join partner.endpoint e using (endpoint_id)
      left join lateral (
        select i.http_status, i.failure from partner.attempt i where i.delivery_id = d.delivery_id
         order by i.attempted_at desc, i.attempt_id desc limit 1) a on true
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one endpoint, as the log has it; `last_*` are of the newest try."""

    delivery_id: UUID
    endpoint_id: UUID
    topic: str
    subject: str
    happened_at: datetime
    status: Status
    attempts: int
    next_at: datetime
    created_at: datetime
    delivered_at: datetime | None
    last_status: int | None = None
    last_failure: str | None = None


async def ping(
    db: Database, *, request_id: UUID, merchant_id: UUID, endpoint_id: UUID, now: datetime
) -> tuple[Delivery, bool]:
    """Send a message that says nothing, to try the way; True if this request had done it before.

    ENDPOINT_CLOSED if another one was just sent.
    """
    found = await endpoints.own(db, merchant_id, endpoint_id)
    _check_open(found)
    made = await db.fetchval(
        "insert into partner.delivery (delivery_id, endpoint_id, topic, subject, happened_at)"
        " select $1, $2, $3, $4, $5 where not exists (select from partner.delivery"
        "  where endpoint_id = $2 and topic = $3 and created_at > $5::timestamptz - $6::interval)"
        " on conflict do nothing returning delivery_id",
        *(request_id, endpoint_id, endpoints.PING, ids.show("end", endpoint_id), now),
        endpoints.PING_EVERY,
    )
    known = await db.fetchval(
        "select endpoint_id from partner.delivery where delivery_id = $1", request_id
    )
    if made is None and known != endpoint_id:
        raise errors.EndpointClosed("A ping was sent a moment ago. Look at what came of it first.")
    return await find(db, merchant_id, request_id), made is None


async def replay(db: Database, *, merchant_id: UUID, delivery_id: UUID, now: datetime) -> Delivery:
    """Send a delivery again under the same id; one that is on its way stays as it is."""
    found = await find(db, merchant_id, delivery_id)
    _check_open(await endpoints.own(db, merchant_id, found.endpoint_id))
    await db.execute(
        "update partner.delivery set status = 'pending', attempts = 0, next_at = $2"
        " where delivery_id = $1 and status in ('delivered', 'failed')",
        delivery_id,
        now,
    )
    return await find(db, merchant_id, delivery_id)


async def find(db: Database, merchant_id: UUID, delivery_id: UUID) -> Delivery:
    """A delivery to an endpoint of that merchant's; NOT_FOUND otherwise."""
    row = await db.fetchrow(
        f"{_LOG} where d.delivery_id = $1 and e.merchant_id = $2 and e.status <> 'deleted'",
        delivery_id,
        merchant_id,
    )
    if row is None:
        raise errors.NotFound(path=("delivery_id",))
    return Delivery(**dict(row))


async def page(
    db: Database, endpoint_id: UUID, *, first: int, before: tuple[datetime, UUID] | None = None
) -> list[Delivery]:
    """What an endpoint was told, the newest first."""
    assert 0 <= first <= PAGE_MAX + 1
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_LOG} where d.endpoint_id = $1 and ($2::timestamptz is null"
        " or (d.created_at, d.delivery_id) < ($2, $3::uuid))"
        " order by d.created_at desc, d.delivery_id desc limit $4",
        *(endpoint_id, at, last, first),
    )
    return [Delivery(**dict(row)) for row in rows]


async def sweep(db: Database, *, now: datetime, limit: int = SWEEP) -> int:
    """Forget deliveries that are over, and endpoints that were deleted, after KEPT."""
    gone: int = await db.fetchval(
        "with old as (select delivery_id from partner.delivery where status <> 'pending'"
        "   and created_at < $1 and (leased_until is null or leased_until < $1)"
        "   order by created_at limit $2),"
        " tries as (delete from partner.attempt a using old where a.delivery_id = old.delivery_id),"
        " told as (delete from partner.delivery d using old where d.delivery_id = old.delivery_id"
        "   returning 1)"
        " select count(*) from told",
        now - KEPT,
        limit,
    )
    await db.execute(
        "delete from partner.endpoint where status = 'deleted' and changed_at < $1", now - KEPT
    )
    return gone


def _check_open(endpoint: endpoints.Endpoint) -> None:
    if endpoint.status != "active":
        raise errors.EndpointClosed("This endpoint is disabled. Enable it first.")
