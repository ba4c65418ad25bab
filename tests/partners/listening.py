"""Ears: a small real server that hears webhooks, and keeps what it heard."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECONDS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Message:
    """One webhook as it came; its headers by lower-case names."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Ears:
    """Where webhooks are heard, and what came."""

    url: str = ""
    status: int = 204
    heard: list[Message] = field(default_factory=list)

    async def about(self, key: str, count: int) -> list[Message]:
        """Wait for so many messages about an order, and return them in their order."""
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                found = [one for one in self.heard if json.loads(one.body)["data"]["key"] == key]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def ears() -> AsyncIterator[Ears]:
    """Listen on a free port of loopback until the block ends."""
    made = Ears()

    async def hear(request: Request) -> Response:
        made.heard.append(Message(dict(request.headers), await request.body()))
        return Response(status_code=made.status)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        made.url = f"http://127.0.0.1:{listening.getsockname()[1]}/told"
        server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=[Route("/told", hear, methods=["POST"])]),
                log_level="error",
                lifespan="off",
            )
        )
        task = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield made
        finally:
            server.should_exit = True
            await task
