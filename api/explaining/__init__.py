"""Decisions in words: what is stored as structure, said in the language of whoever reads it.

`line` says what a contract decided on a line; in English it is the very sentence that was stored.
`sentences` says what campaigns gave on a purchase, what they did not give and why, and what would
give more. A document may have been written by another version of the engine: what this one does
not know is said by a general sentence, and nothing here raises for it.
"""

from api.explaining.discretion import discreet
from api.explaining.grants import Explained, Said, sentences
from api.explaining.lines import Bought, Judged, line
from api.explaining.paid import Paid, left, paid
from api.explaining.reasons import why_not
from api.explaining.tongue import SENTENCE_CHARS_MAX

__all__ = [
    "SENTENCE_CHARS_MAX",
    "Bought",
    "Explained",
    "Judged",
    "Paid",
    "Said",
    "discreet",
    "left",
    "line",
    "paid",
    "sentences",
    "why_not",
]
