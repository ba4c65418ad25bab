"""Failures of a request: the codes, and what a caller is told.

A refusal is data and does not come here (see refusals.py). What comes here is a request that we
cannot serve: each failure has a stable code, a status and a sentence. A bug is logged with its
text and its request id, and the caller gets the id only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import graphql
import structlog

from api.graphql import wording
from wallet import errors

ERRORS_MAX: Final = 20  # a caller who made twenty mistakes does not need the twenty-first

FOR_PEOPLE: Final = frozenset(
    {"UNAUTHENTICATED", "FORBIDDEN", "RATE_LIMITED", "INTERNAL", "UNAVAILABLE", "TIMEOUT"}
)
"""Codes whose messages an app may show; the rest are for its developer, in English."""

log: Final = structlog.get_logger("api.graphql")

# What graphql-core repeats of a value that does not fit, and our tokens wherever they were put: a
# client may keep what we answer in a log of its own.
REPEATED: Final = re.compile(r"(?:, found)?: ['\"{\[].*", re.DOTALL)
TOKEN: Final = re.compile(r"(cp_(?:at|rt|cs)_)[\w-]+", re.ASCII)

# code → (HTTP status when no data is returned, what it means)
CODES: Final[dict[str, tuple[int, str]]] = {
    "BAD_REQUEST": (400, "The HTTP request is not a GraphQL request."),
    "GRAPHQL_PARSE_FAILED": (400, "The document is not GraphQL."),
    "UNAUTHENTICATED": (401, "The bearer token is missing, unknown, expired or revoked."),
    "FORBIDDEN": (403, "The token lacks the scope of this field."),
    "PERSISTED_QUERY_NOT_FOUND": (404, "No document is registered under this hash."),
    "METHOD_NOT_ALLOWED": (405, "GraphQL is sent by POST; by GET only what is registered."),
    "NOT_ACCEPTABLE": (406, "None of the accepted media types is spoken here."),
    "PAYLOAD_TOO_LARGE": (413, "The body is beyond the limit for this token."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "The body must be application/json in UTF-8."),
    "GRAPHQL_VALIDATION_FAILED": (422, "The document does not fit the schema or a limit."),
    "BAD_USER_INPUT": (422, "A variable or argument does not fit its type."),
    "OPERATION_RESOLUTION_FAILURE": (422, "Which operation to run is not clear."),
    "TRUSTED_DOCUMENT_REQUIRED": (422, "A member's app sends registered documents only."),
    "COST_EXCEEDED": (422, "The document may cost more points than one request may."),
    "RATE_LIMITED": (429, "Too much at once; wait as long as Retry-After says."),
    "INTERNAL": (500, "Our bug; tell support the request id."),
    "UNAVAILABLE": (503, "The database is away; retry with the same idempotency key."),
    "TIMEOUT": (504, "Too slow; retry with the same idempotency key."),
}


class Failure(Exception):
    """A request we cannot serve; `code` is one of CODES, the text is for the caller.

    `extensions` go beside the code. A document that does not fit has `errors` of its own, each
    complete but for the request id.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = CODES[code][0] if status is None else status
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})
        self.errors = errors

    def shown(self, request_id: str) -> list[dict[str, Any]]:
        """Return the `errors` of the answer."""
        if not self.errors:
            error = plain(self.code, self.message, request_id)
            error["extensions"] |= self.extensions
            return [error]
        return [
            {**one, "extensions": {**one["extensions"], "requestId": request_id}}
            for one in self.errors
        ]


@dataclass(frozen=True, slots=True)
class Shown:
    """Errors ready for the answer, and the failure that voids the whole answer, if any."""

    errors: list[dict[str, Any]]
    fatal: Failure | None


def unavailable() -> Failure:
    """The database is away: nothing was decided, the same request may be sent again."""
    return Failure(
        "UNAVAILABLE",
        "The wallet's database is away for a moment. Retry with the same idempotency key.",
        headers={"Retry-After": "2"},
    )


def plain(code: str, message: str, request_id: str) -> dict[str, Any]:
    """Return one error of an answer without a place in the document."""
    if code in FOR_PEOPLE:
        message = wording.say(message, rather=CODES[code][1])
    return {"message": message, "extensions": {"code": code, "requestId": request_id}}


def of_document(error: graphql.GraphQLError, code: str) -> dict[str, Any]:
    """Return a parse or validation error; the request id is added when it is sent."""
    shown: dict[str, Any] = {
        "message": TOKEN.sub(r"\1…", error.message),
        "extensions": {"code": code},
    }
    if error.locations:
        shown["locations"] = [location.formatted for location in error.locations]
    return shown


def of_execution(found: Sequence[graphql.GraphQLError], request_id: str) -> Shown:
    """Turn what execution reported into what the caller may read."""
    shown = []
    for error in found[:ERRORS_MAX]:
        cause = error.original_error
        if isinstance(cause, errors.Unavailable):
            return Shown([], unavailable())
        code, message = _explained(error, cause, request_id)
        entry = plain(code, message, request_id)
        if error.locations:
            entry["locations"] = [location.formatted for location in error.locations]
        if error.path:
            entry["path"] = error.path
        shown.append(entry)
    return Shown(shown, None)


def _explained(
    error: graphql.GraphQLError, cause: Exception | None, request_id: str
) -> tuple[str, str]:
    if isinstance(cause, Failure):
        return cause.code, cause.message
    if error.path is None and (cause is None or isinstance(cause, graphql.GraphQLError)):
        # Before anything was executed: a variable that does not fit its type.
        return "BAD_USER_INPUT", _without_value(error.message)
    return "INTERNAL", bug(cause or error, request_id)


def _without_value(message: str) -> str:
    """Return what is wrong with a variable, and where, without the value: it may be a code."""
    return TOKEN.sub(r"\1…", REPEATED.sub("", message).rstrip(".") + ".")


def bug(cause: BaseException, request_id: str) -> str:
    """Log a bug with its traceback; return the sentence that the caller may read."""
    log.error("bug", request_id=request_id, exc_info=cause)
    return f"Something went wrong on our side. Tell support this id: {request_id}."
