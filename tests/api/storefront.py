"""A store on VTEX as a test sees it: it asks, and no answer escapes the protocol's OpenAPI.

A yes must be what the OpenAPI says of that address, with no name that it does not know; a no must
be of the one shape that our door has for it. Numbers of answers are read as exact decimals.
"""

import dataclasses
import itertools
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx2
import openapi_schema_validator

from api.giftcards import failing, stores
from api.identity import clients
from wallet import audit, database, errors, ids

DOCUMENT: Final = json.loads(
    Path(__file__).with_name("gift_card_provider.openapi.json").read_text(encoding="utf-8")
)
TYPE: Final = "application/vnd.vtex.giftcards.v1+json"
NO: Final = {
    "type": "object",
    "required": ["code", "message", "path"],
    "properties": {
        "code": {"type": "string", "enum": sorted({*failing.CODES, *errors.CODES})},
        "message": {"type": "string", "minLength": 10},
        "path": {"type": "array", "items": {"type": "string"}},
        **{name: {"type": "number"} for name in ("available", "held", "left")},
    },
    "additionalProperties": False,
}
numbers = itertools.count(1)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """One answer that has been looked at."""

    status: int
    headers: httpx2.Headers
    body: Any
    text: str

    @property
    def code(self) -> str:
        """The code of a no."""
        assert self.status >= 400, self.body
        return str(self.body["code"])


def _place(path: str) -> str:
    for template in sorted(DOCUMENT["paths"], key=lambda one: "{" in one):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return str(template)
    return ""


def _known(schema: Any, value: Any) -> Any:
    """The names of an answer that its schema does not know."""
    while "$ref" in schema:
        *_, name = schema["$ref"].split("/")
        schema = DOCUMENT["components"]["schemas"][name]
    if isinstance(value, list):
        return [one for row in value for one in _known(schema["items"], row)]
    if not isinstance(value, dict):
        return []
    unknown = sorted(set(value) - set(schema["properties"]))
    return unknown + [
        one
        for name in set(value) & set(schema["properties"])
        for one in _known(schema["properties"][name], value[name])
    ]


def check(method: str, path: str, response: httpx2.Response) -> Answer:
    """Return an answer if it is one of the protocol, or our no; else the test fails."""
    found = json.loads(response.text, parse_float=Decimal) if response.text else None
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    schema = NO
    if response.status_code < 400:
        assert response.status_code == 200
        answers = DOCUMENT["paths"][_place(path)][method.lower()]["responses"]["200"]
        schema = answers["content"]["application/json"]["schema"]
        assert [] == _known(schema, found)
    root = {**schema, "components": DOCUMENT["components"]}
    openapi_schema_validator.validate(found, root, cls=openapi_schema_validator.OAS30Validator)
    return Answer(response.status_code, response.headers, found, response.text)


@dataclasses.dataclass(frozen=True, slots=True)
class Store:
    """A store with its credentials."""

    http: httpx2.AsyncClient
    key: str
    token: str

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Send one request as VTEX does, and look at the answer."""
        headers = {
            stores.KEY: self.key,
            stores.TOKEN: self.token,
            "Accept": TYPE,
            "Content-Type": TYPE,
            **more.pop("headers", {}),
        }
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        content = body if body is None or isinstance(body, bytes | str) else json.dumps(body)
        response = await self.http.request(method, path, content=content, headers=raw, **more)
        return check(method, path, response)

    async def search(self, number: str = "", email: str = "", **more: Any) -> Answer:
        """Look for cards, with a cart as a checkout sends it."""
        item = {"productId": "2000000", "id": "2000002", "refId": "MEV41", "name": "Shoes"}
        body = {
            "client": {"id": "3b1abc17", "email": email, "document": "02906792063"},
            "cart": {
                "grandTotal": 182,
                "relationName": None,
                "redemptionCode": number,
                "discounts": 20,
                "shipping": 2,
                "taxes": 0,
                "items": [{**item, "price": 200, "quantity": 1}],
                "itemsTotal": 200,
            },
        }
        return await self.ask("POST", "/giftcards/_search", body, **more)

    async def transact(self, card: str, value: Any, **told: Any) -> Answer:
        """Hold by a card, unless `told` says otherwise; the token is fetched as a store does."""
        if not {"redemptionToken", "redemptionCode"} & set(told):
            read = await self.ask("GET", f"/giftcards/{card}")
            told["redemptionToken"] = read.body["redemptionToken"]
        body = {
            "operation": "Debit",
            "value": value,
            "description": "GiftCardHub",
            "redemptionToken": "",
            "redemptionCode": "",
            "requestId": f"B56CBE231DEE{next(numbers)}",
            "orderInfo": {"orderId": "v500-01", "sequence": 500, "cart": {}, "shipping": {}},
            **told,
        }
        return await self.ask("POST", f"/giftcards/{card}/transactions", body)

    async def step(self, kind: str, card: str, transaction: str, value: Any, **told: Any) -> Answer:
        """Settle or cancel a part."""
        body = {"value": value, "requestId": f"A1F{next(numbers)}", **told}
        return await self.ask("POST", f"/giftcards/{card}/transactions/{transaction}/{kind}", body)

    async def settle(self, card: str, transaction: str, value: Any, **told: Any) -> Answer:
        """Settle a part."""
        return await self.step("settlements", card, transaction, value, **told)

    async def cancel(self, card: str, transaction: str, value: Any, **told: Any) -> Answer:
        """Cancel a part."""
        return await self.step("cancellations", card, transaction, value, **told)


async def opened(
    db: database.Database, http: httpx2.AsyncClient, merchant_id: Any, **more: Any
) -> Store:
    """Register a store of a merchant."""
    given = await clients.register(
        db,
        key=ids.new(),
        kind="store",
        name="Rosa: web shop",
        merchant_id=merchant_id,
        actor=audit.SYSTEM,
        **more,
    )
    assert given.secret is not None
    return Store(http, given.client.client_id, given.secret)


def numbers_of(answer: Answer, name: str) -> str:
    """How an amount is written in the text of an answer."""
    found = re.search(rf'"{name}":([^,}}\]]+)', answer.text)
    assert found is not None
    return found[1]
