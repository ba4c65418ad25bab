"""Manifests of documents, as the tools that make them write them.

Apollo's lists operations (`{"operations": [{"id", "body"}]}`); Relay's and graphql-codegen's map a
hash to a text. Whatever hash the tool wrote is computed again: a document is known here by the
SHA-256 of its text and by nothing else, so a manifest with other hashes is refused, with the
setting of the tool that mends it.
"""

import dataclasses
import re
from typing import Any, Final

import orjson

from api.graphql import documents

BYTES_MAX: Final = 16 * 1024 * 1024  # the largest app known to us has 3 MB of documents
DOCUMENTS_MAX: Final = 5_000

# The length of a hash tells who made it, and how to have another one made.
OTHER_HASHES: Final = {
    32: 'an MD5: set "persistConfig": {"algorithm": "SHA256"} in Relay\'s configuration',
    40: 'a SHA-1: set persistedDocuments: { hashAlgorithm: "sha256" } in graphql-codegen\'s'
    " configuration",
}
HEX: Final = re.compile(r"[0-9a-f]+", re.ASCII)


class Unreadable(Exception):
    """The manifest cannot be taken; the text says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One document of a manifest, and what the manifest calls it."""

    known_as: str
    body: str


def read(text: bytes) -> list[Entry]:
    """Return the documents of a manifest. Raises Unreadable."""
    if len(text) > BYTES_MAX:
        raise Unreadable(f"A manifest has at most {BYTES_MAX // 1024 // 1024} MiB.")
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"This is not JSON: {error}.") from None
    entries = [_entry(*one) for one in _pairs(found)]
    if not 0 < len(entries) <= DOCUMENTS_MAX:
        raise Unreadable(f"A manifest has 1 to {DOCUMENTS_MAX} documents.")
    return entries


def _pairs(found: Any) -> list[tuple[Any, Any]]:
    if not isinstance(found, dict):
        raise Unreadable("A manifest is a JSON object.")
    if "operations" not in found:
        return list(found.items())
    operations = found["operations"]
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise Unreadable("`operations` is a list of objects with an id and a body.")
    return [(one.get("id"), one.get("body")) for one in operations]


def _entry(known_as: Any, body: Any) -> Entry:
    if not isinstance(known_as, str) or not isinstance(body, str):
        raise Unreadable("Each document has a hash and a text.")
    given = known_as.removeprefix("sha256:")
    name = f"{known_as[:16]}…"
    if "\x00" in body:
        raise Unreadable(f"{name}: a document holds no NUL.")
    if HEX.fullmatch(given) and len(given) in OTHER_HASHES:
        raise Unreadable(f"{name} is {OTHER_HASHES[len(given)]}.")
    if not HEX.fullmatch(given) or len(given) != 64:
        raise Unreadable(
            f"{name} is no SHA-256 of a text: let the tool write 64 lower-case hexadecimal digits."
        )
    if documents.digest(body) != given:
        raise Unreadable(f"{name} is not the SHA-256 of its text: make the manifest again.")
    return Entry(known_as=given, body=body)
