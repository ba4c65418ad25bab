"""Reading a stored explanation with care: each field is looked at before it is trusted.

The document is JSON of a version of the engine that may be newer or older than the code that reads
it. A field that is missing or of another kind raises `Unreadable`, which ends in a general
sentence.
"""

import uuid
from collections.abc import Mapping
from typing import Final

from wallet import money

WHOLE_MAX: Final = 10**15
"""Larger than any amount, quantity or count that is stored; more could not be printed exactly."""


class Unreadable(Exception):
    """The document holds something that this version does not know."""


class Part:
    """One object of the document."""

    def __init__(self, raw: object) -> None:
        if not isinstance(raw, Mapping):
            raise Unreadable("not an object")
        self._raw = raw

    def has(self, name: str) -> bool:
        """Say whether a field is there and not null."""
        return self._raw.get(name) is not None

    def whole(self, name: str) -> int:
        """Read a whole number."""
        found = self._raw.get(name)
        if not isinstance(found, int) or isinstance(found, bool) or abs(found) > WHOLE_MAX:
            raise Unreadable(name)
        return found

    def whole_or_none(self, name: str) -> int | None:
        """Read a whole number that may be missing."""
        return self.whole(name) if self.has(name) else None

    def flag(self, name: str) -> bool:
        """Read a yes; what is missing is a no."""
        return self._raw.get(name) is True

    def text(self, name: str) -> str:
        """Read a text that says something."""
        found = self._raw.get(name)
        if not isinstance(found, str) or not found.strip():
            raise Unreadable(name)
        return found

    def text_or_none(self, name: str) -> str | None:
        """Read a text that may be missing."""
        return self.text(name) if self.has(name) else None

    def texts(self, name: str) -> list[str]:
        """Read texts, at least one; an id among them is printed."""
        found = self._raw.get(name)
        if not isinstance(found, list | tuple):
            raise Unreadable(name)
        read = [str(one) for one in found if isinstance(one, str | uuid.UUID) and str(one).strip()]
        if not read:
            raise Unreadable(name)
        return read

    def key(self, name: str) -> uuid.UUID:
        """Read a UUID."""
        try:
            return uuid.UUID(str(self._raw.get(name)))
        except ValueError:
            raise Unreadable(name) from None

    def asset(self, name: str = "asset") -> money.Asset:
        """Read an asset by its code."""
        try:
            return money.asset(self.text(name))
        except ValueError:
            raise Unreadable(name) from None

    def asset_or(self, fallback: money.Asset | None) -> money.Asset:
        """Read the asset of this part, or take the one of what it is part of."""
        if self.has("asset"):
            return self.asset()
        if fallback is None:
            raise Unreadable("asset")
        return fallback

    def part(self, name: str) -> "Part":
        """Read an object."""
        return Part(self._raw.get(name))

    def part_or_none(self, name: str) -> "Part | None":
        """Read an object that may be missing."""
        return self.part(name) if self.has(name) else None

    def parts(self, name: str) -> list["Part"]:
        """Read a list of objects; a list that is missing is empty, what is no object left out."""
        found = self._raw.get(name)
        if not isinstance(found, list | tuple):
            return []
        return [Part(one) for one in found if isinstance(one, Mapping)]

    def raws(self, name: str) -> list[object]:
        """Read a list of anything."""
        found = self._raw.get(name)
        return [*found] if isinstance(found, list | tuple) else []
