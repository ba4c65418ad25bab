"""Serving: one process with the API, the worker or both, from an open database to a clean stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette

from api import app, scoring, settings, speaking, worker
from api.graphql import sockets
from wallet import database

log: Final = structlog.get_logger("api.serving")

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
    if house.documents == "open" and not development:
        log.warning("documents.open", meaning="members' apps may send any document")
    db = await database.Database.connect(dsn, size=house.pool_size)
    try:
        async with _working(house, db) if work_too else contextlib.nullcontext():
            await Server(config(house, db, development=development), started).serve()
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
        async with _working(house, db):
            await stop.wait()
    finally:
        await db.close()


@contextlib.asynccontextmanager
async def _working(house: settings.Settings, db: database.Database) -> AsyncIterator[None]:
    """Run the worker for the length of a block, with what it speaks to partners by."""
    async with contextlib.aclosing(speaking.Speaking(house, db)) as speak:
        speaking.report(speak.adapters)
        jobs = worker.jobs(scoring.load(house.offer_scorer), speak=speak)
        async with worker.beside(db, jobs=jobs):
            yield


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


class Server(uvicorn.Server):
    """A server that says when it answers, and ends streams before it waits for answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None] | None = None) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.ready is not None and self.started:
            self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """A stream never ends by itself, so it is told; its reader connects again elsewhere."""
        application = self.config.app
        assert isinstance(application, Starlette)
        await application.state.hub.close()
        await super().shutdown(sockets)


def config(house: settings.Settings, db: database.Database, *, development: bool) -> uvicorn.Config:
    """How the application is served, wherever it is."""
    return uvicorn.Config(
        app.create_app(house, db, development=development),
        host=house.host,
        port=house.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=sockets.FRAME_BYTES_MAX,
        ws_per_message_deflate=False,  # 64 KB of memory a socket, for messages of a few hundred B
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=STOP_SECONDS,
        server_header=False,
    )
