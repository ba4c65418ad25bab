"""Text from outside: what can be stored, printed and read back unchanged.

PostgreSQL refuses NUL, and a lone surrogate has no UTF-8 form: both would fail far from their
cause, so they are refused here, at their path. Nothing is trimmed or repaired silently.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from wallet import errors

CATEGORY_CHARS_MAX: Final = 64
"""A category is printed inside a sentence, whose length has a bound of its own."""

# Distinct categories of one coalition; beyond this the cache only forgets, it never errs.
_REMEMBERED: Final = 4096

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def check(value: str, *path: str, chars_max: int, blank: bool = False) -> None:
    """Refuse text that is too long, cannot be stored, or is blank: TEXT_INVALID at `path`."""
    if len(value) > chars_max:
        raise errors.TextInvalid(
            f"This text has {len(value)} characters. Shorten it to {chars_max}.", path=path
        )
    if _UNSTORABLE.search(value):
        raise errors.TextInvalid(
            "This text holds a NUL or half a character. Remove it and send it again.", path=path
        )
    if not blank and (not value or value.isspace()):
        raise errors.TextInvalid("This text is empty. Fill it in and send it again.", path=path)


@lru_cache(_REMEMBERED)
def key(category: str) -> str:
    """Fold case, accents' spelling and spaces, so that `BEAUTY ` and `Beauty` are one category.

    Folding may take a letter apart, so the spelling of accents is settled again after it: the key
    of a key is the key itself.
    """
    folded = unicodedata.normalize("NFD", category).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).casefold().split())


@lru_cache(_REMEMBERED)
def title(category: str) -> str:
    """Write a category for a sentence: `MEN'S CARE` is `Men's Care` (str.title says `Men'S`)."""
    return " ".join(word[:1].upper() + word[1:].lower() for word in category.split())


@lru_cache(_REMEMBERED)
def shorten(value: str, *, chars_max: int) -> str:
    """Fit text into a sentence: one line, and an ellipsis in place of what is over `chars_max`."""
    line = " ".join(value.split())
    return line if len(line) <= chars_max else line[: chars_max - 1].rstrip() + "…"
