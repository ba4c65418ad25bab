"""Quizzes: a try has its own clock and is answered once; a member who passes is rewarded once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.rules.test_quizzes import PLAIN
from tests.wallet import factories, taking_part, test_games
from tests.wallet.factories import DAY, NOON, Coalition
from tests.wallet.test_boards import SPEND, board, look
from tests.wallet.test_games import given
from wallet import audit, errors, ids, members, notices
from wallet.progress import advance, milestones, publishing, quizzes

SECOND = timedelta(seconds=1)


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member."""
    return await coalition.member()


async def publish(coalition: Coalition, **told: Any) -> UUID:
    made = await taking_part.scheme(coalition, plain={**PLAIN, **told})
    return made.entry.scheme_id


async def rewarded(coalition: Coalition, **told: Any) -> UUID:
    """A quiz that gives 5.00 from four points on."""
    paying = await taking_part.reward(coalition)
    return await publish(coalition, pass_points=4, reward=str(paying.campaign_id), **told)


async def start(
    coalition: Coalition, member: members.Member, quiz_id: UUID, **told: Any
) -> quizzes.Begun:
    plain = {"request_id": ids.new(), "now": NOON}
    return await quizzes.start(coalition.db, member=member, quiz_id=quiz_id, **{**plain, **told})


async def answer(
    coalition: Coalition,
    member: members.Member,
    begun: quizzes.Begun,
    right: int = 6,
    **told: Any,
) -> quizzes.Answered:
    """Answer so many of the questions rightly, and the rest wrongly."""
    answers = [
        one.right if place < right else (one.right + 1) % 3
        for place, one in enumerate(begun.questions)
    ]
    plain = {"answers": answers, "now": NOON + 30 * SECOND}
    return await quizzes.answer(
        coalition.db, member=member, try_id=begun.try_id, **{**plain, **told}
    )


