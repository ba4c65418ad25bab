"""Quizzes through the door: no answer travels, a try is one member's, and passing is rewarded."""

from typing import Any

import pytest

from tests.api import client
from tests.api.test_schemes import publish
from tests.rules.test_quizzes import PLAIN
from tests.wallet import factories, taking_part
from wallet import ids

START = """mutation S($input: QuizStartInput!) { quizStart(input: $input) {
  session endsAt number tries replayed questions { ask choices points }
  errors { ... on UserError { code path } } } }"""
ANSWER = """mutation A($input: QuizAnswerInput!) { quizAnswer(input: $input) {
  play { kind points } passed awards { kind granted { amount } } replayed
  errors { ... on UserError { code path } } } }"""


@pytest.fixture
async def quiz(coalition: factories.Coalition, operator: client.Client) -> str:
    """Six questions, of which four must be right for 5.00."""
    paying = await taking_part.reward(coalition)
    definition = {**PLAIN, "pass_points": 4, "reward": str(paying.campaign_id)}
    return str((await publish(operator, definition=definition))["scheme"]["id"])


async def start(caller: client.Client, quiz: str, **told: Any) -> Any:
    plain = {"idempotencyKey": client.key(), "quizId": quiz}
    return (await caller.ask(START, {"input": {**plain, **told}})).data["quizStart"]


async def answer(caller: client.Client, session: str, answers: list[int | None]) -> Any:
    told = {"session": session, "answers": answers}
    return (await caller.ask(ANSWER, {"input": told})).data["quizAnswer"]


def right(begun: Any) -> list[int | None]:
    """The right answers, by what the test knows of the words."""
    return [
        next(place for place, one in enumerate(asked["choices"]) if one.endswith("yes"))
        for asked in begun["questions"]
    ]


async def test_a_member_passes_a_quiz_and_is_rewarded_once(quiz: str, ana: client.Client) -> None:
    key = client.key()
    begun, again = [await start(ana, quiz, idempotencyKey=key) for _ in range(2)]
    passed, replayed = [await answer(ana, begun["session"], right(begun)) for _ in range(2)]
    changed = await answer(ana, begun["session"], [None] * 6)
    over = await start(ana, quiz)

    assert {**begun, "replayed": True} == again
    assert (1, 1, 6) == (begun["number"], begun["tries"], len(begun["questions"]))
    assert ({"kind": "QUIZ", "points": 6}, True) == (passed["play"], passed["passed"])
    assert [{"kind": "QUIZ", "granted": {"amount": "5.00"}}] == passed["awards"]
    assert {**passed, "replayed": True} == replayed
    assert ["QUIZ_CLOSED"] == [one["code"] for one in changed["errors"]]
    assert ["ACTIVITY_LIMIT"] == [one["code"] for one in over["errors"]]


async def test_a_try_is_answered_by_its_member_alone(
    quiz: str, ana: client.Client, ben: client.Client
) -> None:
    begun = await start(ana, quiz)
    nobodys = ids.show("try", ids.new())
    tried = [await answer(ben, one, [0] * 6) for one in (begun["session"], nobodys, "x")]

    assert [{"code": "NOT_FOUND", "path": ["session"]}] * 3 == [one["errors"][0] for one in tried]


async def test_no_question_and_no_answer_travels_outside_a_try(
    quiz: str, ana: client.Client, rosa: client.Client, support: client.Client
) -> None:
    asked = (
        "{ schemes(kind: QUIZ) { id about definition } }",
        f'{{ node(id: "{quiz}") {{ ... on Scheme {{ definition }} }} }}',
    )
    for caller in (ana, rosa, support):
        for query in asked:
            answered = str((await caller.ask(query)).data)

            assert "Question" not in answered
            assert "right" not in answered
        barred = await caller.ask(f'{{ schemeVersions(id: "{quiz}") {{ definition }} }}')
        assert ["FORBIDDEN"] == barred.codes
    begun = await start(ana, quiz)
    assert {"ask", "choices", "points"} == set(begun["questions"][0])


async def test_the_operator_reads_what_they_wrote(quiz: str, operator: client.Client) -> None:
    query = f'{{ schemeVersions(id: "{quiz}") {{ definition }} }}'
    (version,) = (await operator.ask(query)).data["schemeVersions"]

    assert [0] * 6 == [one["right"] for one in version["definition"]["questions"]]
