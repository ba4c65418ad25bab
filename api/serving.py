"""Serving: one process with the API, the worker or both, from an open database to a clean stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable

import uvicorn

from api import app, settings, worker
from wallet import database

STOP_SECONDS = 10
"""How long requests under way may take at a stop; twice the longest request."""


async def serve(
    house: settings.Settings,
    dsn: str,
    *,
    work_too: bool = False,
    development: bool = False,
    started: Callable[[], None] | None = None,
) -> None:
    """Serve until a signal says stop. `started` is called once requests are answered."""
    db = await database.Database.connect(dsn, size=house.pool_size)
    try:
        async with worker.beside(db) if work_too else contextlib.nullcontext():
            await _Server(_config(house, db, development=development), started).serve()
    finally:
        await db.close()


async def work(house: settings.Settings, dsn: str) -> None:
    """Run the worker until a signal says stop."""
    db = await database.Database.connect(dsn, size=min(4, house.pool_size))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        async with worker.beside(db):
            await stop.wait()
    finally:
        await db.close()


def check_port(house: settings.Settings) -> None:
    """Fail now, in a sentence, if the port is taken: before a minute of loading, not after it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((house.host, house.port))
        except OSError as error:
            raise OSError(
                f"Port {house.port} on {house.host} is taken ({error.strerror}). Stop what uses"
                " it, or choose another with COMMONPURSE_PORT."
            ) from error


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.ready is not None and self.started:
            self.ready()


def _config(
    house: settings.Settings, db: database.Database, *, development: bool
) -> uvicorn.Config:
    return uvicorn.Config(
        app.create_app(house, db, development=development),
        host=house.host,
        port=house.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
    )
