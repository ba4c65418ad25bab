"""Reading requests: bodies with a most, forms with each field once, who sends a form."""

import urllib.parse
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request

BODY_BYTES_MAX: Final = 16 * 1024
"""The longest body: an order is a tenth of it."""
FORM: Final = "application/x-www-form-urlencoded"


class Unreadable(Exception):
    """A request that cannot be read; its sentence is for whoever sent it."""


async def body(request: Request) -> bytes:
    """Read a body whole."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > BODY_BYTES_MAX:
            raise Unreadable(f"The body is longer than {BODY_BYTES_MAX} bytes.")
    return bytes(read)


async def form(request: Request) -> dict[str, str]:
    """Read a form in which nothing is there twice."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != FORM:
        raise Unreadable(f"Send a form as {FORM}.")
    try:
        text = (await body(request)).decode()
        return once(urllib.parse.parse_qsl(text, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise Unreadable("The form is not UTF-8.") from None


def once(pairs: "list[tuple[str, str]] | FormData") -> dict[str, str]:
    """Return parameters by name; one that is there twice has two meanings, so it has none."""
    items = list(pairs.multi_items()) if isinstance(pairs, FormData) else list(pairs)
    told = {name: str(value) for name, value in items}
    if len(told) < len(items):
        raise Unreadable("A parameter is there twice.")
    return told


def from_us(request: Request, origin: str) -> bool:
    """True if a page of the shop sent this form, and not a page of somebody else."""
    sender = request.headers.get("origin")
    if sender is not None and sender != "null":
        return sender == origin
    return request.headers.get("sec-fetch-site") == "same-origin"
