"""A Medusa shop with the loyalty plugin, played as Medusa 2.21.1 was seen to answer.

What is asked of it here is asked of a real one by `tests/e2e`, with the same subjects.
"""

import base64
import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from partners import adapter
from partners.adapters import medusa_gift_card, medusa_store_credit
from tests.partners.platforms import loopback
from wallet import ids, money

KEY: Final = "sk_medusa_secret_api_key_of_a_double"
_JSON: Final = msgspec.json.Encoder(decimal_format="number")
_READ: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(float_hook=Decimal)


class Shop:
    """A shop: its cards, accounts, customers, and what was moved."""

    def __init__(self) -> None:
        self.cards: list[dict[str, Any]] = []
        self.accounts: dict[str, dict[str, Any]] = {}
        self.transactions: list[dict[str, Any]] = []
        self.customers: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)

    def name(self, prefix: str) -> str:
        """A new id."""
        return f"{prefix}_{next(self._numbers):026d}"

    def open(self, currency: str, customer: str | None) -> dict[str, Any]:
        """A new account; that the customer exists is not asked."""
        account = {"id": self.name("sc_acc"), "currency_code": currency, "customer_id": customer}
        self.accounts[account["id"] or ""] = account
        return account

    def move(self, account: str, kind: str, amount: Decimal, note: str) -> None:
        """A transaction of an account."""
        made = {"id": self.name("sc_trx"), "account": account, "type": kind, "amount": amount}
        self.transactions.append({**made, "note": note, "created_at": loopback.now()})

    def shown(self, account: dict[str, Any]) -> dict[str, Any]:
        """An account as it is told: with its sums, and its customer if there is one."""
        of = [one for one in self.transactions if one["account"] == account["id"]]
        sums = {
            name: sum((one["amount"] for one in of if one["type"] == kind), Decimal(0))
            for name, kind in (("credits", "credit"), ("debits", "debit"))
        }
        told = {**account, **sums, "balance": sums["credits"] - sums["debits"]}
        customer = self.customers.get(account["customer_id"] or "")
        return {**told, "customer": customer} if customer else told


class _Doors:
    """The addresses of the admin API."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def cards(self, request: Request) -> Response:
        """Gift cards."""
        if request.method == "POST":
            return self._make_card(_READ.decode(await request.body()))
        asked = request.query_params
        found = [
            one
            for one in self.shop.cards
            if asked.get("reference_id", one["reference_id"]) == one["reference_id"]
            and asked.get("reference", one["reference"]) == one["reference"]
            and asked.get("created_at[$gte]", "") <= one["created_at"]
            and one["created_at"] < asked.get("created_at[$lt]", "9")
        ]
        if "store_credit_account" in asked.get("fields", ""):
            accounts = self.shop.accounts
            shown = {one["id"]: self.shop.shown(accounts[one["account"]]) for one in found}
            found = [{**one, "store_credit_account": shown[one["id"]]} for one in found]
        return _page("gift_cards", found, request)

    def _make_card(self, wanted: dict[str, Any]) -> Response:
        if isinstance(wanted["value"], str):
            return _no("Invalid request: Expected type: 'number' for field 'value'")
        if wanted["value"] < 1:
            told = "Invalid request: Value for field 'value' too small, expected at least: '1'"
            return _no(told)
        if any(one["code"] == wanted["code"] for one in self.shop.cards):
            return _no(f"Loyalty gift card with code: {wanted['code']}, already exists.")
        account = self.shop.open(wanted["currency_code"], None)
        made = {"id": self.shop.name("gcard"), "status": "redeemed", **wanted}
        made |= {"created_at": loopback.now(), "account": account["id"]}
        self.shop.move(account["id"], "credit", wanted["value"], "Gift card redemption")
        self.shop.cards.append(made)
        return _said({"gift_card": made})

    async def accounts(self, request: Request) -> Response:
        """Store credit accounts."""
        if request.method == "POST":
            wanted = await request.json()
            asked = (wanted["currency_code"], wanted["customer_id"])
            if any(_whose(one) == asked for one in self.shop.accounts.values()):
                return _no("Store credit account with customer_id, currency_code, already exists.")
            made = self.shop.open(*asked)
            return _said({"store_credit_account": self.shop.shown(made)})
        asked = (request.query_params["currency_code"], request.query_params["customer_id"])
        found = [self.shop.shown(o) for o in self.shop.accounts.values() if _whose(o) == asked]
        return _page("store_credit_accounts", found, request)

    async def move(self, request: Request) -> Response:
        """A credit or a debit."""
        account = self.shop.accounts.get(request.path_params["account"])
        if account is None:
            return _no("StoreCreditAccount id not found", 404, "not_found")
        wanted = _READ.decode(await request.body())
        kind = request.path_params["kind"]
        amount = Decimal(wanted["amount"])
        if kind == "debit" and self.shop.shown(account)["balance"] < amount:
            return _no("Insufficient balance")
        self.shop.move(account["id"], kind, amount, wanted["note"])
        return _said({"store_credit_account": self.shop.shown(account)})

    async def transactions(self, request: Request) -> Response:
        """What was moved on an account."""
        since = request.query_params.get("created_at[$gte]", "")
        found = [
            one
            for one in self.shop.transactions
            if one["account"] == request.path_params["account"] and one["created_at"] >= since
        ]
        return _page("transactions", found, request)

    async def customer(self, request: Request) -> Response:
        """One customer, or a new one."""
        if request.method == "POST":
            made = {"id": self.shop.name("cus"), **await request.json()}
            self.shop.customers[made["id"]] = made
            return _said({"customer": made})
        found = self.shop.customers.get(request.path_params["customer"])
        if found is None:
            return _no("Customer was not found", 404, "not_found")
        return _said({"customer": found})


def create(shop: Shop) -> Starlette:
    """The application."""
    doors = _Doors(shop)
    says = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
    accounts = "/admin/store-credit-accounts"

    def route(path: str, door: Any, *methods: str) -> Route:
        return loopback.route(path, door, *methods, header="authorization", says=says)

    return Starlette(
        routes=[
            route("/admin/gift-cards", doors.cards, "GET", "POST"),
            route(accounts, doors.accounts, "GET", "POST"),
            route(f"{accounts}/{{account}}/transactions", doors.transactions, "GET"),
            route(f"{accounts}/{{account}}/{{kind}}", doors.move, "POST"),
            route("/admin/customers", doors.customer, "POST"),
            route("/admin/customers/{customer}", doors.customer, "GET"),
        ]
    )


class Asked(loopback.Platform):
    """A subject whose truth is asked of the shop itself, so a real one can stand in its place."""

    secret = KEY

    async def get(self, path: str, **asked: str) -> Any:
        """What the admin API says."""
        async with loopback.client() as client:
            url = f"{self.address}/admin{path}"
            answer = await client.get(url, params=asked, auth=(self.secret, ""))
        return _READ.decode(answer.content)

    async def post(self, path: str, **wanted: object) -> Any:
        """Have something done by the admin API."""
        async with loopback.client() as client:
            url = f"{self.address}/admin{path}"
            answer = await client.post(url, json=wanted, auth=(self.secret, ""))
        return _READ.decode(answer.content)


class Gifts(Asked):
    adapter_class = medusa_gift_card.MedusaGiftCard
    refused_minor = 99

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        return [minor(one["value"]) for one in await self.cards(order)]

    async def live(self, order: adapter.Order) -> int:
        accounts = [one["store_credit_account"] for one in await self.cards(order)]
        return sum(minor(one["balance"]) for one in accounts)

    async def cards(self, order: adapter.Order) -> list[dict[str, Any]]:
        """The cards with an order's code."""
        fields = "+store_credit_account.*"
        told = await self.get("/gift-cards", reference_id=order.key, fields=fields)
        return [one for one in told["gift_cards"] if one["code"] == order.code]


