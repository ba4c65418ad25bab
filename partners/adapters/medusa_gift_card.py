"""Gift cards of a Medusa shop, with codes of ours (see `medusa`)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter, faults
from partners.adapters import dialect, medusa

REFERENCE: Final = "commonpurse"
"""What our gift cards are marked with; `reference_id` beside it is our key."""
EXISTS: Final = "already exists"
ACCOUNT: Final = {"fields": "+store_credit_account.*"}


class MedusaGiftCard(adapter.Adapter):
    """A gift card with a code of ours."""

    name: ClassVar[str] = "medusa-gift-card"
    about: ClassVar[str] = "Gift cards of a Medusa shop with the loyalty plugin."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("gift_card",),
        idempotency=adapter.Idempotency.NATURAL,
        reverses_in_part=True,
        lists=True,
    )
    credential: ClassVar[adapter.Credential] = adapter.Credential(basic=True)
    Config: ClassVar[type[Any]] = medusa.Settings

    def __init__(self, config: medusa.Settings, http: httpx2.AsyncClient) -> None:
        self._shop = medusa.Shop(config, http)

    @staticmethod
    def hosts(config: medusa.Settings) -> frozenset[str]:
        """The shop's host."""
        return dialect.hosts(config.address)

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """One request; a code that exists already is looked for, because it is ours."""
        wanted: dict[str, object] = {
            "code": order.code,
            "value": medusa.number(order.money),
            "currency_code": order.money.asset.code.lower(),
            "reference": REFERENCE,
            "reference_id": order.key,
            "note": order.memo,
        }
        if order.expires_at is not None:
            wanted["expires_at"] = order.expires_at.isoformat()
        reply = await self._shop.post("/gift-cards", wanted)
        if not isinstance(reply, faults.Reply):
            return reply
        if reply.status == 400 and EXISTS in medusa.message(reply):
            found = await self.find(order)
            if isinstance(found, adapter.Receipt):
                return adapter.Issued(found, replayed=True)
            return adapter.Unknown("the code exists, and no card of ours is found")
        if not reply.ok:
            return medusa.refused(reply)
        said = reply.read(_CardSaid)
        made = None if said is None else said.gift_card
        if made is None or (made.key, made.worth, made.code) != (
            order.key,
            order.money,
            order.code,
        ):
            return adapter.Unknown("the answer is not the card that was ordered")
        return adapter.Issued(made.receipt(order.money, "live"))

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The card with our key, and what became of the account that it stands on."""
        card = await self._card(order)
        if not isinstance(card, _Card):
            return card
        if card.worth is None or card.account is None:
            return adapter.Unknown("the card is in no currency of ours, or has no account")
        back = await self._shop.back(card.account, order) if card.account.debits else 0
        if not isinstance(back, int):
            return back
        return card.receipt(
            card.worth, medusa.standing(card.worth.amount_minor, back, card.account)
        )

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """A debit of the card's account, unless there is one of ours already."""
        card = await self._card(order)
        if isinstance(card, adapter.Absent):
            return adapter.Unknown("the card is not found")
        if not isinstance(card, _Card):
            return card
        if card.account is None:
            return adapter.Unknown("the card has no account")
        return await self._shop.take(card.account, order, card.receipt(receipt.money, "void"))

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """Every card of the span that is marked as ours."""
        asked = {
            "reference": REFERENCE,
            "created_at[$gte]": medusa.at(since),
            "created_at[$lt]": medusa.at(until),
        }
        cards = await self._shop.every("/gift-cards", asked, _Cards, "gift_cards")
        if not isinstance(cards, list):
            return cards
        return [one.receipt(one.worth, "live") for one in cards if one.worth and one.key]

    async def _card(self, order: adapter.Order) -> "_Card | adapter.Absent | medusa.Failed":
        reply = await self._shop.get("/gift-cards", {"reference_id": order.key, **ACCOUNT})
        if not isinstance(reply, faults.Reply):
            return reply
        page = reply.read(_Cards) if reply.ok else None
        if page is None:
            return adapter.Unknown(f"answered {reply.status} without a list")
        return page.gift_cards[0] if page.gift_cards else adapter.Absent()


class _Card(msgspec.Struct):
    id: dialect.Ref
    code: str
    value: Decimal
    currency_code: str
    created_at: datetime
    reference: str | None = None
    reference_id: str | None = None
    account: medusa.Account | None = msgspec.field(name="store_credit_account", default=None)

    @property
    def worth(self) -> adapter.Money | None:
        """What it was worth when it was made."""
        return dialect.worth(self.value, self.currency_code)

    @property
    def key(self) -> str | None:
        """Our key, if we made it."""
        return self.reference_id if self.reference == REFERENCE else None

    def receipt(self, worth: adapter.Money, state: adapter.State) -> adapter.Receipt:
        """The same in the words of the port."""
        return adapter.Receipt(self.id, worth, state, self.key, self.code, self.created_at)


class _CardSaid(msgspec.Struct):
    gift_card: _Card


class _Cards(msgspec.Struct):
    gift_cards: list[_Card]
    count: int
