"""Paid memberships for tests: plans published and payments reported through the verbs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.wallet import taking_part
from tests.wallet.factories import DAY, EUR, NOON, Coalition, numbers, purchase
from wallet import audit, ids, members, notices, subscriptions
from wallet.progress import advance, memberships
from wallet.progress import membership_acts as acts
from wallet.rules import subscriptions as rules

PLAN: dict[str, Any] = {
    "kind": "membership",
    "name": "VIP",
    "asset": "EUR",
    "price_minor": 3_650,
    "term": {"count": 1, "unit": "year"},
    "grace_days": 7,
    "cancelling": {"refund": "pro_rata_days", "entitled": "at_once"},
    "entitlements": [{"word": "free_shipping", "text": "No cost of shipping."}],
}


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant who sells a plan, and how its payments are reported."""

    coalition: Coalition
    merchant_id: UUID
    plan_id: UUID

    @property
    def actor(self) -> audit.Actor:
        """Who reports."""
        return audit.Actor("merchant", self.merchant_id)

    async def start(
        self, member: members.Member, *, now: datetime = NOON, **told: Any
    ) -> acts.Acted:
        """Report a first payment, of the whole price but for what is given."""
        return await memberships.start(
            self.coalition.db,
            seller_id=told.get("seller_id", self.merchant_id),
            request_id=told.get("key") or ids.new(),
            member_id=member.member_id,
            plan_id=told.get("plan_id", self.plan_id),
            payment=payment(now, **told),
            actor=self.actor,
            now=now,
        )

    async def renew(self, membership_id: UUID, *, now: datetime = NOON, **told: Any) -> acts.Acted:
        """Report a further payment."""
        return await memberships.renew(
            self.coalition.db,
            seller_id=told.get("seller_id", self.merchant_id),
            request_id=told.get("key") or ids.new(),
            membership_id=membership_id,
            payment=payment(now, **told),
            actor=self.actor,
            now=now,
        )

    async def change(
        self, membership_id: UUID, plan_id: UUID, *, now: datetime = NOON, **told: Any
    ) -> acts.Acted:
        """Report a change of plan."""
        return await memberships.change(
            self.coalition.db,
            seller_id=self.merchant_id,
            request_id=told.get("key") or ids.new(),
            membership_id=membership_id,
            plan_id=plan_id,
            payment=payment(now, **told),
            actor=self.actor,
            now=now,
        )

    async def cancel(self, membership_id: UUID, *, now: datetime = NOON, **told: Any) -> acts.Acted:
        """Cancel a membership."""
        return await memberships.cancel(
            self.coalition.db,
            seller_id=told.get("seller_id", self.merchant_id),
            request_id=told.get("key") or ids.new(),
            membership_id=membership_id,
            reason="moved away",
            actor=self.actor,
            now=now,
        )


def payment(now: datetime, **told: Any) -> acts.Payment:
    """A payment of 36.50 EUR at that moment, with a number of its own, but for what is given."""
    return acts.Payment(
        reference=told.get("reference") or f"card-{next(numbers)}",
        paid_at=told.get("paid_at", now),
        amount_minor=told.get("minor", 3_650),
        asset=told.get("asset", EUR),
    )


async def plan(coalition: Coalition, seller: UUID | str, **changes: Any) -> UUID:
    """Publish a plan for 36.50 EUR a year that a seller sells, but for what is given."""
    published = await taking_part.scheme(coalition, plain=PLAN, seller=str(seller), **changes)
    return published.entry.scheme_id


async def shop(coalition: Coalition, **changes: Any) -> Shop:
    """A merchant who sells such a plan."""
    merchant_id = await coalition.merchant()
    return Shop(coalition, merchant_id, await plan(coalition, merchant_id, **changes))


async def busy(coalition: Coalition, merchant_id: UUID, member: members.Member) -> None:
    """A membership that was renewed, and a prepaid subscription of which two were delivered."""
    selling = Shop(coalition, merchant_id, await plan(coalition, merchant_id))
    begun = await selling.start(member)
    await selling.renew(begun.membership.membership_id, now=NOON + DAY)
    await subscriptions.start(
        coalition.db,
        merchant_id=merchant_id,
        request_id=ids.new(),
        member_id=member.member_id,
        terms=rules.Subscription("busy box", "EUR", 3, 3_000, "monthly"),
        now=NOON,
    )
    for number in (1, 2):
        bought = purchase(1_000, subscription="busy box", delivery=number)
        await coalition.report(merchant_id, member, bought)


async def pass_days(coalition: Coalition, *instants: datetime) -> None:
    """Let the worker come by at these instants, and after each of them once more."""
    for now in instants:
        for at in (now, now + DAY / 1000):
            await notices.drain(coalition.db)
            await advance.advance(coalition.db, now=at)
    await notices.drain(coalition.db)
