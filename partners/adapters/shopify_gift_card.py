"""Gift cards of a Shopify store, with codes of ours (see `shopify`).

A card is found by Shopify's search, which may be minutes behind, so an absence counts late. What is
taken back is debited with our key in the note, rather than the card ended: a debit fails where less
than that is left, and ending a card would take what remains of it from its holder.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import httpx2
import msgspec

from partners import adapter
from partners.adapters import dialect, shopify
from wallet import money

PAGE: Final = 100
PREFIX: Final = "gid://shopify/GiftCard/"
CARD: Final = """
fragment Card on GiftCard {
  id createdAt enabled note
  initialValue { amount currencyCode }
  balance { amount currencyCode }
  transactions(first: 50) { nodes { __typename note amount { amount currencyCode } } }
}
"""
CREATE: Final = f"""
mutation Create($input: GiftCardCreateInput!) {{
  giftCardCreate(input: $input) {{ giftCard {{ ...Card }} userErrors {{ code message }} }}
}}
{CARD}"""
SEARCH: Final = f"""
query Search($search: String!, $first: Int!, $after: String) {{
  giftCards(query: $search, first: $first, after: $after, sortKey: CREATED_AT) {{
    nodes {{ ...Card }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{CARD}"""
LOOK: Final = f"query Look($id: ID!) {{ giftCard(id: $id) {{ ...Card }} }}\n{CARD}"
DEBIT: Final = """
mutation Debit($id: ID!, $input: GiftCardDebitInput!) {
  giftCardDebit(id: $id, debitInput: $input) {
    giftCardDebitTransaction { __typename note amount { amount currencyCode } }
    userErrors { code message }
  }
}
"""


class ShopifyGiftCard(adapter.Adapter):
    """A card with a code of ours, found by it."""

    name: ClassVar[str] = "shopify-gift-card"
    about: ClassVar[str] = "Gift cards of a Shopify store."
    caps: ClassVar[adapter.Capabilities] = adapter.Capabilities(
        kinds=("gift_card",),
        idempotency=adapter.Idempotency.NATURAL,
        settles=timedelta(minutes=10),
        reverses_in_part=True,
        lists=True,
        reports=True,
    )
    credential: ClassVar[adapter.Credential] = shopify.CREDENTIAL
    Config: ClassVar[type[Any]] = shopify.Settings

    def __init__(self, config: shopify.Settings, http: httpx2.AsyncClient) -> None:
        self._http = http
        self._config = config

    @staticmethod
    def hosts(config: shopify.Settings) -> frozenset[str]:
        """The store's host."""
        return dialect.hosts(config.address)

    async def issue(self, order: adapter.Order) -> adapter.Result:
        """One mutation; a code that is taken is looked for, because it is ours."""
        if order.money.asset.code != self._config.currency:
            told = f"the store is in {self._config.currency}"
            return adapter.Refused(told, code="currency")
        wanted: dict[str, object] = {
            "code": order.code,
            "initialValue": money.show(order.money.amount_minor, order.money.asset),
            "note": dialect.note(order),
        }
        if order.expires_at is not None:
            wanted["expiresOn"] = order.expires_at.date().isoformat()
        data = await self._ask(CREATE, input=wanted)
        if isinstance(data, adapter.NotSent | adapter.Unknown):
            return data
        said = dialect.converted(data.get("giftCardCreate"), _Created)
        if said is not None and any(one.code == "TAKEN" for one in said.errors):
            found = await self.find(order)
            if isinstance(found, adapter.Receipt):
                return adapter.Issued(found, replayed=True)
            return adapter.Unknown("the code is taken, and no card of ours is found yet")
        if said is not None and said.errors:
            return shopify.refused(said.errors)
        receipt = None if said is None or said.card is None else said.card.receipt(order)
        if receipt is None or receipt.money != order.money:
            return adapter.Unknown("the answer is not the card that was ordered")
        return adapter.Issued(receipt)

    async def find(self, order: adapter.Order) -> adapter.Found:
        """The card that the search finds by the code, and that has our key in its note."""
        page = await self._search(order.code, None, first=5)
        if not isinstance(page, _Page):
            return page
        ours = [one.receipt(order) for one in page.nodes if one.key == order.key]
        if not ours:
            return adapter.Absent()
        return ours[0] or adapter.Unknown("the card is in no currency of ours")

    async def reverse(self, order: adapter.Order, receipt: adapter.Receipt) -> adapter.Result:
        """A debit, unless there is one of ours already."""
        data = await self._ask(LOOK, id=receipt.ref)
        if isinstance(data, adapter.NotSent | adapter.Unknown):
            return data
        card = dialect.converted(data.get("giftCard"), _Card)
        stands = None if card is None or card.key != order.key else card.receipt(order)
        if card is None or stands is None:
            return adapter.Unknown("the card that is to be debited is not found")
        taken = adapter.Receipt(card.id, receipt.money, "void", order.key, order.code)
        if card.back(order.key):
            if card.back(order.key) == receipt.money.amount_minor:
                return adapter.Issued(taken, replayed=True)
            return adapter.Unknown("another amount was taken back already")
        wanted = {"debitAmount": shopify.money_input(receipt.money), "note": dialect.note(order)}
        data = await self._ask(DEBIT, id=card.id, input=wanted)
        if isinstance(data, adapter.NotSent | adapter.Unknown):
            return data
        said = dialect.converted(data.get("giftCardDebit"), _Debited)
        if said is not None and said.errors:
            return shopify.refused(said.errors)
        if said is None or said.transaction is None:
            return adapter.Unknown("the answer is no debit")
        if (said.transaction.key, said.transaction.amount.worth) != (order.key, receipt.money):
            return adapter.Unknown("the answer is not the debit that was asked")
        return adapter.Issued(taken)

    async def issued_between(
        self, since: datetime, until: datetime
    ) -> Sequence[adapter.Receipt] | adapter.NotSent | adapter.Unknown:
        """Every card of the span that has a key of ours in its note."""
        span = f"created_at:>='{_at(since)}' created_at:<='{_at(until)}'"
        found: list[adapter.Receipt] = []
        after = None
        for _ in range(dialect.PAGES_MAX):
            page = await self._search(span, after, first=PAGE)
            if not isinstance(page, _Page):
                return page
            within = [one for one in page.nodes if since <= one.created_at < until]
            receipts = [one.receipt() for one in within if one.key]
            if None in receipts:
                return adapter.Unknown("a card of ours is in no currency of ours")
            found += filter(None, receipts)
            if not page.info.has_next:
                return found
            after = page.info.cursor
        return adapter.Unknown("the list has no end")

    def events(self, delivery: adapter.Delivery) -> Sequence[adapter.PartnerEvent]:
        """A payment with a card (`order_transactions/create`): the card is there, and used.

        It does not tell how much is left, so the card is told as live.
        """
        shopify.verify(delivery)
        paid = dialect.told(delivery.body, _Paid)
        if paid is None or (paid.gateway, paid.status) != ("gift_card", "success"):
            return []
        ref = f"{PREFIX}{paid.receipt.card}"
        return [adapter.PartnerEvent(paid.id, "live", paid.created_at, ref=ref)]

    async def _search(
        self, search: str, after: str | None, *, first: int
    ) -> "_Page | adapter.NotSent | adapter.Unknown":
        data = await self._ask(SEARCH, search=search, first=first, after=after)
        if isinstance(data, adapter.NotSent | adapter.Unknown):
            return data
        page = dialect.converted(data.get("giftCards"), _Page)
        return page or adapter.Unknown("the answer is no page of cards")

    async def _ask(self, query: str, **variables: object) -> Any:
        return await shopify.ask(self._http, self._config, query, **variables)


class _Transaction(msgspec.Struct):
    kind: str = msgspec.field(name="__typename")
    note: str | None
    amount: shopify.Money

    @property
    def key(self) -> str | None:
        """Our key, if we made it."""
        return dialect.key_in(self.note)


class _Transactions(msgspec.Struct):
    nodes: list[_Transaction]


class _Card(msgspec.Struct):
    id: dialect.Ref
    created_at: datetime = msgspec.field(name="createdAt")
    enabled: bool
    note: str | None
    initial: shopify.Money = msgspec.field(name="initialValue")
    balance: shopify.Money
    transactions: _Transactions

    @property
    def key(self) -> str | None:
        """Our key, if we made it."""
        return dialect.key_in(self.note)

    def back(self, key: str | None) -> int:
        """How much was taken back under a key, in minor units."""
        debits = [one for one in self.transactions.nodes if one.kind == "GiftCardDebitTransaction"]
        back = [one.amount.worth for one in debits if key is not None and one.key == key]
        return sum(one.amount_minor for one in back if one is not None)

    def receipt(self, order: adapter.Order | None = None) -> adapter.Receipt | None:
        """A card in the words of the port; None in a currency that we do not keep."""
        worth, left = self.initial.worth, self.balance.worth
        if worth is None or left is None:
            return None
        state: adapter.State = "live"
        if not self.enabled or self.back(self.key) >= worth.amount_minor:
            state = "void"
        elif left.amount_minor == 0:
            state = "spent"
        code = None if order is None else order.code
        return adapter.Receipt(self.id, worth, state, self.key, code, self.created_at)


class _Created(msgspec.Struct):
    card: _Card | None = msgspec.field(name="giftCard")
    errors: list[shopify.UserError] = msgspec.field(name="userErrors")


class _Debited(msgspec.Struct):
    transaction: _Transaction | None = msgspec.field(name="giftCardDebitTransaction")
    errors: list[shopify.UserError] = msgspec.field(name="userErrors")


class _Info(msgspec.Struct):
    has_next: bool = msgspec.field(name="hasNextPage")
    cursor: str | None = msgspec.field(name="endCursor")


class _Page(msgspec.Struct):
    nodes: list[_Card]
    info: _Info = msgspec.field(name="pageInfo")


class _PaidBy(msgspec.Struct):
    card: int = msgspec.field(name="gift_card_id")


class _Paid(msgspec.Struct):
    id: dialect.Ref = msgspec.field(name="admin_graphql_api_id")
    gateway: str
    status: str
    created_at: datetime
    receipt: _PaidBy


def _at(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
