"""Activities in the books: once for a reference, within limits, and the same answer again."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.wallet import factories, promotions
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import audit, earn, errors, ids, laws, members, merchants
from wallet.campaigns import activities, awards, budgets, experiments
from wallet.rules.activities import Activity
from wallet.rules.returns import ReturnLine


def visit(reference: str | None = None, **facts: Any) -> Activity:
    plain: dict[str, Any] = {"kind": "visit", "happened_at": NOON}
    number = next(factories.numbers)
    return Activity(**{**plain, "reference": reference or f"visit-{number}", **facts})


def review(purchase_id: UUID, line_no: int = 1, **facts: Any) -> Activity:
    plain: dict[str, Any] = {
        "kind": "review",
        "happened_at": NOON,
        "reference": f"review-{next(factories.numbers)}",
        "proof": "https://rosa.example/reviews/1",
        "purchase_id": purchase_id,
        "line_no": line_no,
        "stars": 5,
    }
    return Activity(**{**plain, **facts})


async def welcome(
    coalition: Coalition, *, on: dict[str, Any] | None = None, **changes: Any
) -> promotions.Promotion:
    """A campaign that gives 1.00 for a visit, once in a month, but for what is given."""
    return await promotions.promote(
        coalition,
        **{
            "on": {"on": "activity", "kind": "visit", **(on or {})},
            "give": {"give": "amount", "minor": 100},
            **changes,
        },
    )


async def report(
    coalition: Coalition,
    merchant_id: UUID,
    member: members.Member,
    activity: Activity,
    *,
    key: UUID | None = None,
    now: datetime = NOON,
) -> activities.Reported:
    return await activities.report(
        coalition.db,
        merchant_id=merchant_id,
        request_id=key or ids.new(),
        member_id=member.member_id,
        activity=activity,
        now=now,
    )


def minors(found: activities.Reported) -> list[int]:
    return [one.granted_minor for one in found.awards]


async def lawful(coalition: Coalition) -> bool:
    async with coalition.db.bulk_pool.acquire() as connection:
        return [] == await laws.check(connection)


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    """A merchant who reports."""
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who does things."""
    return await coalition.member()


