"""Invitations that may be none: rings, households and farms wait, and a person decides, once."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from tests.wallet import inviting
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.inviting import CLEAR, acts, buy, invite, pass_time, person, reward
from wallet import audit, errors, ids, members
from wallet.campaigns import invitations, profiles, referrals

VERA = audit.Actor("staff", ids.new())


async def test_a_ring_of_three_waits_for_a_person(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    people = [await person(coalition, name) for name in ("Ana Abreu", "Ben Bento", "Eva Costa")]
    rings = [
        await invite(coalition, friend, people[(place + 1) % 3], now=NOON + place * DAY / 4)
        for place, friend in enumerate(people)
    ]
    for place, one in enumerate(people):
        await buy(coalition, rosa, one, 2_500 + place)
    await pass_time(coalition, CLEAR)

    found = [await one.now() for one in rings]

    assert ["quarantined"] * 3 == [one.state for one in found]
    assert all([("ring", 3)] == _signs(one) for one in found)
    assert [0] * 3 == [await reward(coalition, one) for one in people]


async def test_a_household_with_one_card_waits_for_a_person(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana de Sousa"), await person(coalition, "Ben Sousa")
    await buy(coalition, rosa, ana, 900, instrument="card:aurora:7f3a91")
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_500, instrument="card:aurora:7f3a91")
    await pass_time(coalition, CLEAR)

    assert [("surname", 1), ("instrument", 1)] == _signs(await it.now())
    assert ("quarantined", 75) == ((await it.now()).state, (await it.now()).score)


async def test_twins_with_one_birthday_wait_and_nothing_of_it_is_kept(
    coalition: Coalition,
) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana, ben = await person(coalition, "Ana de Sousa"), await person(coalition, "Ben Sousa")
    for one in (ana, ben):
        await profiles.update(
            coalition.db, one.member_id, birth_date=date(1990, 2, 3), actor=audit.SYSTEM
        )
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_500)
    await pass_time(coalition, CLEAR)

    kept = await coalition.db.fetchval("select reasons::text from coalition.referral")

    assert [("person", 1)] == _signs(await it.now())
    assert "1990" not in kept
    assert "sousa" not in kept.casefold()


async def test_a_farm_of_twelve_in_an_hour_waits_with_its_reasons(coalition: Coalition) -> None:
    await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana = await person(coalition, "Ana Abreu")
    minute = timedelta(minutes=1)
    farm = []
    for place in range(12):
        friend = await person(coalition, f"Friend {'BCDEFGHIJKLM'[place]}")
        farm.append(await invite(coalition, friend, ana, now=NOON + place * 4 * minute))
        await buy(coalition, rosa, friend, 2_000, now=NOON + DAY + place * minute)
    await pass_time(coalition, CLEAR)

    found = [await one.now() for one in farm]

    assert ["quarantined"] * 12 == [one.state for one in found]
    assert all([("hour", 12), ("alike", 12)] == _signs(one) for one in found)
    assert 0 == await reward(coalition, ana)


async def test_one_mailbox_is_decided_by_a_person_once(coalition: Coalition) -> None:
    it, paid = await _suspicious(coalition), await _suspicious(coalition)
    db = coalition.db
    told: dict[str, Any] = {"reason": "they are sisters, I called both", "actor": VERA}

    silent = await refused(
        referrals.review(
            db, referral_id=it.referral_id, decision="pay", reason=" ", actor=VERA, now=CLEAR
        )
    )
    said: list[tuple[UUID, referrals.Decision]] = [
        (it.referral_id, "refuse"),
        (it.referral_id, "refuse"),
        (paid.referral_id, "pay"),
        (paid.referral_id, "pay"),
    ]
    answers = [
        await referrals.review(db, referral_id=one, decision=say, now=CLEAR, **told)
        for one, say in said
    ]
    other = await refused(
        referrals.review(db, referral_id=it.referral_id, decision="pay", now=CLEAR, **told)
    )
    nothing = await refused(
        referrals.review(db, referral_id=ids.new(), decision="pay", now=CLEAR, **told)
    )

    assert "REASON_MISSING" == silent.code
    assert [False, True, False, True] == [one.replayed for one in answers]
    assert ["refused", "refused", "paid", "paid"] == [one.referral.state for one in answers]
    assert (0, 300) == (await reward(coalition, it.friend), await reward(coalition, paid.friend))
    assert ("REFERRAL_CLOSED", "NOT_FOUND") == (other.code, nothing.code)
    assert VERA.actor_id == answers[2].referral.decided_by
    assert "refused" == (await acts(coalition, it))[-1]
    await pass_time(coalition, CLEAR + 9 * DAY)
    assert "refused" == (await it.now()).state


async def test_two_people_who_decide_at_once_decide_once(coalition: Coalition) -> None:
    it = await _suspicious(coalition)
    told: dict[str, Any] = {"referral_id": it.referral_id, "reason": "looked at", "now": CLEAR}
    said: tuple[referrals.Decision, ...] = ("pay", "refuse", "pay", "refuse")

    answers = await asyncio.gather(
        *(
            referrals.review(
                coalition.db, decision=say, actor=audit.Actor("staff", ids.new()), **told
            )
            for say in said
        ),
        return_exceptions=True,
    )

    assert 1 == sum(isinstance(one, referrals.Reviewed) for one in answers)
    assert 3 == sum(isinstance(one, errors.ReferralClosed) for one in answers)
    state = (await it.now()).state
    assert (300 if state == "paid" else 0) == await reward(coalition, it.friend)


async def test_a_purchase_that_went_back_is_not_rewarded_by_anybody(coalition: Coalition) -> None:
    it = await _suspicious(coalition)
    seen = await it.now()
    rosa = await coalition.db.fetchval(
        "select merchant_id from ledger.purchase where purchase_id = $1", seen.purchase_id
    )
    assert seen.purchase_id is not None
    await coalition.give_back(rosa, seen.purchase_id, now=CLEAR)

    refusal = await refused(
        referrals.review(
            coalition.db,
            referral_id=it.referral_id,
            decision="pay",
            reason="fine",
            actor=VERA,
            now=CLEAR,
        )
    )
    await pass_time(coalition, CLEAR + 2 * DAY)

    assert "REFERRAL_CLOSED" == refusal.code
    assert "waiting" == (await it.now()).state


async def test_a_suspended_member_is_not_rewarded_by_anybody(coalition: Coalition) -> None:
    it = await _suspicious(coalition)
    await members.suspend(coalition.db, it.referrer.member_id, reason="stolen", actor=VERA)

    refusal = await refused(
        referrals.review(
            coalition.db,
            referral_id=it.referral_id,
            decision="pay",
            reason="fine",
            actor=VERA,
            now=CLEAR,
        )
    )

    assert "MEMBER_SUSPENDED" == refusal.code
    assert "quarantined" == (await it.now()).state


def _signs(it: invitations.Referral) -> list[tuple[str, int]]:
    return [(one["name"], one["counted"]) for one in it.reasons]


async def _suspicious(coalition: Coalition) -> inviting.Invited:
    """Two members with one mailbox, whose purchase has cleared."""
    if not await coalition.db.fetchval("select count(*) from coalition.campaign"):
        await inviting.campaign(coalition)
    rosa = await coalition.merchant()
    ana = await coalition.member()
    ben = await person(coalition, "Ben Bento", ana.email.replace("@", "+x@"))
    it = await invite(coalition, ben, ana)
    await buy(coalition, rosa, ben, 2_000)
    await pass_time(coalition, CLEAR)
    assert "quarantined" == (await it.now()).state
    return it
