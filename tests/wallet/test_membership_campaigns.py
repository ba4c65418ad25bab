"""Campaigns for those who pay for a membership, and what they say to everybody else."""

from datetime import UTC, datetime

from tests.wallet import belonging, promotions
from tests.wallet.factories import DAY, NOON, Coalition, purchase, refused
from wallet import ids, previews
from wallet.campaigns import reproduce

ENDS = datetime(2027, 3, 17, tzinfo=UTC)


async def test_a_campaign_for_members_of_a_plan_gives_to_them_while_it_lasts(
    coalition: Coalition,
) -> None:
    rosa, ana, ben = (
        await belonging.shop(coalition),
        await coalition.member(),
        await coalition.member(),
    )
    campaign = await promotions.promote(
        coalition, when=[{"if": "membership", "any_of": [str(rosa.plan_id)]}]
    )
    await rosa.start(ana)
    days = (NOON - DAY, NOON, ENDS - DAY, ENDS)
    bought = [
        await coalition.report(
            rosa.merchant_id, member, purchase(10_000, purchased_at=at), now=ENDS + DAY
        )
        for member, at in (*((ana, at) for at in days), (ben, NOON))
    ]

    found = [await promotions.granted(coalition, one.purchase_id) for one in bought]
    paid = {campaign.version_id: (1_000, 1_000)}
    assert [{}, paid, paid, {}, {}] == found


async def test_a_purchase_that_is_reported_late_counts_by_the_plan_of_its_day(
    coalition: Coalition,
) -> None:
    rosa, ana = await belonging.shop(coalition), await coalition.member()
    gold = await belonging.plan(coalition, rosa.merchant_id, name="Gold", price_minor=3_650)
    campaign = await promotions.promote(
        coalition, when=[{"if": "membership", "any_of": [str(rosa.plan_id)]}]
    )
    key = (await rosa.start(ana)).membership.membership_id
    await rosa.change(key, gold, now=NOON + 2 * DAY, minor=20)

    bought = [
        await coalition.report(
            rosa.merchant_id, ana, purchase(10_000, purchased_at=at), now=NOON + 4 * DAY
        )
        for at in (NOON + DAY, NOON + 3 * DAY)
    ]

    found = [await promotions.granted(coalition, one.purchase_id) for one in bought]
    assert [{campaign.version_id: (1_000, 1_000)}, {}] == found


async def test_who_misses_it_reads_the_name_of_the_plan_and_the_decision_is_reached_again(
    coalition: Coalition,
) -> None:
    rosa, ana = await belonging.shop(coalition), await coalition.member()
    await promotions.promote(coalition, when=[{"if": "membership", "any_of": [str(rosa.plan_id)]}])
    missed = await previews.preview(
        coalition.db,
        merchant_id=rosa.merchant_id,
        purchase=purchase(10_000),
        member_id=ana.member_id,
        now=NOON,
    )
    await rosa.start(ana)
    bought = await coalition.report(rosa.merchant_id, ana, purchase(10_000))

    again = await reproduce.reproduce(coalition.db, bought.purchase_id)

    (one,) = missed.campaigns.missed
    reason = {"if": "membership", "any_of": ["VIP"], "unless": False}
    assert (reason,) == one.reasons
    assert again.differences == ()


async def test_a_campaign_names_plans_that_are_there(coalition: Coalition) -> None:
    nobody = {"if": "membership", "any_of": [str(ids.new())]}

    refusal = await refused(promotions.promote(coalition, when=[nobody]))

    assert ("CAMPAIGN_INVALID", ("when", "0", "any_of", "0")) == (refusal.code, refusal.path[-4:])
