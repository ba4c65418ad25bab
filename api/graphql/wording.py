"""In which language a request is answered: the messages for people, never a code.

The language goes with the request, from its Accept-Language header to wherever a sentence is made.
What a catalogue lacks, because the sentence names an amount or a moment, is said there by the
general sentence of its code: the figures are in the data beside it. What only developers read (a
document or a variable that does not fit) stays in English.
"""

import contextvars
import functools
from typing import Final

from api import texts

CHOICES_MAX: Final = 256  # different headers; a language and its weights give a few dozen

_language: Final = contextvars.ContextVar("language", default=texts.SOURCE)


def answer_in(accept_language: str | None) -> None:
    """Answer the request at hand in the language that its caller likes best."""
    asked = (accept_language or "")[: texts.HEADER_CHARS_MAX]
    _language.set(_choice(asked) if asked else texts.SOURCE)


def language() -> str:
    """Return the language of the request at hand."""
    return _language.get()


def say(sentence: str, *, rather: str) -> str:
    """Return a sentence in the language of the request, or the general one if it is not known."""
    chosen = _language.get()
    if chosen == texts.SOURCE:
        return sentence
    catalogue = texts.catalogue(chosen)
    said = catalogue.gettext(sentence)
    return catalogue.gettext(rather) if said == sentence else said


@functools.lru_cache(maxsize=CHOICES_MAX)
def _choice(header: str) -> str:
    return texts.choose(header)
