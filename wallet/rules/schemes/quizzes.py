"""Quizzes: questions with choices; which choice is right never leaves the server."""

import uuid
from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec

from wallet.rules.campaigns.conditions import Part
from wallet.rules.schemes.definition import Scheme, refuse

QUESTIONS_MAX = 100
CHOICES_MAX = 8
TRIES_MAX = 10
SECONDS_MAX = 3_600
POINTS_MAX = 100

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Question(Part, frozen=True, kw_only=True):
    """A question and its choices; `right` is the place of the right one, from 0."""

    ask: Text
    choices: Annotated[tuple[Text, ...], msgspec.Meta(min_length=2, max_length=CHOICES_MAX)]
    right: Annotated[int, msgspec.Meta(ge=0, lt=CHOICES_MAX)]
    points: Annotated[int, msgspec.Meta(ge=1, le=POINTS_MAX)] = 1


class Quiz(Scheme, frozen=True, kw_only=True, tag="quiz"):
    """A quiz against the clock. `asked` of its questions come in each try, None means all.

    `reward` is given once to each member who reaches `pass_points`, whatever their tries.
    """

    hidden: ClassVar[tuple[str, ...]] = ("questions",)

    questions: Annotated[tuple[Question, ...], msgspec.Meta(min_length=1, max_length=QUESTIONS_MAX)]
    asked: Annotated[int, msgspec.Meta(ge=1, le=QUESTIONS_MAX)] | None = None
    seconds: Annotated[int, msgspec.Meta(ge=10, le=SECONDS_MAX)]
    tries: Annotated[int, msgspec.Meta(ge=1, le=TRIES_MAX)] = 1
    pass_points: Annotated[int, msgspec.Meta(ge=1, le=QUESTIONS_MAX * POINTS_MAX)] | None = None
    reward: uuid.UUID | None = None

    def check(self) -> None:
        """See to it that each question has its right choice, and that the quiz can be passed."""
        for place, one in enumerate(self.questions):
            if one.right >= len(one.choices):
                refuse("it is the place of a choice, from 0", "questions", str(place), "right")
            if len(set(one.choices)) < len(one.choices):
                refuse("no two choices are the same", "questions", str(place), "choices")
        if self.asked is not None and self.asked > len(self.questions):
            refuse("there are not so many questions", "asked")
        if (self.pass_points is None) != (self.reward is None):
            refuse("a reward has the points from which it is given, and nothing else has", "reward")
        # Whichever questions come, the quiz can be passed.
        least = sum(sorted(one.points for one in self.questions)[: self.asked])
        if self.pass_points is not None and self.pass_points > least:
            refuse(f"some tries can only reach {least} points", "pass_points")

    def rewards(self) -> Mapping[tuple[str, ...], uuid.UUID]:
        """The one that pays, where there is one."""
        return {} if self.reward is None else {("reward",): self.reward}
