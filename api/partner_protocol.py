"""The open partner protocol for whoever builds a shop: its OpenAPI document, without signing in."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from partners import protocol

HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    # It is for tools in anybody's browser, and the same for everybody.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def routes() -> list[BaseRoute]:
    """Return the address of the document."""
    return [Route("/partner-protocol.json", document)]


async def document(_request: Request) -> Response:
    """Answer the document as it is in the package."""
    return Response(protocol.text(), media_type="application/json", headers=HEADERS)
