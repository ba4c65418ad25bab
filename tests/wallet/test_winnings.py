"""What is won is given once, by the campaign that was named, out of its budget; and badges."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.wallet import factories, promotions, taking_part
from tests.wallet.factories import DAY, NOON, Coalition
from wallet import audit, errors, ids, ledger, members
from wallet.campaigns import benefits, earned, lives, winnings
from wallet.progress import entitlements

MEDAL: dict[str, Any] = {"give": "badge", "name": "champion", "about": "Won the summer contest."}


async def win(
    coalition: Coalition, member: members.Member, campaign_id: UUID, **told: Any
) -> winnings.Won:
    key = told.pop("key", None) or ids.placed(ids.new(), ledger.bucket(member.wallet_id))
    plain: dict[str, Any] = {
        "kind": "milestone",
        "name": "Ten purchases",
        "reference": str(key),
        "now": NOON,
    }
    return await winnings.give(
        coalition.db,
        member=member,
        campaign_id=campaign_id,
        award_id=key,
        **{**plain, **told},
    )


def minor(won: winnings.Won) -> int:
    assert won.award is not None
    return won.award.granted_minor


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who wins."""
    return await coalition.member()


async def test_a_reward_is_given_once_whoever_asks_and_explains_itself(
    coalition: Coalition, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition)
    key = ids.placed(ids.new(), ledger.bucket(ana.wallet_id))
    won = await asyncio.gather(
        *(win(coalition, ana, paying.campaign_id, key=key) for _ in range(6))
    )

    award = await earned.award(coalition.db, key)
    assert [500] * 6 == [minor(one) for one in won]
    assert 500 == award.granted_minor
    assert 1 == sum(not one.award.replayed for one in won if one.award)
    (because,) = award.document["matched"][0]["because"]
    assert {"if": "reward", "what": "milestone", "name": "Ten purchases"} == because
    assert 500 == (await coalition.faces(ana)).pending


async def test_a_reward_stays_as_it_was_given_though_its_campaign_has_changed(
    coalition: Coalition, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition)
    key = ids.placed(ids.new(), ledger.bucket(ana.wallet_id))
    await win(coalition, ana, paying.campaign_id, key=key)
    await taking_part.reward(
        coalition,
        campaign_id=paying.campaign_id,
        at=NOON + DAY,
        give={"give": "amount", "minor": 900},
    )

    again = await win(coalition, ana, paying.campaign_id, key=key, now=NOON + 2 * DAY)
    other = await win(coalition, ana, paying.campaign_id, now=NOON + 2 * DAY)
    assert (500, 900) == (minor(again), minor(other))


async def test_nothing_is_given_while_no_version_is_in_force(
    coalition: Coalition, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition)
    await lives.end(
        coalition.db,
        request_id=ids.new(),
        campaign_id=paying.campaign_id,
        reason="enough",
        actor=audit.SYSTEM,
        now=NOON - DAY / 2,
    )

    assert winnings.Won(None) == await win(coalition, ana, paying.campaign_id)


async def test_the_last_of_a_budget_is_given_and_no_more(
    coalition: Coalition, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition, budget={"minor": 1_200})

    won = [minor(await win(coalition, ana, paying.campaign_id)) for _ in range(4)]
    assert [500, 500, 200, 0] == won


