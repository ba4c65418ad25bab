"""Entering a contest: whether a member may, by what is known of them at that moment."""

from dataclasses import dataclass
from datetime import date

from wallet.rules import local
from wallet.rules.schemes.contests import Eligible


@dataclass(frozen=True, slots=True)
class Entrant:
    """What is known of a member who enters; it is kept with the entry, and never looked up again.

    `shown` is false for who has left boards.
    """

    segments: frozenset[str]
    tier: str | None
    birth_date: date | None
    shown: bool


def obstacle(who: Eligible, entrant: Entrant, today: date) -> str | None:
    """Why a member may not enter, in a sentence that says what to do; None for who may."""
    if not entrant.shown:
        return "You have left all boards. Come back to them before you enter a contest."
    if who.segment is not None and who.segment not in entrant.segments:
        return "This contest is for a group of members. Look for one that is open to you."
    if who.tier is not None and who.tier != entrant.tier:
        return "This contest is for another tier. Look for one that is open to you."
    if who.age_min is not None:
        if entrant.birth_date is None:
            return "This contest has a lowest age. Add your birth date to your profile first."
        if local.age(entrant.birth_date, today) < who.age_min:
            return "You are too young for this contest. Look for one that is open to you."
    return None


def kept(entrant: Entrant, who: Eligible, today: date) -> dict[str, object]:
    """What of it is kept with the entry: what was asked for, and no birth date."""
    age = None if entrant.birth_date is None else local.age(entrant.birth_date, today)
    return {
        "segment": who.segment if who.segment in entrant.segments else None,
        "tier": entrant.tier,
        "age": age if who.age_min is not None else None,
    }
