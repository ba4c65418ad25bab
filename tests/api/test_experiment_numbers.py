"""The statistics of experiments against textbooks, against scipy, and against known truths.

Chance is seeded, so each figure is the same in every run.
"""

import datetime
import math
import random
import subprocess
import sys
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest
from scipy import stats

from api import experiments
from tests.rules.test_experiments import PLAN
from wallet import money
from wallet.campaigns.experiments import Observation
from wallet.rules import experiments as rules

RUNS: Final = 400
MEMBERS: Final = 200
ENDS_ON: Final = datetime.date(2026, 7, 1)
# Welch's own kind of example, in tenths: t = -2.46, 25.0 degrees of freedom, p = 0.021.
FIRST: Final = (275, 210, 190, 236, 170, 179, 169, 201, 219, 226, 231, 196, 190, 217, 214)
SECOND: Final = (271, 220, 208, 234, 234, 235, 258, 220, 248, 202, 219, 221, 229, 205, 244)


def seen(arm: str, values: Sequence[int], *, exposed: int | None = None) -> Observation:
    return Observation(
        arm=arm,
        exposed=len(values) if exposed is None else exposed,
        members=len(values),
        total=sum(values),
        squares=sum(one * one for one in values),
        successes=sum(one > 0 for one in values),
    )


def bought(arm: str, successes: int, members: int) -> Observation:
    return seen(arm, [1] * successes + [0] * (members - successes))


def judge(*arms: Observation, stage: experiments.Stage = "complete", **changes: Any) -> Any:
    plan = rules.parse({**PLAN, "members_min": 30, **changes})
    return experiments.result(plan, arms, stage=stage, ends_on=ENDS_ON, asset=money.EUR)


def spread(middle: int, members: int = 100) -> list[int]:
    """Values one above and one below a mean, by turns ten apart."""
    return [middle - 10, middle + 10] * (members // 2)


def test_two_means_are_compared_as_in_the_textbook() -> None:
    found = experiments.means(seen("B", FIRST), seen("A", SECOND), alpha=0.05)
    theirs = stats.ttest_ind(FIRST, SECOND, equal_var=False)
    interval = theirs.confidence_interval(0.95)

    assert round(found.p_value, 3) == 0.021
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.difference.low == pytest.approx(interval.low, rel=1e-9)
    assert found.difference.high == pytest.approx(interval.high, rel=1e-9)
    assert found.difference.estimate == pytest.approx(sum(FIRST) / 15 - sum(SECOND) / 15)


def test_a_mean_by_hand() -> None:
    """Two arms of 100, each 10 off its mean: the variance is 10,000 / 99, the error 1.4213."""
    found = experiments.means(seen("B", spread(1_010)), seen("A", spread(1_000)), alpha=0.05)

    error = math.sqrt(2 * (10_000 / 99) / 100)
    assert found.difference.estimate == 10
    # 1.9720 is what the tables give for 198 degrees of freedom.
    assert found.difference.high - 10 == pytest.approx(1.9720 * error, abs=1e-3)


@pytest.mark.parametrize(
    ("one", "control", "difference", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table II, method 10.
        ((56, 70), (48, 80), 0.2000, 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.6000, 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.5714, 0.0582, 0.8062),
        ((5, 56), (0, 29), 0.0893, -0.0381, 0.1926),
        ((0, 10), (0, 20), 0.0000, -0.1611, 0.2775),
        ((10, 10), (0, 10), 1.0000, 0.6075, 1.0000),
    ],
)
def test_two_shares_are_compared_as_newcombe_printed_them(
    one: tuple[int, int], control: tuple[int, int], difference: float, low: float, high: float
) -> None:
    found = experiments.shares(bought("B", *one), bought("A", *control), alpha=0.05).difference

    assert (round(found.estimate, 4), round(found.low, 4), round(found.high, 4)) == (
        difference,
        low,
        high,
    )


def test_the_chance_of_two_shares_is_that_of_the_pooled_table() -> None:
    found = experiments.shares(bought("B", 56, 70), bought("A", 48, 80), alpha=0.05)
    theirs = stats.chi2_contingency([[56, 14], [48, 32]], correction=False)

    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)


def test_a_lift_by_hand() -> None:
    """Twice as many of 100: the log ratio 0.6931 has the error sqrt(1/40 + 1/20 - 2/100) nearly."""
    found = experiments.lift(bought("B", 40, 100), bought("A", 20, 100), alpha=0.05)

    assert found is not None
    assert found.estimate == pytest.approx(1)
    assert found.low == pytest.approx(2 * math.exp(-1.95996 * math.sqrt(0.055)) - 1, abs=0.01)
    assert found.high == pytest.approx(2 * math.exp(1.95996 * math.sqrt(0.055)) - 1, abs=0.02)
    assert experiments.lift(bought("B", 40, 100), bought("A", 0, 100), alpha=0.05) is None


