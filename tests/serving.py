"""The application behind the real server and a real socket, for browsers and foreign clients.

`serve` serves it within the test; `process` starts the product as an operator does.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2

from api import serving, settings
from api.graphql import patience
from wallet import database

COMMAND: Final = Path(sys.executable).parent / "commonpurse"
SECONDS_TO_START: Final = 60


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
    waits: patience.Patience = patience.PATIENCE,
    **chosen: Any,
) -> AsyncIterator[House]:
    """Serve on loopback until the block ends, on a free port by default. `chosen` are settings.

    With the files of a certificate and its key it is served by TLS, as behind a real name.
    `buffer` is how many bytes the system keeps for a reader that does not read, and `waits` how
    long streams wait.
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
        config = serving.config(house, db, development=development, waits=waits)
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


@contextlib.asynccontextmanager
async def process(dsn: str, folder: Path, **chosen: Any) -> AsyncIterator[House]:
    """Start `commonpurse serve --work` with its data in a folder; all it says is in <folder>.log.

    `chosen` are settings.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    house = settings.Settings(_env_file=None, data_dir=folder, port=port, **chosen)
    variables = {"data_dir": folder, "port": port, **chosen}
    environment = {f"COMMONPURSE_{name.upper()}": str(value) for name, value in variables.items()}
    log = folder.with_suffix(".log")
    with log.open("wb") as out:
        server = await asyncio.create_subprocess_exec(
            *(COMMAND, "serve", "--work"),
            env={**os.environ, **environment, "DATABASE_URL": dsn},
            stdout=out,
            stderr=out,
        )
    try:
        async with asyncio.timeout(SECONDS_TO_START), httpx2.AsyncClient() as http:
            answers = False
            while not answers:
                assert server.returncode is None, log.read_text(encoding="utf-8")
                with contextlib.suppress(httpx2.TransportError):
                    answers = (await http.get(f"http://127.0.0.1:{port}/healthz")).is_success
                await asyncio.sleep(0.05)
        yield House(origin=f"http://localhost:{port}", settings=house)
    finally:
        if server.returncode is None:
            server.send_signal(signal.SIGTERM)
        await server.wait()
