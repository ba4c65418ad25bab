"""Serving the shop: one process, until a signal says stop, or whoever started it is gone."""

import asyncio
import contextlib
import os
from typing import Final

import uvicorn

from partners.reference_shop import app, faults, hanging_up, shop

LOOK_SECONDS: Final = 0.5
"""Between two looks whether whoever started the shop is still there."""


async def serve(
    at: shop.Shop, setting: faults.Setting, *, host: str, port: int, with_parent: bool = False
) -> None:
    """Serve until a signal says stop; `with_parent`, or until the parent process is gone.

    One that was killed cannot say stop, and the next one would start a second shop over the folder.
    """
    config = uvicorn.Config(
        app.create_app(at, setting),
        host=host,
        port=port,
        http=hanging_up.Droppable,
        ws="none",
        access_log=False,  # it would print codes
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    watch = asyncio.create_task(_end_with(server, os.getppid())) if with_parent else None
    try:
        await server.serve()
    finally:
        at.journal.close()
        if watch is not None:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch


async def _end_with(server: uvicorn.Server, parent: int) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 - the system tells nobody
        await asyncio.sleep(LOOK_SECONDS)
    server.should_exit = True
