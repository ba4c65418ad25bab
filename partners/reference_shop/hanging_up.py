"""Hanging up: a connection that ends without an answer, or in the middle of one."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

DROP: Final = "shop.drop"
"""The extension of a request that ends its connection."""


class Droppable(HttpToolsProtocol):
    """A connection that the application may end."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {DROP: {"abort": self.transport.abort}}


class Gone(Response):
    """An answer to nobody."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say nothing."""


class Cut(Response):
    """An answer of which half is sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers and half of the body, then hang up."""
        body = bytes(self.body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send(
            {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        )
        await asyncio.sleep(0.01)  # for the half to leave
        scope["extensions"][DROP]["abort"]()
        await _gone(receive)


async def hang_up(request: Request) -> Response:
    """End the connection without a word."""
    request.scope["extensions"][DROP]["abort"]()
    await _gone(request.receive)
    return Gone()


async def _gone(receive: Receive) -> None:
    """Wait until the server knows, or it would try to answer for us."""
    while (await receive())["type"] != "http.disconnect":
        pass
