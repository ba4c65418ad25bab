"""Experiments in the books: a plan stands, the first exposure counts, and a measure is net."""

import asyncio
import sys
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from tests.conftest import Connection
from tests.wallet import factories
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import audit, errors, ids, members
from wallet.campaigns import experiments
from wallet.rules import experiments as rules
from wallet.rules import returns

START = NOON + DAY
LATER = START + 40 * DAY
PLAN: dict[str, Any] = {
    "name": "Double on bread",
    "arms": [
        {"name": "A", "weight_bps": 5_000, "holdout": True},
        {"name": "B", "weight_bps": 5_000},
    ],
    "metric": "spend_per_member",
    "window_days": 10,
    "starts_at": START.isoformat(),
    "ends_at": LATER.isoformat(),
    "members_min": 30,
    "detectable_bps": 300,
}
ANALYST = audit.Actor("staff", ids.new())


async def register(coalition: Coalition, **changes: Any) -> experiments.Experiment:
    """Register a plan the day before it begins, but for what is given."""
    told: dict[str, Any] = {"experiment_id": ids.new(), "reason": "to know"}
    told |= {"actor": ANALYST, "now": NOON}
    told |= {name: changes.pop(name) for name in (*told,) if name in changes}
    registered = await experiments.register(coalition.db, plan={**PLAN, **changes}, **told)
    return registered.experiment


async def end(coalition: Coalition, one: experiments.Experiment, **told: Any) -> experiments.Ended:
    plain = {"reason": "it harms", "actor": ANALYST, "now": START + 20 * DAY}
    return await experiments.end(coalition.db, experiment_id=one.experiment_id, **{**plain, **told})


def arm(one: experiments.Experiment, member: members.Member) -> str:
    found = rules.arm(one.plan, experiment_id=one.experiment_id, member_id=member.member_id)
    assert found is not None
    return found


async def expose(
    coalition: Coalition,
    one: experiments.Experiment,
    *whom: members.Member,
    at: datetime = START,
) -> int:
    told = [(one.experiment_id, member.member_id, arm(one, member)) for member in whom]
    return await experiments.expose(coalition.db, told, at=at, via="purchase")


async def of_arm(coalition: Coalition, one: experiments.Experiment, name: str) -> members.Member:
    """A member of an arm; every second one is."""
    for _ in range(100):
        member = await coalition.member()
        if arm(one, member) == name:
            return member
    raise AssertionError("nobody is in this arm")


async def seen(
    coalition: Coalition, one: experiments.Experiment, now: datetime = LATER
) -> dict[str, tuple[int, ...]]:
    """By arm: exposed, members, total, squares, successes."""
    observed = await experiments.observations(coalition.db, one.experiment_id, now=now)
    return {
        it.arm: (it.exposed, it.members, it.total, it.squares, it.successes) for it in observed.arms
    }


async def buy(
    coalition: Coalition, shop: UUID, member: members.Member, minor: int, at: datetime
) -> UUID:
    bought = factories.purchase(minor, purchased_at=at)
    return (await coalition.report(shop, member, bought, now=at)).purchase_id


async def test_a_plan_is_registered_once_and_never_changes(coalition: Coalition) -> None:
    one = await register(coalition)
    key = one.experiment_id

    again = await experiments.register(
        coalition.db, experiment_id=key, plan=PLAN, reason="to know", actor=ANALYST, now=NOON
    )
    other = await refused(register(coalition, experiment_id=key, window_days=11))
    begun = await refused(register(coalition, experiment_id=key, window_days=11, now=START))
    replayed = await register(coalition, experiment_id=key, now=LATER)

    assert (True, one) == (again.replayed, again.experiment)
    assert errors.IdempotencyKeyReused(first_used_at=NOON) == other
    assert errors.ExperimentClosed() == begun
    assert (one.plan, "ended") == (replayed.plan, replayed.status)
    assert ANALYST.actor_id == one.registered_by


async def test_an_experiment_that_would_have_begun_is_not_registered(coalition: Coalition) -> None:
    late = await refused(register(coalition, now=START))
    silent = await refused(register(coalition, reason=" "))
    wrong = await refused(register(coalition, metric="clicks"))

    assert ("EXPERIMENT_INVALID", ("starts_at",)) == (late.code, late.path)
    assert "REASON_MISSING" == silent.code
    assert ("EXPERIMENT_INVALID", ("metric",)) == (wrong.code, wrong.path)
    assert [] == await experiments.page(coalition.db, first=10, before=None)


