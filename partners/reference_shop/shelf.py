"""Things that are kept for a while under a random name: sessions, sign-ins under way, codes.

Names are 256 random bits, and only their hash is kept: whoever reads our memory can use none.
"""

import hashlib
import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

SIZE_MAX: Final = 10_000
"""Of one shelf. Anybody may begin a sign-in, so the oldest makes room."""

T = TypeVar("T")


class Shelf(Generic[T]):
    """Keeps each thing for the same time; what is past it is not found any more."""

    def __init__(self, life: timedelta) -> None:
        self._life = life
        self._kept: OrderedDict[str, tuple[T, datetime]] = OrderedDict()

    def put(self, thing: T, now: datetime) -> str:
        """Keep a thing, and return its name."""
        while self._kept:
            oldest, (_, until) = next(iter(self._kept.items()))
            if until > now and len(self._kept) < SIZE_MAX:
                break
            del self._kept[oldest]
        name = secrets.token_urlsafe(32)
        self._kept[hashed(name)] = (thing, now + self._life)
        return name

    def get(self, name: str, now: datetime) -> T | None:
        """Find a thing that is still kept."""
        found = self._kept.get(hashed(name))
        return found[0] if found is not None and found[1] > now else None

    def take(self, name: str, now: datetime) -> T | None:
        """Find a thing, and keep it no longer."""
        found = self.get(name, now)
        self._kept.pop(hashed(name), None)
        return found


def hashed(name: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(name.encode()).hexdigest()