async def test_who_passes_is_rewarded_and_who_does_not_is_not(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz, ben = await rewarded(coalition), await coalition.member()
    passed = await answer(coalition, ana, await start(coalition, ana, quiz), right=4)
    failed = await answer(coalition, ben, await start(coalition, ben, quiz), right=3)

    assert (4, True, "given") == (passed.play.points, passed.passed, passed.play.outcome)
    assert (3, False, 0) == (failed.play.points, failed.passed, failed.play.units)
    assert ([500], []) == (await given(coalition, ana), await given(coalition, ben))


async def test_a_try_that_is_begun_again_shows_the_same_questions_and_the_same_end(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz, request = await publish(coalition), ids.new()
    first = await start(coalition, ana, quiz, request_id=request)
    again = await start(coalition, ana, quiz, request_id=request, now=NOON + 50 * SECOND)

    assert (False, True) == (first.replayed, again.replayed)
    assert (first.questions, first.ends_at) == (again.questions, again.ends_at)
    assert NOON + 60 * SECOND == first.ends_at


async def test_answers_that_are_sent_twice_count_once_and_others_find_the_try_closed(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz = await rewarded(coalition)
    begun = await start(coalition, ana, quiz)
    sent = await asyncio.gather(*(answer(coalition, ana, begun) for _ in range(6)))
    late = await answer(coalition, ana, begun, now=NOON + DAY)
    other = await factories.refused(answer(coalition, ana, begun, right=5))

    assert 1 == sum(not one.replayed for one in sent)
    assert late.replayed
    assert isinstance(other, errors.QuizClosed)
    assert [500] == await given(coalition, ana)
    assert 1 == await coalition.db.fetchval("select count(*) from ledger.play")


async def test_two_different_answers_at_once_leave_one(
    coalition: Coalition, ana: members.Member
) -> None:
    begun = await start(coalition, ana, await publish(coalition))
    sent = await asyncio.gather(
        *(answer(coalition, ana, begun, right=right) for right in range(1, 7)),
        return_exceptions=True,
    )

    assert 1 == sum(isinstance(one, quizzes.Answered) for one in sent)
    assert 5 == sum(isinstance(one, errors.QuizClosed) for one in sent)


async def test_an_answer_counts_until_the_last_instant_and_not_after(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz = await publish(coalition, tries=2)
    one, other = [await start(coalition, ana, quiz) for _ in range(2)]
    late = await factories.refused(answer(coalition, ana, one, now=NOON + 60 * SECOND))
    in_time = await answer(
        coalition, ana, other, now=NOON + 60 * SECOND - timedelta(microseconds=1)
    )

    assert isinstance(late, errors.QuizClosed)
    assert 6 == in_time.play.points


async def test_tries_are_counted_when_they_begin_however_many_begin_at_once(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz, request = await publish(coalition, tries=3), ids.new()
    begun = await asyncio.gather(
        *(start(coalition, ana, quiz) for _ in range(6)), return_exceptions=True
    )
    refusal = await factories.refused(start(coalition, ana, quiz, request_id=request))
    again = await factories.refused(start(coalition, ana, quiz, request_id=request))

    numbers = sorted(one.number for one in begun if isinstance(one, quizzes.Begun))
    assert [1, 2, 3] == numbers
    assert 3 == sum(isinstance(one, errors.ActivityLimit) for one in begun)
    assert refusal == again == errors.ActivityLimit()


async def test_a_member_who_passes_twice_is_rewarded_once(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz = await rewarded(coalition, tries=2)
    for _ in range(2):
        await answer(coalition, ana, await start(coalition, ana, quiz))

    assert [500] == await given(coalition, ana)


async def test_a_try_is_its_members_alone(coalition: Coalition, ana: members.Member) -> None:
    ben = await coalition.member(bucket=ids.bucket_of(ana.wallet_id))
    begun = await start(coalition, ana, await publish(coalition))

    foreign = await factories.refused(answer(coalition, ben, begun))
    assert (errors.NotFound, ("session",)) == (type(foreign), foreign.path)


@pytest.mark.parametrize("answers", [[], [0], [0] * 7])
async def test_there_is_an_answer_for_each_question(
    coalition: Coalition, ana: members.Member, answers: list[int]
) -> None:
    begun = await start(coalition, ana, await publish(coalition))

    refusal = await factories.refused(answer(coalition, ana, begun, answers=answers))
    assert (errors.ActivityInvalid, ("answers",)) == (type(refusal), refusal.path)


async def test_a_try_is_judged_by_the_version_with_which_it_began(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz = await publish(coalition)
    begun = await start(coalition, ana, quiz)
    other = [{**one, "right": 1} for one in PLAIN["questions"]]
    plain = {**PLAIN, "questions": other}
    await taking_part.scheme(coalition, plain=plain, scheme_id=quiz, now=NOON + SECOND)

    assert 6 == (await answer(coalition, ana, begun)).play.points


async def test_a_quiz_that_has_ended_begins_no_try_and_takes_answers_of_those_that_began(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz = await publish(coalition, tries=5)
    begun = await start(coalition, ana, quiz)
    await publishing.end(
        coalition.db,
        request_id=ids.new(),
        scheme_id=quiz,
        note="enough",
        actor=audit.SYSTEM,
        now=NOON + SECOND,
    )
    ended = await factories.refused(start(coalition, ana, quiz, now=NOON + 2 * SECOND))

    assert (errors.NotFound, ("quiz_id",)) == (type(ended), ended.path)
    assert 6 == (await answer(coalition, ana, begun)).play.points


async def test_a_suspended_member_begins_and_answers_nothing(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz = await publish(coalition, tries=2)
    begun = await start(coalition, ana, quiz)
    await members.suspend(coalition.db, ana.member_id, reason="x", actor=audit.SYSTEM)

    refused = [
        await factories.refused(start(coalition, ana, quiz)),
        await factories.refused(answer(coalition, ana, begun)),
    ]
    assert [errors.MemberSuspended] * 2 == [type(one) for one in refused]


async def test_points_of_quizzes_count_on_a_board(
    coalition: Coalition, ana: members.Member
) -> None:
    quiz = await publish(coalition)
    made = await taking_part.scheme(
        coalition, plain={**SPEND, "metric": "points", "caps": None, "games": [str(quiz)]}
    )
    await answer(coalition, ana, await start(coalition, ana, quiz), right=5)
    await look(coalition)

    assert [(ana.wallet_id, 5)] == await board(coalition, made.entry.scheme_id)


async def test_a_finished_quiz_and_a_round_of_a_game_are_activities_to_milestones(
    coalition: Coalition, ana: members.Member
) -> None:
    rosa, quiz = await coalition.merchant(), await publish(coalition)
    game = await test_games.publish(coalition, rosa)
    keys = [
        (
            await taking_part.scheme(
                coalition,
                plain={"kind": "milestone", "name": "x", "metric": "events", "target": 1},
                deeds=[deed],
            )
        ).entry.scheme_id
        for deed in (
            {"kind": "quiz", "name": "Do you know your tea?"},
            {"kind": "custom", "name": "Catch the bean"},
            {"kind": "custom", "name": "Another game"},
        )
    ]
    await answer(coalition, ana, await start(coalition, ana, quiz))
    await test_games.play(coalition, rosa, ana, game, 1)
    while await notices.drain(coalition.db):
        pass
    await advance.advance(coalition.db, now=NOON + DAY, stories=[milestones])

    rows = await coalition.db.fetch("select milestone_id from ledger.completion")
    assert set(keys[:2]) == {row["milestone_id"] for row in rows}