async def test_even_the_owner_cannot_change_a_plan(coalition: Coalition, owner: Connection) -> None:
    one = await register(coalition)
    await end(coalition, one)
    for attempt in (
        "update coalition.experiment set plan = '{}'",
        "update coalition.experiment set ends_at = ends_at + interval '1 day'",
        "delete from coalition.experiment",
        "truncate coalition.experiment",
        "update coalition.experiment_end set ended_at = now()",
        "delete from coalition.experiment_end",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(attempt)


async def test_experiments_are_listed_the_newest_first_with_their_status(
    coalition: Coalition,
) -> None:
    made = [
        await register(coalition, name=str(one), now=NOON + one * DAY / 10) for one in (1, 2, 3)
    ]
    db = coalition.db

    whole = await experiments.page(db, first=10, before=None, now=NOON)
    first = await experiments.page(db, first=2, before=None, now=START)
    last = first[-1]
    rest = await experiments.page(
        db, first=2, before=(last.registered_at, last.experiment_id), now=LATER
    )

    assert ["3", "2", "1"] == [one.plan.name for one in whole]
    assert {"registered"} == {one.status for one in whole}
    assert ["running", "running", "ended"] == [one.status for one in (*first, *rest)]
    assert made[0].experiment_id == rest[0].experiment_id


async def test_what_runs_is_read_once_for_each_epoch(coalition: Coalition) -> None:
    db = coalition.db
    one = await register(coalition)
    before = await experiments.running(db, at=NOON, epoch=1)
    other = await register(coalition)

    cached = await experiments.running(db, at=START, epoch=1)
    anew = await experiments.running(db, at=START, epoch=2)
    await end(coalition, one)
    unknown = await experiments.running(db, at=START)
    over = await experiments.running(db, at=LATER)

    assert ([], []) == (before, over)
    assert [one.experiment_id] == [it.experiment_id for it in cached]
    assert {one.experiment_id, other.experiment_id} == {it.experiment_id for it in anew}
    assert [other.experiment_id] == [it.experiment_id for it in unknown]
    assert {"running"} == {it.status for it in (*cached, *anew, *unknown)}


async def test_each_change_is_told_to_every_process_once(coalition: Coalition) -> None:
    async def epoch() -> int:
        return int(await coalition.db.fetchval("select epoch from coalition.programme"))

    before = await epoch()
    one = await register(coalition)
    await register(coalition, experiment_id=one.experiment_id)
    registered = await epoch()
    await end(coalition, one)
    await end(coalition, one)

    assert (1, 2) == (registered - before, await epoch() - before)


async def test_a_member_has_an_arm_in_each_experiment_that_they_take_part_in(
    coalition: Coalition,
) -> None:
    one, ana = await register(coalition), await coalition.member()
    closed = await register(coalition, share_bps=1)
    standing = await experiments.running(coalition.db, at=START)

    found = experiments.arms(standing, ana.member_id)

    assert {one.experiment_id, closed.experiment_id} == {it.experiment_id for it in standing}
    assert arm(one, ana) == found[one.experiment_id]
    assert [one.experiment_id] == [key for key in found if key != closed.experiment_id]


async def test_a_member_is_exposed_once_however_many_say_so_at_once(coalition: Coalition) -> None:
    one = await register(coalition)
    crowd = [await coalition.member() for _ in range(10)]

    counts = await asyncio.gather(
        *(
            expose(coalition, one, *crowd[:: -1 if place % 2 else 1], at=START + place * DAY / 48)
            for place in range(20)
        )
    )

    rows = await coalition.db.fetch("select exposed_at from coalition.exposure")
    assert (10, 10) == (sum(counts), len(rows))
    counted = await experiments.exposed(coalition.db, [one.experiment_id])
    assert 10 == sum(counted[one.experiment_id].values())


async def test_the_first_exposure_counts_and_only_while_it_runs(coalition: Coalition) -> None:
    one, ana = await register(coalition), await coalition.member()

    counts = [
        await expose(coalition, one, ana, at=at)
        for at in (NOON, START + DAY, START + 2 * DAY, LATER)
    ]
    row = await coalition.db.fetchrow("select exposed_at, via, arm from coalition.exposure")
    late = await expose(coalition, one, await coalition.member(), at=LATER)
    await end(coalition, one)
    ended = await expose(coalition, one, await coalition.member(), at=START + 30 * DAY)

    assert [0, 1, 0, 0] == counts
    assert row is not None
    assert (START + DAY, "purchase", arm(one, ana)) == tuple(row)
    assert (0, 0) == (late, ended)


async def test_an_arm_that_is_not_the_members_is_our_bug(coalition: Coalition) -> None:
    one, ana = await register(coalition), await coalition.member()
    wrong = "B" if arm(one, ana) == "A" else "A"

    with pytest.raises(AssertionError):
        await experiments.expose(
            coalition.db, [(one.experiment_id, ana.member_id, wrong)], at=START, via="purchase"
        )


async def test_another_process_puts_everybody_into_the_same_arm(coalition: Coalition) -> None:
    one = await register(coalition, share_bps=5_000, salt="pão")
    crowd = [ids.new() for _ in range(200)]
    script = (
        "import sys, uuid, orjson\n"
        "from wallet.rules import experiments\n"
        "plan, key, crowd = orjson.loads(sys.stdin.buffer.read())\n"
        "plan, key = experiments.parse(plan), uuid.UUID(key)\n"
        "for one in crowd:\n"
        "    print(experiments.arm(plan, experiment_id=key, member_id=uuid.UUID(one)))\n"
    )
    told = orjson.dumps([rules.dump(one.plan), str(one.experiment_id), crowd])

    other = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={"PYTHONHASHSEED": "4711", "PYTHONPATH": "."},
    )
    there, _ = await other.communicate(told)

    here = [rules.arm(one.plan, experiment_id=one.experiment_id, member_id=it) for it in crowd]
    assert [str(it) for it in here] == there.decode().split()
    assert {"A", "B", None} == set(here)