async def test_an_amount_for_each_unit_is_given_as_often_as_it_is_won(
    coalition: Coalition, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition, give={"give": "amount", "minor": 3, "per": "unit"})

    assert 21 == minor(await win(coalition, ana, paying.campaign_id, times=7))


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"when": [{"if": "segment", "any_of": ["vip"]}]}, ("when", "0")),
        ({"terms": {"text": {"en": "x"}, "acceptance": True}}, ("terms",)),
        ({"give": {"give": "rate", "bps": 100}}, ("give",)),
        ({"caps": {"purchase_minor": 100}}, ("caps", "purchase_minor")),
    ],
)
async def test_nothing_may_stand_between_a_winner_and_the_reward(
    coalition: Coalition, changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    refusal = await factories.refused(taking_part.reward(coalition, **changes))

    assert (errors.CampaignInvalid, ("definition", *path)) == (type(refusal), refusal.path)


async def test_a_badge_that_lasts_is_never_used_up(
    coalition: Coalition, ana: members.Member
) -> None:
    rosa = await coalition.merchant()
    paying = await taking_part.reward(coalition, give=MEDAL)
    await win(coalition, ana, paying.campaign_id)
    (badge,) = await earned.benefits(coalition.db, ana.wallet_id)

    refusal = await factories.refused(use(coalition, rosa, badge))
    assert ("badge", "champion", None) == (badge.kind, badge.name, badge.expires_at)
    assert errors.CouponInvalid() == refusal


async def test_a_badge_for_once_opens_what_a_campaign_promises_for_it_and_is_gone(
    coalition: Coalition, ana: members.Member
) -> None:
    rosa = await coalition.merchant()
    paying = await taking_part.reward(coalition, give={**MEDAL, "single_use": True, "days": 30})
    discount = await promotions.promote(
        coalition, when=[{"if": "coupon", "name": "champion"}], give={"give": "rate", "bps": 2000}
    )
    await win(coalition, ana, paying.campaign_id)
    (badge,) = await earned.benefits(coalition.db, ana.wallet_id)

    shown = {"coupons": (badge.benefit_id,)}
    first = await coalition.report(rosa, ana, factories.purchase(10_000, **shown))
    second = await factories.refused(
        coalition.report(rosa, ana, factories.purchase(10_000, **shown))
    )
    granted = await promotions.granted(coalition, first.purchase_id)
    assert {discount.version_id: (2_000, 2_000)} == granted
    assert (errors.CouponInvalid, ("coupons", "0")) == (type(second), second.path)


async def test_a_badge_whose_day_is_over_is_refused_as_such_and_one_is_used_once_by_many(
    coalition: Coalition, ana: members.Member
) -> None:
    rosa = await coalition.merchant()
    paying = await taking_part.reward(coalition, give={**MEDAL, "single_use": True, "days": 30})
    await win(coalition, ana, paying.campaign_id)
    await win(coalition, ana, paying.campaign_id)
    one, other = await earned.benefits(coalition.db, ana.wallet_id)

    late = await factories.refused(use(coalition, rosa, one, now=NOON + 40 * DAY))
    used = await asyncio.gather(
        *(use(coalition, rosa, other) for _ in range(8)), return_exceptions=True
    )
    assert errors.BadgeExpired() == late
    assert 1 == sum(isinstance(one, benefits.Used) for one in used)
    assert 7 == sum(isinstance(one, errors.CouponInvalid) for one in used)


async def test_the_same_badge_of_two_months_is_one_entitlement_the_longest(
    coalition: Coalition, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition, give={**MEDAL, "days": 30})
    for days in (0, 5, 3):
        await win(coalition, ana, paying.campaign_id, now=NOON + days * DAY)

    found = await entitlements.of(coalition.db, ana.wallet_id, now=NOON + 6 * DAY)
    lasting = await taking_part.reward(coalition, give=MEDAL)
    await win(coalition, ana, lasting.campaign_id, now=NOON + 6 * DAY)
    for_ever = await entitlements.of(coalition.db, ana.wallet_id, now=NOON + 6 * DAY)

    untils = {one.expires_at for one in await earned.benefits(coalition.db, ana.wallet_id)}
    assert [max(it for it in untils if it)] == [one.until for one in found]
    assert [("champion", None)] == [(one.word, one.until) for one in for_ever]


async def use(
    coalition: Coalition, merchant_id: UUID, badge: earned.Benefit, **told: Any
) -> benefits.Used:
    plain: dict[str, Any] = {"request_id": ids.new(), "now": NOON}
    return await benefits.use(
        coalition.db, merchant_id=merchant_id, benefit_id=badge.benefit_id, **{**plain, **told}
    )
