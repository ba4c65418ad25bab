"""Followers of a wallet as a test sees them: by server-sent events, or over a WebSocket."""

import asyncio
import contextlib
import dataclasses
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx2
import websockets
from websockets.asyncio import client as websocket_client

from tests import serving

PROTOCOL: Final = "graphql-transport-ws"
EVENTS: Final = "text/event-stream"
BUFFER: Final = 16_384  # what a follower's system keeps unread: little, so that it shows
SECONDS_MAX: Final = 30  # for one answer; a test that waits longer has failed
FOLLOW: Final = """
    subscription Follow($after: Cursor) {
      walletChanged(after: $after) {
        cursor
        wallet { version cursor available { amount } pending { amount } }
        movement { kind amount { amount } balanceAfter { amount } }
      }
    }
"""
STANDING: Final = "{ viewer { wallet { cursor version available { amount } } } }"


@dataclasses.dataclass(slots=True)
class Events:
    """An open stream of events; `comments` counts what only kept it alive."""

    response: httpx2.Response
    lines: AsyncIterator[str]
    comments: int = 0

    async def next(self) -> dict[str, Any] | str | None:
        """The next answer, "complete", or None when the stream was cut off."""
        event = ""
        async with asyncio.timeout(SECONDS_MAX):
            async for line in self.lines:
                name, _, value = line.partition(": ")
                self.comments += line == ":"
                if name == "event":
                    event = value
                if event == "complete":
                    return "complete"
                if name == "data":
                    found: dict[str, Any] = json.loads(value)
                    return found
        return None

    async def change(self) -> dict[str, Any]:
        """The next change of the wallet."""
        return change(await self.next())

    async def version(self) -> int:
        """The version after the next change."""
        return int((await self.change())["wallet"]["version"])


def change(answer: Any) -> dict[str, Any]:
    """The change in an answer without errors."""
    assert isinstance(answer, dict), answer
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["walletChanged"]
    return found


@contextlib.asynccontextmanager
async def follow(
    house: serving.House, token: str, query: str = FOLLOW, **variables: Any
) -> AsyncIterator[Events]:
    """Follow by server-sent events; the head has come, and with it a stream that follows."""
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)]
    async with (
        httpx2.AsyncClient(
            base_url=house.origin,
            timeout=SECONDS_MAX * 3,
            transport=httpx2.AsyncHTTPTransport(socket_options=small),
        ) as http,
        http.stream(
            "POST",
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {token}", "Accept": EVENTS},
        ) as response,
    ):
        yield Events(response, response.aiter_lines())


@dataclasses.dataclass(frozen=True, slots=True)
class Socket:
    """An open socket, and what is said on it."""

    connection: websocket_client.ClientConnection

    async def say(self, kind: str, **more: Any) -> None:
        """Send one message."""
        await self.connection.send(json.dumps({"type": kind, **more}))

    async def hear(self) -> dict[str, Any]:
        """Return the next message."""
        async with asyncio.timeout(SECONDS_MAX):
            found: dict[str, Any] = json.loads(await self.connection.recv())
        return found

    async def init(self, token: str) -> None:
        """Say who calls, and be let in."""
        await self.say("connection_init", payload={"Authorization": f"Bearer {token}"})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, key: str, query: str = FOLLOW, **variables: Any) -> None:
        """Begin an operation."""
        await self.say("subscribe", id=key, payload={"query": query, "variables": variables})

    async def change(self, key: str) -> dict[str, Any]:
        """The next change that this operation brings."""
        message = await self.hear()
        assert (message["type"], message["id"]) == ("next", key), message
        return change(message["payload"])

    async def refused(self, key: str) -> list[str]:
        """The codes of the errors with which an operation ends."""
        message = await self.hear()
        assert (message["type"], message["id"]) == ("error", key), message
        return [one["extensions"]["code"] for one in message["payload"]]

    async def closed(self) -> tuple[int, str]:
        """Wait until the other side closes; its code and its reason."""
        try:
            async with asyncio.timeout(SECONDS_MAX * 3):
                while True:
                    await self.connection.recv()
        except websockets.ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")


async def let_in(folder: Path, times: int) -> None:
    """Wait until a follower that runs in node has been let in so often."""
    async with asyncio.timeout(SECONDS_MAX * 2):
        told = folder / "connected"
        while not (told.exists() and int(told.read_text() or "0") >= times):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def connect(
    house: serving.House, *, protocols: tuple[str, ...] = (PROTOCOL,), **more: Any
) -> AsyncIterator[Socket]:
    """Open a socket, as a program does: without an Origin."""
    address = house.origin.replace("http", "ws", 1) + "/graphql"
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    plain.connect(("127.0.0.1", house.settings.port))
    async with websocket_client.connect(
        address,
        sock=plain,
        subprotocols=[websockets.Subprotocol(one) for one in protocols] or None,
        **more,
    ) as connection:
        yield Socket(connection)
