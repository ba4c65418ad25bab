"""A mail server on a socket: it speaks enough SMTP to take a letter, or to refuse one."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Mailbox:
    """What arrived, and how the server behaves."""

    refuses: bytes = b""
    port: int = 0
    letters: list[bytes] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it leaves."""
        writer.write(b"220 mail.example ready\r\n")
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self.said.append(line.decode().strip())
                verb = line[:4].upper()
                if verb == b"EHLO":
                    writer.write(b"250-mail.example\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n")
                elif verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    self.letters.append(await reader.readuntil(b"\r\n.\r\n"))
                    writer.write(b"250 kept\r\n")
                elif verb == b"RCPT" and self.refuses:
                    writer.write(self.refuses + b"\r\n")
                elif verb == b"AUTH":
                    writer.write(b"235 welcome\r\n")
                elif verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                else:
                    writer.write(b"250 fine\r\n")
                await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def open_mailbox(
    *, refuses: bytes = b"", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Mailbox]:
    """Listen on a free port until the block ends."""
    box = Mailbox(refuses=refuses)
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0, ssl=tls)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()
