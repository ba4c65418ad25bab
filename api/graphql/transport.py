"""How a GraphQL request speaks HTTP: method, media types, size, and the shape of its JSON.

Only a POST of application/json is a request: forms, text and multipart are what a foreign web page
can send without being asked, so they are refused. A batch (a JSON array) is refused too: it would
slip many attempts through one rate limit.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request

from api.graphql import failures

RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
NESTING_MAX: Final = 32  # the deepest input of the schema has 6 levels
ACCEPTED_MAX: Final = 32  # media ranges in one Accept header; browsers send about 8
# What is left of valid JSON when strings and everything but brackets are taken away.
NOT_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[^"\[\]{}]+', re.DOTALL)


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A well-formed GraphQL request."""

    query: str
    variables: Mapping[str, Any]
    operation_name: str | None


def headers(request_id: str) -> dict[str, str]:
    """Return what every answer carries: personal data is never cached, never sniffed."""
    return {
        "Cache-Control": "no-store",
        "Vary": "Accept, Authorization",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": request_id,
    }


def wants_html(request: Request) -> bool:
    """True for a browser that opens the address."""
    return "text/html" in request.headers.get("accept", "")


def check_method(request: Request) -> None:
    """Refuse everything but POST."""
    if request.method != "POST":
        raise failures.Failure(
            "METHOD_NOT_ALLOWED", "Send GraphQL by POST.", headers={"Allow": "POST"}
        )


def media_type(request: Request) -> str:
    """Return the media type of the answer; without an Accept header it is the GraphQL one."""
    accept = ",".join(request.headers.getlist("accept")).strip()
    if not accept:
        return RESPONSE
    quality = {RESPONSE: 0.0, JSON: 0.0}
    named: set[str] = set()
    for part in accept.split(",", ACCEPTED_MAX)[:ACCEPTED_MAX]:
        media_range, weight = _weighted(part)
        if media_range in quality:
            # A range that names the type outweighs a wildcard, wherever it stands.
            quality[media_range] = weight
            named.add(media_range)
        elif media_range in {"*/*", "application/*"}:
            for offered in quality.keys() - named:
                quality[offered] = max(quality[offered], weight)
    best = max(quality.values())
    if best <= 0:
        raise failures.Failure("NOT_ACCEPTABLE", f"Answers come as {RESPONSE} or {JSON}.")
    return RESPONSE if quality[RESPONSE] == best else JSON


def _weighted(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media_range, min(max(float(value), 0.0), 1.0)
            except ValueError:
                return media_range, 0.0
    return media_range, 1.0


def check_content_type(request: Request) -> None:
    """Refuse a body that is not JSON in UTF-8."""
    media, *parameters = (
        piece.strip().lower() for piece in request.headers.get("content-type", "").split(";")
    )
    charsets = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    encoded = "content-encoding" in request.headers
    if media != JSON or any(c not in {"utf-8", "utf8"} for c in charsets) or encoded:
        raise failures.Failure(
            "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json in UTF-8, not compressed."
        )


async def read_body(request: Request, limit: int) -> bytes:
    """Return the body; it is never read further than `limit` bytes."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise failures.Failure(
                "PAYLOAD_TOO_LARGE",
                f"A request of this token has at most {limit} bytes.",
                headers={"Connection": "close"},
            )
        chunks.append(chunk)
    return b"".join(chunks)


def parse(body: bytes) -> Call:
    """Return the request in a body.

    Raises failures.Failure BAD_REQUEST when the JSON or its shape is wrong.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise failures.Failure("BAD_REQUEST", "The body is not JSON.") from None
    if _nesting(body) > NESTING_MAX:
        raise failures.Failure("BAD_REQUEST", f"JSON nests at most {NESTING_MAX} levels here.")
    if isinstance(found, list):
        raise _malformed("Send one request at a time, not an array.")
    if not isinstance(found, dict) or not isinstance(found.get("query"), str):
        raise _malformed('The body must be {"query": "…", "variables": {…}}.')
    variables = found.get("variables")
    operation_name = found.get("operationName")
    extensions = found.get("extensions")
    if variables is not None and not isinstance(variables, dict):
        raise _malformed("variables must be an object.")
    if operation_name is not None and not isinstance(operation_name, str):
        raise _malformed("operationName must be a string.")
    if extensions is not None and not isinstance(extensions, dict):
        raise _malformed("extensions must be an object.")
    return Call(
        query=found["query"], variables=variables or {}, operation_name=operation_name or None
    )


def _malformed(message: str) -> failures.Failure:
    # The JSON is sound and only its shape is wrong: the 2026 text asks for 422 here, not 400.
    return failures.Failure("BAD_REQUEST", message, status=422)


def _nesting(body: bytes) -> int:
    deepest = level = 0
    for bracket in NOT_BRACKETS.sub(b"", body):
        if bracket in b"[{":
            level += 1
            deepest = max(deepest, level)
        else:
            level -= 1
    return deepest
