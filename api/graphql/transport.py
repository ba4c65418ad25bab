"""How a GraphQL request speaks HTTP: method, media types, size, and the shape of its JSON.

A request is a POST (or a QUERY) of application/json: forms, text and multipart are what a foreign
web page can send without being asked, so they are refused. A GET has the same parameters in its
address. A batch (a JSON array) is refused too: it would slip many attempts through one rate limit.
A document is given as text, or by the SHA-256 of its text, in either of the two ways that clients
know: `documentId`, and Apollo's `extensions.persistedQuery`.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request

from api.graphql import documents, failures, wording

RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
NESTING_MAX: Final = 32  # the deepest input of the schema has 6 levels
ACCEPTED_MAX: Final = 32  # media ranges in one Accept header; browsers send about 8
# What is left of valid JSON when strings and everything but brackets are taken away.
NOT_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[^"\[\]{}]+', re.DOTALL)


METHODS: Final = ("GET", "POST", "QUERY")


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A well-formed GraphQL request; at least one of `query` and `document` is there."""

    query: str | None
    document: str | None  # the SHA-256 of the text, in hex
    variables: Mapping[str, Any]
    operation_name: str | None


def headers(request_id: str) -> dict[str, str]:
    """Return what every answer carries: personal data is never cached, never sniffed."""
    return {
        "Cache-Control": "no-store",
        "Content-Language": wording.language(),
        "Vary": "Accept, Accept-Language, Authorization, Cookie",
        "X-Content-Type-Options": "nosniff",
        "X-Request-Id": request_id,
    }


def wants_html(request: Request) -> bool:
    """True for a browser that opens the address."""
    return "text/html" in request.headers.get("accept", "")


def check_method(request: Request) -> None:
    """Refuse what is no method of GraphQL."""
    if request.method not in METHODS:
        raise failures.Failure(
            "METHOD_NOT_ALLOWED", "Send GraphQL by POST.", headers={"Allow": ", ".join(METHODS)}
        )


def media_type(request: Request, *, preferred: str = RESPONSE) -> str:
    """Return the media type of the answer; `preferred` if the caller does not mind."""
    accept = ",".join(request.headers.getlist("accept")).strip()
    if not accept:
        return preferred
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
    if quality[preferred] == best:
        return preferred
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
    found = _json(body, "The body")
    if isinstance(found, list):
        raise _malformed("Send one request at a time, not an array.")
    if not isinstance(found, dict):
        raise _malformed('The body must be {"query": "…", "variables": {…}}.')
    return call(found)


def parse_address(parameters: Mapping[str, str]) -> Call:
    """Return the request in the parameters of an address; objects are written as JSON."""
    found: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if found.get(name):
            found[name] = _json(found[name].encode(), name)
        else:
            found.pop(name, None)
    return call(found)


def call(found: Mapping[str, Any]) -> Call:
    """Return the request in a JSON object, whatever brought it here.

    Raises failures.Failure BAD_REQUEST when its shape is wrong.
    """
    query = found.get("query")
    variables = found.get("variables")
    operation_name = found.get("operationName")
    extensions = found.get("extensions")
    if query is not None and not isinstance(query, str):
        raise _malformed("query must be a string.")
    if variables is not None and not isinstance(variables, dict):
        raise _malformed("variables must be an object.")
    if operation_name is not None and not isinstance(operation_name, str):
        raise _malformed("operationName must be a string.")
    if extensions is not None and not isinstance(extensions, dict):
        raise _malformed("extensions must be an object.")
    document = _document(found.get("documentId"), (extensions or {}).get("persistedQuery"))
    if query is None and document is None:
        raise _malformed('Send {"query": "…"} or {"documentId": "sha256:…"}.')
    return Call(
        query=query,
        document=document,
        variables=variables or {},
        operation_name=operation_name or None,
    )


def _document(document_id: object, persisted: object) -> str | None:
    named: set[str] = set()
    if document_id is not None:
        prefix, _, digest = str(document_id).partition(":")
        named.add(digest if prefix == "sha256" else "")
    if persisted is not None:
        given = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        named.add(str(given).removeprefix("sha256:"))  # graphql-codegen writes the prefix too
    if not named:
        return None
    digest = named.pop()
    if named or not documents.SHA256.fullmatch(digest):
        raise _malformed(
            "A document is named by sha256: and the 64 lower-case hexadecimal digits of its hash."
        )
    return digest


def _json(text: bytes, what: str) -> object:
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise failures.Failure("BAD_REQUEST", f"{what} is not JSON.") from None
    if _nesting(text) > NESTING_MAX:
        raise failures.Failure("BAD_REQUEST", f"JSON nests at most {NESTING_MAX} levels here.")
    return found


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
