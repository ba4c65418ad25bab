"""Inviting: who counts, when both are rewarded, with what, and what comes back."""

import asyncio
from datetime import timedelta
from typing import Any

from tests.wallet import inviting
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.inviting import CLEAR, acts, buy, invite, pass_time, person, reward
from wallet import audit, earn, errors, ids, members, notices
from wallet.campaigns import invitations, referrals
from wallet.rules import returns

VERA = audit.Actor("staff", ids.new())


async def accept(coalition: Coalition, friend: members.Member, code: str, **more: Any) -> Any:
    """Accept a code at noon, but for what is given."""
    plain = {"friend_id": friend.member_id, "code": code, "request_id": ids.new(), "now": NOON}
    return await referrals.accept(coalition.db, **{**plain, **more})


async def test_a_code_is_made_once_whoever_asks_at_the_same_time(coalition: Coalition) -> None:
    ana = await coalition.member()

    codes = await asyncio.gather(
        *(referrals.code_of(coalition.db, ana.member_id) for _ in range(8))
    )
    nobody = await refused(referrals.code_of(coalition.db, ids.new()))

    assert 1 == len(set(codes))
    assert 1 == await coalition.db.fetchval("select count(*) from coalition.referral_code")
    assert "NOT_FOUND" == nobody.code


async def test_accepting_again_is_the_same_answer_and_another_code_is_refused(
    coalition: Coalition,
) -> None:
    await inviting.campaign(coalition)
    ana, ben, eve = [await coalition.member() for _ in range(3)]
    code, other = [await referrals.code_of(coalition.db, one.member_id) for one in (ana, eve)]
    key = ids.new()

    first = await accept(coalition, ben, code.lower(), request_id=key)
    again = await accept(coalition, ben, code, request_id=key)
    later = await accept(coalition, ben, f"{code[:4]}-{code[4:]}", now=NOON + 99 * DAY)
    reused = await refused(accept(coalition, ben, other, request_id=key))
    second = await refused(accept(coalition, ben, other))

    assert (first.replayed, again.replayed, later.replayed) == (False, True, True)
    assert first.referral == again.referral == later.referral
    assert ("waiting", ana.member_id) == (first.referral.state, first.referral.referrer_id)
    assert ("IDEMPOTENCY_KEY_REUSED", "REFERRAL_CLOSED") == (reused.code, second.code)