def test_an_uneven_division_is_found_and_an_even_one_is_not() -> None:
    plan = rules.parse(PLAN)
    even, uneven, few = [
        [seen("A", [], exposed=a), seen("B", [], exposed=b)]
        for a, b in ((5_050, 4_950), (5_200, 4_800), (9, 0))
    ]
    theirs = stats.chisquare([5_200, 4_800])

    assert experiments.ratio(plan, uneven) == pytest.approx(theirs.pvalue, rel=1e-9)
    assert (experiments.ratio(plan, even) or 0) > 0.3
    assert experiments.ratio(plan, few) is None


def test_the_verdict_says_who_is_better_and_by_how_much() -> None:
    better = judge(seen("A", spread(1_000)), seen("B", spread(1_010)))
    worse = judge(seen("A", spread(1_000)), seen("B", spread(990)))
    more = judge(bought("A", 30, 100), bought("B", 60, 100), metric="conversion")
    often = judge(seen("A", [0, 2] * 50), seen("B", [2, 4] * 50), metric="purchases_per_member")

    assert better.verdict == (
        "B earns 0.10 EUR more per member than A (95 % interval 0.07 to 0.13): B is better."
    )
    assert worse.verdict == (
        "B earns 0.10 EUR less per member than A (95 % interval -0.13 to -0.07): A is better."
    )
    assert more.verdict == (
        "B makes 30.00 more of 100 members buy than A (95 % interval 16.29 to 42.16): B is better."
    )
    assert often.verdict == (
        "B has 2.00 purchases more per member than A (95 % interval 1.72 to 2.28): B is better."
    )
    assert (better.confidence, better.trusted) == (0.95, True)
    assert [one.mean for one in better.arms] == [1_000, 1_010]


def test_the_verdict_says_what_was_not_shown_and_whether_it_may_still_be_there() -> None:
    open_ = judge(seen("A", [0, 2_000] * 50), seen("B", [0, 2_020] * 50))
    closed = judge(seen("A", spread(1_000)), seen("B", spread(1_001)))

    assert open_.verdict == (
        "No difference between B and A could be shown; the 95 % interval -2.72 to 2.92 EUR"
        " per member holds zero. A difference of 3 % of A is still possible."
    )
    assert closed.verdict.endswith("A difference of 3 % of A is ruled out.")


def test_too_few_members_say_nothing_whatever_they_bought() -> None:
    arms = seen("A", spread(1_000)), seen("B", spread(2_000, 28), exposed=101)

    running, over, stopped = [
        judge(*arms, stage=stage) for stage in ("running", "complete", "stopped")
    ]

    assert running.verdict == "Too few members yet: 28 of 30 in B."
    assert over.verdict == "Too few members: 28 of 30 in B. Nothing can be said."
    assert stopped.verdict == f"Stopped early: {over.verdict}"
    assert () == running.comparisons == over.comparisons


def test_nobody_at_all_is_too_few() -> None:
    found = judge(seen("A", []), seen("B", []), stage="running")

    assert found.verdict == "Too few members yet: 0 of 30 in A."
    assert [one.mean for one in found.arms] == [None, None]
    assert (found.ratio_p_value, found.trusted) == (None, True)


def test_a_division_that_went_wrong_is_not_trusted() -> None:
    found = judge(seen("A", spread(1_000, 700)), seen("B", spread(1_010, 300)))

    assert found.verdict == (
        "Do not trust this: members were not divided as planned"
        " (A has 700 where 500 were planned, B has 300 where 500 were planned)."
    )
    assert not found.trusted


def test_what_is_not_over_or_was_stopped_says_so() -> None:
    arms = seen("A", spread(1_000)), seen("B", spread(1_010))

    running, stopped = [judge(*arms, stage=stage).verdict for stage in ("running", "stopped")]

    assert running.startswith("Not final before 2026-07-01, do not stop for it: B earns 0.10 EUR")
    assert stopped.startswith("Stopped early: B earns 0.10 EUR more")
    assert stopped.endswith("is wrong more often than planned.")


def test_three_arms_share_the_chance_to_be_wrong() -> None:
    arms = [{"name": "A", "weight_bps": 3_334, "holdout": True}]
    arms += [{"name": name, "weight_bps": 3_333} for name in "BC"]
    plain = experiments.means(seen("B", spread(1_010)), seen("A", spread(1_000)), alpha=0.025)

    found = judge(
        seen("A", spread(1_000)), seen("B", spread(1_010)), seen("C", spread(1_000)), arms=arms
    )

    assert found.comparisons[0].difference == plain.difference
    assert [(one.arm, one.control) for one in found.comparisons] == [("B", "A"), ("C", "A")]
    assert "97.5 % interval" in found.verdict
    assert "No difference between C and A" in found.verdict


def test_arms_in_which_everybody_did_the_same_are_compared_without_chance() -> None:
    same = judge(seen("A", [500] * 40), seen("B", [500] * 40))
    other = judge(seen("A", [500] * 40), seen("B", [600] * 40))

    assert (same.comparisons[0].p_value, other.comparisons[0].p_value) == (1.0, 0.0)
    assert "No difference" in same.verdict
    assert "B is better" in other.verdict


