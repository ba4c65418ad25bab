"""Quizzes from values alone: an order of its own for each try, and what answers are worth."""

import uuid
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from wallet import errors
from wallet.rules import quizzes
from wallet.rules.schemes import kinds
from wallet.rules.schemes.quizzes import Quiz

PLAIN: dict[str, Any] = {
    "kind": "quiz",
    "name": "Do you know your tea?",
    "seconds": 60,
    "questions": [
        {"ask": f"Question {n}?", "choices": [f"{n} yes", f"{n} no", f"{n} perhaps"], "right": 0}
        for n in range(6)
    ],
}


def quiz(**changes: Any) -> Quiz:
    found = kinds.read({**PLAIN, **changes})
    assert isinstance(found, Quiz)
    return found


@hypothesis.given(st.uuids(), st.integers(1, 6))
def test_a_try_asks_so_many_questions_each_once_with_all_its_choices(
    seed: uuid.UUID, many: int
) -> None:
    asked = quizzes.questions(quiz(asked=many), seed)

    assert many == len({one.ask for one in asked}) == len(asked)
    for one in asked:
        number = one.ask.split()[1].rstrip("?")
        assert {f"{number} yes", f"{number} no", f"{number} perhaps"} == set(one.choices)
        assert f"{number} yes" == one.choices[one.right]


def test_the_same_try_asks_the_same_and_another_something_else() -> None:
    one, other = uuid.UUID(int=1), uuid.UUID(int=2)

    assert quizzes.questions(quiz(), one) == quizzes.questions(quiz(), one)
    assert quizzes.questions(quiz(), one) != quizzes.questions(quiz(), other)


def test_every_place_of_a_choice_is_right_as_often_as_any_other() -> None:
    found = [quizzes.questions(quiz(), uuid.UUID(int=seed))[0].right for seed in range(3_000)]

    assert all(900 < found.count(place) < 1_100 for place in range(3))


def test_only_right_answers_are_worth_their_points() -> None:
    asked = quizzes.questions(quiz(), uuid.UUID(int=1))
    right = [one.right for one in asked]
    wrong = [(one.right + 1) % 3 for one in asked]

    assert (6, 0) == (quizzes.points(asked, right), quizzes.points(asked, wrong))
    assert 0 == quizzes.points(asked, [None] * 6)
    assert 3 == quizzes.points(asked, [*right[:3], *wrong[3:]])
    assert 0 == quizzes.points(asked, [99, -1, 99, -1, 99, 7])


def test_what_everybody_reads_of_a_quiz_holds_no_question_and_no_answer() -> None:
    shown = quiz().shown()

    assert "questions" not in shown
    assert "right" not in str(shown)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"questions": []}, ("questions",)),
        (
            {"questions": [{"ask": "x", "choices": ["a"], "right": 0}]},
            ("questions", "0", "choices"),
        ),
        (
            {"questions": [{"ask": "x", "choices": ["a", "b"], "right": 2}]},
            ("questions", "0", "right"),
        ),
        (
            {"questions": [{"ask": "x", "choices": ["a", "a"], "right": 0}]},
            ("questions", "0", "choices"),
        ),
        ({"asked": 7}, ("asked",)),
        ({"pass_points": 3}, ("reward",)),
        ({"asked": 2, "pass_points": 3, "reward": str(uuid.UUID(int=1))}, ("pass_points",)),
        ({"tries": 11}, ("tries",)),
    ],
)
def test_a_quiz_that_contradicts_itself_is_refused_at_the_field(
    changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(errors.SchemeInvalid) as refusal:
        quiz(**changes)

    assert path == refusal.value.path
