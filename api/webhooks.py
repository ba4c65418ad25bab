"""Where partners tell us: `POST /partners/{slug}/events`, answered once what was told is kept.

Anybody may send here. A body has a limit before it is read to its end; who has sent it is found out
on its raw bytes, by the partner's own dialect (`partners.webhooks.inbound`). What nobody vouches
for is answered 401, whether there is such a partner or not, and counted in the log.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api import settings
from partners import opening
from partners.webhooks import inbound
from wallet import database, errors

log: Final = structlog.get_logger("api.webhooks")

PATH: Final = "/partners/{slug}/events"
BYTES_MAX: Final = 256 * 1024
"""An order of a large basket, as shop systems send it whole, is a tenth of it."""
SLUG_CHARS_MAX: Final = 64
LOGGED_PER_MINUTE: Final = 60
"""A flood of strangers must not fill the log; the count beside the line goes on."""
HEADERS: Final = {"Cache-Control": "no-store"}


def routes(
    house: settings.Settings, db: database.Database, opener: opening.Opener
) -> list[BaseRoute]:
    """Return the address; whoever made the opener closes it."""
    return [Route(PATH, Door(house, db, opener).take, methods=["POST"])]


def _now() -> datetime:
    return datetime.now(UTC)


class Door:
    """Answers the address. `refused` counts what strangers have sent since the start.

    `now` is whose time the messages are of: everybody's, or that of a replay.
    """

    def __init__(
        self,
        house: settings.Settings,
        db: database.Database,
        opener: opening.Opener,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.refused = 0
        self._house = house
        self._db = db
        self._opener = opener
        self._clock = clock
        self._now = now
        self._minute, self._left = 0.0, LOGGED_PER_MINUTE

    async def take(self, request: Request) -> Response:
        """Keep what a partner tells."""
        slug = request.path_params["slug"][:SLUG_CHARS_MAX]
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response(status_code=400, headers=HEADERS)
        if body is None:
            return Response(status_code=413, headers=HEADERS | {"Connection": "close"})
        message = inbound.Message(
            slug=slug,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            url=f"{self._house.origin}{PATH.format(slug=slug)}",
        )
        try:
            await inbound.receive(self._db, self._opener, message, now=self._now())
        except inbound.Refused as why:
            self._tell(slug, str(why))
            return JSONResponse({"error": "unauthorized"}, status_code=401, headers=HEADERS)
        except errors.Unavailable:
            # The partner tells it again: better than to say yes and to forget it.
            away = HEADERS | {"Retry-After": "5"}
            return JSONResponse({"error": "unavailable"}, status_code=503, headers=away)
        return JSONResponse({"status": "kept"}, headers=HEADERS)

    def _tell(self, slug: str, why: str) -> None:
        self.refused += 1
        now = self._clock()
        if now - self._minute >= 60:
            self._minute, self._left = now, LOGGED_PER_MINUTE
        self._left -= 1
        if self._left >= 0:
            log.warning("webhook.refused", partner=slug, why=why, refused=self.refused)


async def _body(request: Request) -> bytes | None:
    """The body as it came, or None if it is too long."""
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said[:20]) > BYTES_MAX:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BYTES_MAX:
            return None
    return bytes(body)
