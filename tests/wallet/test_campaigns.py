"""Campaigns in the books: who paid, what was capped, and that races never give a unit too much."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.wallet import factories, giving, promotions
from tests.wallet.factories import AT_ONCE, DAY, NOON, Coalition
from wallet import audit, earn, errors, ids, members, money, notices
from wallet.campaigns import budgets, profiles
from wallet.rules import purchases, returns

NOTHING = {"default_bps": 0, "by_category": {}}
SHARED = [{"funder": "merchant", "bps": 6000}, {"funder": "operator", "bps": 4000}]
PER_UNIT = {"give": "points", "units": 1, "per_minor": 100}


async def plain(coalition: Coalition, **changes: Any) -> UUID:
    """A merchant whose contract gives nothing, so that all comes from campaigns, at once."""
    return await coalition.merchant(rates=NOTHING, pending=AT_ONCE, **changes)


async def test_what_campaigns_give_comes_on_top_and_each_funder_opens_a_lot(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    ten = await promotions.promote(coalition, funding=SHARED)

    reported = await coalition.report(rosa, ana, factories.purchase(1_001))

    lots = await promotions.funded(coalition, reported.purchase_id)
    assert sorted(lots.values()) == [40, 50, 60]
    assert lots[(ten.version_id, rosa)] == 60
    assert lots[(ten.version_id, coalition.operator_id)] == 40
    assert (await coalition.faces(ana)).pending == 150
    assert await coalition.position(coalition.operator_id, "contingent") == -40


async def test_points_open_a_wallet_of_their_own(coalition: Coalition) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    await promotions.promote(coalition, asset="PTS", give=PER_UNIT)

    await coalition.report(rosa, ana, factories.purchase(1_999))
    await earn.mature(coalition.db, now=NOON)

    row = await coalition.db.fetchrow(
        "select credited, pending from ledger.wallet where wallet_id = $1 and asset = $2",
        ana.wallet_id,
        money.PTS.number,
    )
    assert row is not None and (row["credited"], row["pending"]) == (19, 0)
    assert (await coalition.faces(ana)).available == 0


async def test_a_return_takes_back_what_every_funder_gave(coalition: Coalition) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    await promotions.promote(coalition, funding=SHARED)
    await promotions.promote(coalition, asset="PTS", give=PER_UNIT)
    reported = await coalition.report(rosa, ana, factories.purchase(1_001, 2_003))
    await earn.mature(coalition.db, now=NOON)

    for line in (1, 2):
        await coalition.give_back(rosa, reported.purchase_id, returns.ReturnLine(line))

    assert (await coalition.faces(ana)).available == 0
    assert await coalition.position(coalition.operator_id, "issued") == 0
    assert await coalition.position(rosa, "issued") == 0
    left = "select sum(remaining) from ledger.lot where wallet_id = $1"
    assert await coalition.db.fetchval(left, ana.wallet_id) == 0


async def test_coming_back_below_the_minimum_takes_the_whole_campaign_and_says_so(
    coalition: Coalition,
) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    await promotions.promote(coalition, when=[{"if": "minimum", "amount_minor": 20_000}])
    reported = await coalition.report(rosa, ana, factories.purchase(15_000, 10_000))
    assert (await coalition.faces(ana)).pending == 2_500

    await coalition.give_back(rosa, reported.purchase_id, returns.ReturnLine(2))

    assert (await coalition.faces(ana)).pending == 0
    await notices.drain(coalition.db)
    (told,) = await notices.page(coalition.db, ana.wallet_id, first=5)
    assert told.sentence.startswith("25.00 EUR of cashback was taken back because goods went back")
    assert "What you kept is not enough for Campaign" in told.sentence


async def test_a_campaign_that_has_ended_since_is_still_reversed_by_what_it_paid(
    coalition: Coalition,
) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    double = await promotions.promote(coalition, ends_at=(NOON + DAY).isoformat())
    reported = await coalition.report(rosa, ana, factories.purchase(1_000, 1_000))
    await promotions.promote(
        coalition, at=NOON + DAY, campaign_id=None, give={"give": "rate", "bps": 1}
    )

    await coalition.give_back(rosa, reported.purchase_id, returns.ReturnLine(1), now=NOON + 5 * DAY)

    assert await promotions.given(coalition, double.campaign_id) == 100


async def test_a_hundred_loops_of_buying_and_returning_leave_nothing(coalition: Coalition) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    await promotions.promote(coalition, funding=SHARED, budget={"minor": 10_000})
    await promotions.promote(coalition, asset="PTS", give=PER_UNIT)
    for _ in range(30):
        reported = await coalition.report(rosa, ana, factories.purchase(3_333, 1))
        await coalition.give_back(rosa, reported.purchase_id)
        assert (await coalition.faces(ana)).pending == 0

    total = "select sum(pending + remaining) from ledger.lot where wallet_id = $1"
    assert await coalition.db.fetchval(total, ana.wallet_id) == 0


@pytest.mark.parametrize("same_wallet", [True, False])
async def test_at_the_edge_of_a_budget_exactly_the_budget_is_given(
    coalition: Coalition, same_wallet: bool
) -> None:
    rosa = await plain(coalition)
    edge = await promotions.promote(coalition, funding=SHARED, budget={"minor": 1_000})
    first = await coalition.member()
    people = [first if same_wallet else await coalition.member() for _ in range(30)]

    await asyncio.gather(*[coalition.report(rosa, one, factories.purchase(730)) for one in people])

    assert await promotions.given(coalition, edge.campaign_id) == 1_000
    budget = budgets.budget_id("campaign", edge.campaign_id, money.EUR)
    (standing,) = (await budgets.standing(coalition.db, [budget])).values()
    assert (standing.given_minor, standing.left_minor) == (1_000, 0)


async def test_what_comes_back_is_given_again(coalition: Coalition) -> None:
    rosa = await plain(coalition)
    small = await promotions.promote(coalition, budget={"minor": 100})
    ana, ben = await coalition.member(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.purchase(1_000))
    await coalition.report(rosa, ben, factories.purchase(1_000))
    assert (await coalition.faces(ben)).pending == 0

    await coalition.give_back(rosa, reported.purchase_id)
    again = await coalition.report(rosa, ben, factories.purchase(1_000))

    assert (await promotions.granted(coalition, again.purchase_id))[small.version_id] == (100, 100)


async def test_merchants_and_funders_have_budgets_too(coalition: Coalition) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    ten = await promotions.promote(coalition, funding=SHARED)
    await budgets.set_cap(
        coalition.db, kind="merchant", subject_id=rosa, asset=money.EUR, cap_minor=150
    )
    await budgets.set_cap(
        coalition.db,
        kind="funder",
        subject_id=coalition.operator_id,
        asset=money.EUR,
        cap_minor=50,
    )

    first = await coalition.report(rosa, ana, factories.purchase(1_000))
    second = await coalition.report(rosa, ana, factories.purchase(1_000))

    assert (await promotions.granted(coalition, first.purchase_id))[ten.version_id] == (100, 100)
    assert (await promotions.granted(coalition, second.purchase_id))[ten.version_id] == (100, 25)


async def test_a_members_cap_holds_however_many_tills_report_at_once(coalition: Coalition) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    capped = await promotions.promote(coalition, caps={"member": [{"minor": 250, "per": "month"}]})

    answers = await asyncio.gather(
        *[coalition.report(rosa, ana, factories.purchase(1_000)) for _ in range(8)],
        return_exceptions=True,
    )

    assert {earn.Reported} == {type(one) for one in answers}
    assert await promotions.given(coalition, capped.campaign_id) == 250


async def test_a_bulk_report_decides_a_members_purchases_one_after_the_other(
    coalition: Coalition,
) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    third = await promotions.promote(coalition, when=[{"if": "nth_purchase", "n": 3}])
    items = [
        earn.Report(
            ids.new(),
            ana.member_id,
            factories.purchase(1_000, purchased_at=NOON - timedelta(minutes=place)),
        )
        for place in range(5)
    ]

    answers = await earn.report(coalition.db, merchant_id=rosa, items=items, now=NOON)

    paid = [
        await promotions.granted(coalition, one.purchase_id)
        for one in answers
        if isinstance(one, earn.Reported)
    ]
    assert [bool(one) for one in paid] == [False, False, True, False, False]
    assert paid[2] == {third.version_id: (100, 100)}


async def test_the_first_purchase_counts_anew_when_it_came_back_whole(
    coalition: Coalition,
) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    await promotions.promote(coalition, when=[{"if": "nth_purchase", "n": 1}])
    first = await coalition.report(rosa, ana, factories.purchase(1_000))
    await coalition.give_back(rosa, first.purchase_id)

    await coalition.report(
        rosa, ana, factories.purchase(500, purchased_at=NOON + DAY), now=NOON + DAY
    )

    assert (await coalition.faces(ana)).pending == 50


async def test_a_first_purchase_that_is_reported_late_is_no_second_first_one(
    coalition: Coalition,
) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    await promotions.promote(coalition, when=[{"if": "nth_purchase", "n": 1}])
    await promotions.promote(
        coalition, when=[{"if": "spent", "at_least_minor": 1_500, "per": "campaign"}]
    )

    for day in (1, 2, 3):
        bought = factories.purchase(1_000, purchased_at=NOON - day * DAY)
        await coalition.report(rosa, ana, bought)

    assert (await coalition.faces(ana)).pending == 200


async def test_spending_at_one_merchant_opens_an_offer_at_another(coalition: Coalition) -> None:
    rosa, oven, ana = await plain(coalition), await plain(coalition), await coalition.member()
    await promotions.promote(
        coalition,
        merchants=[str(oven)],
        when=[{"if": "bought_at", "any_of": [str(rosa)], "within_days": 7}],
    )

    await coalition.report(oven, ana, factories.purchase(1_000))
    assert (await coalition.faces(ana)).pending == 0
    await coalition.report(rosa, ana, factories.purchase(100))
    await coalition.report(oven, ana, factories.purchase(1_000))

    assert (await coalition.faces(ana)).pending == 100


async def test_a_coupon_is_the_members_own_and_works_once(coalition: Coalition) -> None:
    rosa, ana, ben = await plain(coalition), await coalition.member(), await coalition.member()
    await promotions.promote(
        coalition,
        give={"give": "coupon", "name": "hello", "days": 30},
        when=[{"if": "nth_purchase", "n": 1}],
    )
    await promotions.promote(coalition, when=[{"if": "coupon", "name": "hello"}])
    await coalition.report(rosa, ana, factories.purchase(100))
    coupon = await coalition.db.fetchval("select benefit_id from ledger.benefit")
    shown = {"coupons": (coupon,)}

    stolen = await factories.refused(
        coalition.report(rosa, ben, factories.purchase(1_000, **shown))
    )
    outcomes = await asyncio.gather(
        *[coalition.report(rosa, ana, factories.purchase(1_000, **shown)) for _ in range(4)],
        return_exceptions=True,
    )

    assert stolen == errors.CouponInvalid(path=("coupons", "0"))
    assert (await coalition.faces(ana)).pending == 100
    assert sum(isinstance(one, earn.Reported) for one in outcomes) == 1
    assert {type(one) for one in outcomes} == {earn.Reported, errors.CouponInvalid}


async def test_a_used_coupon_does_not_refuse_the_replay_of_its_purchase(
    coalition: Coalition,
) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    await promotions.promote(
        coalition,
        give={"give": "coupon", "name": "hello", "days": 30},
        when=[{"if": "nth_purchase", "n": 1}],
    )
    await promotions.promote(coalition, when=[{"if": "coupon", "name": "hello"}])
    await coalition.report(rosa, ana, factories.purchase(100))
    coupon = await coalition.db.fetchval("select benefit_id from ledger.benefit")
    bought, key = factories.purchase(1_000, coupons=(coupon,)), ids.new()

    first = await coalition.report(rosa, ana, bought, key=key)
    again = await coalition.report(rosa, ana, bought, key=key)

    assert (first.replayed, again.replayed) == (False, True)
    assert first.purchase_id == again.purchase_id


async def test_a_birthday_is_paid_once_whatever_the_member_says_later(
    coalition: Coalition,
) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    await promotions.promote(coalition, when=[{"if": "birthday", "days_after": 3}])
    db = coalition.db
    await profiles.update(
        db, ana.member_id, birth_date=NOON.date().replace(year=1990), actor=audit.SYSTEM, now=NOON
    )
    await coalition.report(rosa, ana, factories.purchase(1_000))

    later = NOON + 40 * DAY
    await profiles.update(
        db, ana.member_id, birth_date=later.date().replace(year=1990), actor=audit.SYSTEM, now=later
    )
    await coalition.report(rosa, ana, factories.purchase(1_000, purchased_at=later), now=later)

    assert await promotions.given(coalition, (await _only(coalition))) == 100


async def _only(coalition: Coalition) -> UUID:
    found: UUID = await coalition.db.fetchval("select campaign_id from coalition.campaign")
    return found


async def test_a_part_goes_to_charity_when_the_lot_matures(coalition: Coalition) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    charity = await giving.charity(coalition)
    await promotions.promote(
        coalition, funding=SHARED, charity={"charity_id": str(charity), "bps": 2_500}
    )

    reported = await coalition.report(rosa, ana, factories.purchase(1_000))
    await earn.mature(coalition.db, now=NOON)
    assert (await coalition.faces(ana)).available == 75
    assert await coalition.position(charity, "due") == 25
    await coalition.give_back(rosa, reported.purchase_id)

    assert (await coalition.faces(ana)).available == 0
    assert await coalition.position(charity, "due") == 0


async def test_a_late_event_sets_the_clock_of_every_lot(coalition: Coalition) -> None:
    rosa = await coalition.merchant(pending={"event": "paid", "days": 1})
    ana = await coalition.member()
    await promotions.promote(coalition, funding=SHARED, expiry_days=7)
    reported = await coalition.report(rosa, ana, factories.unpaid(1_000))

    await earn.event(
        coalition.db,
        merchant_id=rosa,
        request_id=ids.new(),
        purchase_id=reported.purchase_id,
        event=purchases.Event("paid", NOON + DAY),
        now=NOON + DAY,
    )
    await earn.mature(coalition.db, now=NOON + 2 * DAY)

    lots = await coalition.lots(ana)
    assert [(pending, remaining) for pending, remaining, _ in lots] == [
        (0, 50),
        (0, 60),
        (0, 40),
    ] or (sorted(remaining for _, remaining, _ in lots) == [40, 50, 60])
    assert len({expires for _, _, expires in lots}) == 2


async def test_the_wallet_of_a_suspended_member_gets_nothing(coalition: Coalition) -> None:
    rosa, ana = await plain(coalition), await coalition.member()
    small = await promotions.promote(coalition, budget={"minor": 100})
    await members.suspend(coalition.db, ana.member_id, reason="lost card", actor=audit.SYSTEM)

    refusal = await factories.refused(coalition.report(rosa, ana, factories.purchase(1_000)))

    assert refusal == errors.MemberSuspended()
    assert await promotions.given(coalition, small.campaign_id) == 0
