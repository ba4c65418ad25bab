"""Campaigns by the arms of an experiment: who gets what, who has met it, and what it says then."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from api import experiments as judged
from tests.wallet import factories, promotions
from tests.wallet.factories import DAY, NOON, Coalition
from wallet import audit, database, ids, ledger, members, money, previews
from wallet.campaigns import experiments

START, ENDS = NOON + DAY, NOON + 41 * DAY
LATER = START + DAY
SAYS = "select arm, exposed_at, via from coalition.exposure where member_id = $1"
PLAN: dict[str, Any] = {
    "name": "How much on bread",
    "arms": [
        {"name": "nothing", "weight_bps": 4_000, "holdout": True},
        {"name": "one", "weight_bps": 3_000},
        {"name": "two", "weight_bps": 3_000},
    ],
    "metric": "conversion",
    "window_days": 10,
    "starts_at": START.isoformat(),
    "ends_at": ENDS.isoformat(),
    "members_min": 30,
    "detectable_bps": 300,
}


async def register(coalition: Coalition) -> experiments.Experiment:
    registered = await experiments.register(
        coalition.db,
        experiment_id=ids.new(),
        plan=PLAN,
        reason="to know",
        actor=audit.SYSTEM,
        now=NOON,
    )
    return registered.experiment


async def tried(coalition: Coalition, one: experiments.Experiment) -> None:
    """A campaign for each arm: 1 % and 2 %; and one that names the holdout by mistake."""
    for arm, bps in (("one", 100), ("two", 200), ("nothing", 5_000)):
        await promotions.promote(
            coalition,
            give={"give": "rate", "bps": bps},
            when=[{"if": "experiment", "experiment_id": str(one.experiment_id), "arm": arm}],
        )


def arm(one: experiments.Experiment, member: members.Member) -> str:
    return experiments.arms([one], member.member_id)[one.experiment_id]


async def of_each_arm(
    coalition: Coalition, one: experiments.Experiment
) -> dict[str, members.Member]:
    found: dict[str, members.Member] = {}
    for _ in range(200):
        member = await coalition.member()
        found.setdefault(arm(one, member), member)
        if len(found) == 3:
            return found
    raise AssertionError("an arm has nobody")


async def buy(
    coalition: Coalition, shop: UUID, who: members.Member, *, at: datetime = LATER
) -> UUID:
    bought = factories.purchase(10_000, purchased_at=at)
    return (await coalition.report(shop, who, bought, now=at)).purchase_id


async def given(coalition: Coalition, purchase_id: UUID) -> int:
    """What all campaigns gave for a purchase."""
    found = await promotions.granted(coalition, purchase_id)
    return sum(granted for _, granted in found.values())


async def met(db: database.Database, who: members.Member) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await db.fetch(SAYS, who.member_id)]


@pytest.fixture
async def shop(coalition: Coalition) -> UUID:
    """A merchant where all of it holds."""
    return await coalition.merchant()


async def test_each_arm_gets_its_own_and_the_holdout_nothing_whatever_names_it(
    coalition: Coalition, shop: UUID
) -> None:
    one = await register(coalition)
    await tried(coalition, one)
    people = await of_each_arm(coalition, one)

    got = {
        name: await given(coalition, await buy(coalition, shop, people[name])) for name in people
    }
    again = {
        name: await given(coalition, await buy(coalition, shop, people[name], at=LATER + DAY))
        for name in people
    }

    assert {"nothing": 0, "one": 100, "two": 200} == got == again


async def test_everybody_who_was_decided_has_met_it_once_the_holdout_too(
    coalition: Coalition, shop: UUID
) -> None:
    one = await register(coalition)
    await tried(coalition, one)
    people = await of_each_arm(coalition, one)

    for name in people:
        await buy(coalition, shop, people[name])
        await buy(coalition, shop, people[name], at=LATER + DAY)

    for name in people:
        assert [(name, LATER, "purchase")] == await met(coalition.db, people[name])


async def test_a_member_who_was_shown_a_preview_has_met_it(
    coalition: Coalition, shop: UUID
) -> None:
    one = await register(coalition)
    await tried(coalition, one)
    two = (await of_each_arm(coalition, one))["two"]
    basket = factories.purchase(10_000, purchased_at=LATER)

    seen = await previews.preview(
        coalition.db, merchant_id=shop, purchase=basket, member_id=two.member_id, now=LATER
    )
    nobody = await previews.preview(coalition.db, merchant_id=shop, purchase=basket, now=LATER)
    await buy(coalition, shop, two, at=LATER + DAY)

    assert (200, 0) == (seen.campaigns.total_minor("EUR"), nobody.campaigns.total_minor("EUR"))
    assert [("two", LATER, "preview")] == await met(coalition.db, two)
    assert 1 == await coalition.db.fetchval("select count(*) from coalition.exposure")


async def test_nobody_meets_what_no_campaign_asks_for_or_what_does_not_run(
    coalition: Coalition, shop: UUID
) -> None:
    one = await register(coalition)
    people = await of_each_arm(coalition, one)
    await buy(coalition, shop, people["two"])
    await tried(coalition, one)

    before = await given(coalition, await buy(coalition, shop, people["one"], at=NOON))
    after = await given(coalition, await buy(coalition, shop, people["one"], at=ENDS))

    assert (0, 0) == (before, after)
    assert 0 == await coalition.db.fetchval("select count(*) from coalition.exposure")


async def test_an_end_is_noticed_by_a_process_that_had_read_what_runs(
    coalition: Coalition, shop: UUID
) -> None:
    one = await register(coalition)
    await tried(coalition, one)
    two = (await of_each_arm(coalition, one))["two"]
    first = await given(coalition, await buy(coalition, shop, two))

    await experiments.end(
        coalition.db,
        experiment_id=one.experiment_id,
        reason="it harms",
        actor=audit.SYSTEM,
        now=LATER + DAY,
    )

    assert (200, 0) == (
        first,
        await given(coalition, await buy(coalition, shop, two, at=LATER + 2 * DAY)),
    )


async def test_what_was_decided_by_an_arm_keeps_it(coalition: Coalition, shop: UUID) -> None:
    one = await register(coalition)
    await tried(coalition, one)
    two = (await of_each_arm(coalition, one))["two"]

    purchase_id = await buy(coalition, shop, two)

    kept = await coalition.db.fetchval(
        "select facts -> 'member' -> 'arms' ->> $3 from ledger.explanation"
        " where bucket = $1 and cause_id = $2",
        ledger.bucket(purchase_id),
        purchase_id,
        str(one.experiment_id),
    )
    assert "two" == kept


async def test_after_purchases_the_experiment_says_what_each_arm_did(
    coalition: Coalition, shop: UUID
) -> None:
    one = await register(coalition)
    await tried(coalition, one)
    people = [await coalition.member() for _ in range(12)]
    for who in people:
        await buy(coalition, shop, who)
        if arm(one, who) == "two":
            await buy(coalition, shop, who, at=LATER + DAY)

    seen = await experiments.observations(coalition.db, one.experiment_id, now=ENDS)
    told = judged.result(
        one.plan, seen.arms, stage="complete", ends_on=ENDS.date(), asset=money.EUR
    )

    arms = [arm(one, who) for who in people]
    assert {it.arm: it.exposed for it in seen.arms} == {
        name: arms.count(name) for name in ("nothing", "one", "two")
    }
    assert {it.arm: it.successes for it in seen.arms} == {
        "nothing": 0,
        "one": 0,
        "two": arms.count("two"),
    }
    assert told.verdict
