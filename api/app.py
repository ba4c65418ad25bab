"""The web application: which address is answered by what."""

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from api import bugs, counters, draws, headers, partner_protocol, settings, speaking, webhooks
from api.console import door as console
from api.giftcards import door as giftcards
from api.graphql import endpoint, hub, patience, schema, sockets
from api.oauth import endpoints
from api.receipts import door as receipts
from api.signin import entry
from wallet import database, errors

NOT_CACHED = {"Cache-Control": "no-store"}


def create_app(
    settings: settings.Settings,
    db: database.Database,
    *,
    development: bool = False,
    waits: patience.Patience = patience.PATIENCE,
) -> Starlette:
    """Return the application over an open database; whoever opened that closes it.

    With `development` a browser at /graphql is told how to send a query, and every token may
    introspect. `waits` is how long streams wait.
    """
    live = hub.Hub(db, waits)
    partners = speaking.Speaking(settings, db)
    graphql = endpoint.Endpoint(
        schema.build(), db, settings, live, partners, development=development
    )

    @contextlib.asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        yield
        await live.close()
        await partners.aclose()

    async def healthz(_request: Request) -> Response:
        # Alive means that this process answers; a database that is away is no reason to restart it.
        return JSONResponse({"status": "ok"}, headers=NOT_CACHED)

    async def readyz(_request: Request) -> Response:
        try:
            await db.fetchval("select 1")
        except errors.Unavailable:
            return JSONResponse({"status": "unavailable"}, status_code=503, headers=NOT_CACHED)
        return JSONResponse({"status": "ok"}, headers=NOT_CACHED)

    application = Starlette(
        routes=[
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", sockets.Sockets(graphql, settings, live)),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            *draws.routes(db),
            *endpoints.routes(settings, db),
            *entry.routes(settings, db),
            *console.routes(settings, db),
            *receipts.routes(settings, db),
            *counters.routes(db),
            *giftcards.routes(settings, db),
            *partner_protocol.routes(),
            *webhooks.routes(settings, db, partners.opener),
        ],
        middleware=[
            Middleware(headers.SecurityHeaders, secure=settings.secure),
            Middleware(bugs.Masked, house=settings),
        ],
        lifespan=lifespan,
    )
    application.state.speaking = partners
    application.state.hub = live  # for the server, which ends streams before it waits for answers
    return application
