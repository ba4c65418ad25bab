"""What an invitation is rewarded with: amounts within budgets, points, coupons, gifts; by terms."""

from typing import Any

import pytest

from tests.wallet import inviting
from tests.wallet.factories import DAY, EUR, Coalition, refused
from tests.wallet.inviting import CLEAR, buy, invite, pass_time, person, reward
from wallet.campaigns import budgets, terms


async def test_a_budget_cuts_rewards_and_they_are_explained(coalition: Coalition) -> None:
    campaign_id = await inviting.campaign(coalition)
    await budgets.set_cap(
        coalition.db, kind="campaign", subject_id=campaign_id, asset=EUR, cap_minor=700
    )
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    bought = await buy(coalition, rosa, ben, 2_000)
    await pass_time(coalition, CLEAR)
    paid = await it.now()
    cut = await coalition.db.fetchval(
        "select document #>> '{matched,0,cuts,0,by}' from ledger.explanation where cause_id = $1",
        paid.referrer_award,
    )
    await coalition.give_back(rosa, bought, now=CLEAR)
    await pass_time(coalition, CLEAR + 2 * DAY)

    assert (300, 400, "budget") == (paid.friend_minor, paid.referrer_minor, cut)
    assert 0 == await coalition.db.fetchval("select sum(consumed)::int from ledger.budget_share")


@pytest.mark.parametrize(
    "give",
    [{"give": "coupon", "name": "welcome"}, {"give": "benefit", "name": "gift", "about": "A mug"}],
)
async def test_a_friend_may_get_a_coupon_or_a_gift_instead(
    coalition: Coalition, give: dict[str, Any]
) -> None:
    await inviting.campaign(coalition, give=give)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_000)
    await pass_time(coalition, CLEAR)

    rows = await coalition.db.fetch("select wallet_id, kind, name from ledger.benefit")

    assert [(ben.wallet_id, give["give"], give["name"])] == [tuple(row) for row in rows]
    assert ("paid", 0, 500) == (
        (await it.now()).state,
        (await it.now()).friend_minor,
        (await it.now()).referrer_minor,
    )


async def test_points_are_rewarded_into_a_wallet_of_points(coalition: Coalition) -> None:
    await inviting.campaign(coalition, asset="PTS")
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_345)
    await pass_time(coalition, CLEAR)

    points = await coalition.db.fetch(
        "select credited from ledger.wallet where asset = 10001 order by credited"
    )

    assert (300, 500) == ((await it.now()).friend_minor, (await it.now()).referrer_minor)
    assert [300, 500] == [row["credited"] for row in points]
    assert 117 == (await coalition.faces(ben)).available  # 5 % of the purchase, in euros


async def test_where_terms_must_be_accepted_only_who_accepted_them_is_rewarded(
    coalition: Coalition,
) -> None:
    words = {"text": {"en": "Both get a reward."}, "acceptance": True}
    await inviting.campaign(coalition, terms=words)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    early = await refused(invite(coalition, ben, ana))
    document_id = await coalition.db.fetchval("select document_id from coalition.terms_document")
    await terms.accept(coalition.db, member_id=ben.member_id, document_id=document_id)
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_000)
    await pass_time(coalition, CLEAR)

    assert "REFERRAL_CLOSED" == early.code
    assert (300, 0) == ((await it.now()).friend_minor, (await it.now()).referrer_minor)
    assert 0 == await reward(coalition, ana)
