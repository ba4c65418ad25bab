"""Orders at partners with what a test does not care about, and the answers of partners."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.wallet.factories import EUR, NOON, Coalition
from wallet import ids, members, orders
from wallet.rules import order_steps
from wallet.rules.order_states import State
from wallet.rules.order_steps import Step

PARTNER = ids.new()
LEASE = timedelta(seconds=60)


def wish(merchant_id: UUID, minor: int = 500, **facts: Any) -> orders.Wish:
    """A gift card of 5.00 at the partner, but for what is given."""
    plain: dict[str, Any] = {"partner_id": PARTNER, "kind": "gift_card", "asset": EUR, "kid": "k1"}
    return orders.Wish(merchant_id=merchant_id, amount_minor=minor, **{**plain, **facts})


async def held(
    coalition: Coalition,
    member: members.Member,
    merchant_id: UUID,
    minor: int = 500,
    *,
    key: UUID | None = None,
    now: datetime | None = NOON,
    **facts: Any,
) -> orders.Order:
    """Hold a member's value for an order."""
    outcome = await orders.hold(
        coalition.db,
        wallet_id=member.wallet_id,
        request_id=key or ids.new(),
        wish=wish(merchant_id, minor, **facts),
        now=now,
    )
    return outcome.order


async def taken(
    coalition: Coalition, order: orders.Order, *, now: datetime | None = NOON
) -> orders.Order:
    """Claim an order for an attempt."""
    found = await orders.take(coalition.db, order, lease=LEASE, now=now)
    assert found is not None
    return found


async def told(
    coalition: Coalition,
    order: orders.Order,
    state: State,
    said: str,
    *,
    asked: str | None = None,
    now: datetime | None = NOON,
    **facts: Any,
) -> orders.Order:
    """Record an answer that takes an order to a state."""
    step = Step(state, **facts)
    heard = orders.Heard(asked or order.facts.ask or "event", said, took_ms=3)
    assert await orders.record(coalition.db, order, step, heard, now=now)
    return await orders.find(coalition.db, order.redemption_id, now=now)


async def captured(
    coalition: Coalition, member: members.Member, merchant_id: UUID, minor: int = 500
) -> orders.Order:
    """Hold, ask, and hear that it exists."""
    order = await taken(coalition, await held(coalition, member, merchant_id, minor))
    return await told(coalition, order, "captured", "live")


async def doubted(
    coalition: Coalition, member: members.Member, merchant_id: UUID, minor: int = 500
) -> orders.Order:
    """Hold, ask, and hear nothing that anybody could believe, until a person has to look."""
    order = await taken(coalition, await held(coalition, member, merchant_id, minor))
    return await told(coalition, order, "attention", "unknown", doubted=True)


async def suspended(
    coalition: Coalition, member: members.Member, merchant_id: UUID, minor: int = 500
) -> orders.Order:
    """Value that was released turns up at the partner, which does not take it back."""
    order = await taken(coalition, await held(coalition, member, merchant_id, minor))
    order = await told(coalition, order, "released", "refused")
    order = await told(coalition, order, "late", "live", asked="event", ask="find")
    order = await taken(coalition, order)
    order = await told(coalition, order, "late", "live", ask="reverse")
    return await told(coalition, await taken(coalition, order), "suspense", "refused")


def hurried(**spans: Any) -> order_steps.Pace:
    """The schedule of orders, but for what is given."""
    return replace(order_steps.Pace(), **spans)
