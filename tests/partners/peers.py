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
    """A running peer: where it is, and the head and the body of each request that it got."""

    port: int
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def host(self) -> str:
        """As an allow-list spells it."""
        return f"127.0.0.1:{self.port}"

    def headers(self, number: int) -> dict[str, str]:
        """The headers of a request, by their names in lower case."""
        lines = self.heads[number].splitlines()[1:]
        split = (line.partition(":") for line in lines if line)
        return {name.lower(): value.strip() for name, _, value in split}

    def url(self, path: str = "/") -> str:
        """An address at it, in plain http."""
        return f"http://{self.host}{path}"


def saying(answer: bytes) -> Answer:
    """Answer these bytes."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return write


def status(number: int, *headers: str) -> Answer:
    """Answer a status without a body."""
    head = "".join(f"{one}\r\n" for one in ("Content-Length: 0", *headers))
    return saying(f"HTTP/1.1 {number} Said\r\n{head}\r\n".encode())


@contextlib.asynccontextmanager
async def serve(
    answer: Answer | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Peer]:
    """Serve on a free port until the block ends."""
    answer = answer or saying(OK)
    talking: set[asyncio.Task[None]] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.connections += 1
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                head = await reader.readuntil(b"\r\n\r\n")
                peer.heads.append(head.decode("latin-1"))
                length = int(peer.headers(-1).get("content-length", "0"))
                peer.bodies.append(await reader.readexactly(length))
                await answer(writer)
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()
            talking.discard(task)

    server = await asyncio.start_server(met, "127.0.0.1", 0, ssl=tls)
    peer = Peer(port=server.sockets[0].getsockname()[1])
    try:
        yield peer
    finally:
        server.close()
        for task in talking:
            task.cancel()
        while talking:  # noqa: ASYNC110 - the set tells when the last one has ended
            await asyncio.sleep(0.005)
        await server.wait_closed()
