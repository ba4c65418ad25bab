"""What days do to memberships: reminded, welcomed, and run out; each of it told once."""

from datetime import UTC, datetime

import pytest

from tests.wallet import belonging, taking_part
from tests.wallet.factories import DAY, NOON, Coalition
from wallet import members, notices
from wallet.progress import plans

ENDS = datetime(2027, 3, 17, tzinfo=UTC)


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who joins."""
    return await coalition.member()


async def told(coalition: Coalition, member: members.Member) -> list[str]:
    found = await notices.page(coalition.db, member.wallet_id, first=20)
    return [one.sentence for one in reversed(found)]


async def test_a_member_is_welcomed_reminded_and_told_of_the_end_once_each(
    coalition: Coalition, ana: members.Member
) -> None:
    rosa = await belonging.shop(coalition)
    key = (await rosa.start(ana)).membership.membership_id
    await belonging.pass_days(
        coalition, NOON, ENDS - 30 * DAY, ENDS - 20 * DAY, ENDS - 10 * DAY, ENDS, ENDS + DAY
    )

    assert [
        "Welcome to VIP. It is yours until 9 March 2027.",
        "VIP ends after 9 March 2027. Renew it with Rosa.",
        "VIP has ended. Join again whenever you like.",
    ] == await told(coalition, ana)
    assert "lapsed" == (await plans.find(coalition.db, key)).closed


async def test_what_is_renewed_is_reminded_of_anew(
    coalition: Coalition, ana: members.Member
) -> None:
    rosa = await belonging.shop(coalition, renewal="by_itself")
    key = (await rosa.start(ana)).membership.membership_id
    await belonging.pass_days(coalition, NOON, ENDS - 20 * DAY)
    await rosa.renew(key, now=ENDS - 10 * DAY)
    await belonging.pass_days(coalition, ENDS - 10 * DAY, ENDS, ENDS + 350 * DAY)

    found = await told(coalition, ana)
    reminded = [one for one in found if "unless you cancel" in one]
    assert [
        "VIP is paid until 9 March 2027. Rosa renews it then, unless you cancel before.",
        "VIP is paid until 9 March 2028. Rosa renews it then, unless you cancel before.",
    ] == reminded
    assert "VIP goes on: it is paid until 9 March 2028." in found


async def test_the_plan_welcomes_and_the_welcome_goes_back_with_all_that_was_paid(
    coalition: Coalition, ana: members.Member
) -> None:
    campaign = await taking_part.reward(coalition)
    rosa = await belonging.shop(
        coalition,
        welcome=str(campaign.campaign_id),
        cancelling={"refund": "full_within_days", "days": 14, "entitled": "at_once"},
    )
    one = (await rosa.start(ana)).membership
    await belonging.pass_days(coalition, NOON, NOON + DAY)
    welcomed = await coalition.faces(ana)
    await rosa.cancel(one.membership_id, now=NOON + 3 * DAY)
    await belonging.pass_days(coalition, NOON + 3 * DAY)

    assert (500, 0) == (
        welcomed.pending + welcomed.available,
        sum(pending + left for pending, left, _ in await coalition.lots(ana)),
    )
    assert "VIP is cancelled and ends after 13 March 2026. Rosa pays 36.50 EUR back to you." in (
        await told(coalition, ana)
    )


async def test_a_welcome_stays_with_who_used_some_of_the_term(
    coalition: Coalition, ana: members.Member
) -> None:
    campaign = await taking_part.reward(coalition)
    rosa = await belonging.shop(coalition, welcome=str(campaign.campaign_id))
    one = (await rosa.start(ana)).membership
    await belonging.pass_days(coalition, NOON)
    await rosa.cancel(one.membership_id, now=NOON + 3 * DAY)
    await belonging.pass_days(coalition, NOON + 3 * DAY)

    assert 500 == sum(pending + left for pending, left, _ in await coalition.lots(ana))


async def test_a_welcome_waits_for_its_campaign_to_begin(
    coalition: Coalition, ana: members.Member
) -> None:
    campaign = await taking_part.reward(coalition, starts_at=(NOON + 2 * DAY).isoformat())
    rosa = await belonging.shop(coalition, welcome=str(campaign.campaign_id))
    await rosa.start(ana)
    await belonging.pass_days(coalition, NOON, NOON + DAY)
    early = await coalition.lots(ana)
    await belonging.pass_days(coalition, NOON + 2 * DAY, NOON + 3 * DAY, NOON + 4 * DAY)

    assert [] == early
    assert 500 == sum(pending + left for pending, left, _ in await coalition.lots(ana))


async def test_a_welcome_that_nothing_pays_is_not_waited_for_for_ever(
    coalition: Coalition, ana: members.Member
) -> None:
    campaign = await taking_part.reward(coalition, ends_at=(NOON - DAY).isoformat())
    rosa = await belonging.shop(coalition, welcome=str(campaign.campaign_id))
    one = (await rosa.start(ana)).membership
    await belonging.pass_days(coalition, NOON, NOON + 60 * DAY, NOON + 61 * DAY)

    assert [] == await coalition.lots(ana)
    next_look = await coalition.db.fetchval("select min(at) from coalition.look")
    assert one.entitled_until - 30 * DAY <= next_look
