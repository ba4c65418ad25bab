"""The support console: GraphiQL, built from npm and served by the product itself.

The page and its parts are files of our own: it works without the internet, under a policy that lets
it load nothing else. Only people of the staff are let in; the rest are sent to the sign-in. What it
may do there is decided by /graphql alone. Without the built copy the API runs all the same, and
the page says what is missing.
"""

import asyncio
import dataclasses
import functools
import gzip
import html
import urllib.parse
from pathlib import Path
from typing import Final

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from api import settings
from api.console import reports
from api.identity import bearer, sessions
from wallet import database, errors, ids, money, programme, staff
from wallet.rules import goodwill

log: Final = structlog.get_logger("api.console")

BUILT: Final = Path(__file__).resolve().parent / "built"
MEDIA: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".md": "text/markdown",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}
AWAY_SECONDS: Final = "5"
PACKED: Final = frozenset({".css", ".js", ".md", ".svg"})
PACKED_MAX: Final = 64  # there are about 25 parts, 2 MB when packed
# The name of a part changes with its contents, so a copy never gets old.
PART_CACHE: Final = "public, max-age=31536000, immutable"
PAGE: Final = {
    "Cache-Control": "no-store",
    # Without a referrer within our own origin, browsers post with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie",
}
# The editor sets styles from its script, so styles may be inline; scripts may not.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none';"
    " base-uri 'none'; form-action 'none'"
)
MISSING: Final = "The support console is not built. Build it with `make console`, then start again."
_SAID: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Commonpurse</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{at}/assets/pages.css">
</head>
<body>
<main class="narrow">
<h1>{title}</h1>
{text}
</main>
</body>
</html>
"""
_SAID_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_MISSING_TEXT: Final = """
<p>The API runs, but this copy came without the console. Whoever installed it builds it with
<code>make console</code>, which needs the internet once, and then starts the server again. The
wheel of a release brings it along.</p>
"""
_AWAY_TEXT: Final = "<p>Nothing is lost. Reload this page in a moment.</p>"


@dataclasses.dataclass(frozen=True, slots=True)
class Copy:
    """A built console: its page, and the parts that may be asked for by name."""

    page: str
    parts: dict[str, Path]


def load(folder: Path = BUILT) -> Copy | None:
    """Return the built console in a folder, or None if there is none."""
    page = folder / "index.html"
    if not page.is_file():
        return None
    # Only what was listed here is ever served, so no name can climb out of the folder.
    parts = {part.name: part for part in (folder / "assets").iterdir() if part.suffix in MEDIA}
    return Copy(page=page.read_text(encoding="utf-8"), parts=parts)


def routes(
    house: settings.Settings, db: database.Database, *, folder: Path = BUILT
) -> list[BaseRoute]:
    """Return the addresses of this door. A copy that is missing is logged, once."""
    door = Door(house, db, load(folder))
    if door.copy is None:
        log.warning("console.missing", message=MISSING)
    return [
        Route("/console", door.page),
        Route("/console/", door.page),
        Route("/console/me", door.me),
        Route("/console/assets/{name}", door.part),
        Route(reports.PATH, reports.Reports().take, methods=["POST"]),
    ]


class Door:
    """Answers for one installation."""

    def __init__(self, house: settings.Settings, db: database.Database, copy: Copy | None) -> None:
        self.copy = copy
        self._house = house
        self._db = db
        self._at = urllib.parse.urlsplit(house.origin).path

    async def page(self, request: Request) -> Response:
        """Answer /console, and lead there from /console/: the page's addresses count on it."""
        if request.url.path.endswith("/"):
            return RedirectResponse(f"{self._house.origin}/console", status_code=308, headers=PAGE)
        if self.copy is None:
            return self._said("The support console is not built", _MISSING_TEXT)
        try:
            return await self._page(request, self.copy)
        except errors.Unavailable:
            return self._said("The database is away", _AWAY_TEXT)

    async def _page(self, request: Request, copy: Copy) -> Response:
        if await self._who(request) is None:
            # The whole address: a session belongs to the name that the settings give this house.
            signin = f"{self._house.origin}/staff/signin?next=/console"
            return RedirectResponse(signin, status_code=303, headers=PAGE)
        text = copy.page.replace('"./assets/', f'"{html.escape(self._at)}/console/assets/')
        return HTMLResponse(text, headers={**PAGE, **self._policy()})

    async def me(self, request: Request) -> Response:
        """Answer who works here and what they may do, for the page."""
        try:
            who = await self._who(request)
            if who is None:
                return _json(401, {"error": "Sign in first."})
            return _json(200, await self._person(who))
        except errors.Unavailable:
            return _json(503, {"error": "The database is away for a moment."})

    async def part(self, request: Request) -> Response:
        """Answer /console/assets/{name}."""
        part = self.copy.parts.get(request.path_params["name"]) if self.copy else None
        if part is None:
            return Response(status_code=404)
        headers = {"Cache-Control": PART_CACHE, "Vary": "Accept-Encoding"}
        if part.suffix in PACKED and "gzip" in request.headers.get("accept-encoding", ""):
            packed = await asyncio.to_thread(_packed, part)
            headers["Content-Encoding"] = "gzip"
            return Response(packed, media_type=MEDIA[part.suffix], headers=headers)
        return FileResponse(part, media_type=MEDIA[part.suffix], headers=headers)

    async def _who(self, request: Request) -> bearer.Principal | None:
        session = await sessions.find(self._db, self._house, request)
        return None if session is None else await bearer.of_session(self._db, session)

    async def _person(self, who: bearer.Principal) -> dict[str, object]:
        person = await staff.find(self._db, who.principal_id)
        return {
            "id": ids.show("sta", person.staff_id),
            "name": person.name,
            "role": person.role,
            "scopes": sorted(who.scopes),
            "goodwill": await self._goodwill(person.role),
        }

    async def _goodwill(self, role: str) -> dict[str, str] | None:
        try:
            asset = (await programme.of(self._db)).asset
        except errors.NotFound:
            return None
        most = goodwill.limits(role, asset.code)
        return {"once": money.show(most.once_minor, asset), "currency": asset.code}

    def _said(self, title: str, text: str) -> Response:
        page = _SAID.format(at=html.escape(self._at), title=title, text=text)
        headers = {**PAGE, "Content-Security-Policy": _SAID_POLICY, "Retry-After": AWAY_SECONDS}
        return HTMLResponse(page, status_code=503, headers=headers)

    def _policy(self) -> dict[str, str]:
        where = f"{self._house.origin}{reports.PATH}"
        if not self._house.secure:
            # A browser takes `report-to` over TLS only, and then no longer looks at `report-uri`.
            return {"Content-Security-Policy": f"{POLICY}; report-uri {where}"}
        return {
            "Content-Security-Policy": f"{POLICY}; report-uri {where}; report-to csp",
            "Reporting-Endpoints": f'csp="{where}"',
        }


@functools.lru_cache(maxsize=PACKED_MAX)
def _packed(part: Path) -> bytes:
    """Return a part packed: the console begins with 1.8 MB instead of 6."""
    return gzip.compress(part.read_bytes(), mtime=0)


def _json(status: int, body: object) -> Response:
    return Response(
        orjson.dumps(body), status_code=status, media_type="application/json", headers=PAGE
    )
