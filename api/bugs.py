"""A bug of ours behind any door: logged with an id, answered with that id and nothing else.

GraphQL masks its own, inside an answer. Here is what any other address meets: without it the server
would answer in bare words, without our headers, and cut the connection. A person gets a page, a
program the error of OAuth for it. The address is logged without its query, which may hold a code.
"""

import secrets

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import settings
from api.signin import pages

log = structlog.get_logger("api")


class Masked:
    """The middleware."""

    def __init__(self, app: ASGIApp, *, house: settings.Settings) -> None:
        self._app = app
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in place of what broke, if it had not begun to answer itself."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as broken:
            request_id = "req_" + secrets.token_hex(8)
            log.error("bug", request_id=request_id, path=scope["path"], exc_info=broken)
            if started:
                raise  # half an answer can only be cut off
            response = self._answer(Request(scope), request_id)
            await response(scope, receive, send)

    def _answer(self, request: Request, request_id: str) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return pages.render(
                request, self._house, "problem.html", status=500, code=500, request_id=request_id
            )
        said = f"Something went wrong on our side. Tell support this id: {request_id}."
        return JSONResponse(
            {"error": "server_error", "error_description": said},
            status_code=500,
            headers={"Cache-Control": "no-store", "X-Request-Id": request_id},
        )
