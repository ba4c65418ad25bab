"""Which language a person reads, and our sentences in it.

English stands in the source; each other language is a folder of catalogues (.po), read once when
the first page is shown. What a catalogue lacks is said in English: a test keeps it from lacking
anything. The refusals of the API and the pages of sign-in speak through the same catalogues.
"""

import functools
import gettext
import io
from collections.abc import Mapping
from importlib import resources
from typing import Final

import babel
from babel.messages import mofile, pofile

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "es": "Español", "pt": "Português"}
"""Each language by its tag, in its own words."""
SOURCE: Final = "en"
HEADER_CHARS_MAX: Final = 500  # browsers send a few dozen; more is an attempt to keep us busy


def translator(accept_language: str | None) -> gettext.NullTranslations:
    """Return the translations for an Accept-Language header; `gettext` is all most need."""
    return catalogue(choose(accept_language))


def choose(accept_language: str | None) -> str:
    """Return which of our languages somebody likes best; English if none of them."""
    wanted = []
    for place, part in enumerate((accept_language or "")[:HEADER_CHARS_MAX].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if quality > 0:
            wanted.append((-quality, place, tag.strip().replace("-", "_")))
    tags = [tag for _, _, tag in sorted(wanted)]
    return babel.negotiate_locale(tags, [*LANGUAGES]) or SOURCE


@functools.cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Read a language's catalogues into one. KeyError for a language that we do not have."""
    if language not in LANGUAGES:
        raise KeyError(language)
    merged: gettext.NullTranslations = gettext.NullTranslations()
    if language == SOURCE:
        return merged
    folder = resources.files("api") / "locale" / language / "LC_MESSAGES"
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".po"):
            read = pofile.read_po(io.BytesIO(entry.read_bytes()), locale=language)
            compiled = io.BytesIO()
            mofile.write_mo(compiled, read)
            compiled.seek(0)
            found = gettext.GNUTranslations(compiled)
            found.add_fallback(merged)
            merged = found
    return merged
