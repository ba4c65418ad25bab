"""The shop as a web application: which address is answered by what."""

import contextlib
from collections.abc import AsyncIterator
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from partners.reference_shop import (
    authorize,
    faults,
    pages,
    problems,
    protocol,
    reading,
    running,
    shop,
    signin,
    telling,
    till,
    tokens,
)

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def create_app(at: shop.Shop, setting: faults.Setting) -> Starlette:
    """Return the application over an open shop; `setting` is how the switch stands at first."""
    switch = faults.Switch(setting)
    teller = telling.Teller(at, switch)

    @contextlib.asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        async with teller.beside():
            yield

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            *pages.routes(),
            *signin.routes(at),
            *authorize.routes(at),
            *tokens.routes(at, switch),
            *protocol.routes(at, switch, teller),
            *till.routes(at, teller),
            *running.routes(at, switch, teller),
        ],
        middleware=[Middleware(_Headers)],
        exception_handlers={
            reading.Unreadable: _unreadable,
            problems.Problem: problems.answered,
        },
        lifespan=lifespan,
    )


async def _unreadable(_request: Request, error: Exception) -> Response:
    return pages.problem(str(error))


class _Headers:
    """Adds to every answer what its door has not said."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)
