"""What is wrong with JSON that somebody sent: the place in it, and words that still print.

msgspec says both in one sentence. A step of a path may be a field that somebody made up, so it is
cut to what still prints.
"""

import re
from typing import Final, NamedTuple

_STEP_CHARS_MAX: Final = 64
_PLACE: Final = re.compile(r"(.*?)(?: - at (?:`key` in )?`\$(.*)`)?", re.DOTALL)
_NAMED: Final = re.compile(r"Object (missing required|contains unknown) field `(.+?)`", re.DOTALL)
_SAID: Final = {
    "missing required": "this field is missing",
    "contains unknown": "there is no such field",
}


class Problem(NamedTuple):
    """What is wrong, and the steps to it."""

    says: str
    path: tuple[str, ...]


def problem(told: str) -> Problem:
    """Read what msgspec says of JSON that does not fit."""
    match = _PLACE.fullmatch(told)
    assert match is not None
    says, place = match[1], match[2] or ""
    path = tuple(step for step in re.split(r"[.\[\]]+", place) if step)
    named = _NAMED.fullmatch(says)
    return Problem(says, path) if named is None else Problem(_SAID[named[1]], (*path, named[2]))


def printable(steps: tuple[str, ...]) -> tuple[str, ...]:
    """Cut the steps of a path to what prints, in bounded space."""
    return tuple(step.encode(errors="replace").decode()[:_STEP_CHARS_MAX] for step in steps)


def where(path: tuple[str, ...]) -> str:
    """Write a path in a sentence."""
    return ".".join(path) or "the top"