def shopper(chance: random.Random) -> int:
    """What a member spends: nothing, three times in five; else a little, and seldom a lot."""
    return int(math.exp(chance.gauss(7, 0.8))) if chance.random() < 0.4 else 0


def basket(chance: random.Random) -> int:
    return int(chance.random() < 0.3)


def test_an_interval_holds_the_true_difference_as_often_as_it_says() -> None:
    """380 of 400 are expected to; the standard deviation is 4.4."""
    effect, held, shown = 300, 0, 0
    for seed in range(RUNS):
        chance = random.Random(seed)
        control = seen("A", [shopper(chance) for _ in range(MEMBERS)])
        treated = seen("B", [shopper(chance) + effect for _ in range(MEMBERS)])
        found = experiments.means(treated, control, alpha=0.05)
        held += found.difference.low <= effect <= found.difference.high
        shown += found.p_value < 0.05

    assert (held, shown) == (382, 274)


def test_an_interval_of_shares_holds_the_true_difference_as_often_as_it_says() -> None:
    held = 0
    for seed in range(RUNS):
        chance = random.Random(seed)
        control, treated = [
            bought(arm, sum(chance.random() < share for _ in range(MEMBERS)), MEMBERS)
            for arm, share in (("A", 0.1), ("B", 0.18))
        ]
        found = experiments.shares(treated, control, alpha=0.05).difference
        held += found.low <= 0.08 <= found.high

    assert held == 386


def divided(plan: rules.Plan, values: dict[uuid.UUID, int], run: int) -> list[Observation]:
    """The same members, divided by an experiment of this number."""
    arms: dict[str, list[int]] = {"A": [], "B": []}
    for member_id, value in values.items():
        arm = rules.arm(plan, experiment_id=uuid.UUID(int=run), member_id=member_id)
        assert arm is not None
        arms[arm].append(value)
    return [seen(name, told) for name, told in arms.items()]


@pytest.mark.parametrize(
    ("metric", "does"), [("spend_per_member", shopper), ("conversion", basket)]
)
def test_an_experiment_of_nothing_finds_something_about_as_seldom_as_planned(
    metric: str, does: Callable[[random.Random], int]
) -> None:
    """20 of 400 are expected; the standard deviation is 4.4."""
    plan, chance, found = rules.parse({**PLAN, "metric": metric}), random.Random(1), 0
    values = {uuid.UUID(int=chance.getrandbits(128)): does(chance) for _ in range(2 * MEMBERS)}
    for run in range(RUNS):
        judged = judge(*divided(plan, values, run), metric=metric)
        found += "is better" in judged.verdict

    assert 5 <= found <= 40


@pytest.mark.slow
def test_many_experiments_of_nothing_find_something_as_seldom_as_planned() -> None:
    """240 of 4,800 are expected; the standard deviation is 15."""
    plan, found = rules.parse({**PLAN, "metric": "conversion"}), 0
    for crowd in (1, 2, 3):
        chance = random.Random(crowd)
        values = {uuid.UUID(int=chance.getrandbits(128)): basket(chance) for _ in range(400)}
        for run in range(4 * RUNS):
            control, treated = divided(plan, values, run // RUNS * 1_000 + run % RUNS)
            found += experiments.shares(treated, control, alpha=0.05).p_value < 0.05

    assert found == 260


def test_whoever_looks_ten_times_and_stops_finds_what_is_not_there() -> None:
    """The figure of docs/experiments.md."""
    once = often = 0
    for seed in range(RUNS):
        chance = random.Random(seed)
        a, b = [[shopper(chance) for _ in range(10 * 50)] for _ in range(2)]
        looks = [
            experiments.means(seen("B", b[:day]), seen("A", a[:day]), alpha=0.05).p_value < 0.05
            for day in range(50, 501, 50)
        ]
        once, often = once + looks[-1], often + any(looks)

    assert (once, often) == (14, 71)


def test_the_example_of_the_page() -> None:
    """The sentence of docs/experiments.md: B's shoppers spend a fifth more."""
    chance = random.Random(7)
    control = seen("A", [shopper(chance) for _ in range(2_000)])
    treated = seen("B", [int(shopper(chance) * 1.2) for _ in range(2_000)])

    assert judge(control, treated).verdict == (
        "B earns 1.18 EUR more per member than A (95 % interval 0.24 to 2.12): B is better."
    )


def test_too_small_an_experiment_misses_what_is_there() -> None:
    """The figures of docs/experiments.md: a lift of a fifth, with 1,450 members an arm and 200."""
    shown = {200: 0, 1_450: 0}
    for members in shown:
        for seed in range(RUNS):
            chance = random.Random(seed)
            control = seen("A", [shopper(chance) for _ in range(members)])
            treated = seen("B", [int(shopper(chance) * 1.2) for _ in range(members)])
            found = experiments.means(treated, control, alpha=0.05)
            shown[members] += found.difference.low > 0

    assert shown == {200: 55, 1_450: 285}


def test_whoever_does_not_ask_never_loads_the_statistics() -> None:
    script = "import sys, api.app; print('scipy' in sys.modules, 'numpy' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert told.stdout.decode().split() == ["False", "False"]
