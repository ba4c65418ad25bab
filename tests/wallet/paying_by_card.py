"""A member's gift card at a merchant, and its store as a test sees it."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.wallet.factories import NOON, Coalition
from wallet import members
from wallet.cards import cards, payments

numbers = itertools.count(1)
SPAN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Store:
    """A store that knows one card; every request has a number of its own unless one is given."""

    coalition: Coalition
    card: cards.Card
    number: str

    def asked(self, request: str | None = None, *, merchant_id: UUID | None = None) -> Any:
        """Name the card, and this request."""
        request = request or f"request-{next(numbers)}"
        return payments.Request(merchant_id or self.card.merchant_id, self.card.card_id, request)

    async def hold(
        self,
        minor: int,
        request: str | None = None,
        *,
        order: str = "v500-01",
        number: str | None = None,
        now: datetime = NOON,
    ) -> payments.Operation:
        """Hold value for an order."""
        return await payments.hold(
            self.coalition.db,
            self.asked(request),
            proof=payments.Proof("", self.number if number is None else number),
            amount_minor=minor,
            reference=order,
            about="",
            span=SPAN,
            now=now,
        )

    async def credit(
        self, minor: int, request: str | None = None, *, order: str = "v500-01"
    ) -> payments.Operation:
        """Give back what the card paid for an order."""
        return await payments.credit(
            self.coalition.db,
            self.asked(request),
            proof=payments.Proof(self.card.token, ""),
            amount_minor=minor,
            reference=order,
            about="",
            now=NOON,
        )

    async def settle(
        self,
        held: payments.Operation,
        minor: int,
        request: str | None = None,
        *,
        now: datetime = NOON,
    ) -> payments.Operation:
        """Capture a part."""
        return await payments.settle(
            self.coalition.db,
            self.asked(request),
            redemption_id=held.redemption_id,
            amount_minor=minor,
            now=now,
        )

    async def cancel(
        self,
        held: payments.Operation,
        minor: int,
        request: str | None = None,
        *,
        now: datetime = NOON,
    ) -> payments.Operation:
        """Cancel a part."""
        return await payments.cancel(
            self.coalition.db,
            self.asked(request),
            redemption_id=held.redemption_id,
            amount_minor=minor,
            now=now,
        )

    async def balance(self, *, now: datetime = NOON) -> int:
        """What the card may hold."""
        return (await cards.find(self.coalition.db, self.card.card_id, now=now)).balance_minor


async def card(
    coalition: Coalition,
    member: members.Member,
    merchant_id: UUID,
    *,
    now: datetime = NOON,
    **wishes: Any,
) -> Store:
    """Make a card, and give it to a store."""
    made = await cards.make(
        coalition.db, member_id=member.member_id, merchant_id=merchant_id, now=now, **wishes
    )
    return Store(coalition, made.card, made.number)


async def busy(coalition: Coalition, member: members.Member, merchant_id: UUID) -> None:
    """Holds of a card that are settled, cancelled before and after, credited, and still open."""
    await coalition.fill(member, 1_000)
    store = await card(coalition, member, merchant_id, maximum_minor=900)
    held = await store.hold(400)
    await store.settle(held, 100)
    await store.settle(held, 50)
    await store.cancel(held, 300)
    await store.credit(20)
    await store.hold(60, order="v501-01")