async def test_a_visit_is_rewarded_by_its_merchant_and_free_to_spend(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    campaign = await welcome(coalition)

    found = await report(coalition, rosa, ana, visit("door-1"))
    await earn.mature(coalition.db, now=NOON)

    (award,) = found.awards
    assert ([100], False) == (minors(found), found.replayed)
    assert ("visit", "door-1", rosa) == (award.kind, award.reference, award.partner_id)
    assert {(campaign.version_id, rosa): 100} == await promotions.funded(coalition, award.award_id)
    (matched,) = found.document["matched"]
    assert [{"if": "activity", "kind": "visit", "name": None}] == matched["because"]
    assert 100 == (await coalition.faces(ana)).available
    assert await lawful(coalition)


async def test_a_retry_gets_the_first_answer_under_its_key_and_under_another(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition)
    key, it = ids.new(), visit("door-1")

    first = await report(coalition, rosa, ana, it, key=key)
    again = await report(coalition, rosa, ana, it, key=key, now=NOON + 100 * DAY)
    too_old = await refused(report(coalition, rosa, ana, visit(), now=NOON + 100 * DAY))
    other = await report(coalition, rosa, ana, it)
    changed = await refused(report(coalition, rosa, ana, replace(it, name="x"), key=key))
    taken = await refused(report(coalition, rosa, ana, replace(it, name="x")))

    assert (False, True, True) == (first.replayed, again.replayed, other.replayed)
    assert first.awards == again.awards == other.awards
    assert first.document == again.document == other.document
    assert ("IDEMPOTENCY_KEY_REUSED", "REFERENCE_USED") == (changed.code, taken.code)
    assert (("reference",), ("happened_at",)) == (taken.path, too_old.path)


async def test_a_reference_is_not_given_for_twice_even_to_somebody_else(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition)
    ben, bakery = await coalition.member(), await coalition.merchant()
    await report(coalition, rosa, ana, visit("door-1"))

    taken = await refused(report(coalition, rosa, ben, visit("door-1")))
    elsewhere = await report(coalition, bakery, ben, visit("door-1"))

    assert "REFERENCE_USED" == taken.code
    assert [100] == minors(elsewhere)


async def test_ten_at_once_are_given_for_as_often_as_the_campaign_says(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition, on={"most": 3})

    found = await asyncio.gather(
        *(report(coalition, rosa, ana, visit()) for _ in range(10)), return_exceptions=True
    )

    given = [one for one in found if isinstance(one, activities.Reported)]
    assert [[100]] * 3 == [minors(one) for one in given]
    assert 7 == sum(isinstance(one, errors.ActivityLimit) for one in found)
    assert await lawful(coalition)


async def test_the_same_visit_sent_ten_times_at_once_is_given_for_once(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition)
    await welcome(coalition)
    it = visit()

    found = await asyncio.gather(*(report(coalition, rosa, ana, it) for _ in range(10)))

    assert [[100, 100]] * 10 == [minors(one) for one in found]
    assert 200 == (await coalition.faces(ana)).pending
    assert 2 == await coalition.db.fetchval("select count(*) from ledger.award")


async def test_a_limit_begins_anew_with_its_period_and_counts_by_the_day_it_happened(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition, on={"per": "day"})
    tomorrow = NOON + DAY

    await report(coalition, rosa, ana, visit(), now=tomorrow)
    same_day = await refused(report(coalition, rosa, ana, visit(), now=tomorrow))
    next_day = await report(coalition, rosa, ana, visit(happened_at=tomorrow), now=tomorrow)

    assert "ACTIVITY_LIMIT" == same_day.code
    assert [100] == minors(next_day)


async def test_a_line_is_reviewed_once_whatever_reference_and_stars_it_has(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition, on={"kind": "review", "most": 9})
    bought = (await coalition.report(rosa, ana, factories.purchase(500, 300))).purchase_id

    first = await report(coalition, rosa, ana, review(bought, stars=1))
    second = await refused(report(coalition, rosa, ana, review(bought, stars=5)))
    other_line = await report(coalition, rosa, ana, review(bought, 2))

    assert ([100], "ACTIVITY_LIMIT", [100]) == (minors(first), second.code, minors(other_line))
    assert 1 == first.awards[0].detail["stars"]


async def test_a_review_is_of_what_the_member_bought_here_and_kept(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition, on={"kind": "review", "most": 9})
    ben, bakery = await coalition.member(), await coalition.merchant()
    bought = (await coalition.report(rosa, ana, factories.purchase(500, 300))).purchase_id
    await coalition.give_back(rosa, bought, ReturnLine(1, 1000))

    wrong = [
        await refused(report(coalition, rosa, ana, review(bought))),
        await refused(report(coalition, rosa, ana, review(bought, 3))),
        await refused(report(coalition, rosa, ben, review(bought, 2))),
        await refused(report(coalition, bakery, ana, review(bought, 2))),
        await refused(report(coalition, rosa, ana, review(ids.new(), 2))),
    ]

    assert [("ACTIVITY_INVALID", ("line_no",))] * 5 == [(one.code, one.path) for one in wrong]
    assert [100] == minors(await report(coalition, rosa, ana, review(bought, 2)))


async def test_a_replay_of_a_review_outlives_the_return_of_its_line(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition, on={"kind": "review"})
    bought = (await coalition.report(rosa, ana, factories.purchase(500))).purchase_id
    key, it = ids.new(), review(bought)
    first = await report(coalition, rosa, ana, it, key=key)
    await coalition.give_back(rosa, bought)

    again = await report(coalition, rosa, ana, it, key=key)

    assert (first.awards, True) == (again.awards, again.replayed)


async def test_where_no_campaign_gives_the_answer_is_empty_and_says_why(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    nothing = await report(coalition, rosa, ana, visit())
    await welcome(coalition, on={"kind": "quiz", "score_min": 90})
    quiz = visit(kind="quiz", score=89)

    low = await report(coalition, rosa, ana, quiz)

    assert ((), {"matched": [], "missed": []}) == (nothing.awards, nothing.document)
    assert ((), ()) == (low.awards, low.benefits)
    (missed,) = low.document["missed"]
    assert [{"if": "activity", "why": "score"}] == missed["reasons"]
    assert 0 == await coalition.db.fetchval("select count(*) from ledger.award")


async def test_one_of_two_campaigns_at_its_limit_leaves_the_other(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    once = await welcome(coalition)
    often = await welcome(coalition, on={"most": 9}, give={"give": "amount", "minor": 30})
    both = await report(coalition, rosa, ana, visit())

    one = await report(coalition, rosa, ana, visit())

    assert ([100, 30], [30]) == (minors(both), minors(one))
    (missed,) = one.document["missed"]
    assert str(once.campaign_id) == missed["campaign"]
    assert 60 == await promotions.given(coalition, often.campaign_id)


async def test_a_crash_between_two_awards_is_mended_by_the_retry(
    coalition: Coalition, rosa: UUID, ana: members.Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    await welcome(coalition)
    await welcome(coalition)
    key, it = ids.new(), visit()
    post, calls = awards.post, []

    async def failing(*args: Any, **named: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:
            raise ConnectionError
        return await post(*args, **named)

    monkeypatch.setattr(awards, "post", failing)
    with pytest.raises(ConnectionError):
        await report(coalition, rosa, ana, it, key=key)
    standing = (await coalition.faces(ana)).pending

    again = await report(coalition, rosa, ana, it, key=key)

    assert (100, [100, 100]) == (standing, minors(again))
    assert 200 == (await coalition.faces(ana)).pending


async def test_caps_and_budgets_cut_and_say_so(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(
        coalition,
        on={"most": 9},
        caps={"member": [{"minor": 150, "per": "month"}]},
    )
    ben = await coalition.member()
    await budgets.set_cap(
        coalition.db, kind="merchant", subject_id=rosa, asset=factories.EUR, cap_minor=180
    )

    first, second = [await report(coalition, rosa, ana, visit()) for _ in range(2)]
    last = await report(coalition, rosa, ben, visit())

    assert [[100], [50], [30]] == [minors(one) for one in (first, second, last)]
    assert "member_cap" == second.document["matched"][0]["cuts"][0]["by"]
    assert "merchant_budget" == last.document["matched"][0]["cuts"][0]["by"]
    assert await lawful(coalition)


async def test_a_coupon_may_be_given_for_an_activity(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition, give={"give": "coupon", "name": "coffee"})

    found = await report(coalition, rosa, ana, visit())

    (benefit,) = found.benefits
    assert ("coupon", "coffee", None) == (benefit.kind, benefit.name, benefit.used_at)
    assert [0] == minors(found)


async def test_points_may_be_given_for_an_activity(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition, asset="PTS")

    (award,) = (await report(coalition, rosa, ana, visit())).awards

    assert ("PTS", 100) == (award.asset.code, award.granted_minor)


async def test_an_activity_of_an_arm_is_met_by_it(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    plan = {
        "name": "Visits",
        "arms": [{"name": "A", "weight_bps": 9_999}, {"name": "B", "weight_bps": 1}],
        "metric": "conversion",
        "window_days": 1,
        "starts_at": NOON.isoformat(),
        "ends_at": (NOON + 30 * DAY).isoformat(),
        "members_min": 30,
        "detectable_bps": 300,
    }
    registered = await experiments.register(
        coalition.db,
        experiment_id=ids.new(),
        plan=plan,
        reason="to know",
        actor=audit.SYSTEM,
        now=NOON - DAY,
    )
    (name,) = experiments.arms([registered.experiment], ana.member_id).values()
    key = str(registered.experiment.experiment_id)
    await welcome(coalition, when=[{"if": "experiment", "experiment_id": key, "arm": name}])

    found = await report(coalition, rosa, ana, visit())

    assert [100] == minors(found)
    assert "activity" == await coalition.db.fetchval("select via from coalition.exposure")


async def test_nobody_suspended_reports_or_gets_anything_new(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition, on={"most": 9})
    ben, key, it = await coalition.member(), ids.new(), visit()
    await report(coalition, rosa, ana, it, key=key)
    await members.suspend(coalition.db, ben.member_id, reason="lost", actor=audit.SYSTEM)
    suspended = await refused(report(coalition, rosa, ben, visit()))
    await merchants.set_status(
        coalition.db, rosa, status="suspended", reason="late", actor=audit.SYSTEM
    )

    closed = await refused(report(coalition, rosa, ana, visit()))
    replayed = await report(coalition, rosa, ana, it, key=key)

    assert (errors.MemberSuspended(), errors.MerchantSuspended()) == (suspended, closed)
    assert replayed.replayed


async def test_a_campaign_counts_as_it_was_when_it_happened(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await welcome(coalition, at=NOON)

    before = await report(coalition, rosa, ana, visit(happened_at=NOON - DAY))
    after = await report(coalition, rosa, ana, visit())

    assert ([], [100]) == (minors(before), minors(after))
