"""Shown names: by which name others see a member on a board, if the member has chosen one."""

import re
from typing import Final

from wallet import errors
from wallet.rules import text

NAME_CHARS_MIN: Final = 2
NAME_CHARS_MAX: Final = 24
"""A name fits into a row of a board on a small screen."""
DIGITS_MAX: Final = 4
"""A year is a name's; a telephone number is not."""
_ALLOWED: Final = re.compile(r"[^\W_]+(?:(?:[ '’-]|\. )[^\W_]+)*\.?")
_REFUSED: Final = frozenset(
    {
        *("admin", "administrator", "moderator", "operator", "staff", "support", "system"),
        *("administrador", "moderador", "operador", "suporte", "soporte", "sistema"),
        *("fuck", "shit", "cunt", "bitch", "nazi", "hitler"),
        *("merda", "caralho", "puta", "mierda", "pendejo", "cabron"),
    }
)
"""Words that pass for us, or that nobody should have to read; whole words only."""


def check(name: str) -> str:
    """The name as it is kept, its spaces single; TEXT_INVALID for one that cannot be shown."""
    text.check(name, "name", chars_max=NAME_CHARS_MAX)
    shown = " ".join(name.split())
    if len(shown) < NAME_CHARS_MIN or not _ALLOWED.fullmatch(shown):
        raise errors.TextInvalid(
            f"A name has {NAME_CHARS_MIN} to {NAME_CHARS_MAX} letters, and only single spaces,"
            " hyphens, dots or apostrophes between them. Choose another.",
            path=("name",),
        )
    if sum(one.isdigit() for one in shown) > DIGITS_MAX:
        raise errors.TextInvalid(
            f"A name has at most {DIGITS_MAX} digits. Choose another.", path=("name",)
        )
    if _REFUSED & set(re.findall(r"\w+", text.key(shown))):
        raise errors.TextInvalid("This name cannot be shown. Choose another.", path=("name",))
    return shown
