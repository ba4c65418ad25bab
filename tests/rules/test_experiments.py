"""A plan says everything before it begins, and nothing but the plan decides who is in which arm."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from wallet import errors
from wallet.rules import experiments

START = datetime(2026, 4, 1, tzinfo=UTC)
EXPERIMENT = uuid.UUID("019e0000-0000-7000-8000-000000000001")
PLAN: dict[str, Any] = {
    "name": "Double on bread",
    "arms": [
        {"name": "A", "weight_bps": 5_000, "holdout": True},
        {"name": "B", "weight_bps": 5_000},
    ],
    "metric": "spend_per_member",
    "window_days": 28,
    "starts_at": "2026-04-01T00:00:00Z",
    "ends_at": "2026-07-01T00:00:00Z",
    "members_min": 500,
    "detectable_bps": 300,
}
A, B = PLAN["arms"]


def member(number: int) -> uuid.UUID:
    return uuid.UUID(int=number << 64 | 7)


def arms(plan: experiments.Plan, members: int, experiment_id: uuid.UUID = EXPERIMENT) -> list[Any]:
    return [
        experiments.arm(plan, experiment_id=experiment_id, member_id=member(one))
        for one in range(members)
    ]


def refused(**changes: Any) -> errors.Refusal:
    with pytest.raises(errors.ExperimentInvalid) as caught:
        experiments.parse({**PLAN, **changes})
    return caught.value


def test_a_plan_is_read_and_written_without_loss() -> None:
    plan = experiments.parse(PLAN)

    assert experiments.parse(experiments.dump(plan)) == plan
    assert plan.starts_at == START
    assert (plan.share_bps, plan.alpha_bps, plan.salt) == (10_000, 500, "")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": ""}, ("name",)),
        ({"name": "  "}, ("name",)),
        ({"colour": "red"}, ("colour",)),
        ({"arms": [A]}, ("arms",)),
        ({"arms": [A, {**B, "weight_bps": 4_999}]}, ("arms",)),
        ({"arms": [A, {**B, "weight_bps": 0}]}, ("arms", "1", "weight_bps")),
        ({"arms": [A, {**B, "name": "a "}]}, ("arms", "1", "name")),
        ({"arms": [A, {**B, "name": "B\x00"}]}, ("arms", "1", "name")),
        ({"arms": [A, {**B, "holdout": True}]}, ("arms", "1", "holdout")),
        ({"arms": [A, {**B, "colour": 1}]}, ("arms", "1", "colour")),
        ({"arms": [A, {"name": "B"}]}, ("arms", "1", "weight_bps")),
        ({"arms": [{"name": str(one), "weight_bps": 1_000} for one in range(10)]}, ("arms",)),
        ({"metric": "clicks"}, ("metric",)),
        ({"window_days": 0}, ("window_days",)),
        ({"window_days": 91}, ("ends_at",)),
        ({"starts_at": "2026-04-01T00:00:00"}, ("starts_at",)),
        ({"ends_at": "2026-03-01T00:00:00Z"}, ("ends_at",)),
        ({"ends_at": "2028-06-01T00:00:00Z"}, ("ends_at",)),
        ({"share_bps": 0}, ("share_bps",)),
        ({"share_bps": True}, ("share_bps",)),
        ({"members_min": 29}, ("members_min",)),
        ({"alpha_bps": 2_001}, ("alpha_bps",)),
        ({"detectable_bps": 0.5}, ("detectable_bps",)),
        ({"salt": "x" * 65}, ("salt",)),
    ],
)
def test_what_contradicts_itself_is_refused_at_its_place(
    changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    refusal = refused(**changes)

    assert path == refusal.path
    assert refusal.message.startswith("The experiment is wrong at ")
    assert refusal.message.endswith("Correct it and register it again.")


@pytest.mark.parametrize("raw", [None, [], "plan", 7, {}])
def test_what_is_no_plan_at_all_is_refused(raw: object) -> None:
    with pytest.raises(errors.ExperimentInvalid):
        experiments.parse(raw)


def test_others_are_compared_with_the_holdout_or_with_the_first() -> None:
    last = experiments.parse({**PLAN, "arms": [B, A]})
    none = experiments.parse({**PLAN, "arms": [B, {**A, "holdout": False}]})

    assert ("A", "B") == (last.control.name, none.control.name)


def test_an_arm_is_the_same_on_every_machine_for_ever() -> None:
    """Written down once: if these change, every running experiment is divided anew."""
    plan = experiments.parse(PLAN)
    salted = experiments.parse({**PLAN, "salt": "2026"})
    shared = experiments.parse({**PLAN, "share_bps": 5_000})

    assert "ABABAABBABAABABBBBBBBBBB" == "".join(arms(plan, 24))
    assert "BABBBBAAAAABAABABABBAAAB" == "".join(arms(salted, 24))
    assert "-B-BAA--A-AA--BB--BBB-BB" == "".join(one or "-" for one in arms(shared, 24))


def test_nothing_but_the_division_of_a_plan_moves_a_member() -> None:
    before = arms(experiments.parse(PLAN), 2_000)
    other = {"name": "x", "metric": "conversion", "window_days": 7, "members_min": 30}
    other |= {"starts_at": "2026-05-01T00:00:00Z", "alpha_bps": 100, "detectable_bps": 1}

    assert arms(experiments.parse({**PLAN, **other}), 2_000) == before
    assert arms(experiments.parse({**PLAN, "salt": "x"}), 2_000) != before


def test_who_takes_part_keeps_their_arm_when_more_take_part() -> None:
    few, many = [
        arms(experiments.parse({**PLAN, "share_bps": share}), 4_000) for share in (1_000, 3_000)
    ]

    assert all(one == other for one, other in zip(few, many, strict=True) if one)
    assert sum(map(bool, few)) < sum(map(bool, many))


@pytest.mark.parametrize("weights", [(5_000, 5_000), (9_000, 1_000), (3_334, 3_333, 3_333)])
@pytest.mark.parametrize("share_bps", [10_000, 2_500])
def test_members_are_divided_as_planned(weights: tuple[int, ...], share_bps: int) -> None:
    """The chi-square of each division stays far below what chance gives once in 10,000 times."""
    parts = [{"name": f"arm {one}", "weight_bps": bps} for one, bps in enumerate(weights)]
    plan = experiments.parse({**PLAN, "arms": parts, "share_bps": share_bps})
    members = 20_000

    seen = arms(plan, members)

    chi_square_milli = 0
    cells = [(one["name"], int(str(one["weight_bps"])) * share_bps) for one in parts]
    for name, parts_of_all in [*cells, (None, (10_000 - share_bps) * 10_000)]:
        expected_milli = members * parts_of_all // 100_000
        if expected_milli:
            off = seen.count(name) * 1_000 - expected_milli
            chi_square_milli += off * off // expected_milli
    assert chi_square_milli < 21_108  # 3 degrees of freedom; fewer have less


def test_two_experiments_divide_members_independently() -> None:
    plan, members = experiments.parse(PLAN), 20_000
    other = uuid.UUID(int=EXPERIMENT.int + 1)

    pairs = list(zip(arms(plan, members), arms(plan, members, other), strict=True))

    # 5,000 are expected of each pair; the standard deviation is 61.
    assert all(4_700 < pairs.count(pair) < 5_300 for pair in product("AB", "AB"))


def test_the_longest_and_the_shortest_life_are_allowed() -> None:
    day = timedelta(days=1)
    longest = {"ends_at": (START + 730 * day).isoformat()}
    shortest = {"ends_at": (START + 28 * day + timedelta(seconds=1)).isoformat()}

    assert experiments.parse({**PLAN, **longest}).window_days == 28
    assert experiments.parse({**PLAN, **shortest}).window_days == 28
    assert ("ends_at",) == refused(ends_at=(START + 28 * day).isoformat()).path
