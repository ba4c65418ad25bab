"""Quizzes: which questions a try asks in which order, and what its answers are worth.

The order follows from the try's seed, which only the server has: the same try shows the same
questions again, and nobody can tell from the place of a choice whether it is the right one.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from wallet.rules.schemes.quizzes import Quiz


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a try shows it; `right` is the place of the right choice there, never shown."""

    ask: str
    choices: tuple[str, ...]
    points: int
    right: int


def questions(quiz: Quiz, seed: uuid.UUID) -> tuple[Asked, ...]:
    """The questions of a try, in its order, with their choices in theirs."""
    chosen = _shuffled(range(len(quiz.questions)), seed, "questions")[: quiz.asked]
    found = []
    for place in chosen:
        question = quiz.questions[place]
        order = _shuffled(range(len(question.choices)), seed, f"choices {place}")
        found.append(
            Asked(
                ask=question.ask,
                choices=tuple(question.choices[one] for one in order),
                points=question.points,
                right=order.index(question.right),
            )
        )
    return tuple(found)


def points(asked: Sequence[Asked], answers: Sequence[int | None]) -> int:
    """What the answers are worth, place by place; None leaves a question out."""
    return sum(
        question.points
        for question, answer in zip(asked, answers, strict=True)
        if answer == question.right
    )


def _shuffled(places: range, seed: uuid.UUID, what: str) -> list[int]:
    def key(place: int) -> bytes:
        return hashlib.sha256(seed.bytes + f"{what} {place}".encode()).digest()

    return sorted(places, key=key)
