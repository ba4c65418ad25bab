"""Where browsers report what the page's policy stopped: a bug of ours, or an attack on the page.

Anybody may send here, so a report is small, there are only so many a minute, and of what it says
only names and places are logged: no query, no fragment, no sample of the code.
"""

import time
import urllib.parse
from collections.abc import Callable
from typing import Any, Final

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

log: Final = structlog.get_logger("api.console")

PATH: Final = "/csp"
MEDIA: Final = frozenset({"application/csp-report", "application/reports+json"})
BYTES_MAX: Final = 16 * 1024  # a report is about 1 KiB; browsers send a few together
REPORTS_MAX: Final = 10  # of one request
PER_MINUTE: Final = 60  # a broken page reports some dozens; a flood must not fill the log
CHARS_MAX: Final = 200


class Reports:
    """Answers POST /csp. `taken` counts the reports since the start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.taken = 0
        self._clock = clock
        self._minute = 0.0
        self._left = PER_MINUTE

    async def take(self, request: Request) -> Response:
        """Log what a browser reports."""
        if request.headers.get("content-type", "").partition(";")[0].strip() not in MEDIA:
            return Response(status_code=415)
        if not self._may():
            return Response(status_code=429, headers={"Retry-After": "60"})
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BYTES_MAX:
                return Response(status_code=413, headers={"Connection": "close"})
        for report in _read(body):
            self.taken += 1
            log.warning("csp.violation", taken=self.taken, **report)
        return Response(status_code=204)

    def _may(self) -> bool:
        now = self._clock()
        if now - self._minute >= 60:
            self._minute, self._left = now, PER_MINUTE
        self._left -= 1
        return self._left >= 0


def _read(body: bytes) -> list[dict[str, str]]:
    """Return what a body says in either of its two forms; nothing if it says neither."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    if isinstance(told, dict):
        old = told.get("csp-report")
        return [_facts(old, "violated-directive", "blocked-uri", "document-uri", "source-file")]
    if not isinstance(told, list):
        return []
    return [
        _facts(one.get("body"), "effectiveDirective", "blockedURL", "documentURL", "sourceFile")
        for one in told[:REPORTS_MAX]
        if isinstance(one, dict) and one.get("type") == "csp-violation"
    ]


def _facts(told: Any, directive: str, blocked: str, page: str, source: str) -> dict[str, str]:
    facts = told if isinstance(told, dict) else {}
    return {
        "directive": _plain(facts.get(directive)),
        "blocked": _plain(facts.get(blocked)),
        "page": _plain(facts.get(page)),
        "source": _plain(facts.get(source)),
    }


def _plain(value: object) -> str:
    """Return an address without its query, or a word, as far as a log should hold it."""
    try:
        parts = urllib.parse.urlsplit(value if isinstance(value, str) else "")
    except ValueError:
        return ""
    netloc = parts.netloc.rpartition("@")[2]
    text = parts._replace(netloc=netloc, query="", fragment="").geturl()
    return "".join(one for one in text[:CHARS_MAX] if one.isprintable())
