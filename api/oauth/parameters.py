"""What a client sends, as OAuth reads it: each parameter once, short, in plain characters.

A repeated parameter is refused, because two readers might each take another one. One without a
value counts as left out (RFC 6749, section 3.1). The form is read here, before Authlib's
synchronous core begins, and the query of a POST is never looked at: secrets do not belong there.
"""

import re
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Final

from authlib.oauth2 import rfc6749
from starlette.requests import Request

from api import settings

BODY_BYTES_MAX: Final = 32 * 1024  # an assertion of 4 KB is the longest thing anybody sends
FIELDS_MAX: Final = 40  # all specifications together know fewer
VALUE_CHARS_MAX: Final = 4096
FORM: Final = "application/x-www-form-urlencoded"
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class Refused(Exception):
    """The parameters cannot be read; the sentence is for the client's developer."""


class Payload(rfc6749.OAuth2Payload):
    """Parameters, by Authlib's names for them."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self._told = dict(told)

    @property
    def data(self) -> dict[str, str]:
        """Each parameter's one value."""
        return self._told

    @property
    def datalist(self) -> dict[str, list[str]]:
        """The same, as lists of one."""
        return {name: [value] for name, value in self._told.items()}


class Asked(rfc6749.OAuth2Request):
    """A request as Authlib's core sees it; its address is the configured one, not the caller's."""

    def __init__(
        self,
        house: settings.Settings,
        told: Mapping[str, str],
        *,
        method: str = "POST",
        path: str = "/oauth/token",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(method, house.origin + path, headers=dict(headers or {}))
        self.payload = Payload(told)
        # Which allowance a failed proof is taken from; None while none has failed.
        self.unproven: str | None = None

    @property
    def form(self) -> dict[str, str]:
        """The parameters of the body; there are no others."""
        data: dict[str, str] = self.payload.data
        return data


async def of_form(request: Request) -> dict[str, str]:
    """Return the parameters of a POST; Refused if they are no form, too many or too long."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Refused(f"Send the parameters in the body, as {FORM}.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise Refused(f"The body is longer than {BODY_BYTES_MAX} bytes. Send less.")
    try:
        found = urllib.parse.parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        raise Refused("The body cannot be read as a form in UTF-8. Encode it again.") from None
    return once(found)


def once(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return parameters that are each there once; Refused otherwise."""
    told: dict[str, str] = {}
    for number, (name, value) in enumerate(found):
        if number >= FIELDS_MAX or len(value) > VALUE_CHARS_MAX:
            raise Refused("There are too many parameters, or one is too long. Send less.")
        if name in told:
            raise Refused("A parameter is there twice. Send each once.")
        if CONTROL.search(name) or CONTROL.search(value):
            raise Refused("A parameter holds a control character. Remove it.")
        told[name] = value
    return {name: value for name, value in told.items() if value}
