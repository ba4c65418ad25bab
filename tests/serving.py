"""The application behind the real server and a real socket, for browsers and foreign clients."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
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
    db: database.Database, *, development: bool = False, **chosen: Any
) -> AsyncIterator[House]:
    """Serve on a free port of loopback until the block ends. `chosen` are settings."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        house = settings.Settings(_env_file=None, port=port, **chosen)
        server = serving.Server(serving.config(house, db, development=development))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - the server tells by this flag only
            await asyncio.sleep(0.01)
        try:
            yield House(origin=f"http://localhost:{port}", settings=house)
        finally:
            server.should_exit = True
            await task
