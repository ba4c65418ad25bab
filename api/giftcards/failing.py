"""Every no of the door as one shape: `{"code": …, "message": …}`, with what helps beside it.

The protocol says what a yes looks like and leaves the no to the provider. A code never changes and
a status follows from it, so that a store may decide by either.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from starlette.responses import Response

from api.graphql import failures
from wallet import errors, money

NOT_STORED: Final = {"Cache-Control": "no-store"}
AGAIN_SECONDS: Final = "5"

# code → (status, what to do)
CODES: Final[dict[str, tuple[int, str]]] = {
    "BODY_INVALID": (400, "The body is not what the protocol says. Correct what the path names."),
    "RANGE_INVALID": (400, "Send REST-Range as resources=0-49, or leave it out."),
    "UNAUTHENTICATED": (401, "These credentials open nothing. Check the AppKey and the AppToken."),
    "CREATION_UNSUPPORTED": (
        403,
        "Members make their gift cards in their own app. Ask the member for a number.",
    ),
    "NOT_FOUND": (404, "There is nothing here with this id that you may use. Check the id."),
    "METHOD_NOT_ALLOWED": (405, "This address does not take this method. See Allow."),
    "PAYLOAD_TOO_LARGE": (413, "This is more than the door reads. Send a smaller body."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Send JSON in UTF-8, not compressed."),
    "RATE_LIMITED": (429, "That was too much for one minute. Wait as long as Retry-After says."),
    "UNAVAILABLE": (503, "The database is away. Send the same request again in a moment."),
}
"""What the door itself says no to; the other codes are refusals of the wallet."""

STATUSES: Final[dict[str, int]] = {
    "AMOUNT_INVALID": 400,
    "CONTRACT_MISSING": 403,
    "IDEMPOTENCY_IN_PROGRESS": 409,
    "IDEMPOTENCY_KEY_REUSED": 409,
    "MEMBER_SUSPENDED": 403,
    "MERCHANT_SUSPENDED": 403,
    "NOT_FOUND": 404,
    "TEXT_INVALID": 400,
}
REFUSED: Final = 422
"""Of every other refusal: understood, and no."""


class Failed(Exception):
    """A no of the door itself; `code` is one of CODES."""

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        path: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message or CODES[code][1])
        self.code, self.path, self.headers = code, tuple(path), dict(headers or {})


def answer(problem: Exception) -> Response:
    """Return the answer to what went wrong; a bug of ours is raised again."""
    match problem:
        case Failed():
            status = CODES[problem.code][0]
            return _no(status, problem.code, str(problem), problem.path, headers=problem.headers)
        case failures.Failure(code="RATE_LIMITED" | "PAYLOAD_TOO_LARGE"):
            return _no(problem.status, problem.code, problem.message, headers=problem.headers)
        case errors.Refusal():
            return _refused(problem)
        case errors.Unavailable():
            away = {"Retry-After": AGAIN_SECONDS}
            return _no(503, "UNAVAILABLE", CODES["UNAVAILABLE"][1], headers=away)
    raise problem


def _refused(refusal: errors.Refusal) -> Response:
    status = STATUSES.get(refusal.code, REFUSED)
    headers = {"Retry-After": AGAIN_SECONDS} if refusal.code == "IDEMPOTENCY_IN_PROGRESS" else {}
    body: dict[str, Any] = {}
    asset = refusal.data.get("asset")
    for name, minor in refusal.data.items():
        if name.endswith("_minor") and isinstance(minor, int) and isinstance(asset, str):
            exact = money.show(minor, money.asset(asset))
            body[name.removesuffix("_minor")] = orjson.Fragment(exact)
    return _no(status, refusal.code, refusal.message, refusal.path, more=body, headers=headers)


def _no(
    status: int,
    code: str,
    message: str,
    path: Sequence[str] = (),
    *,
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    said = {"code": code, "message": message, "path": list(path), **(more or {})}
    return Response(
        orjson.dumps(said),
        status_code=status,
        media_type="application/json",
        headers={**NOT_STORED, **(headers or {})},
    )
