"""Quizzes as GraphQL: a member begins a try, and answers it once, in time.

Questions are shown to whoever began a try, and to nobody before; which choice is right is shown to
the operator alone, who wrote it.
"""

import uuid
from typing import Annotated, TypeAlias

import strawberry

from api.graphql import awards, context, cost, games, permissions, refusals, scalars, shapes
from wallet import ids
from wallet.progress import quizzes as verbs


@strawberry.type(description="A question of a try, with its choices in the try's own order.")
class QuizQuestion:
    """As quizzes.Asked, without what is right."""

    ask: str = strawberry.field(description="The question.")
    choices: list[str] = strawberry.field(
        description="What may be answered, by its place from 0; at most 8."
    )
    points: int = strawberry.field(description="What the right answer is worth.")


QuizError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("QuizError", description="Why a try was not begun or not answered."),
]


@strawberry.type(description="Outcome of beginning a try.")
class QuizStartPayload:
    """The try, while its time runs."""

    session: str | None = strawberry.field(
        default=None, description="The try's own id, to answer it with; null if refused."
    )
    questions: list[QuizQuestion] = strawberry.field(
        default_factory=list,
        description="What is asked, in this order; at most 100.",
        directives=[cost.ListSize(assumed_size=10)],
    )
    ends_at: scalars.DateTime | None = strawberry.field(
        default=None, description="The first instant at which no answer counts; null if refused."
    )
    number: int | None = strawberry.field(
        default=None, description="Which of the member's tries it is; null if refused."
    )
    tries: int | None = strawberry.field(
        default=None, description="How many tries each member has; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[QuizError] = shapes.refused()


@strawberry.type(description="Outcome of answering a try.")
class QuizAnswerPayload:
    """The points, and what a campaign gave for them."""

    play: games.Play | None = strawberry.field(
        default=None, description="The points; null if refused."
    )
    passed: bool | None = strawberry.field(
        default=None, description="Whether they are enough; null where nothing can be passed."
    )
    awards_given: list[awards.Award] = strawberry.field(
        name="awards",
        default_factory=list,
        description="What this member was given for passing, now or in an earlier try.",
        directives=[cost.ListSize(assumed_size=1)],
    )
    replayed: bool = strawberry.field(
        default=False, description="True if these answers had been sent before."
    )
    errors: list[QuizError] = shapes.refused()


@strawberry.input(description="A quiz that the member who asks wants to begin.")
class QuizStartInput:
    """Its time runs from the answer on."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    quiz_id: strawberry.ID = strawberry.field(description="The id of its scheme.")


@strawberry.input(description="The answers of a try; the try itself is the key, so it needs none.")
class QuizAnswerInput:
    """The same answers again get the same outcome; others find the try closed."""

    session: str = strawberry.field(description="The try, as `quizStart` named it.")
    answers: list[int | None] = strawberry.field(
        description="The place of a choice for each question, from 0; null leaves one out."
    )


@strawberry.type
class Mutation:
    """Root fields for members."""

    @permissions.root("Mutation.quizStart", "Begin a try at a quiz; its time runs from now.")
    @refusals.answered(QuizStartPayload)
    async def quiz_start(
        self,
        info: context.Info,
        told: Annotated[
            QuizStartInput, strawberry.argument(name="input", description="Which quiz.")
        ],
    ) -> QuizStartPayload | None:
        """Sent again with its key, it shows the same questions and the same end."""
        begun = await verbs.start(
            info.context.db,
            member=context.member(info),
            quiz_id=shapes.key("sch", told.quiz_id, path=("quiz_id",)),
            request_id=context.request(info, "quizStart", told.idempotency_key),
        )
        return QuizStartPayload(
            session=ids.show("try", begun.try_id),
            questions=[
                QuizQuestion(ask=one.ask, choices=list(one.choices), points=one.points)
                for one in begun.questions
            ],
            ends_at=scalars.DateTime(begun.ends_at),
            number=begun.number,
            tries=begun.tries,
            replayed=begun.replayed,
        )

    @permissions.root("Mutation.quizAnswer", "Answer a try, once, before its time is over.")
    @refusals.answered(QuizAnswerPayload)
    async def quiz_answer(
        self,
        info: context.Info,
        told: Annotated[
            QuizAnswerInput, strawberry.argument(name="input", description="The answers.")
        ],
    ) -> QuizAnswerPayload | None:
        """Nobody is told which answers were right: there may be another try."""
        answered = await verbs.answer(
            info.context.db,
            member=context.member(info),
            try_id=_session(told.session),
            answers=told.answers,
        )
        return QuizAnswerPayload(
            play=games.show(answered.play),
            passed=answered.passed,
            awards_given=await games.given_for(info, answered.play),
            replayed=answered.replayed,
        )


def _session(text: str) -> uuid.UUID:
    return shapes.key("try", text, path=("session",))
