"""Prepaid subscriptions in the books: nothing in advance, and each delivery once."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import promotions
from tests.wallet.factories import DAY, NOON, Coalition, purchase, refused
from wallet import (
    audit,
    earn,
    errors,
    ids,
    ledger,
    members,
    merchants,
    notices,
    previews,
    sql,
    subscriptions,
)
from wallet.rules import returns
from wallet.rules import subscriptions as rules

BOX: dict[str, Any] = {
    "reference": "box-1",
    "asset": "EUR",
    "deliveries": 3,
    "total_minor": 10_000,
    "rhythm": "monthly",
}


async def opened(
    coalition: Coalition,
    merchant_id: UUID,
    member: members.Member,
    *,
    key: UUID | None = None,
    now: datetime = NOON,
    **changes: Any,
) -> subscriptions.Changed:
    return await subscriptions.start(
        coalition.db,
        merchant_id=merchant_id,
        request_id=key or ids.new(),
        member_id=member.member_id,
        terms=rules.Subscription(**{**BOX, **changes}),
        now=now,
    )


async def deliver(
    coalition: Coalition,
    merchant_id: UUID,
    member: members.Member,
    number: int,
    minor: int,
    *,
    reference: str = "box-1",
    **facts: Any,
) -> earn.Reported:
    bought = purchase(minor, subscription=reference, delivery=number, **facts)
    return await coalition.report(merchant_id, member, bought)


async def cancelled(
    coalition: Coalition, merchant_id: UUID, one: UUID, *, key: UUID | None = None
) -> subscriptions.Changed:
    return await subscriptions.cancel(
        coalition.db,
        merchant_id=merchant_id,
        request_id=key or ids.new(),
        subscription_id=one,
        reason="moved away",
        now=NOON + DAY,
    )


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    """A merchant who sends boxes."""
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who likes boxes."""
    return await coalition.member()