async def test_nobody_invites_themselves_and_no_code_is_of_nobody(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    ana, eve = await coalition.member(), await coalition.member()
    own, gone = [await referrals.code_of(coalition.db, one.member_id) for one in (ana, eve)]
    await members.suspend(coalition.db, eve.member_id, reason="stolen", actor=VERA)

    refusals = [await refused(accept(coalition, ana, one)) for one in (own, gone, "BCDFGHJK", "x")]

    assert ["REFERRAL_INVALID"] * 4 == [one.code for one in refusals]
    assert 0 == await coalition.db.fetchval("select count(*) from coalition.referral")


async def test_whoever_has_bought_or_joined_long_ago_is_no_newcomer(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana, ben, eve = [await coalition.member() for _ in range(3)]
    code = await referrals.code_of(coalition.db, ana.member_id)
    await buy(coalition, rosa, ben, 100, now=NOON - DAY)
    joined = eve.created_at + timedelta(days=31)

    bought = await refused(accept(coalition, ben, code))
    late = await refused(accept(coalition, eve, code, now=joined))

    assert ("REFERRAL_CLOSED", "REFERRAL_CLOSED") == (bought.code, late.code)


async def test_without_an_open_campaign_nothing_is_promised(coalition: Coalition) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    code = await referrals.code_of(coalition.db, ana.member_id)
    none = await refused(accept(coalition, ben, code))
    await inviting.campaign(coalition, on={"on": "purchase"})
    paused, ended = [
        await inviting.campaign(coalition, stack={"group": "bonus", "priority": place})
        for place in (20, 30)
    ]
    await inviting.change(coalition, paused, "pause", at=NOON - DAY)
    await inviting.change(coalition, ended, "end", at=NOON - DAY)
    closed = await refused(accept(coalition, ben, code))
    await inviting.change(coalition, paused, "resume", at=NOON - DAY / 2)
    first = await inviting.campaign(coalition, stack={"group": "bonus", "priority": 1})

    accepted = await accept(coalition, ben, code)

    assert ["REFERRAL_CLOSED"] * 2 == [none.code, closed.code]
    assert first == accepted.referral.campaign_id


async def test_two_accepts_at_once_leave_one_referrer(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    ben = await coalition.member()
    hosts = [await coalition.member() for _ in range(6)]
    codes = [await referrals.code_of(coalition.db, one.member_id) for one in hosts]

    answers = await asyncio.gather(
        *(accept(coalition, ben, one) for one in codes), return_exceptions=True
    )

    assert 1 == sum(isinstance(one, referrals.Accepted) for one in answers)
    assert 5 == sum(isinstance(one, errors.ReferralClosed) for one in answers)
    assert 1 == await coalition.db.fetchval("select count(*) from coalition.referral")
    assert 1 == await coalition.db.fetchval(
        "select count(*) from coalition.audit where act = 'referral.accept'"
    )


async def test_both_are_rewarded_only_after_the_purchase_has_cleared(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    await pass_time(coalition, NOON + DAY / 2)
    waiting = await it.now()
    await buy(coalition, rosa, ben, 2_000)
    await pass_time(coalition, NOON + 2 * DAY)
    bought = await it.now()
    await pass_time(coalition, NOON + 14 * DAY)
    early = (await it.now()).state, await reward(coalition, ben)
    await pass_time(coalition, CLEAR)
    paid = await it.now()

    assert ("waiting", "qualified") == (waiting.state, bought.state)
    assert NOON + 15 * DAY == bought.clears_at
    assert ("qualified", 0) == early
    assert ("paid", 0, []) == (paid.state, paid.score, paid.reasons)
    assert (300, 500) == (paid.friend_minor, paid.referrer_minor)
    assert (300, 500) == (await reward(coalition, ben), await reward(coalition, ana))
    assert 400 == (await coalition.faces(ben)).available  # the reward, and 5 % of the purchase
    assert 500 == (await coalition.faces(ana)).available
    assert ["accept", "qualified", "approved", "paid"] == await acts(coalition, it)


async def test_a_reward_says_why_and_who_pays_it(coalition: Coalition) -> None:
    rosa = await coalition.merchant()
    funding = [{"funder": "operator", "bps": 5_000}, {"funder": str(rosa), "bps": 5_000}]
    campaign_id = await inviting.campaign(coalition, funding=funding)
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_000)
    await pass_time(coalition, CLEAR)

    rows = await coalition.db.fetch(
        "select e.document #>> '{matched,0,because,0,role}' as role, g.granted_minor,"
        " g.campaign_id, array(select l.amount from ledger.lot l where l.cause_id = g.cause_id"
        " order by l.amount) as lots, array(select l.funder_id from ledger.lot l"
        " where l.cause_id = g.cause_id) as funders from ledger.grant g"
        " join ledger.explanation e using (bucket, cause_id) order by 1"
    )

    assert [("friend", 300, campaign_id), ("referrer", 500, campaign_id)] == [
        tuple(row)[:3] for row in rows
    ]
    assert [[150, 150], [250, 250]] == [row["lots"] for row in rows]
    assert all({rosa, coalition.operator_id} == set(row["funders"]) for row in rows)


async def test_only_a_purchase_that_is_enough_in_time_and_in_the_right_place_counts(
    coalition: Coalition,
) -> None:
    rosa, market = await coalition.merchant(), await coalition.merchant()
    await inviting.campaign(coalition, merchants=[str(rosa)], on=inviting.on(within_days=30))
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 1_999)
    await buy(coalition, market, ben, 5_000)
    await buy(coalition, rosa, ben, 2_500, paid_with_cashback_minor=501)
    await buy(coalition, rosa, ben, 2_000, now=NOON + 31 * DAY)
    await pass_time(coalition, NOON + 32 * DAY)
    waiting = (await it.now()).state
    await pass_time(coalition, NOON + 33 * DAY)

    assert ("waiting", "lapsed") == (waiting, (await it.now()).state)
    assert 0 == await reward(coalition, ana)


async def test_a_purchase_that_goes_back_in_the_window_leaves_time_for_another(
    coalition: Coalition,
) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    first = await buy(coalition, rosa, ben, 2_000)
    await pass_time(coalition, NOON + 2 * DAY)
    await coalition.give_back(rosa, first, now=NOON + 3 * DAY)
    await pass_time(coalition, CLEAR)
    gone = await it.now()
    second = await buy(coalition, rosa, ben, 3_000, now=NOON + 20 * DAY)
    await pass_time(coalition, NOON + 35 * DAY)

    assert ("waiting", None) == (gone.state, gone.purchase_id)
    assert ("paid", second) == ((await it.now()).state, (await it.now()).purchase_id)
    assert 500 == await reward(coalition, ana)


async def test_a_purchase_that_was_never_paid_is_none(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_000, events=())
    await pass_time(coalition, CLEAR)
    unpaid = await it.now()
    await pass_time(coalition, NOON + 62 * DAY)
    await pass_time(coalition, NOON + 94 * DAY)

    assert ("qualified", NOON + 61 * DAY) == (unpaid.state, unpaid.clears_at)
    assert "lapsed" == (await it.now()).state
    assert 0 == await reward(coalition, ben)


async def test_a_later_return_takes_both_rewards_back(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    bought = await buy(coalition, rosa, ben, 2_500)
    await pass_time(coalition, CLEAR)
    await coalition.spend(ana, rosa, 450, now=CLEAR)
    await coalition.give_back(rosa, bought, returns.ReturnLine(1, None, 500), now=CLEAR)
    await pass_time(coalition, CLEAR + 2 * DAY)
    kept = (await it.now()).state
    await coalition.give_back(rosa, bought, returns.ReturnLine(1, None, 1), now=CLEAR + 3 * DAY)
    await pass_time(coalition, CLEAR + 5 * DAY)
    await pass_time(coalition, CLEAR + 9 * DAY)

    assert ("paid", "reversed") == (kept, (await it.now()).state)
    assert (0, 0) == (await reward(coalition, ben), await reward(coalition, ana))
    assert -450 == (await coalition.faces(ana)).available
    assert "reversed" == (await acts(coalition, it))[-1]
    assert [
        "4.50 EUR of it was already spent; your next cashback makes up for it first.",
        "You earned 5.00 EUR at the coalition for an invitation, with Invite and win.",
    ] == [one.rpartition("). ")[2] for one in sorted(await _told(coalition, ana))]


async def test_five_workers_at_once_pay_once(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_000)
    await pass_time(coalition, NOON + 2 * DAY)

    await earn.mature(coalition.db, now=CLEAR)
    await asyncio.gather(*(referrals.sweep(coalition.db, now=CLEAR) for _ in range(5)))
    await pass_time(coalition, CLEAR)

    assert "paid" == (await it.now()).state
    assert (300, 500) == (await reward(coalition, ben), await reward(coalition, ana))
    assert ["accept", "qualified", "approved", "paid"] == await acts(coalition, it)
    assert 2 == await coalition.db.fetchval("select count(*) from ledger.award")


async def test_a_worker_that_died_between_the_two_rewards_is_carried_on(
    coalition: Coalition,
) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana Abreu"), await person(coalition, "Ben Bento")
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_000)
    await pass_time(coalition, CLEAR)
    # As it stood after the decision and both awards, but before that was put down.
    await coalition.db.execute(
        "update coalition.referral set state = 'qualified', look_at = $1", CLEAR
    )

    await pass_time(coalition, CLEAR + DAY)

    assert "paid" == (await it.now()).state
    assert (300, 500) == (await reward(coalition, ben), await reward(coalition, ana))


async def test_the_most_of_a_year_holds_for_whoever_invites_and_not_for_the_friend(
    coalition: Coalition,
) -> None:
    await inviting.campaign(coalition, on=inviting.on(most_per_year=2))
    rosa = await coalition.merchant()
    ana = await person(coalition, "Ana Abreu")
    friends = [await person(coalition, f"Friend {name}") for name in "BCDE"]
    for day, friend in enumerate(friends):
        at = NOON + day * DAY
        await invite(coalition, friend, ana, now=at)
        await buy(coalition, rosa, friend, 2_100 + day, now=at + DAY / 2)
    await pass_time(coalition, NOON + 5 * DAY)

    late = CLEAR + 5 * DAY
    await earn.mature(coalition.db, now=late)
    await asyncio.gather(*(referrals.sweep(coalition.db, now=late) for _ in range(5)))
    await pass_time(coalition, late)

    assert 1_000 == await reward(coalition, ana)
    assert [300] * 4 == [await reward(coalition, one) for one in friends]
    seats = await coalition.db.fetch("select seat, referrer_minor from coalition.referral")
    assert [(1, 500), (2, 500)] == sorted(
        (row["seat"], row["referrer_minor"]) for row in seats if row["seat"]
    )


async def test_invitations_are_listed_page_by_page(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    ana = await coalition.member()
    made = [
        await invite(coalition, await coalition.member(), ana, now=NOON + place * DAY)
        for place in range(5)
    ]
    keys = [one.referral_id for one in reversed(made)]

    whole = await invitations.page(coalition.db, first=10, before=None, state="waiting")
    first = await invitations.page(coalition.db, first=2, before=None, state=None)
    last = first[-1]
    rest = await invitations.page(
        coalition.db, first=10, before=(last.accepted_at, last.referral_id), state=None
    )
    own = await invitations.of_referrer(coalition.db, ana.member_id)

    assert keys == [one.referral_id for one in whole]
    assert keys == [one.referral_id for one in [*first, *rest]]
    assert keys == [one.referral_id for one in own]
    assert [] == await invitations.page(coalition.db, first=9, before=None, state="paid")


async def _told(coalition: Coalition, member: members.Member) -> list[str]:
    """What a member was told of awards."""
    while await notices.drain(coalition.db):
        pass
    rows = await coalition.db.fetch(
        "select sentence from coalition.notice where wallet_id = $1 and topic like 'award.%'",
        member.wallet_id,
    )
    return [row["sentence"] for row in rows]
