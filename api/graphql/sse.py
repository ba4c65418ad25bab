"""Answers as server-sent events, by the distinct connections mode of the GraphQL over SSE protocol.

One request, one stream: an event `next` for each answer, and `complete` at its end. A stream that
ends without `complete` was cut off, because the process stops, and goes on elsewhere from the last
cursor. A comment now and then keeps proxies from closing what looks idle.
"""

import asyncio
import contextlib
from typing import Final

import graphql
import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.graphql import failures, hub, lease, patience, streams, transport
from api.identity import bearer

log: Final = structlog.get_logger("api.graphql")

MEDIA: Final = "text/event-stream"
HEADERS: Final = {"Content-Type": MEDIA, "X-Accel-Buffering": "no"}  # a proxy must not collect it
COMMENT: Final = b":\n\n"
COMPLETE: Final = b"event: complete\ndata:\n\n"


def otherwise(request: Request, *, preferred: str) -> str:
    """Return the media type of what is answered without a stream, such as a failure."""
    try:
        return transport.media_type(request, preferred=preferred)
    except failures.Failure:
        if not _accepted(request):
            raise
        return preferred


def wanted(request: Request, kind: graphql.OperationType) -> bool:
    """True if the answer is a stream: a subscription's, or any if nothing else is accepted.

    Raises failures.Failure NOT_ACCEPTABLE for a subscription whose caller takes no stream.
    """
    if kind is graphql.OperationType.SUBSCRIPTION:
        if not _accepted(request):
            raise failures.Failure(
                "NOT_ACCEPTABLE", f"A subscription is answered as {MEDIA}, or over a WebSocket."
            )
        return True
    try:
        transport.media_type(request)
    except failures.Failure:
        return True
    return False


def _accepted(request: Request) -> bool:
    # Nobody means a stream by "anything".
    accept = ",".join(request.headers.getlist("accept")).split(",", transport.ACCEPTED_MAX)
    return any(
        part.partition(";")[0].strip().lower() == MEDIA for part in accept[: transport.ACCEPTED_MAX]
    )


class EventStream(Response):
    """An answer that lasts as long as its stream, its reader and its token."""

    def __init__(
        self,
        stream: streams.Stream | streams.Single,
        request_id: str,
        principal: bearer.Principal,
        *,
        again: lease.Again,
        held: contextlib.ExitStack,
        waits: patience.Patience,
    ) -> None:
        super().__init__(headers={**transport.headers(request_id), **HEADERS})
        del self.headers["content-length"]
        self._stream = stream
        self._request_id = request_id
        self._principal = principal
        self._again = again
        self._held = held
        self._waits = waits

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head, then what comes, until something ends it."""
        gone = asyncio.create_task(_gone(receive))
        ended = asyncio.create_task(
            lease.end(self._principal, self._again, check_seconds=self._waits.check)
        )
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send_all(send, gone, ended)
        except TimeoutError:
            log.info("slow", request_id=self._request_id)
        finally:
            await streams.stop(gone, ended)
            self._held.close()
            await self._stream.aclose()

    async def _send_all(
        self, send: Send, gone: asyncio.Task[None], ended: asyncio.Task[None]
    ) -> None:
        await self._send(send, COMMENT)  # so that the caller knows at once that the stream is open
        coming = asyncio.create_task(self._stream.next())
        try:
            while True:
                await asyncio.wait(
                    {coming, gone, ended},
                    timeout=self._waits.keep_alive,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if gone.done():
                    return
                if ended.done():
                    ended.result()  # our bug, if it raises
                    ending = streams.failure(lease.ended(), self._request_id)
                    await self._send(send, _event(ending) + COMPLETE, last=True)
                    return
                if not coming.done():
                    await self._send(send, COMMENT)
                    continue
                part = coming.result()
                if part is None:
                    await self._send(send, COMPLETE, last=True)
                    return
                await self._send(send, _event(part))
                coming = asyncio.create_task(self._stream.next())
        except hub.Closed:
            await self._send(send, b"", last=True)
        finally:
            await streams.stop(coming)

    async def _send(self, send: Send, body: bytes, *, last: bool = False) -> None:
        async with asyncio.timeout(self._waits.send):
            await send({"type": "http.response.body", "body": body, "more_body": not last})


def _event(part: streams.Part) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(part.body) + b"\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
