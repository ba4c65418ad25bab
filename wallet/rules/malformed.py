"""JSON that somebody sends: what is wrong with it, at which place, and how it should look.

msgspec says what and where in one sentence. A step of a path may be a field that somebody made up,
so it is cut to what still prints.
"""

import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from wallet import errors
from wallet.rules import text

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


def check_texts(
    raw: object,
    refuse: Callable[..., object],
    *,
    chars_max: int,
    empty: bool = False,
    path: tuple[str, ...] = (),
) -> None:
    """Look through decoded JSON for text that cannot be stored; `refuse` is told what and where.

    msgspec fails on half a character, and PostgreSQL on a NUL: both far from where it was typed.
    With `empty`, a text may be left out by leaving it empty.
    """
    look = partial(check_texts, refuse=refuse, chars_max=chars_max, empty=empty)
    if isinstance(raw, str) and (raw or not empty):
        try:
            text.check(raw, chars_max=chars_max)
        except errors.TextInvalid as problem:
            refuse(problem.message.partition(".")[0], *path)
    elif isinstance(raw, dict):
        for name, value in raw.items():
            look(name, path=(*path, str(name)))
            look(value, path=(*path, str(name)))
    elif isinstance(raw, list | tuple):
        for place, value in enumerate(raw):
            look(value, path=(*path, str(place)))


def schema_of(kind: type) -> dict[str, Any]:
    """Describe the JSON of a struct as a JSON Schema (2020-12), for editors and forms."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for part in parts.values():
        if "properties" in part:
            part["additionalProperties"] = False
    top = {**schema, "$defs": parts}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_plain(top)}


def _plain(value: Any) -> Any:
    # msgspec leaves defaults as tuples, which are not what a JSON reader would give back, and the
    # words of a class with the indentation of its source.
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return inspect.cleandoc(value) if isinstance(value, str) else value
