"""Noes that a program can read: problem details (RFC 9457), each with a code that never changes."""

from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

PROBLEMS: Final = {
    "invalid": (400, "The request is not as the protocol wants it."),
    "unauthorized": (401, "The credential or the token is not good."),
    "forbidden": (403, "This credential may not do that."),
    "not_found": (404, "Nothing was issued for this key."),
    "key_reused": (409, "This key was used for something else."),
    "amount": (422, "The amount is outside of what this shop issues."),
    "currency": (422, "This shop does not issue in this currency."),
    "kind": (422, "This shop does not issue this kind."),
    "not_linked": (422, "The account is not linked, or not any more."),
    "code_taken": (422, "Another redemption has this code."),
    "spent": (422, "It was spent, at least in part: not so much can be taken back."),
    "slow_down": (429, "There were too many requests. Wait, then go on."),
    "unavailable": (503, "The shop is not working just now."),
}
"""Status and title of each; 409 says that something with this key exists, and is not the no."""


T = TypeVar("T", bound=msgspec.Struct)


class Problem(Exception):
    """A request that is answered by a no."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or PROBLEMS[code][1])
        self.code = code


def answer(code: str, detail: str = "", headers: dict[str, str] | None = None) -> Response:
    """Write a problem as an answer."""
    status, title = PROBLEMS[code]
    said = {"type": "about:blank", "title": title, "status": status, "code": code}
    challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(
        {**said, **({"detail": detail} if detail else {})},
        status,
        media_type="application/problem+json",
        headers={**challenge, **(headers or {})},
    )


async def answered(_request: Request, error: Exception) -> Response:
    """Answer a Problem wherever it was raised."""
    assert isinstance(error, Problem)
    detail = str(error)
    return answer(error.code, "" if detail == PROBLEMS[error.code][1] else detail)


def decode(body: bytes, kind: type[T]) -> T:
    """Read a JSON body, or say at which field it is wrong."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise Problem("invalid", str(error)) from error
    except UnicodeDecodeError:
        raise Problem("invalid", "The body is not UTF-8.") from None
