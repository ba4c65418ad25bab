"""A Shopify store, played: its GraphQL Admin API as far as gift cards and store credit go.

The schema is a part of the reference, written down from it, and every question is checked against
it. Money is told as Shopify tells it, `4.0`, and a token is given for a client's secret.
"""

import base64
import hmac
import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec
from graphql import build_schema, graphql_sync
from graphql.error import GraphQLError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

TOKEN: Final = "shpat_6f1c2a9e8d7b4c5fa0e3"
CLIENT: Final = "cp-client-id:shpss_client_secret"
VALUE_MAX: Final = Decimal(2000)
COST: Final = 60
SCHEMA: Final = """
scalar DateTime scalar Date scalar Decimal
enum CurrencyCode { EUR USD BRL }
enum GiftCardSortKeys { CREATED_AT ID }
type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
input MoneyInput { amount: Decimal! currencyCode: CurrencyCode! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type UserError { code: String message: String! field: [String!] }
interface GiftCardTransaction { id: ID! amount: MoneyV2! note: String processedAt: DateTime! }
type GiftCardDebitTransaction implements GiftCardTransaction {
  id: ID! amount: MoneyV2! note: String processedAt: DateTime! }
type GiftCardTransactions { nodes: [GiftCardTransaction!]! }
type GiftCard { id: ID! createdAt: DateTime! enabled: Boolean! note: String lastCharacters: String!
  initialValue: MoneyV2! balance: MoneyV2! expiresOn: Date
  transactions(first: Int): GiftCardTransactions }
type GiftCardConnection { nodes: [GiftCard!]! pageInfo: PageInfo! }
input GiftCardCreateInput { initialValue: Decimal! code: String note: String expiresOn: Date }
input GiftCardDebitInput { debitAmount: MoneyInput! note: String processedAt: DateTime }
type GiftCardCreatePayload { giftCard: GiftCard giftCardCode: String userErrors: [UserError!]! }
type GiftCardDebitPayload {
  giftCardDebitTransaction: GiftCardDebitTransaction userErrors: [UserError!]! }
enum StoreCreditSystemEvent { ADJUSTMENT ORDER_PAYMENT ORDER_REFUND }
interface StoreCreditAccountTransaction {
  amount: MoneyV2! createdAt: DateTime! event: StoreCreditSystemEvent! }
type StoreCreditAccountCreditTransaction implements StoreCreditAccountTransaction {
  id: ID! amount: MoneyV2! createdAt: DateTime! event: StoreCreditSystemEvent!
  expiresAt: DateTime remainingAmount: MoneyV2! }
type StoreCreditAccountDebitTransaction implements StoreCreditAccountTransaction {
  id: ID! amount: MoneyV2! createdAt: DateTime! event: StoreCreditSystemEvent! }
type Transactions { nodes: [StoreCreditAccountTransaction!]! pageInfo: PageInfo! }
type StoreCreditAccount { id: ID! balance: MoneyV2!
  transactions(first: Int, reverse: Boolean): Transactions! }
type StoreCreditAccounts { nodes: [StoreCreditAccount!]! }
type Customer { id: ID! storeCreditAccounts(first: Int): StoreCreditAccounts! }
input StoreCreditAccountCreditInput {
  creditAmount: MoneyInput! expiresAt: DateTime notify: Boolean }
input StoreCreditAccountDebitInput { debitAmount: MoneyInput! }
type StoreCreditAccountCreditPayload {
  storeCreditAccountTransaction: StoreCreditAccountCreditTransaction userErrors: [UserError!]! }
type StoreCreditAccountDebitPayload {
  storeCreditAccountTransaction: StoreCreditAccountDebitTransaction userErrors: [UserError!]! }
type Query {
  giftCard(id: ID!): GiftCard
  giftCards(query: String, first: Int, after: String, sortKey: GiftCardSortKeys):
    GiftCardConnection!
  customer(id: ID!): Customer }
type Mutation {
  giftCardCreate(input: GiftCardCreateInput!): GiftCardCreatePayload
  giftCardDebit(id: ID!, debitInput: GiftCardDebitInput!): GiftCardDebitPayload
  storeCreditAccountCredit(id: ID!, creditInput: StoreCreditAccountCreditInput!):
    StoreCreditAccountCreditPayload
  storeCreditAccountDebit(id: ID!, debitInput: StoreCreditAccountDebitInput!):
    StoreCreditAccountDebitPayload }
"""


