"""Personal offers: the built-in scorer's rhythm, and what becomes of a stranger's answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.test_favourites import HISTORIES, TODAY, bought
from wallet.rules import favourites, offers, rhythm
from wallet.rules.campaigns import conditions, definition

STATED = {"sentence": "New in the shops."}


@dataclass(frozen=True)
class Fixed:
    """Answers the same to everybody."""

    answer: Any
    name: str = "fixed"
    version: int = 1

    def score(
        self, history: offers.History, candidates: Sequence[str], today: date
    ) -> Sequence[offers.Scored]:
        return self.answer  # type: ignore[no-any-return]


class Broken:
    """Fails like code that nobody tried."""

    name = "broken"
    version = 1

    def score(
        self, history: offers.History, candidates: Sequence[str], today: date
    ) -> Sequence[offers.Scored]:
        raise ZeroDivisionError


def proposed(
    category: str, bps: Any = 300, code: str = "stated", data: Any = None
) -> offers.Scored:
    return offers.Scored(category, bps, code, STATED if data is None else data)


def ask(
    scorer: offers.Scorer, *history: favourites.Bought, bps_max: int = 1_000, names: str = "abc"
) -> offers.Outcome:
    kept = offers.History(tuple(sorted(history, key=lambda one: one.category)))
    return offers.ask(scorer, kept, tuple(names), TODAY, bps_max=bps_max)


def test_a_rate_is_clamped_between_nothing_and_the_campaigns_most() -> None:
    answer = [proposed("a", 5_000), proposed("b", -3), proposed("c", 0)]

    assert [("a", 400)] == [(one.category, one.uplift_bps) for one in offers.bound(answer, 400)]


def test_the_first_of_two_offers_for_one_category_holds() -> None:
    answer = [proposed("a", 100), proposed("a", 200)]

    assert [100] == [one.uplift_bps for one in offers.bound(answer, 1_000)]


def test_a_member_gets_at_most_so_many_offers() -> None:
    answer = [proposed(str(number)) for number in range(20)]

    assert offers.OFFERS_MAX == len(offers.bound(answer, 1_000))


def test_an_offer_without_a_reason_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        offers.bound([proposed("a", code="because")], 1_000)


def test_a_scorer_that_raises_offers_nothing_and_stops_nobody() -> None:
    assert offers.Outcome((), "it raised ZeroDivisionError") == ask(Broken())


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "abc",
        {"a": 3},
        [("a", 300)],
        [proposed("a")] * 4,
        [proposed("z")],
        [proposed("a", 2.5)],
        [proposed("a", True)],
        [proposed("a", code="because")],
        [proposed("a", data=[])],
        [proposed("a", data={})],
        [proposed("a", data={"sentence": ""})],
        [proposed("a", data={"sentence": "x" * 201})],
        [proposed("a", data={"sentence": "half a \ud800"})],
        [proposed("a", data=STATED | {"share": 0.5})],
        [proposed("a", data=STATED | {"large": 2**64})],
        [proposed("a", data=STATED | {str(number): 1 for number in range(20)})],
        [proposed("a", code="due", data={"every_days": "7", "last_on": "2026-11-20"})],
        [proposed("a", code="due", data={"every_days": 7, "last_on": "yesterday"})],
    ],
)
def test_nonsense_is_ignored_whole(answer: object) -> None:
    outcome = ask(Fixed(answer))

    assert () == outcome.offers
    assert outcome.failure


def test_a_scorer_cannot_change_its_answer_afterwards() -> None:
    data: dict[str, int | str] = dict(STATED)

    (one,) = ask(Fixed([proposed("a", data=data)])).offers
    data["sentence"] = "Something else."

    assert STATED == one.data


def test_what_is_bought_most_is_offered_first() -> None:
    outcome = ask(rhythm.RHYTHM, bought("a", 1), bought("b", 1, 3, 5), bought("c", 1, 4))

    assert ["b", "c", "a"] == [one.category for one in outcome.offers]


def test_what_was_never_bought_is_not_offered() -> None:
    assert offers.Outcome(()) == ask(rhythm.RHYTHM)
    assert ["b"] == [one.category for one in ask(rhythm.RHYTHM, bought("b", 1)).offers]


def test_what_is_no_candidate_is_not_offered() -> None:
    assert () == ask(rhythm.RHYTHM, bought("tobacco", 1, 2, 3)).offers


def test_of_equals_the_one_that_more_members_like_comes_first() -> None:
    outcome = ask(rhythm.RHYTHM, bought("a", 1, 2), bought("c", 1, 2), names="ca")

    assert ["c", "a"] == [one.category for one in outcome.offers]


@pytest.mark.parametrize(
    ("last", "bps", "code", "sentence"),
    [
        (2, 200, "favourite", "You bought A 4 times in the last 365 days."),
        (7, 300, "due", "You buy A about every 7 days, so it is time again."),
        (
            12,
            500,
            "overdue",
            "You buy A about every 7 days; the last time was 14 November 2026.",
        ),
    ],
)
def test_the_further_the_rhythm_has_run_the_higher_is_the_rate(
    last: int, bps: int, code: str, sentence: str
) -> None:
    (one,) = ask(rhythm.RHYTHM, bought("a", last, last + 7, last + 14, last + 21)).offers

    assert (bps, code) == (one.uplift_bps, one.code)
    assert sentence == offers.sentence(one.category, one.code, one.data)


def test_a_rhythm_that_broke_costs_its_place() -> None:
    outcome = ask(rhythm.RHYTHM, bought("a", 70, 71, 72, 73), bought("b", 1, 20), names="ab")

    assert ["b", "a"] == [one.category for one in outcome.offers]


def test_the_usual_gap_is_the_median_of_days_and_two_days_are_no_rhythm() -> None:
    assert rhythm.gap_days(bought("a", 1, 8, 15, 100)) == 7
    assert rhythm.gap_days(bought("a", 1, 1, 8)) is None


def test_what_was_bought_once_is_said_so() -> None:
    data: Mapping[str, int | str] = {"times": 1, "days": 365, "last_on": "2026-11-25"}

    assert "You bought Tea once in the last 365 days." == offers.sentence("tea", "favourite", data)


def campaign(*lines: conditions.LineCondition, give: Any = None) -> definition.Definition:
    return definition.Definition(
        name="For you",
        asset="EUR",
        starts_at=datetime(2026, 11, 1, tzinfo=UTC),
        lines=lines,
        give=give or definition.Personal(bps_max=400),
        stack=definition.Stack(group="personal", priority=1),
        funding=(definition.Share(funder="operator", bps=10_000),),
        terms=definition.TermsText(text={"en": "As shown."}),
    )


def test_a_campaigns_conditions_say_what_offers_may_be_made_for() -> None:
    wanted = campaign(
        conditions.OfCategory(any_of=("Coffee", "Milk ", "Wine")),
        conditions.OfCategory(any_of=("MILK", "wine", "tea")),
        conditions.OfCategory(any_of=("Wine",), unless=True),
        conditions.OfFavourite(),
    )
    key = UUID(int=7)

    assert offers.Target(
        key, 400, frozenset({"milk", "wine"}), frozenset({"wine"}), True
    ) == offers.target(key, wanted)
    assert offers.Target(key, 400, None, frozenset(), False) == offers.target(key, campaign())


def test_a_campaign_that_pays_everybody_the_same_wants_no_offers() -> None:
    assert offers.target(UUID(int=7), campaign(give=definition.Rate(bps=100))) is None


@given(HISTORIES, st.integers(1, 10_000), st.integers(-30, 400))
def test_the_built_in_scorer_is_never_ignored_and_never_above_the_most(
    history: list[favourites.Bought], bps_max: int, later: int
) -> None:
    names = sorted({one.category for one in history} | {"zz"})
    kept = offers.History(tuple(sorted(history, key=lambda one: one.category)))
    today = TODAY + timedelta(days=later)

    outcome = offers.ask(rhythm.RHYTHM, kept, names, today, bps_max=bps_max)

    assert outcome.failure is None
    assert all(1 <= one.uplift_bps <= bps_max for one in outcome.offers)
    assert all(offers.sentence(one.category, one.code, one.data) for one in outcome.offers)
