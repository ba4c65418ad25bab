"""Clients that speak HTTP, for `bench.load`: one open connection each, one request at a time.

It is written on sockets, because a client library would cost more than the server that is measured.
Every answer is checked: its status, and that it holds what was asked for.
"""

import asyncio
import contextlib
import random
import uuid
from typing import Any

import orjson

from bench.rounds import Step
from wallet import ids

PAGE = """
    query Page { viewer { wallet { version available { amount currency } pending { amount currency }
      held { amount currency } movements(first: 20) { edges { cursor node { id kind reason bookedAt
      amount { amount currency } balanceAfter { amount currency } merchant { id name } } }
      pageInfo { hasNextPage endCursor } } } } }
"""
CODE = """
    mutation Code($merchant: ID!) { redemptionCodeCreate(merchantId: $merchant) {
      code { code expiresAt } errors { __typename } } }
"""
HOLD = """
    mutation Hold($input: RedemptionAuthorizeInput!) { redemptionAuthorize(input: $input) {
      redemption { id status amount { amount currency } expiresAt } replayed
      errors { __typename } } }
"""
CAPTURE = """
    mutation Capture($input: RedemptionCaptureInput!) { redemptionCapture(input: $input) {
      redemption { id status captured { amount currency } resolvedAt } replayed
      errors { __typename } } }
"""
MOVEMENTS = 20


class Connection:
    """One connection that stays open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def post(self, path: str, token: str, body: object) -> bytes:
        """Send one request and return the body of its answer, which must be a 200."""
        content = orjson.dumps(body)
        self.writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            "Accept: application/graphql-response+json\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await self.reader.readexactly(length)
        assert head.startswith(b"http/1.1 200"), (head, answer)
        return answer

    async def graphql(self, token: str, query: str, variables: object = None) -> Any:
        """Send one operation and return its data."""
        answer = await self.post("/graphql", token, {"query": query, "variables": variables})
        return orjson.loads(answer)["data"]


async def clients(order: dict[str, Any], stack: contextlib.AsyncExitStack) -> list[Step]:
    """Clients of one kind (`page` or `redemption`) at one door (`graphql` or `bare`)."""
    make = {
        ("page", "graphql"): _page_by_graphql,
        ("page", "bare"): _page_bare,
        ("redemption", "graphql"): _redemption_by_graphql,
        ("redemption", "bare"): _redemption_bare,
    }[order["what"], order["door"]]
    steps = []
    for _ in range(order["clients"]):
        reader, writer = await asyncio.open_connection("127.0.0.1", order["port"])
        stack.callback(writer.close)
        steps.append(make(Connection(reader, writer), order))
    return steps


def _page_by_graphql(connection: Connection, order: dict[str, Any]) -> Step:
    async def step() -> int:
        token = random.choice(order["members"])
        answer = await connection.post("/graphql", token, {"query": PAGE})
        assert answer.count(b'"reason"') == MOVEMENTS, answer
        return 1

    return step


def _page_bare(connection: Connection, order: dict[str, Any]) -> Step:
    async def step() -> int:
        answer = await connection.post("/bare/page", random.choice(order["members"]), {})
        assert answer.count(b'"reason"') == MOVEMENTS, answer
        return 1

    return step


def _redemption_by_graphql(connection: Connection, order: dict[str, Any]) -> Step:
    async def step() -> int:
        member = random.choice(order["members"])
        merchant, merchant_id = random.choice(order["merchants"])
        issued = await connection.graphql(member, CODE, {"merchant": merchant_id})
        hold = {
            "idempotencyKey": str(ids.new()),
            "code": issued["redemptionCodeCreate"]["code"]["code"],
            "amount": {"amount": "0.01", "currency": "EUR"},
            "orderReference": "order",
        }
        held = await connection.graphql(merchant, HOLD, {"input": hold})
        redemption_id = held["redemptionAuthorize"]["redemption"]["id"]
        capture = {"idempotencyKey": str(ids.new()), "redemptionId": redemption_id}
        captured = await connection.graphql(merchant, CAPTURE, {"input": capture})
        assert captured["redemptionCapture"]["redemption"]["status"] == "CAPTURED", captured
        return 1

    return step


def _redemption_bare(connection: Connection, order: dict[str, Any]) -> Step:
    async def step() -> int:
        member = random.choice(order["members"])
        merchant, merchant_id = random.choice(order["merchants"])
        issued = await connection.post("/bare/code", member, {"merchantId": merchant_id})
        hold = {
            "key": str(ids.new()),
            "code": orjson.loads(issued)["text"],
            "amount_minor": 1,
            "order": "order",
        }
        held = orjson.loads(await connection.post("/bare/hold", merchant, hold))
        shown = ids.show("red", uuid.UUID(held["redemption"]["redemption_id"]))
        capture = {"key": str(ids.new()), "id": shown}
        captured = orjson.loads(await connection.post("/bare/cap", merchant, capture))
        assert captured["redemption"]["state"] == "captured", captured
        return 1

    return step
