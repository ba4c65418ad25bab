"""A caller of the API as a test sees it: a token, and what came back."""

import contextlib
import dataclasses
import itertools
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from api import app, settings
from wallet import database

GRAPHQL = "application/graphql-response+json"
numbers = itertools.count(1)


@contextlib.asynccontextmanager
async def door(
    db: database.Database, *, development: bool = False, **chosen: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """An application of its own, spoken to without a socket. `chosen` are settings."""
    house = settings.Settings(_env_file=None, **chosen)
    application = app.create_app(house, db, development=development)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=application), base_url="http://commonpurse.test"
    ) as opened:
        yield opened


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its status, its headers, and its body."""

    status: int
    headers: httpx2.Headers
    body: Any

    @property
    def data(self) -> Any:
        """The data of an answer without errors."""
        assert "errors" not in self.body, self.body
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors; each error has one, and the id of its request."""
        assert all(one["extensions"]["requestId"].startswith("req_") for one in self.body["errors"])
        return [one["extensions"]["code"] for one in self.body["errors"]]


@dataclasses.dataclass(frozen=True, slots=True)
class Client:
    """A caller with a token; `principal_id` is whom it speaks for."""

    http: httpx2.AsyncClient
    token: str
    principal_id: uuid.UUID

    async def ask(self, query: str, variables: dict[str, Any] | None = None, **more: Any) -> Answer:
        """Send one GraphQL request as a good client does."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": GRAPHQL}
        headers |= more.pop("headers", {})
        body = {"query": query, "variables": variables, **more}
        response = await self.http.post("/graphql", json=body, headers=headers)
        return Answer(response.status_code, response.headers, response.json())

    def at(self, http: httpx2.AsyncClient) -> "Client":
        """The same caller in front of another application."""
        return Client(http, self.token, self.principal_id)

    async def send(self, **request: Any) -> Answer:
        """Send a request as it stands, with the token."""
        headers = {"Authorization": f"Bearer {self.token}"} | request.pop("headers", {})
        response = await self.http.request(
            request.pop("method", "POST"), "/graphql", headers=headers, **request
        )
        return Answer(response.status_code, response.headers, response.json())


def key() -> str:
    """A new idempotency key."""
    return f"test-key-{next(numbers):08d}"
