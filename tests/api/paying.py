"""What Ana has paid for in the world: a plan of Rosa's, and a box a month."""

import uuid
from typing import Any, Final

from tests.wallet import belonging, factories
from wallet import ids, members, subscriptions
from wallet.rules import subscriptions as rules

PREFIXES: Final = {"Membership": "mbr", "PrepaidSubscription": "sub"}

# What the matrix has to know of it: types that only name a plan, root fields without anybody's id,
# the kinds of ids that mutations take, those that name a member, and what the others say besides.
REFERRING: Final = frozenset({"MembershipCount", "MembershipMonth"})
WITHOUT_IDS: Final = frozenset({"membershipCounts", "membershipQuote"})
KINDS_OF_IDS: Final = {
    "membershipId": "Membership",
    "planId": "Scheme",
    "subscriptionId": "PrepaidSubscription",
}
NAMED: Final = frozenset({"membershipStart", "subscriptionOpen"})
_PAID: Final = {
    "reference": "card-1",
    "paid": {"amount": "1.00", "currency": "EUR"},
    "paidAt": "2026-11-01T10:00:00Z",
}
SAID: Final[dict[str, dict[str, Any]]] = {
    "membershipCancel": {"reason": "moved away"},
    "membershipChange": {**_PAID, "planId": ids.show("sch", ids.new())},
    "membershipRenew": _PAID,
    "subscriptionCancel": {"reason": "moved away"},
}


async def build(
    coalition: factories.Coalition, rosa: uuid.UUID, ana: members.Member
) -> dict[str, uuid.UUID]:
    """Make the one thing of each type, by the type's name."""
    now = await coalition.db.fetchval("select clock_timestamp()")
    shop = belonging.Shop(coalition, rosa, await belonging.plan(coalition, rosa))
    joined = await shop.start(ana, now=now)
    opened = await subscriptions.start(
        coalition.db,
        merchant_id=rosa,
        request_id=ids.new(),
        member_id=ana.member_id,
        terms=rules.Subscription("box-1", "EUR", 12, 12_000, "monthly"),
    )
    return {
        "Membership": joined.membership.membership_id,
        "PrepaidSubscription": opened.subscription.subscription_id,
    }


async def payment(coalition: factories.Coalition, **more: Any) -> dict[str, Any]:
    """A payment for a plan, as the API takes it."""
    now = await coalition.db.fetchval("select clock_timestamp()")
    plain = {
        "reference": f"card-{next(factories.numbers)}",
        "paid": {"amount": "36.50", "currency": "EUR"},
        "paidAt": now.isoformat(),
    }
    return {**plain, **more}