async def test_the_measure_is_net_of_returns_and_of_the_window_only(coalition: Coalition) -> None:
    one, shop = await register(coalition), await coalition.merchant()
    ana, eva = [await of_arm(coalition, one, "B") for _ in range(2)]
    await expose(coalition, one, ana, eva, at=START + DAY)
    days = [await buy(coalition, shop, ana, 1_000, START + day * DAY) for day in (0, 1, 2, 11, 12)]
    await buy(coalition, shop, ana, 700, START + 3 * DAY)
    back = await buy(coalition, shop, ana, 500, START + 4 * DAY)
    await coalition.give_back(shop, days[2], returns.ReturnLine(1, 400), now=START + 20 * DAY)
    await coalition.give_back(shop, back, now=START + 20 * DAY)

    spend = await seen(coalition, one)
    twins = {}
    for metric in ("purchases_per_member", "conversion"):
        other = await register(coalition, metric=metric)
        told = [(other.experiment_id, it.member_id, arm(other, it)) for it in (ana, eva)]
        await experiments.expose(coalition.db, told, at=START + DAY, via="app")
        counted = await seen(coalition, other)
        twins[metric] = [sum(one[place] for one in counted.values()) for place in range(5)]

    # Days 2 and 11 are within ten days of the first; what brought her in and day 12 are not.
    net = 600 + 1_000 + 700
    assert {"A": (0, 0, 0, 0, 0), "B": (2, 2, net, net * net, 1)} == spend
    assert [2, 2, 3, 9, 1] == twins["purchases_per_member"]
    assert [2, 2, 1, 1, 1] == twins["conversion"]


async def test_a_window_counts_when_it_is_over(coalition: Coalition) -> None:
    one, shop = await register(coalition), await coalition.merchant()
    ana, eva = [await of_arm(coalition, one, "A") for _ in range(2)]
    await expose(coalition, one, ana, at=START)
    await expose(coalition, one, eva, at=LATER - 9 * DAY)
    await buy(coalition, shop, ana, 800, START + DAY)
    await buy(coalition, shop, eva, 900, LATER - DAY)

    open_, over, end_, after = [
        (await seen(coalition, one, now=at))["A"]
        for at in (START + 9 * DAY, START + 10 * DAY, LATER, LATER + 60 * DAY)
    ]

    assert (1, 0, 0, 0, 0) == open_
    assert (1, 1, 800, 640_000, 1) == over
    # Eva's window ran past the end of the experiment, so it never is over.
    assert (2, 1, 800, 640_000, 1) == end_ == after


async def test_stopping_early_is_kept_with_what_was_known(coalition: Coalition) -> None:
    one, shop = await register(coalition), await coalition.merchant()
    ana = await of_arm(coalition, one, "B")
    await expose(coalition, one, ana)
    await buy(coalition, shop, ana, 1_234, START + DAY)

    ended = await end(coalition, one)
    again = await end(coalition, one, now=LATER)
    other = await refused(end(coalition, one, reason="another"))
    someone = await refused(end(coalition, one, actor=audit.Actor("staff", ids.new())))
    nothing = await refused(experiments.find(coalition.db, ids.new()))

    assert (False, True) == (ended.replayed, again.replayed)
    assert ("ended", True) == (ended.experiment.status, ended.experiment.stopped_early)
    assert ended.experiment.result is not None
    assert "it harms" == ended.experiment.result["reason"]
    assert [(0, 0), (1, 1_234)] == [
        (one["members"], one["total"]) for one in ended.experiment.result["arms"]
    ]
    assert "EXPERIMENT_CLOSED" == other.code == someone.code
    assert "NOT_FOUND" == nothing.code
    trail = await audit.trail(coalition.db, one.experiment_id, first=10, before=None)
    assert ["experiment.end", "experiment.register"] == [entry.act for entry in trail]
    assert {"stopped_early": True} == trail[0].detail


async def test_what_is_ended_after_its_end_was_not_stopped_early(coalition: Coalition) -> None:
    one = await register(coalition)

    ended = await end(coalition, one, now=LATER + DAY)

    assert not ended.experiment.stopped_early
