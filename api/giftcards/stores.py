"""Which store asks: a key and a token in two headers, a client of the kind `store`.

Its token is a client's secret: only the hash is kept, two live side by side while it is rotated,
and the operator may suspend it. It is good at this door and at no other. A key that does not
exist, a token that is wrong and a client that is suspended are answered alike.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import Request

from api.giftcards import failing
from api.graphql import rates
from api.identity import clients
from wallet.database import Database

KEY: Final = "X-PROVIDER-API-AppKey"
TOKEN: Final = "X-PROVIDER-API-AppToken"  # noqa: S105 - the name of a header
POINTS: Final = 10
"""What one request costs of a store's minute, as a write of the API."""


@dataclass(frozen=True, slots=True)
class Store:
    """A store that has shown who it is."""

    client_id: str
    merchant_id: UUID


async def of(db: Database, limits: rates.Rates, request: Request) -> Store:
    """Return the store that asks. UNAUTHENTICATED, or RATE_LIMITED by its own limit."""
    keys, tokens = request.headers.getlist(KEY), request.headers.getlist(TOKEN)
    if len(keys) != 1 or len(tokens) != 1:
        raise failing.Failed("UNAUTHENTICATED")
    client = await clients.find(db, keys[0])
    proven = await clients.check_secret(db, keys[0], tokens[0])
    if client is None or not proven or client.kind != "store" or not client.active:
        raise failing.Failed("UNAUTHENTICATED")
    assert client.merchant_id is not None, "a store's client has a merchant"
    per_minute = await clients.rate(db, client.client_id)
    limits.take(client.client_id, POINTS, per_minute=per_minute)
    return Store(client.client_id, client.merchant_id)