class Store:
    """A store in EUR: its cards, its customers' credit, and the bucket of its API."""

    def __init__(self) -> None:
        self.cards: dict[str, dict[str, Any]] = {}
        self.credit: dict[str, list[dict[str, Any]]] = {}
        self.available = 2000
        self.denied: set[str] = set()
        self.expiry_moves = timedelta(0)
        self.tokens = {TOKEN}
        self.numbers = itertools.count(1063936316)

    def customer(self) -> str:
        """A new customer, without credit."""
        name = f"gid://shopify/Customer/{next(self.numbers)}"
        self.credit[name] = []
        return name

    def by_code(self, code: str) -> list[dict[str, Any]]:
        """The card with a code."""
        return [one for one in self.cards.values() if one["code"] == code.lower()]

    def spend(self, card: str, amount: str) -> dict[str, Any]:
        """A customer pays with a card; the message that tells of it."""
        found = self.cards[card]
        found["balance"] = _money(Decimal(found["balance"]["amount"]) - Decimal(amount))
        return {
            "id": 389404469,
            "admin_graphql_api_id": f"gid://shopify/OrderTransaction/{next(self.numbers)}",
            "kind": "sale",
            "gateway": "gift_card",
            "status": "success",
            "amount": amount,
            "created_at": "2026-11-26T11:00:00-05:00",
            "receipt": {"gift_card_id": int(card.rpartition("/")[2])},
        }

    def moved(self, customer: str, amount: Decimal, event: str, **more: Any) -> dict[str, Any]:
        """A transaction of a customer's credit."""
        way = "Credit" if amount > 0 else "Debit"
        made = {
            "__typename": f"StoreCreditAccount{way}Transaction",
            "id": f"gid://shopify/StoreCreditAccount{way}Transaction/{next(self.numbers)}",
            "amount": _money(amount),
            "createdAt": datetime.now(UTC).isoformat(),
            "event": event,
            **more,
        }
        if amount > 0:
            made["remainingAmount"] = _money(amount)
        else:
            self._use(customer, -amount)
        self.credit[customer].insert(0, made)
        return made

    def balance(self, customer: str) -> Decimal:
        """What a customer has."""
        return sum((Decimal(one["amount"]["amount"]) for one in self.credit[customer]), Decimal(0))

    def _use(self, customer: str, amount: Decimal) -> None:
        """Take from the credits, those first that expire first."""
        given = [one for one in self.credit[customer] if "remainingAmount" in one]
        for one in sorted(given, key=lambda one: one["expiresAt"] or "9"):
            left = Decimal(one["remainingAmount"]["amount"])
            one["remainingAmount"] = _money(left - min(left, amount))
            amount -= min(left, amount)


