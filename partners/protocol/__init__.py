"""The Commonpurse Partner Protocol as a document: OpenAPI 3.1, for any shop that wants to speak it.

The document is the contract: the adapter `commonpurse` and the reference shop are tested against
it, and `GET /partner-protocol.json` of every installation answers it.
"""

import functools
from importlib import resources
from typing import Any

import msgspec


@functools.cache
def text() -> bytes:
    """The document as it is published."""
    return (resources.files("partners.protocol") / "openapi.json").read_bytes()


@functools.cache
def document() -> dict[str, Any]:
    """The document, to look things up in."""
    read: dict[str, Any] = msgspec.json.decode(text())
    return read
