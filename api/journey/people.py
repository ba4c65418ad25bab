"""Households as members: invented names, addresses that cannot exist, ids from their numbers.

The data knows households only by number. A demo needs somebody to greet, so each number is given
one name of fifty times fifty; the addresses are under example.org, which nobody can own.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from api.journey import keys


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """One household to enrol."""

    household: int
    member_id: uuid.UUID
    display_name: str
    email: str


def plan(households: Iterable[int]) -> tuple[MemberPlan, ...]:
    """Name the households, in the order given."""
    return tuple(_member(household) for household in households)


def member_id(household: int) -> uuid.UUID:
    """Give the member id of one household of the data."""
    return keys.named("member", str(household))


def _member(household: int) -> MemberPlan:
    # Stepping both lists at once keeps neighbours from sharing a surname, and still gives every
    # number up to 2,500 a name of its own.
    firsts, lasts = _FIRST.split(), _LAST.split()
    first = firsts[household % len(firsts)]
    last = lasts[(household // len(firsts) + household) % len(lasts)]
    return MemberPlan(
        household=household,
        member_id=member_id(household),
        display_name=f"{first} {last}",
        email=f"{first}.{last}.{household}@example.org".lower(),
    )


_FIRST: Final = """
    Ada Amara Anton Beatriz Benno Carla Cedric Chiara Daria Dominic Edith Elias Emeka Farida
    Felix Flora Gideon Greta Hana Hugo Ida Imran Ines Jonas Judith Kaito Katya Lars Leila
    Lucia Malik Marta Milo Nadia Nils Odette Omar Paula Quentin Rania Rosa Samir Selma Tariq
    Tessa Ugo Vera Wanda Yusuf Zora
"""
_LAST: Final = """
    Abernathy Achterberg Adeyemi Almeida Barros Bellamy Bianchi Brandt Castell Cho Dahl
    Delacroix Duarte Eriksen Falk Ferreira Fontaine Garrick Haddad Hartley Holm Ibarra
    Ivanov Jansen Kapoor Keller Kowalski Laurent Lindqvist Marchetti Mbeki Moreau Nakamura
    Novak Okafor Olsen Paredes Quint Ramires Rossi Sandoval Sato Tanaka Thorne Underhill
    Varga Weiss Yilmaz Zeller Zapata
"""
