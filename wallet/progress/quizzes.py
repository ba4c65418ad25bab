"""Quizzes: a member begins a try, sees its questions, and answers once, in time.

What is right is known here and nowhere else: a try shows questions and choices in an order of its
own, and its answers are judged by the version with which it began.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import errors, ids, ledger, members, programme
from wallet.database import Database
from wallet.progress import plays, schemes
from wallet.rules import quizzes as rules
from wallet.rules.schemes.quizzes import QUESTIONS_MAX, Quiz

_SELECT: Final = (
    "select try_id, quiz_id, version_id, number, seed, started_at, ends_at from ledger.quiz_try"
    " where bucket = $1 and try_id = $2 and wallet_id = $3"
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A try with its questions; `number` of `tries`. `replayed` if it had been begun before."""

    try_id: UUID
    quiz_id: UUID
    questions: tuple[rules.Asked, ...]
    number: int
    tries: int
    ends_at: datetime
    replayed: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What a try came to; `passed` is None where nothing can be passed."""

    play: plays.Play
    passed: bool | None
    replayed: bool


async def start(
    db: Database,
    *,
    member: members.Member,
    quiz_id: UUID,
    request_id: UUID,
    now: datetime | None = None,
) -> Begun:
    """Begin a try; its time runs from now.

    NOT_FOUND for a quiz that does not run, ACTIVITY_LIMIT for more tries than there are,
    MEMBER_SUSPENDED, SELF_EXCLUDED.
    """
    house = await programme.of(db)
    held = await schemes.moment(db, now)
    bucket = ledger.bucket(member.wallet_id)
    try_id = ids.placed(request_id, bucket)
    standing = await _find(db, member, try_id)
    replayed = standing is not None and standing["quiz_id"] == quiz_id
    if not replayed:
        version = held.book.one(Quiz, quiz_id, held.at)
        if version is None:
            raise errors.NotFound(path=("quiz_id",))
        answer = await db.call(
            "select ledger.start_quiz($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            *(bucket, try_id, member.wallet_id, house.asset.number, quiz_id, version.version_id),
            *(ids.new(), version.definition.seconds, version.definition.tries),
            *(ids.fingerprint(member.member_id, quiz_id), now),
        )
        replayed = ledger.replayed(answer)
        standing = await _find(db, member, try_id)
    assert standing is not None
    quiz = held.book.definition(Quiz, standing["quiz_id"], standing["version_id"])
    return Begun(
        try_id=try_id,
        quiz_id=quiz_id,
        questions=rules.questions(quiz, standing["seed"]),
        number=standing["number"],
        tries=quiz.tries,
        ends_at=standing["ends_at"],
        replayed=replayed,
    )


async def answer(
    db: Database,
    *,
    member: members.Member,
    try_id: UUID,
    answers: Sequence[int | None],
    now: datetime | None = None,
) -> Answered:
    """Answer a try, a place of a choice for each question in its order; None leaves one out.

    NOT_FOUND for another's try, QUIZ_CLOSED once it was answered otherwise, or too late,
    ACTIVITY_INVALID for more or fewer answers than questions.
    """
    house = await programme.of(db)
    held = await schemes.moment(db, now)
    standing = await _find(db, member, try_id)
    if standing is None:
        raise errors.NotFound(path=("session",))
    quiz = held.book.definition(Quiz, standing["quiz_id"], standing["version_id"])
    asked = rules.questions(quiz, standing["seed"])
    if len(answers) > QUESTIONS_MAX or len(answers) != len(asked):
        raise errors.ActivityInvalid(
            f"This try has {len(asked)} questions. Send an answer for each.", path=("answers",)
        )
    points = rules.points(asked, answers)
    passed = None if quiz.pass_points is None else points >= quiz.pass_points
    quiz_id, play_id = standing["quiz_id"], ids.derived(try_id, "play")
    # Once for each member, whichever try it was.
    award_id = ids.placed(
        ids.derived(quiz_id, f"quiz {member.wallet_id}"), ledger.bucket(member.wallet_id)
    )
    done = await db.call(
        "select ledger.answer_quiz($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        *(ledger.bucket(try_id), try_id, member.wallet_id, house.asset.number, play_id),
        *(orjson.dumps(list(answers)).decode(), points, quiz.reward if passed else None),
        *(award_id, f"{quiz_id} {member.wallet_id}", ids.fingerprint(try_id, list(answers)), now),
    )
    replayed = ledger.replayed(done)
    await plays.settle(db, held.book, member, await plays.find(db, play_id), now=now)
    return Answered(await plays.find(db, play_id), passed, replayed)


async def _find(db: Database, member: members.Member, try_id: UUID) -> Any:
    return await db.fetchrow(_SELECT, ledger.bucket(try_id), try_id, member.wallet_id)