class _Roots:
    """What answers the schema's fields; names and arguments are the schema's."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def giftCard(self, _info: Any, id: str) -> Any:  # noqa: A002, N802
        return self.store.cards.get(id)

    def giftCards(  # noqa: N802
        self, _info: Any, query: str, first: int, after: str | None = None, **_more: Any
    ) -> Any:
        found = [one for one in self.store.cards.values() if _meets(one, query)]
        begin, size = int(after or 0), min(first, 5 if query.isalnum() else 2)
        info = {"hasNextPage": begin + size < len(found), "endCursor": str(begin + size)}
        return {"nodes": found[begin : begin + size], "pageInfo": info}

    def giftCardCreate(self, _info: Any, input: dict[str, Any]) -> Any:  # noqa: A002, N802
        self._check("giftCardCreate")
        assert isinstance(input["initialValue"], str), "an amount is a string"
        value = Decimal(input["initialValue"])
        if self.store.by_code(input["code"]):
            return _no("TAKEN", "Code has already been taken")
        if value > VALUE_MAX:
            return _no("GIFT_CARD_LIMIT_EXCEEDED", "Value is above the limit")
        number = f"gid://shopify/GiftCard/{next(self.store.numbers)}"
        card = {
            "id": number,
            "code": input["code"].lower(),
            "createdAt": datetime.now(UTC).isoformat(),
            "enabled": True,
            "note": input["note"],
            "initialValue": _money(value),
            "balance": _money(value),
            "transactions": {"nodes": []},
        }
        self.store.cards[number] = card
        return {"giftCard": card, "userErrors": []}

    def giftCardDebit(  # noqa: N802
        self,
        _info: Any,
        id: str,  # noqa: A002
        debitInput: dict[str, Any],  # noqa: N803
    ) -> Any:
        card = self.store.cards[id]
        amount = Decimal(debitInput["debitAmount"]["amount"])
        left = Decimal(card["balance"]["amount"]) - amount
        if left < 0:
            return _no("INSUFFICIENT_FUNDS", "The gift card has not enough")
        card["balance"] = _money(left)
        made = {"__typename": "GiftCardDebitTransaction", "note": debitInput["note"]}
        made |= {"amount": _money(-amount)}
        card["transactions"]["nodes"].append(made)
        return {"giftCardDebitTransaction": made, "userErrors": []}

    def customer(self, _info: Any, id: str) -> Any:  # noqa: A002
        moved = self.store.credit.get(id)
        if moved is None:
            return None
        transactions = {"nodes": moved, "pageInfo": {"hasNextPage": False}}
        account = {"balance": _money(self.store.balance(id)), "transactions": transactions}
        return {"storeCreditAccounts": {"nodes": [account] if moved else []}}

    def storeCreditAccountCredit(  # noqa: N802
        self,
        _info: Any,
        id: str,  # noqa: A002
        creditInput: dict[str, Any],  # noqa: N803
    ) -> Any:
        amount = Decimal(creditInput["creditAmount"]["amount"])
        if id not in self.store.credit:
            return _no("OWNER_NOT_FOUND", "Owner does not exist")
        if amount > VALUE_MAX:
            return _no("CREDIT_LIMIT_EXCEEDED", "The account's limit would be exceeded")
        at = datetime.fromisoformat(creditInput["expiresAt"]) + self.store.expiry_moves
        made = self.store.moved(id, amount, "ADJUSTMENT", expiresAt=at.isoformat())
        return {"storeCreditAccountTransaction": made, "userErrors": []}

    def storeCreditAccountDebit(  # noqa: N802
        self,
        _info: Any,
        id: str,  # noqa: A002
        debitInput: dict[str, Any],  # noqa: N803
    ) -> Any:
        amount = Decimal(debitInput["debitAmount"]["amount"])
        if self.store.balance(id) < amount:
            return _no("INSUFFICIENT_FUNDS", "The account has not enough")
        made = self.store.moved(id, -amount, "ADJUSTMENT")
        return {"storeCreditAccountTransaction": made, "userErrors": []}

    def _check(self, field: str) -> None:
        if field in self.store.denied:
            raise GraphQLError("Access denied", extensions={"code": "ACCESS_DENIED"})


def create(store: Store) -> Starlette:
    """The application."""
    schema, roots = build_schema(SCHEMA), _Roots(store)

    async def admin(request: Request) -> JSONResponse:
        if request.headers.get("x-shopify-access-token") not in store.tokens:
            return JSONResponse({"errors": "[API] Invalid API key or access token"}, 401)
        cost = {
            "requestedQueryCost": COST,
            "actualQueryCost": None,
            "throttleStatus": {
                "maximumAvailable": 2000.0,
                "currentlyAvailable": store.available,
                "restoreRate": 100.0,
            },
        }
        if store.available < COST:
            error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return JSONResponse({"errors": [error], "extensions": {"cost": cost}})
        asked = await request.json()
        done = graphql_sync(schema, asked["query"], roots, variable_values=asked["variables"])
        return JSONResponse({**done.formatted, "extensions": {"cost": cost}})

    async def token(request: Request) -> JSONResponse:
        form = await request.form()
        if f"{form['client_id']}:{form['client_secret']}" != CLIENT:
            return JSONResponse({"error": "invalid_client"}, 400)
        assert form["grant_type"] == "client_credentials"
        given = f"shpca_{next(store.numbers)}"
        store.tokens.add(given)
        return JSONResponse({"access_token": given, "scope": "x", "expires_in": 86399})

    return Starlette(
        routes=[
            Route("/admin/api/2026-01/graphql.json", admin, methods=["POST"]),
            Route("/admin/oauth/access_token", token, methods=["POST"]),
        ]
    )


def signed(body: bytes, secret: str) -> dict[str, str]:
    """As Shopify signs what it sends."""
    digest = hmac.digest(secret.encode(), body, "sha256")
    return {"X-Shopify-Hmac-SHA256": base64.b64encode(digest).decode()}


def message(told: dict[str, Any]) -> bytes:
    """A message as it is sent."""
    return msgspec.json.encode(told)


def _meets(card: dict[str, Any], query: str) -> bool:
    """Whether a card meets a search: by its code, or by when it was made."""
    if query.isalnum():
        return bool(card["code"] == query.lower())
    begin, end = (part.partition("'")[2].rstrip("'") for part in query.split(" "))
    made = datetime.fromisoformat(card["createdAt"]).replace(microsecond=0)
    return datetime.fromisoformat(begin) <= made <= datetime.fromisoformat(end)


def _money(amount: Decimal) -> dict[str, str]:
    """Shopify leaves out zeros, but for one."""
    told = f"{amount.normalize():f}"
    return {"amount": told if "." in told else f"{told}.0", "currencyCode": "EUR"}


def _no(code: str, message: str) -> dict[str, Any]:
    return {"userErrors": [{"code": code, "message": message, "field": ["input"]}]}
