"""Reading schemes strictly: the kinds that there are, and what is wrong with a refused one."""

from typing import Any, Final

import msgspec

from wallet.rules import malformed
from wallet.rules.draws.definition import Raffle, Wheel
from wallet.rules.schemes.boards import Board
from wallet.rules.schemes.contests import Contest
from wallet.rules.schemes.definition import Scheme, refuse
from wallet.rules.schemes.games import Game
from wallet.rules.schemes.ladders import Ladder
from wallet.rules.schemes.matching import Match
from wallet.rules.schemes.memberships import Membership
from wallet.rules.schemes.milestones import Milestone
from wallet.rules.schemes.quizzes import Quiz

KINDS: Final[dict[str, type[Scheme]]] = {
    "board": Board,
    "contest": Contest,
    "game": Game,
    "ladder": Ladder,
    "match": Match,
    "membership": Membership,
    "milestone": Milestone,
    "quiz": Quiz,
    "wheel": Wheel,
    "raffle": Raffle,
}
"""Every kind by the word in its `kind`."""
TEXT_CHARS_MAX: Final = 2_000
"""The longest text of a definition: what members read about it."""


def kind_of(scheme: Scheme) -> str:
    """The word for the kind of a scheme."""
    return next(word for word, kind in KINDS.items() if type(scheme) is kind)


def read(raw: object) -> Scheme:
    """Read a definition from decoded JSON; SCHEME_INVALID with the path of the field at fault."""
    malformed.check_texts(raw, refuse, chars_max=TEXT_CHARS_MAX, empty=True)
    found = stored(raw)
    found.check()
    return found


def stored(raw: object) -> Scheme:
    """Read a definition as it was stored: it was checked by the rules of its own day."""
    if not isinstance(raw, dict) or raw.get("kind") not in KINDS:
        refuse(f"it is one of {', '.join(KINDS)}", "kind")
    try:
        return msgspec.convert(raw, KINDS[raw["kind"]])
    except msgspec.ValidationError as problem:
        what = malformed.problem(str(problem))
        refuse(what.says, *what.path)


def dump(scheme: Scheme) -> dict[str, Any]:
    """Write a definition as plain JSON values, every field named: `read(dump(x)) == x`."""
    written = msgspec.to_builtins(scheme)
    assert isinstance(written, dict)
    return written


def json_schema(kind: str) -> dict[str, Any]:
    """Describe the JSON of a kind as a JSON Schema, for editors and forms."""
    return malformed.schema_of(KINDS[kind])
