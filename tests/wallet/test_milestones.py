"""Milestones in the books: kept once, paid once, taken back where that is said, and told."""

from typing import Any
from uuid import UUID

import pytest

from tests.wallet import taking_part
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.reaching import buy, look, milestone, paid, reached
from tests.wallet.test_activities import report, review, visit
from wallet import audit, errors, ids, ledger, members, notices
from wallet.campaigns import benefits, earned, lives, segments
from wallet.progress import advance, publishing, schemes


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    """A merchant whose own contract pays a little."""
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who works towards something."""
    return await coalition.member()


async def told(coalition: Coalition, member: members.Member) -> list[str]:
    await notices.drain(coalition.db)
    page = await notices.page(coalition.db, member.wallet_id, first=20)
    return [one.sentence for one in page if one.topic.startswith("milestone.")]


async def test_the_purchase_that_reaches_it_pays_and_the_one_before_does_not(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await milestone(coalition)

    await buy(coalition, rosa, ana)
    await look(coalition, ana)
    before = await reached(coalition, ana), await paid(coalition, ana)
    await buy(coalition, rosa, ana, at=NOON + DAY)
    await look(coalition, ana, now=NOON + DAY)
    assert ([], []) == before
    assert [("ever", 1, True)] == await reached(coalition, ana)
    assert [500] == await paid(coalition, ana)


async def test_an_award_says_what_it_was_for(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await milestone(coalition, target=1)
    await buy(coalition, rosa, ana)
    await look(coalition, ana)

    (award,) = await earned.awards(coalition.db, ana.wallet_id, first=9, before=None)
    (matched,) = award.document["matched"]
    because = {"if": "reward", "what": "milestone", "name": "Two purchases"}
    assert ("milestone", [because]) == (award.kind, matched["because"])
    assert award.reference.startswith("com_")


async def test_members_are_told_that_they_reached_it_and_what_a_return_would_do(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await milestone(coalition, target=1, name="First steps", on_return="take_back")
    bought = await buy(coalition, rosa, ana)
    await look(coalition, ana)
    first = await told(coalition, ana)
    await coalition.give_back(rosa, bought)
    await look(coalition, ana)

    reached_it = (
        "You reached First steps. If goods go back and too little is left, what it gave is taken"
        " back."
    )
    fell = "First steps is no longer reached, because goods went back. What it gave is taken back."
    assert [reached_it] == first
    assert {fell, reached_it} == set(await told(coalition, ana))


async def test_a_return_takes_it_back_and_buying_again_pays_again(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await milestone(coalition, on_return="take_back")
    await buy(coalition, rosa, ana)
    second = await buy(coalition, rosa, ana)
    await look(coalition, ana)
    await coalition.give_back(rosa, second)
    await look(coalition, ana)
    fallen = await reached(coalition, ana), await paid(coalition, ana)
    await buy(coalition, rosa, ana, at=NOON + DAY)
    await look(coalition, ana, now=NOON + DAY)

    assert ([("ever", 1, False)], []) == fallen
    assert [("ever", 1, False), ("ever", 1, True)] == await reached(coalition, ana)
    assert [500] == await paid(coalition, ana)


async def test_one_that_is_kept_stays_paid_and_is_not_paid_again(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await milestone(coalition)
    bought = [await buy(coalition, rosa, ana) for _ in range(2)]
    await look(coalition, ana)
    for purchase_id in bought:
        await coalition.give_back(rosa, purchase_id)
    for _ in range(2):
        await buy(coalition, rosa, ana)
    await look(coalition, ana)

    assert [("ever", 1, True)] == await reached(coalition, ana)
    assert [500] == await paid(coalition, ana)


async def test_a_badge_that_was_not_used_goes_with_the_milestone_and_a_used_one_stays(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    badge = {"give": "badge", "name": "regular", "about": "A coffee.", "single_use": True}
    await milestone(coalition, target=1, times=2, give=badge, on_return="take_back")
    bought = [await buy(coalition, rosa, ana) for _ in range(2)]
    await look(coalition, ana)
    one, other = await earned.benefits(coalition.db, ana.wallet_id)
    await use(coalition, rosa, one)
    for purchase_id in bought:
        await coalition.give_back(rosa, purchase_id)
    await look(coalition, ana)

    used = await earned.benefit(coalition.db, one.benefit_id)
    gone = await earned.benefit(coalition.db, other.benefit_id)
    assert (NOON, None) == (used.used_at, used.expires_at)
    assert (None, NOON) == (gone.used_at, gone.expires_at)
    assert errors.BadgeExpired() == await refused(use(coalition, rosa, other))


async def use(coalition: Coalition, merchant_id: UUID, badge: earned.Benefit) -> benefits.Used:
    return await benefits.use(
        coalition.db,
        merchant_id=merchant_id,
        request_id=ids.new(),
        benefit_id=badge.benefit_id,
        now=NOON,
    )


async def test_a_review_and_a_visit_reach_it_where_no_campaign_gives_for_either(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    deeds = [{"kind": "review"}, {"kind": "visit"}]
    await milestone(coalition, metric="deeds", deeds=deeds)
    bought = await buy(coalition, rosa, ana)
    for _ in range(2):
        await report(coalition, rosa, ana, visit())
    await look(coalition, ana)
    before = await reached(coalition, ana)
    await report(coalition, rosa, ana, review(bought))
    await look(coalition, ana)

    assert ([], [("ever", 1, True)]) == (before, await reached(coalition, ana))


async def test_nothing_counts_before_it_was_published_unless_it_says_so(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await buy(coalition, rosa, ana)
    await buy(coalition, rosa, ana)
    plain: dict[str, Any] = {"pays": False, "now": NOON + DAY}
    await milestone(coalition, **plain)
    since = (NOON - DAY).isoformat()
    counting = await milestone(coalition, since=since, **plain)
    await advance.advance(coalition.db, now=NOON + DAY)

    rows = await coalition.db.fetch("select milestone_id from ledger.completion")
    assert [counting] == [row["milestone_id"] for row in rows]


async def test_one_that_comes_after_another_counts_from_when_that_was_reached(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    first = await milestone(coalition, pays=False, on_return="take_back")
    second = await milestone(coalition, pays=False, after=str(first), on_return="take_back")
    bought = [await buy(coalition, rosa, ana, at=NOON + n * DAY) for n in range(4)]
    await look(coalition, ana, now=NOON + 4 * DAY)
    both = await standing(coalition)
    await coalition.give_back(rosa, bought[0], now=NOON + 4 * DAY)
    await look(coalition, ana, now=NOON + 4 * DAY)

    assert {first, second} == both
    # The first one is reached a purchase later now, and what is left is too little for the second.
    assert {first} == await standing(coalition)


async def standing(coalition: Coalition) -> set[UUID]:
    rows = await coalition.db.fetch(
        "select milestone_id from ledger.completion where taken_back_at is null"
    )
    return {row["milestone_id"] for row in rows}


async def test_only_members_of_its_segments_reach_it_and_they_keep_it(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    made = await segments.create(
        coalition.db,
        segment_id=ids.new(),
        name="vip",
        about="Whom we invite.",
        reason="as agreed",
        actor=audit.SYSTEM,
    )
    await milestone(coalition, target=1, segments=["vip"])
    await buy(coalition, rosa, ana)
    await look(coalition, ana)
    before = await paid(coalition, ana)
    await segments.add(
        coalition.db,
        segment_id=made.segment.segment_id,
        member_ids=[ana.member_id],
        reason="as agreed",
        actor=audit.SYSTEM,
        now=NOON,
    )
    await look(coalition, ana)

    assert ([], [500]) == (before, await paid(coalition, ana))


async def test_a_new_version_takes_nothing_away_and_pays_who_meets_it_already(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    ben = await coalition.member()
    scheme_id = await milestone(coalition, target=2, on_return="take_back")
    for member, times in ((ana, 2), (ben, 1)):
        for _ in range(times):
            await buy(coalition, rosa, member)
        await look(coalition, member)
    definition = (await schemes.find(coalition.db, scheme_id)).newest
    reward = str(next(iter(definition.rewards().values())))
    for target in (5, 1):
        await taking_part.scheme(
            coalition,
            scheme_id=scheme_id,
            now=NOON + DAY,
            target=target,
            reward=reward,
            on_return="take_back",
        )
        await advance.advance(coalition.db, now=NOON + DAY)

    assert [("ever", 1, True)] == await reached(coalition, ana)
    assert [("ever", 1, True)] == await reached(coalition, ben)


async def test_after_its_end_nothing_is_reached_but_a_return_still_counts(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    scheme_id = await milestone(coalition, times=9, on_return="take_back")
    bought = [await buy(coalition, rosa, ana) for _ in range(2)]
    await look(coalition, ana)
    await publishing.end(
        coalition.db,
        request_id=ids.new(),
        scheme_id=scheme_id,
        note="enough",
        actor=audit.SYSTEM,
        now=NOON + DAY,
    )
    for _ in range(2):
        await buy(coalition, rosa, ana, at=NOON + 2 * DAY)
    await look(coalition, ana, now=NOON + 2 * DAY)
    ended = await reached(coalition, ana)
    for purchase_id in bought[:1]:
        await coalition.give_back(rosa, purchase_id, now=NOON + 3 * DAY)
    await look(coalition, ana, now=NOON + 3 * DAY)

    assert [("ever", 1, True)] == ended
    # What was bought after the end does not stand in for what went back.
    assert [("ever", 1, False)] == await reached(coalition, ana)


async def test_the_last_of_a_budget_is_given_and_the_award_says_that_it_was_cut(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition, budget={"minor": 700})
    await milestone(
        coalition, pays=False, target=1, times=3, reward=str(paying.campaign_id), surplus=True
    )
    for _ in range(3):
        await buy(coalition, rosa, ana)
    await look(coalition, ana)

    awards = await earned.awards(coalition.db, ana.wallet_id, first=9, before=None)
    cuts = [one.document["matched"][0]["cuts"] for one in awards]
    assert [0, 200, 500] == sorted(await paid(coalition, ana))
    assert 2 == sum(bool(one) for one in cuts)


async def test_a_reward_waits_for_its_campaign_and_then_for_nobody(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition)
    await milestone(coalition, pays=False, target=1, times=2, reward=str(paying.campaign_id))
    await lives.end(
        coalition.db,
        request_id=ids.new(),
        campaign_id=paying.campaign_id,
        reason="enough",
        actor=audit.SYSTEM,
        now=NOON - DAY,
    )
    await buy(coalition, rosa, ana)
    await advance.advance(coalition.db, now=NOON)
    waits = await coalition.db.fetchval("select at from coalition.look")
    await look(coalition, ana, now=NOON + 31 * DAY)

    awards = await coalition.db.fetch("select award_id from ledger.completion")
    assert (NOON + DAY, []) == (waits, await paid(coalition, ana))
    assert [None] == [row["award_id"] for row in awards]


async def test_whoever_is_suspended_reaches_nothing_and_has_it_when_they_are_back(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await milestone(coalition, target=1)
    await buy(coalition, rosa, ana)
    await members.suspend(coalition.db, member_id=ana.member_id, reason="asked", actor=audit.SYSTEM)
    await look(coalition, ana)
    barred = await reached(coalition, ana)
    await members.reinstate(coalition.db, ana.member_id, reason="asked", actor=audit.SYSTEM)
    await look(coalition, ana)

    assert ([], [500]) == (barred, await paid(coalition, ana))


async def test_what_a_milestone_names_has_to_be_there(coalition: Coalition) -> None:
    nobody = str(ids.new())
    after = await refused(taking_part.scheme(coalition, after=nobody))
    reward = await refused(taking_part.scheme(coalition, reward=nobody))

    assert [("definition", "after"), ("definition", "reward")] == [after.path, reward.path]


async def test_a_milestone_of_one_merchant_may_be_paid_by_that_merchant(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    paying = await taking_part.reward(
        coalition, funding=[{"funder": "merchant", "bps": 10_000}], merchants=[str(rosa)]
    )
    await milestone(
        coalition, pays=False, target=1, merchants=[str(rosa)], reward=str(paying.campaign_id)
    )
    await buy(coalition, rosa, ana)
    await look(coalition, ana)

    funders = await coalition.db.fetch(
        "select l.funder_id from ledger.lot l join ledger.award a on a.award_id = l.cause_id"
        " where l.bucket = $1 and a.bucket = $1",
        ledger.bucket(ana.wallet_id),
    )
    assert [rosa] == [row["funder_id"] for row in funders]
