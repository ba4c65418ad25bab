"""Peers: small real servers on loopback that answer bytes as a test wants them, however wrong."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

Answer: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Writes an answer; the connection is closed after it."""

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass
class Peer:
    """A running peer: where it is, and the head of each request that it got."""

    port: int
    heads: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def host(self) -> str:
        """As an allow-list spells it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        """An address at it, in plain http."""
        return f"http://{self.host}{path}"


def saying(answer: bytes) -> Answer:
    """Answer these bytes."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return write


@contextlib.asynccontextmanager
async def serve(
    answer: Answer | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Peer]:
    """Serve on a free port until the block ends."""
    answer = answer or saying(OK)
    talking: set[asyncio.StreamWriter] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        talking.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            peer.heads.append(head.decode("latin-1"))
            await answer(writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        talking.discard(writer)

    server = await asyncio.start_server(met, "127.0.0.1", 0, ssl=tls)
    peer = Peer(port=server.sockets[0].getsockname()[1])
    try:
        yield peer
    finally:
        server.close()
        for writer in talking:
            writer.transport.abort()
        while talking:  # noqa: ASYNC110 - the set tells when the last one has ended
            await asyncio.sleep(0.005)
        await server.wait_closed()
