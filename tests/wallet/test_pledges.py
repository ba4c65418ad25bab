"""Pledges: carried out once for each movement, never for more than there is, as long as they stand.

What matures, is captured or expires is made through the verbs, as in life.
"""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.wallet import factories, giving, promotions
from tests.wallet.factories import AT_ONCE, DAY, NOON, Coalition, refused
from wallet import audit, errors, expire, ids, members, money, notices
from wallet.charities import pledges
from wallet.progress import advance

REASON: dict[str, Any] = {"reason": "asked for it", "actor": audit.SYSTEM}


async def carry(
    coalition: Coalition, member: members.Member, now: datetime = NOON
) -> datetime | None:
    return await pledges.carry_out(coalition.db, member.wallet_id, now)


async def test_a_share_of_every_cashback_goes_to_the_charity(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await giving.pledge(coalition, ana, river)
    await coalition.fill(ana, 500)
    await coalition.fill(ana, 99)

    await carry(coalition, ana)

    assert [("share", 50), ("share", 9)] == await giving.gifts(coalition, ana)
    assert 59 == await coalition.position(river, "due")
    assert 540 == (await coalition.faces(ana)).available
    (pledge,) = await pledges.standing(coalition.db, ana.wallet_id)
    assert 59 == pledge.given_minor


async def test_carrying_out_again_gives_nothing_again(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await giving.pledge(coalition, ana, river)
    await coalition.fill(ana, 500)

    for _ in range(3):
        await carry(coalition, ana)

    assert [("share", 50)] == await giving.gifts(coalition, ana)


async def test_what_was_free_before_the_pledge_is_not_given(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 500)
    await giving.pledge(coalition, ana, river)

    await carry(coalition, ana)

    assert [] == await giving.gifts(coalition, ana)


async def test_a_change_holds_for_what_matures_after_it(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await giving.pledge(coalition, ana, river, bps=1_000)
    await coalition.fill(ana, 500)
    await giving.pledge(coalition, ana, river, bps=5_000)
    await coalition.fill(ana, 500)

    await carry(coalition, ana)

    assert [("share", 50), ("share", 250)] == await giving.gifts(coalition, ana)
    assert [5_000] == [one.share_bps for one in await pledges.standing(coalition.db, ana.wallet_id)]


async def test_a_pledge_that_was_ended_gives_nothing_more(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    pledge = await giving.pledge(coalition, ana, river)
    await coalition.fill(ana, 500)

    first = await pledges.end(
        coalition.db, wallet_id=ana.wallet_id, pledge_id=pledge.pledge_id, now=NOON
    )
    again = await pledges.end(
        coalition.db, wallet_id=ana.wallet_id, pledge_id=pledge.pledge_id, now=NOON
    )
    await carry(coalition, ana)

    assert (False, True) == (first.replayed, again.replayed)
    assert [] == await giving.gifts(coalition, ana)
    assert [] == await pledges.standing(coalition.db, ana.wallet_id)


async def test_a_pledge_that_was_replaced_is_not_ended_but_the_one_that_stands(
    coalition: Coalition,
) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    old = await giving.pledge(coalition, ana, river, bps=100)
    new = await giving.pledge(coalition, ana, river, bps=200)

    async def end(pledge_id: UUID, wallet_id: UUID = ana.wallet_id) -> pledges.Outcome:
        return await pledges.end(coalition.db, wallet_id=wallet_id, pledge_id=pledge_id)

    ben = await coalition.member(bucket=ids.bucket_of(ana.wallet_id))
    assert "PLEDGE_CLOSED" == (await refused(end(old.pledge_id))).code
    assert "NOT_FOUND" == (await refused(end(new.pledge_id, ben.wallet_id))).code
    assert not (await end(new.pledge_id)).replayed


async def test_what_is_spent_is_rounded_up_to_the_next_whole_unit(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 2_000)
    await giving.pledge(coalition, ana, river, kind="round_up")
    await coalition.spend(ana, coalition.mint, 730)
    await coalition.spend(ana, coalition.mint, 200)

    await carry(coalition, ana)

    assert [("round_up", 70)] == await giving.gifts(coalition, ana)


async def test_a_rounding_is_given_whole_or_not_at_all(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 800)
    await giving.pledge(coalition, ana, river, kind="round_up", multiple_minor=500)
    await coalition.spend(ana, coalition.mint, 730)

    await carry(coalition, ana)

    assert [] == await giving.gifts(coalition, ana)
    assert 70 == (await coalition.faces(ana)).available


async def test_no_pledge_gives_more_than_is_left(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await giving.pledge(coalition, ana, river, bps=10_000)
    await coalition.fill(ana, 500)
    await coalition.hold(ana, coalition.mint, 480)

    await carry(coalition, ana)

    assert [("share", 20)] == await giving.gifts(coalition, ana)
    faces = await coalition.faces(ana)
    assert (0, 480) == (faces.available, faces.held)


async def test_a_deficit_comes_first_and_nothing_of_it_is_given(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    bought = await coalition.fill(ana, 300)
    await coalition.spend(ana, coalition.mint, 300)
    await coalition.give_back(coalition.mint, bought)
    await giving.pledge(coalition, ana, river, bps=5_000)
    await coalition.fill(ana, 200)
    await coalition.fill(ana, 200)

    await carry(coalition, ana)

    assert [("share", 50)] == await giving.gifts(coalition, ana)
    assert 50 == (await coalition.faces(ana)).available


async def test_what_a_campaign_shared_is_not_shared_again(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    rosa = await coalition.merchant(rates={"default_bps": 0, "by_category": {}}, pending=AT_ONCE)
    half = {"charity_id": str(river), "bps": 5_000}
    await promotions.promote(coalition, merchants=[str(rosa)], charity=half)
    await giving.pledge(coalition, ana, river, bps=1_000)
    await coalition.earned(rosa, ana, 10_000)

    await carry(coalition, ana)

    assert [("share", 50)] == await giving.gifts(coalition, ana)
    assert 550 == await coalition.position(river, "due")


async def test_what_would_expire_is_given_on_its_last_day(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    rosa = await coalition.merchant(rates=factories.ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    await coalition.earned(rosa, ana, 400)
    await coalition.fill(ana, 100)
    await giving.pledge(coalition, ana, river, kind="expiring")
    ((_, _, ends), _) = await coalition.lots(ana)
    assert ends is not None

    look = await carry(coalition, ana)
    assert look == ends - DAY
    assert [] == await giving.gifts(coalition, ana)
    await carry(coalition, ana, look)
    swept = await expire.sweep(coalition.db, now=ends)

    assert [("expiring", 400)] == await giving.gifts(coalition, ana)
    assert 0 == swept.expired
    assert 100 == (await coalition.faces(ana)).available


async def test_an_expiring_lot_that_came_back_is_given_again(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    rosa = await coalition.merchant(rates=factories.ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    await coalition.earned(rosa, ana, 400)
    spent = await coalition.spend(ana, rosa, 100)
    await giving.pledge(coalition, ana, river, kind="expiring")
    ends = NOON + 31 * DAY

    await carry(coalition, ana, ends)
    await coalition.refund(spent, 100)
    await carry(coalition, ana, ends)

    assert [("expiring", 300), ("expiring", 100)] == await giving.gifts(coalition, ana)


async def test_a_pledge_pauses_while_its_charity_is_not_verified(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await giving.pledge(coalition, ana, river)
    await giving.suspend(coalition, river)
    await coalition.fill(ana, 500)
    await carry(coalition, ana)
    paused = await pledges.standing(coalition.db, ana.wallet_id)
    await giving.verify(coalition, river)
    await coalition.fill(ana, 300)

    await carry(coalition, ana)

    assert [True] == [one.is_paused for one in paused]
    assert [("share", 30)] == await giving.gifts(coalition, ana)


async def test_nothing_is_given_for_a_member_who_is_suspended(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await giving.pledge(coalition, ana, river)
    await coalition.fill(ana, 500)
    await members.suspend(coalition.db, ana.member_id, **REASON)
    await carry(coalition, ana)
    await members.reinstate(coalition.db, ana.member_id, **REASON)

    await carry(coalition, ana)

    assert [] == await giving.gifts(coalition, ana)


async def test_a_pledge_is_refused_with_what_is_wrong(coalition: Coalition) -> None:
    ana, river, sea = await coalition.member(), await giving.charity(coalition), ids.new()
    proposed = await giving.proposed(coalition)
    await giving.pledge(coalition, ana, river, bps=6_000)
    await giving.pledge(coalition, ana, river, kind="expiring")
    other, key = await giving.charity(coalition), ids.new()

    first = await refused(giving.pledge(coalition, ana, other, bps=4_001, key=key))
    found = [
        first,
        await refused(giving.pledge(coalition, ana, other, bps=4_001, key=key)),
        await refused(giving.pledge(coalition, ana, other, kind="expiring")),
        await refused(giving.pledge(coalition, ana, sea)),
        await refused(giving.pledge(coalition, ana, proposed)),
        await refused(giving.pledge(coalition, ana, other, asset=money.USD)),
        await refused(giving.pledge(coalition, ana, other, asset=money.PTS)),
    ]

    assert [
        *["PLEDGE_INVALID"] * 3,
        *["CHARITY_UNKNOWN", "CHARITY_UNVERIFIED"],
        *["CURRENCY_MISMATCH"] * 2,
    ] == [one.code for one in found]
    assert first == found[1]
    assert 2 == len(await pledges.standing(coalition.db, ana.wallet_id))


async def test_a_member_has_ten_pledges_at_most(coalition: Coalition) -> None:
    ana = await coalition.member()
    for _ in range(pledges.STANDING_MAX):
        await giving.pledge(coalition, ana, await giving.charity(coalition), bps=100)

    refusal = await refused(giving.pledge(coalition, ana, await giving.charity(coalition), bps=1))

    assert ("TOO_MANY", {"limit": 10}) == (refusal.code, refusal.data)


async def test_a_pledge_set_twice_under_one_key_is_set_once(coalition: Coalition) -> None:
    ana, river, key = await coalition.member(), await giving.charity(coalition), ids.new()
    first = await giving.pledge(coalition, ana, river, key=key)
    again = await giving.pledge(coalition, ana, river, key=key)
    other = await refused(giving.pledge(coalition, ana, river, bps=7, key=key))

    assert first == again
    assert "IDEMPOTENCY_KEY_REUSED" == other.code


async def test_many_looks_at_once_give_once(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await giving.pledge(coalition, ana, river)
    await giving.pledge(coalition, ana, river, kind="round_up")
    for _ in range(3):
        await coalition.fill(ana, 500)
        await coalition.spend(ana, coalition.mint, 130)

    await asyncio.gather(*(carry(coalition, ana) for _ in range(8)))

    gifts = await giving.gifts(coalition, ana)
    assert [("round_up", 70)] * 3 + [("share", 50)] * 3 == sorted(gifts)


async def test_a_pledge_ended_while_it_is_carried_out_gives_all_or_nothing(
    coalition: Coalition,
) -> None:
    river, outcomes = await giving.charity(coalition), set()
    for _ in range(12):
        ana = await coalition.member()
        pledge = await giving.pledge(coalition, ana, river)
        await coalition.fill(ana, 500)
        end = pledges.end(coalition.db, wallet_id=ana.wallet_id, pledge_id=pledge.pledge_id)

        await asyncio.gather(carry(coalition, ana), end, carry(coalition, ana))
        gifts = await giving.gifts(coalition, ana)
        await carry(coalition, ana)

        assert gifts == await giving.gifts(coalition, ana)
        outcomes.add(tuple(gifts))
    assert outcomes <= {(), (("share", 50),)}


async def test_a_gift_a_hold_and_a_pledge_at_once_take_no_more_than_there_is(
    coalition: Coalition,
) -> None:
    river = await giving.charity(coalition)
    for _ in range(8):
        ana = await coalition.member()
        await giving.pledge(coalition, ana, river, bps=5_000)
        await coalition.fill(ana, 100)

        answers = await asyncio.gather(
            coalition.give(ana, river, 60),
            coalition.hold(ana, coalition.mint, 60),
            carry(coalition, ana),
            return_exceptions=True,
        )

        faces, gifts = await coalition.faces(ana), await giving.gifts(coalition, ana)
        refusals = [one for one in answers if isinstance(one, BaseException)]
        assert all(isinstance(one, errors.InsufficientFunds) for one in refusals), answers
        assert 100 == faces.available + faces.held + sum(minor for _, minor in gifts)
        assert faces.available >= 0


async def test_a_long_history_is_carried_out_in_turns(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await giving.pledge(coalition, ana, river)
    for _ in range(6):
        await coalition.fill(ana, 100)

    await pledges.carry_out(coalition.db, ana.wallet_id, NOON, limit=3)

    assert [("share", 10)] * 6 == await giving.gifts(coalition, ana)


async def test_a_wallet_that_moved_is_looked_at_and_its_pledges_are_carried_out(
    coalition: Coalition,
) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await giving.pledge(coalition, ana, river)
    await coalition.fill(ana, 500)

    await notices.drain(coalition.db)
    done = await advance.advance(coalition.db)
    await notices.drain(coalition.db)

    assert [] == done.failures
    assert [("share", 50)] == await giving.gifts(coalition, ana)
    told = await notices.page(coalition.db, ana.wallet_id, first=10)
    assert any("You gave 0.50 EUR to River Fund" in one.sentence for one in told)


async def test_a_wallet_with_a_lot_that_expires_is_looked_at_on_its_last_day(
    coalition: Coalition,
) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    rosa = await coalition.merchant(rates=factories.ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    await coalition.earned(rosa, ana, 400)
    await giving.pledge(coalition, ana, river, kind="expiring")
    ((_, _, ends),) = await coalition.lots(ana)
    assert ends is not None
    await notices.drain(coalition.db)

    await advance.advance(coalition.db, now=NOON + DAY)
    early = await giving.gifts(coalition, ana)
    await advance.advance(coalition.db, now=ends - DAY)

    assert [] == early
    assert [("expiring", 400)] == await giving.gifts(coalition, ana)
