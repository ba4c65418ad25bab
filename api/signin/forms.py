"""Forms: what a browser may send, from where, and to which of our pages it may go on.

A form counts only if our own page sent it: the browser itself says so (`Sec-Fetch-Site`, or
`Origin` where it is older), and no page of another site can make it lie. The session's cookie is
`SameSite=Lax` besides. Where to go on to is one of a few addresses of ours, never a whole address.
"""

import asyncio
import re
import urllib.parse
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse

from api import settings

BYTES_MAX: Final = 32 * 1024  # a passkey's answer with a certificate takes about 6 KiB
FIELDS_MAX: Final = 20
READ_SECONDS_MAX: Final = 10  # a slow telephone needs one; who sends byte by byte is let go
MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
ONWARD: Final = re.compile(
    r"/oauth/authorize\?request=[A-Za-z0-9_-]{16,128}|/account|/console/?"
    r"|/receipts/(?:don_[0-9a-z]{26}|[0-9]{4})\.pdf"
    r"|/partners/[a-z0-9-]{1,63}/link(?:\?ticket=[A-Za-z0-9_-]{43})?",
    re.ASCII,
)
BACK: Final = re.compile(
    r"/(?:signin|staff/signin|recover|verify|account|oauth/authorize"
    r"|partners/[a-z0-9-]{1,63}/(?:link|confirm|done))(?:\?[!-~]{0,500})?",
    re.ASCII,
)


class Unacceptable(Exception):
    """A request that none of our pages sends; `status` is how it is answered."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


async def read(
    request: Request, house: settings.Settings, *, seconds_max: float = READ_SECONDS_MAX
) -> Mapping[str, str]:
    """Return the fields of a form that our own page sent, or raise Unacceptable."""
    own(request, house)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise Unacceptable(415)
    try:
        async with asyncio.timeout(seconds_max):
            body = await _body(request)
    except TimeoutError:
        raise Unacceptable(408) from None
    try:
        pairs = urllib.parse.parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=FIELDS_MAX,
            errors="strict",
        )
    except ValueError:
        raise Unacceptable(400) from None
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\x00" in value for value in fields.values()):
        raise Unacceptable(400)  # of two equal names one reader takes the first, another the last
    return fields


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BYTES_MAX:
            raise Unacceptable(413)
    return body


def own(request: Request, house: settings.Settings) -> None:
    """Raise Unacceptable unless a page of ours sent this request."""
    site = request.headers.get("sec-fetch-site")
    if site is None:
        fitting = request.headers.get("origin") == house.web_origin
    else:
        fitting = site == "same-origin"
    if not fitting:
        raise Unacceptable(403)


def onward(wanted: str | None) -> str | None:
    """Return where to go on to, if it is one of the few places of ours; None for all else."""
    return wanted if wanted is not None and ONWARD.fullmatch(wanted) else None


def back(wanted: str | None) -> str:
    """Return the page that somebody was on, if it is one of ours; else the sign-in."""
    return wanted if wanted is not None and BACK.fullmatch(wanted) else "/signin"


def go(house: settings.Settings, path: str) -> RedirectResponse:
    """Send the browser to a page of ours, with GET."""
    at = urllib.parse.urlsplit(house.origin).path
    return RedirectResponse(at + path, status_code=303, headers={"Cache-Control": "no-store"})
