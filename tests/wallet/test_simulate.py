"""What-if: a simulation says of a draft what the books would have said, and writes nothing."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.wallet.factories import DAY, NOON, Coalition, line, purchase, refused
from tests.wallet.promotions import SIMPLE, Promotion, promote
from wallet import audit, errors, ids, members
from wallet.campaigns import beside, segments, simulate
from wallet.rules import purchases, returns
from wallet.rules.campaigns import drafts, facts
from wallet.rules.campaigns.definition import Definition

END = NOON + DAY
FRESH = "fresh"
CATEGORIES = ("food", "Beauty", "tobacco", "coffee")
LABELS = ((), ("organic",), ("organic", "local"))


def draft(**changes: Any) -> Definition:
    """A draft that gives 10 % on everything, but for what is given."""
    stack = {"group": "bonus", "priority": 10, **changes.pop("stack", {})}
    raw = {**SIMPLE, "name": "Draft", "starts_at": "2027-01-01T00:00:00Z", "stack": stack}
    return drafts.read({**raw, **changes})


def basket(number: int) -> purchases.Purchase:
    """The number-th purchase of the story: everything about it follows from the number."""
    lines = tuple(
        line(
            place,
            1_000 + 777 * ((number * place) % 7),
            category=CATEGORIES[(number + place) % len(CATEGORIES)],
            labels=LABELS[(number * 2 + place) % len(LABELS)],
            product=f"P{(number + place) % 5}",
            quantity_milli=1_000 * (1 + (number + place) % 3),
            brand="Aurora" if (number + place) % 2 else None,
        )
        for place in range(1, 2 + number % 4)
    )
    return purchase(
        lines=lines,
        purchased_at=NOON - 40 * DAY + number * timedelta(hours=37),
        channel="shop" if number % 3 else "online",
    )


async def shop(
    coalition: Coalition, merchant_id: UUID, people: list[members.Member], *, back: bool = True
) -> list[UUID]:
    """Let the members buy in turn, and bring some of it `back`; gives the purchases."""
    bought = []
    for number in range(24):
        one = basket(number)
        reported = await coalition.report(
            merchant_id, people[number % len(people)], one, now=one.purchased_at
        )
        bought.append(reported.purchase_id)
        if back and number % 7 == 3:
            await coalition.give_back(
                merchant_id,
                reported.purchase_id,
                *(returns.ReturnLine(each.number, None) for each in one.lines),
                now=one.purchased_at + timedelta(hours=1),
            )
    return bought


async def crowd(coalition: Coalition) -> list[members.Member]:
    """Three members, of whom the first belongs to a segment."""
    people = [await coalition.member() for _ in range(3)]
    segment_id = UUID(int=0x5E)
    await segments.create(
        coalition.db,
        segment_id=segment_id,
        name=FRESH,
        about="new here",
        reason="as planned",
        actor=audit.SYSTEM,
    )
    await segments.add(
        coalition.db,
        segment_id=segment_id,
        member_ids=[people[0].member_id],
        reason="as planned",
        actor=audit.SYSTEM,
        now=NOON - 90 * DAY,
    )
    return people


async def simulated(coalition: Coalition, it: Definition, **more: Any) -> simulate.Simulation:
    """Simulate a draft over the sixty days of the story."""
    return await simulate.simulate(coalition.db, definition=it, days=60, until=END, **more)


async def credited(coalition: Coalition, promotion: Promotion) -> tuple[int, int, int, int]:
    """Purchases, lines, desired and granted of a campaign that was live, by the books."""
    row = await coalition.db.fetchrow(
        "select count(distinct cause_id) filter (where granted_minor > 0) as purchases,"
        " count(*) filter (where granted_minor > 0) as lines,"
        " coalesce(sum(desired_minor), 0)::bigint as desired,"
        " coalesce(sum(granted_minor), 0)::bigint as granted"
        ' from ledger."grant" where version_id = $1',
        promotion.version_id,
    )
    assert row is not None
    return row["purchases"], row["lines"], row["desired"], row["granted"]


DRAFTS: dict[str, dict[str, Any]] = {
    "everything": {},
    "a category": {"lines": [{"if": "category", "any_of": ["beauty"]}]},
    "a brand": {"lines": [{"if": "brand", "any_of": ["aurora"]}]},
    "labels, each unit": {
        "lines": [{"if": "label", "any_of": ["organic"]}],
        "give": {"give": "amount", "minor": 30, "per": "unit"},
    },
    "all but a product": {"lines": [{"if": "product", "any_of": ["P1", "P2"], "unless": True}]},
    "a minimum basket": {
        "lines": [{"if": "category", "any_of": ["coffee"]}],
        "when": [{"if": "minimum", "amount_minor": 4_000, "measured_on": "basket"}],
    },
    "a bundle": {"when": [{"if": "bundle", "all_of": ["coffee", "beauty"]}]},
    "a quantity of one product": {
        "lines": [{"if": "product", "any_of": ["P3", "P4"]}],
        "when": [{"if": "quantity", "at_least_milli": 3_000}],
    },
    "every third purchase": {
        "when": [{"if": "nth_purchase", "n": 3, "every": True, "scope": "coalition"}]
    },
    "spent in the month": {
        "when": [{"if": "spent", "at_least_minor": 9_000, "scope": "merchant", "when": "beyond"}]
    },
    "a member's cap": {"caps": {"member": [{"minor": 900, "per": "month"}]}},
    "a budget": {"budget": {"minor": 2_500}, "caps": {"purchase_minor": 600}},
    "a segment": {"when": [{"if": "segment", "any_of": [FRESH]}]},
    "no segment": {"when": [{"if": "segment", "any_of": [FRESH], "unless": True}]},
    "a multiple of the contract": {"give": {"give": "multiplier", "times_milli": 3_000}},
    "a top-up": {"stack": {"tops_up": True}},
    "online only": {"when": [{"if": "channel", "any_of": ["online"]}]},
    "at noon": {"when": [{"if": "schedule", "since": "09:00", "until": "15:00"}]},
}


@pytest.mark.parametrize("name", DRAFTS)
async def test_a_simulation_says_what_the_engine_credits_when_the_draft_is_live(
    coalition: Coalition, name: str
) -> None:
    changes = DRAFTS[name]
    people, merchant_id = await crowd(coalition), await coalition.merchant()
    # What comes back makes room under a cap at the till; a simulation says that it has not.
    back = not {"caps", "budget"} & {*changes}
    bought = await shop(coalition, merchant_id, people, back=back)
    found = await simulated(coalition, draft(**changes))
    # The same people at the same till: what they bought before must be as if it had not been.
    twin = await coalition.merchant()
    others = [await coalition.member() for _ in people]
    await segments.add(
        coalition.db,
        segment_id=UUID(int=0x5E),
        member_ids=[others[0].member_id],
        reason="as planned",
        actor=audit.SYSTEM,
        now=NOON - 90 * DAY,
    )
    promotion = await promote(coalition, **changes)
    await shop(coalition, twin, others, back=back)

    result = found.result
    assert await credited(coalition, promotion) == (
        result.reached,
        result.lines,
        result.desired_minor,
        result.granted_minor,
    )
    assert len(bought) == result.considered == found.period.total
    assert result.granted_minor > 0
    assert found.period.complete
    assert back is ("returns" not in found.period.assumed)


STANDING: dict[str, dict[str, Any]] = {
    "plain": {},
    "for a segment": {"when": [{"if": "segment", "any_of": [FRESH]}]},
    "by what was bought": {"when": [{"if": "nth_purchase", "n": 2, "every": True}]},
}


@pytest.mark.parametrize("name", STANDING)
async def test_a_draft_is_beside_what_was_in_force_and_others_may_lose(
    coalition: Coalition, name: str
) -> None:
    people, merchant_id = await crowd(coalition), await coalition.merchant()
    standing = await promote(coalition, stack={"group": "offers", "priority": 5}, **STANDING[name])
    await shop(coalition, merchant_id, people)
    better = draft(give={"give": "rate", "bps": 2_000}, stack={"group": "offers", "priority": 9})
    around = await beside.of(coalition.db, since=END - 60 * DAY, until=END)

    alone = await simulated(coalition, better, rules=around.rules)
    found = await simulated(coalition, better, rules=around.rules, live=around.others)

    (loss,) = found.result.losses
    *_, granted = await credited(coalition, standing)
    assert standing.campaign_id == loss.campaign_id
    assert granted == loss.lost_minor
    assert alone.result.granted_minor == found.result.granted_minor
    assert () == alone.result.losses


async def test_a_worse_draft_is_beaten_and_nobody_loses(coalition: Coalition) -> None:
    people, merchant_id = await crowd(coalition), await coalition.merchant()
    await promote(coalition, stack={"group": "offers", "priority": 5})
    await shop(coalition, merchant_id, people)
    worse = draft(give={"give": "rate", "bps": 500}, stack={"group": "offers", "priority": 9})
    around = await beside.of(coalition.db, since=END - 60 * DAY, until=END)

    found = await simulated(coalition, worse, rules=around.rules, live=around.others)

    assert 0 == found.result.granted_minor
    assert () == found.result.losses
    assert "beaten" in [miss.kind for miss in found.result.misses]


async def test_the_day_on_which_the_budget_falls_short_is_said(coalition: Coalition) -> None:
    people, merchant_id = await crowd(coalition), await coalition.merchant()
    await shop(coalition, merchant_id, people)

    found = await simulated(coalition, draft(budget={"minor": 1_000}))

    assert 1_000 == found.result.granted_minor
    assert found.result.exhausted_on is not None
    assert {"budget"} == {cut.by for cut in found.result.cuts}


async def test_winners_and_cases_are_members_and_purchases_of_the_books(
    coalition: Coalition,
) -> None:
    people, merchant_id = await crowd(coalition), await coalition.merchant()
    bought = await shop(coalition, merchant_id, people)

    found = await simulated(coalition, draft())

    everybody = {one.member_id for one in people}
    assert everybody == {one.member_id for one in found.result.winners} == found.reached
    assert {one.purchase_id for one in found.result.dearest} <= set(bought)
    assert 10 == len(found.result.dearest) == len(found.result.steepest)


async def test_a_simulation_that_is_late_ends_with_what_it_has(coalition: Coalition) -> None:
    people, merchant_id = await crowd(coalition), await coalition.merchant()
    await shop(coalition, merchant_id, people)
    told: list[tuple[int, int]] = []

    found = await simulated(
        coalition,
        draft(),
        batch=5,
        late=lambda: True,
        progress=lambda done, total: told.append((done, total)),
    )

    assert not found.period.complete
    assert [(5, 24)] == told
    assert 5 == found.result.considered == found.period.done


async def test_a_second_simulation_is_refused_while_one_runs(coalition: Coalition) -> None:
    people, merchant_id = await crowd(coalition), await coalition.merchant()
    await shop(coalition, merchant_id, people)

    first = asyncio.create_task(simulated(coalition, draft()))
    await asyncio.sleep(0)
    second = await asyncio.gather(simulated(coalition, draft()), return_exceptions=True)

    assert (await first).period.complete
    assert isinstance(second[0], errors.TooMany)
    assert (await simulated(coalition, draft())).period.complete


async def test_drafts_that_answer_to_no_purchase_and_long_periods_are_refused(
    coalition: Coalition,
) -> None:
    review = draft(on={"on": "activity", "kind": "review"}, give={"give": "amount", "minor": 50})

    assert await refused(simulated(coalition, review)) == errors.CampaignInvalid(
        "Only campaigns on purchases can be simulated.", path=("on",)
    )
    for days in (0, simulate.DAYS_MAX + 1):
        tried = simulate.simulate(coalition.db, definition=draft(), days=days, until=END)

        assert isinstance(await refused(tried), errors.TooMany)


async def test_drafts_together_hold_from_their_own_start_to_their_own_end(
    coalition: Coalition,
) -> None:
    people, merchant_id = await crowd(coalition), await coalition.merchant()
    await shop(coalition, merchant_id, people)
    week = [draft(starts_at=_at(day), ends_at=_at(day + 7)) for day in (-35, -21, 90)]
    versions = [facts.Version(ids.new(), ids.new(), one) for one in week]

    found = await simulate.together(coalition.db, drafts=versions, since=END - 60 * DAY, until=END)

    for version in versions[:2]:
        starts_at = version.definition.starts_at
        expected = sum(
            starts_at <= basket(number).purchased_at < starts_at + 7 * DAY for number in range(24)
        )
        # A basket of tobacco alone earns nothing anywhere.
        assert expected - 1 <= found[version.version_id].result.reached <= expected
    assert 0 == found[versions[2].version_id].result.reached


def _at(day: int) -> str:
    return (NOON + day * DAY).isoformat()