async def test_the_prepayment_earns_nothing_and_each_delivery_its_share(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    first = await opened(coalition, rosa, ana)
    before = await coalition.faces(ana)

    for number, minor in enumerate((3_334, 3_333, 3_333), 1):
        await deliver(coalition, rosa, ana, number, minor)

    found = await subscriptions.find(coalition.db, first.subscription.subscription_id)
    assert 0 == before.pending
    assert 167 + 167 + 167 == (await coalition.faces(ana)).pending
    assert [1, 2, 3] == [one.delivery for one in found.delivered]
    assert 0 == found.left_minor


async def test_opening_it_twice_opens_one(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    key = ids.new()
    found = [
        await opened(coalition, rosa, ana, key=key),
        await opened(coalition, rosa, ana, key=key),
        await opened(coalition, rosa, ana),
    ]
    reused = await refused(opened(coalition, rosa, ana, key=key, deliveries=4))
    other = await refused(opened(coalition, rosa, ana, deliveries=4))

    assert [False, True, True] == [one.replayed for one in found]
    assert 1 == len({one.subscription.subscription_id for one in found})
    assert ("IDEMPOTENCY_KEY_REUSED", "REFERENCE_USED") == (reused.code, other.code)


async def test_opened_by_many_at_once_it_is_one(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    found = await asyncio.gather(*(opened(coalition, rosa, ana) for _ in range(8)))

    assert 1 == len({one.subscription.subscription_id for one in found})
    assert 1 == sum(not one.replayed for one in found)


async def test_of_two_deliveries_with_one_number_at_once_one_earns(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await opened(coalition, rosa, ana)

    found = await asyncio.gather(
        *(deliver(coalition, rosa, ana, 1, 3_334) for _ in range(6)), return_exceptions=True
    )

    assert 1 == sum(isinstance(one, earn.Reported) for one in found)
    assert 5 == sum(isinstance(one, errors.SubscriptionInvalid) for one in found)
    assert 167 == (await coalition.faces(ana)).pending


async def test_of_two_deliveries_with_one_number_in_one_batch_one_earns(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await opened(coalition, rosa, ana)
    items = [
        earn.Report(
            ids.new(),
            ana.member_id,
            purchase(minor, subscription="box-1", delivery=number),
        )
        for number, minor in ((1, 3_334), (2, 3_333), (1, 3_334))
    ]

    found = await earn.report(coalition.db, merchant_id=rosa, items=items, now=NOON)

    assert [True, True, False] == [isinstance(one, earn.Reported) for one in found]
    assert isinstance(found[2], errors.SubscriptionInvalid)


async def test_what_was_refused_may_be_corrected_under_the_same_reference(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await opened(coalition, rosa, ana)
    wrong = await refused(deliver(coalition, rosa, ana, 1, 3_000, reference="box-1"))
    bought = purchase(3_000, subscription="box-1", delivery=1)
    again = await refused(coalition.report(rosa, ana, bought))

    right = purchase(3_334, subscription="box-1", delivery=1, reference=bought.reference)
    reported = await coalition.report(rosa, ana, right)

    assert "Delivery 1 is worth 33.34 EUR" in wrong.message
    assert wrong == again
    assert not reported.replayed


async def test_a_delivery_sent_again_is_answered_again_even_after_the_end(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    one = await opened(coalition, rosa, ana)
    bought, key = purchase(3_334, subscription="box-1", delivery=1), ids.new()
    first = await coalition.report(rosa, ana, bought, key=key)
    await cancelled(coalition, rosa, one.subscription.subscription_id)

    again = [
        await coalition.report(rosa, ana, bought, key=key),
        await coalition.report(rosa, ana, bought),
    ]

    assert {(first.purchase_id, True)} == {(it.purchase_id, it.replayed) for it in again}


async def test_a_delivery_that_came_back_whole_is_made_again_and_one_that_did_not_is_not(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await opened(coalition, rosa, ana)
    whole = await deliver(coalition, rosa, ana, 1, 3_334)
    part = await deliver(coalition, rosa, ana, 2, 3_333)
    await coalition.give_back(rosa, whole.purchase_id)
    await coalition.give_back(rosa, part.purchase_id, returns.ReturnLine(1, 500))

    await deliver(coalition, rosa, ana, 1, 3_334)
    twice = await refused(deliver(coalition, rosa, ana, 2, 3_333))

    assert "Delivery 2 has been made." in twice.message


async def test_cancelling_keeps_what_was_delivered_and_says_what_is_left(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    one, key = (await opened(coalition, rosa, ana)).subscription, ids.new()
    await deliver(coalition, rosa, ana, 2, 3_333)
    ended = await cancelled(coalition, rosa, one.subscription_id, key=key)
    again = await cancelled(coalition, rosa, one.subscription_id, key=key)
    other = await refused(cancelled(coalition, rosa, one.subscription_id))

    late = await refused(deliver(coalition, rosa, ana, 3, 3_333))

    assert (6_667, False) == (ended.subscription.refund_minor, ended.replayed)
    assert (6_667, True) == (again.subscription.refund_minor, again.replayed)
    assert errors.SubscriptionClosed() == other
    assert "cancelled" in late.message
    assert 167 == (await coalition.faces(ana)).pending


async def test_a_delivery_and_the_end_at_once_add_up(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    for number in range(4):
        one = await opened(coalition, rosa, ana, reference=f"box-{number}")
        key = one.subscription.subscription_id

        sent, ended = await asyncio.gather(
            deliver(coalition, rosa, ana, 1, 3_334, reference=f"box-{number}"),
            cancelled(coalition, rosa, key),
            return_exceptions=True,
        )

        assert isinstance(ended, subscriptions.Changed)
        made = 3_334 if isinstance(sent, earn.Reported) else 0
        assert 10_000 - made == (await subscriptions.find(coalition.db, key)).refund_minor


async def test_one_that_was_never_opened_is_a_name_as_before(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await promotions.promote(coalition, when=[{"if": "subscription", "up_to": 2}])
    for _ in range(2):
        await deliver(coalition, rosa, ana, 1, 10_000, reference="tea")

    # The contract's 5 % and the campaign's 10 % twice.
    assert 3_000 == (await coalition.faces(ana)).pending


async def test_what_belongs_to_another_member_is_not_delivered_to_this_one(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    ben = await coalition.member()
    await opened(coalition, rosa, ana)

    assert ("subscription",) == (await refused(deliver(coalition, rosa, ben, 1, 3_334))).path


async def test_another_merchants_reference_is_another_subscription(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    bakery = await coalition.merchant()
    one = (await opened(coalition, rosa, ana)).subscription
    await opened(coalition, bakery, ana, deliveries=5)

    await deliver(coalition, bakery, ana, 1, 2_000)
    foreign = await refused(cancelled(coalition, bakery, one.subscription_id))

    assert errors.NotFound() == foreign


async def test_a_preview_refuses_what_a_report_would(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await opened(coalition, rosa, ana)
    basket = purchase(3_334, subscription="box-1", delivery=4)

    seen = await refused(
        previews.preview(
            coalition.db, merchant_id=rosa, purchase=basket, member_id=ana.member_id, now=NOON
        )
    )

    assert ("SUBSCRIPTION_INVALID", ("delivery",)) == (seen.code, seen.path)


async def test_nobody_suspended_opens_one_and_a_suspended_merchant_may_end_one(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    one = await opened(coalition, rosa, ana)
    await members.suspend(coalition.db, ana.member_id, reason="lost", actor=audit.SYSTEM)
    member = await refused(opened(coalition, rosa, ana, reference="box-2"))
    await merchants.set_status(
        coalition.db, rosa, status="suspended", reason="late", actor=audit.SYSTEM
    )

    merchant = await refused(opened(coalition, rosa, ana, reference="box-3"))
    again = await opened(coalition, rosa, ana)
    await cancelled(coalition, rosa, one.subscription.subscription_id)

    assert (errors.MemberSuspended(), errors.MerchantSuspended()) == (member, merchant)
    assert again.replayed


async def test_the_member_is_told(coalition: Coalition, rosa: UUID, ana: members.Member) -> None:
    one = await opened(coalition, rosa, ana)
    await cancelled(coalition, rosa, one.subscription.subscription_id)
    await notices.drain(coalition.db)

    told = await notices.page(coalition.db, ana.wallet_id, first=10)

    ended = "Your subscription at Rosa has ended. 100.00 EUR of it was not delivered;"
    assert [
        f"{ended} Rosa pays that back to you.",
        "Rosa has your payment for 3 deliveries. Each earns cashback when it is made.",
    ] == [one.sentence for one in told]


async def test_the_application_writes_none_by_hand(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await opened(coalition, rosa, ana)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await coalition.db.execute("update ledger.subscription set deliveries = 100")


async def test_the_law_sees_a_number_that_earned_twice(
    coalition: Coalition, owner: Connection, rosa: UUID, ana: members.Member
) -> None:
    one = await opened(coalition, rosa, ana)
    for number, minor in ((1, 3_334), (2, 3_333)):
        await deliver(coalition, rosa, ana, number, minor)
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("alter table ledger.purchase disable trigger user")
    await owner.execute("update ledger.purchase set delivery = 1")

    found = await owner.fetch(sql.load("laws/31_subscriptions_are_delivered_once"))
    await transaction.rollback()

    key = one.subscription.subscription_id
    assert [(ledger.bucket(key), key, "twice")] == [tuple(row) for row in found]
