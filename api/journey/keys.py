"""Ids of the replay: hashes of what the data calls things, so that a second replay is recognised.

They depend on nothing but the data's own numbers and this name, and never change between releases.
"""

import uuid
from typing import Final

from wallet import ids

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_URL, "urn:commonpurse:complete-journey")

_VERSION_7: Final = 7 << 12


def named(kind: str, name: str) -> uuid.UUID:
    """Give the id of something that has no moment: a member, a merchant, a store, a contract."""
    return uuid.uuid5(NAMESPACE, f"{kind}/{name}")


def dated(second: int, name: str) -> uuid.UUID:
    """Give the id of something that belongs to a second of the data: a UUIDv7, so a day's ids lie
    together in an index.
    """
    return ids.derived(uuid.UUID(int=(second * 1000 << 16 | _VERSION_7) << 64), name)
