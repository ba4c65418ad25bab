"""The application behind the real server and a real socket, for browsers and foreign clients."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api import serving, settings
from wallet import database


@dataclass(frozen=True, slots=True)
class House:
    """A served installation: where it is reached, and with which settings."""

    origin: str
    settings: settings.Settings


@contextlib.asynccontextmanager
async def serve(
    db: database.Database,
    *,
    port: int = 0,
    buffer: int | None = None,
    development: bool = False,
    certificate: tuple[Path, Path] | None = None,
    **chosen: Any,
) -> AsyncIterator[House]:
    """Serve on loopback until the block ends, on a free port by default. `chosen` are settings.

    With the files of a certificate and its key it is served by TLS, as behind a real name.
    `buffer` is how many bytes the system keeps for a reader that does not read.
    """
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if buffer is not None:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        listening.bind(("127.0.0.1", port))
        port = listening.getsockname()[1]
        origin = f"{'https' if certificate else 'http'}://localhost:{port}"
        if certificate is not None:
            chosen["issuer"] = origin
        house = settings.Settings(_env_file=None, port=port, **chosen)
        config = serving.config(house, db, development=development)
        if certificate is not None:
            config.ssl_certfile, config.ssl_keyfile = certificate
        server = serving.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - the server tells by this flag only
            await asyncio.sleep(0.01)
        try:
            yield House(origin=origin, settings=house)
        finally:
            server.should_exit = True
            await task