class Credit(Asked):
    """The shop's credit; each test is about a customer of its own."""

    adapter_class = medusa_store_credit.MedusaStoreCredit

    async def reset(self) -> None:
        made = await self.post("/customers", email=f"{ids.new().hex}@members.example")
        self.account = made["customer"]["id"]

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        return [minor(one["amount"]) for one in await self._of(order) if one["type"] == "credit"]

    async def live(self, order: adapter.Order) -> int:
        signs = {"credit": 1, "debit": -1}
        return sum(signs[one["type"]] * minor(one["amount"]) for one in await self._of(order))

    async def accounts(self, order: adapter.Order) -> list[dict[str, Any]]:
        """The accounts of an order's customer."""
        asked = {"customer_id": order.subject or "", "currency_code": "eur"}
        told = await self.get("/store-credit-accounts", **asked)
        found: list[dict[str, Any]] = told["store_credit_accounts"]
        return found

    async def _of(self, order: adapter.Order) -> list[dict[str, Any]]:
        found = []
        for account in await self.accounts(order):
            path = f"/store-credit-accounts/{account['id']}/transactions"
            told = await self.get(path, limit="1000", order="-created_at")
            found += [one for one in told["transactions"] if order.key in (one["note"] or "")]
        return found


def minor(amount: int | Decimal) -> int:
    """An amount of the shop's in minor units."""
    return money.exact(Decimal(amount), money.EUR)


def _whose(account: dict[str, Any]) -> tuple[str, str | None]:
    return account["currency_code"], account["customer_id"]


def _page(name: str, found: list[dict[str, Any]], request: Request) -> Response:
    begin, size = (int(request.query_params.get(one, "15")) for one in ("offset", "limit"))
    begin = begin if "offset" in request.query_params else 0
    told = {"count": len(found), "offset": begin, "limit": size}
    return _said({name: found[begin : begin + size], **told})


def _said(document: object, status: int = 200) -> Response:
    return Response(_JSON.encode(document), status, media_type="application/json")


def _no(message: str, status: int = 400, kind: str = "invalid_data") -> Response:
    return _said({"type": kind, "message": message}, status)
