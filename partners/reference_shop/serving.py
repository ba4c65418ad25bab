"""Serving the shop: one process, until a signal says stop."""

import uvicorn

from partners.reference_shop import app, faults, hanging_up, shop


async def serve(at: shop.Shop, setting: faults.Setting, *, host: str, port: int) -> None:
    """Serve until a signal says stop."""
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
    try:
        await uvicorn.Server(config).serve()
    finally:
        at.journal.close()
