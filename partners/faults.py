"""What a fault of transport means: the one place that decides what nobody answered.

A request that never left, or that was turned away before it was looked at (401, 403 without a body
of the shop's, 429), had no effect. One that left and was not answered, or was answered with words
of a proxy, may have had its effect. Everything between 400 and 499 else is the partner's own no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

import httpx2
import msgspec

from partners import http
from partners.adapter import REASON_CHARS_MAX, NotSent, Refused, RefusedCode, Unknown

PAUSE_MAX: Final = timedelta(hours=1)
"""A partner may ask for a pause; a longer one would keep a member's value for its sake."""
UNDECIDED: Final = frozenset({408, 409, 425})
"""Answers in the 400s that do not say whether the request took effect."""
Shape = TypeVar("Shape")
_JSON: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was read whole: a JSON document, its numbers exact, or None for no body."""

    status: int
    document: Any
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """True for 200 to 299."""
        return 200 <= self.status < 300

    def read(self, kind: type[Shape]) -> Shape | None:
        """The document as a struct of yours, read strictly; None if it is not one."""
        try:
            return msgspec.convert(self.document, kind, strict=True)
        except (msgspec.ValidationError, ValueError):
            return None


async def ask(
    client: httpx2.AsyncClient, method: str, path: str, **request: Any
) -> Reply | NotSent | Unknown:
    """Send one request; the partner's answer, or what its absence means.

    What comes back as a Reply has status 2xx, or one of the 4xx that are the partner's own no.
    """
    try:
        answer = await client.request(method, path, **request)
    except (
        httpx2.ConnectError,
        httpx2.ConnectTimeout,
        httpx2.PoolTimeout,
        http.Forbidden,
    ) as error:
        return NotSent(_name(error))
    except (httpx2.HTTPError, http.TooLarge, TimeoutError, OSError) as error:
        return Unknown(_name(error))
    return read(answer)


def read(answer: httpx2.Response) -> Reply | NotSent | Unknown:
    """What an answer means before the adapter looks into it."""
    status = answer.status_code
    if status == 429:
        return NotSent("asked to slow down", retry_after=_pause(answer.headers))
    if status == 401:
        return NotSent("the credentials were not taken", reauthorize=True)
    if status >= 500 or status in UNDECIDED or not (200 <= status < 300 or status >= 400):
        return Unknown(f"answered {status}")
    try:
        document = _document(answer.content)
    except msgspec.DecodeError:
        # A 4xx that is no JSON is a proxy's page: nobody knows whether the shop has seen it.
        return Unknown(f"answered {status} without JSON")
    return Reply(status, document, answer.headers)


def refused(reply: Reply, reason: object = None, *, code: RefusedCode = "rejected") -> Refused:
    """The partner's no, in its own words as far as they are short and printable."""
    words = reason if isinstance(reason, str) and reason else f"answered {reply.status}"
    said = "".join(one for one in words if one.isprintable())[:REASON_CHARS_MAX]
    return Refused(said, code)


def _document(content: bytes) -> Any:
    """JSON with exact numbers: an amount must not become a float on its way."""
    return _JSON.decode(content) if content.strip() else None


def _pause(headers: Mapping[str, str]) -> timedelta | None:
    """Seconds of Retry-After, bounded; a date in it is not worth its parser."""
    said = headers.get("retry-after", "")
    if not (said.isascii() and said.isdigit() and len(said) <= 9):
        return None
    return min(timedelta(seconds=int(said)), PAUSE_MAX)


def _name(error: Exception) -> str:
    return str(error) if isinstance(error, http.Forbidden) else type(error).__name__
