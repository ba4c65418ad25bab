"""Safe spending: a locked wallet, the coalition's limits, and what a person has to look at."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import Connection
from tests.wallet import giving
from tests.wallet.factories import NOON, STAFF, Coalition, refused
from wallet import audit, errors, ids, members, notices, spending
from wallet.rules import spending as rules

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LEA = audit.Actor("staff", STAFF.staff_id)


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    ana = await coalition.member()
    await coalition.fill(ana, 100_000)
    return ana


async def publish(coalition: Coalition, **limits: Any) -> spending.Published:
    return await spending.publish(
        coalition.db,
        request_id=ids.new(),
        told=rules.Rules(**limits),
        note="agreed with the bank",
        actor=LEA,
    )


async def lock(
    coalition: Coalition, ana: members.Member, *, locked: bool = True, by: spending.By = "member"
) -> spending.Lock:
    return await spending.lock(
        coalition.db,
        ana,
        locked=locked,
        by=by,
        actor=LEA if by == "staff" else audit.Actor("member", ana.member_id),
        reason="the phone was stolen",
        now=NOON,
    )


async def decide(coalition: Coalition, *, allow: bool) -> spending.Decided:
    (review,) = await spending.page(coalition.db, first=2, before=None, state="open")
    return await spending.decide(
        coalition.db,
        review_id=review.review_id,
        allow=allow,
        reason="called the member back",
        actor=LEA,
        now=NOON,
    )


async def test_a_locked_wallet_spends_nothing_gives_nothing_and_still_earns(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await lock(coalition, ana)
    spent = await refused(coalition.hold(ana, rosa, 100))
    given = await refused(coalition.give(ana, await giving.charity(coalition), 100))

    assert isinstance(spent, errors.SpendLocked)
    assert isinstance(given, errors.SpendLocked)
    await coalition.fill(ana, 5)
    await lock(coalition, ana, locked=False)
    assert "held" == (await coalition.hold(ana, rosa, 100_005)).state


async def test_what_the_staff_has_locked_the_member_cannot_open(
    coalition: Coalition, ana: members.Member
) -> None:
    await lock(coalition, ana)
    await lock(coalition, ana, by="staff")

    assert isinstance(await refused(lock(coalition, ana, locked=False)), errors.SpendLocked)
    assert not (await lock(coalition, ana, locked=False, by="staff")).locked


async def test_locking_twice_is_locking_once_and_is_told_once(
    coalition: Coalition, ana: members.Member
) -> None:
    for _ in range(2):
        await lock(coalition, ana)
    await notices.drain(coalition.db)
    told = await notices.page(coalition.db, ana.wallet_id, first=50)

    assert 1 == len([one for one in told if one.topic == "spending.locked"])


async def test_of_a_lock_and_a_spend_at_once_no_spend_comes_after_the_lock(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    async def spend() -> bool:
        try:
            await coalition.hold(ana, rosa, 100)
        except errors.SpendLocked:
            return False
        return True

    spends = asyncio.gather(*(spend() for _ in range(8)))
    await lock(coalition, ana)
    spent = await spends

    wallet = await coalition.db.fetchrow(
        "select held from ledger.wallet where wallet_id = $1", ana.wallet_id
    )
    assert wallet is not None
    assert 100 * sum(spent) == wallet["held"]
    assert isinstance(await refused(coalition.hold(ana, rosa, 100)), errors.SpendLocked)


@pytest.mark.parametrize(
    ("limits", "passed"),
    [
        ({"one_minor": 1_000}, "one"),
        ({"day_minor": 1_500}, "day"),
        ({"hour_most": 1}, "hour_count"),
        ({"hour_most": 9, "day_most": 1}, "day_count"),
    ],
)
async def test_a_spend_beyond_a_limit_is_stopped_and_put_before_a_person(
    coalition: Coalition, rosa: UUID, ana: members.Member, limits: dict[str, Any], passed: str
) -> None:
    await publish(coalition, **limits)
    await coalition.hold(ana, rosa, 1_000)
    later = NOON + 5 * MINUTE
    stopped = await refused(coalition.hold(ana, rosa, 1_001, now=later))
    again = await refused(coalition.hold(ana, rosa, 1_200, now=later))

    assert [errors.SpendingReview] * 2 == [type(stopped), type(again)]
    (review,) = await spending.page(coalition.db, first=2, before=None, state="open")
    assert (passed, 1_200, 2, rosa) == (
        review.passed,
        review.amount_minor,
        review.tries,
        review.merchant_id,
    )


async def test_limits_are_those_of_the_last_hour_and_the_last_day(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await publish(coalition, hour_most=1, day_minor=1_000)
    await coalition.hold(ana, rosa, 600)
    await coalition.hold(ana, rosa, 400, now=NOON + HOUR)

    assert isinstance(
        await refused(coalition.hold(ana, rosa, 1, now=NOON + 3 * HOUR)), errors.SpendingReview
    )
    assert "held" == (await coalition.hold(ana, rosa, 600, now=NOON + 24 * HOUR)).state


async def test_what_a_person_allows_is_good_for_one_spend_there(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    other = await coalition.merchant()
    await publish(coalition, one_minor=1_000)
    await refused(coalition.hold(ana, rosa, 2_000))
    await decide(coalition, allow=True)
    elsewhere = await refused(coalition.hold(ana, other, 2_000))
    more = await refused(coalition.hold(ana, rosa, 2_001))
    held = await coalition.hold(ana, rosa, 1_999)
    twice = await refused(coalition.hold(ana, rosa, 1_999))

    assert "held" == held.state
    assert [errors.SpendingReview] * 3 == [type(elsewhere), type(more), type(twice)]


async def test_an_allowed_spend_waits_for_a_day_and_no_longer(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await publish(coalition, one_minor=1_000)
    await refused(coalition.hold(ana, rosa, 2_000))
    await decide(coalition, allow=True)

    late = await refused(coalition.hold(ana, rosa, 2_000, now=NOON + spending.PERMIT))

    assert isinstance(late, errors.SpendingReview)


async def test_of_many_spends_at_once_an_allowance_lets_one_through(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await publish(coalition, one_minor=1_000)
    await refused(coalition.hold(ana, rosa, 2_000))
    await decide(coalition, allow=True)
    answers = await asyncio.gather(
        *(coalition.hold(ana, rosa, 2_000) for _ in range(6)), return_exceptions=True
    )

    assert 5 == sum(isinstance(one, errors.SpendingReview) for one in answers)


async def test_the_first_decision_stands_and_the_member_is_told(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await publish(coalition, one_minor=1_000)
    await refused(coalition.hold(ana, rosa, 2_000))
    denied = await decide(coalition, allow=False)
    other = await refused(
        spending.decide(
            coalition.db,
            review_id=denied.review.review_id,
            allow=True,
            reason="it was the member",
            actor=audit.Actor("staff", ids.new()),
        )
    )
    await notices.drain(coalition.db)
    told = [one.topic for one in await notices.page(coalition.db, ana.wallet_id, first=50)]

    assert isinstance(other, errors.ApprovalClosed)
    assert {"spending.review", "spending.denied"} <= set(told)


async def test_value_is_spent_only_where_the_coalition_accepts_it(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    other = await coalition.merchant()
    await publish(coalition, merchants=(rosa,))

    assert "held" == (await coalition.hold(ana, rosa, 100)).state
    assert isinstance(await refused(coalition.hold(ana, other, 100)), errors.MerchantNotAccepted)


async def test_the_newest_rules_hold_at_once_and_every_version_is_kept(
    coalition: Coalition, rosa: UUID, ana: members.Member, owner: Connection
) -> None:
    await publish(coalition, one_minor=10)
    published = await asyncio.gather(*(publish(coalition, one_minor=1_000) for _ in range(3)))

    assert {2, 3, 4} == {one.version.version for one in published}
    assert "held" == (await coalition.hold(ana, rosa, 1_000)).state
    assert 4 == await owner.fetchval("select count(*) from coalition.spending_rules")


async def test_publishing_again_under_one_key_is_publishing_once(coalition: Coalition) -> None:
    key, told = ids.new(), rules.Rules(one_minor=10)
    first, again = [
        await spending.publish(coalition.db, request_id=key, told=told, note="as agreed", actor=LEA)
        for _ in range(2)
    ]
    await publish(coalition, one_minor=20)
    other = await refused(
        spending.publish(
            coalition.db, request_id=key, told=rules.Rules(), note="as agreed", actor=LEA
        )
    )

    assert (first.version, True) == (again.version, again.replayed)
    assert isinstance(other, errors.IdempotencyKeyReused)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"one_minor": 0}, ("one_minor",)),
        ({"hour_most": 0}, ("hour_most",)),
        ({"territories": ("PRT",)}, ("territories", "0")),
        ({"merchants": (ids.new(),)}, ("merchants", "0")),
    ],
)
async def test_rules_that_cannot_be_are_refused_at_the_field(
    coalition: Coalition, wrong: dict[str, Any], path: tuple[str, ...]
) -> None:
    assert path == (await refused(publish(coalition, **wrong))).path
