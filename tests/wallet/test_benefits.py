"""Benefits in the books: used once by whoever gives them, and by nothing else."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet.factories import DAY, NOON, Coalition, refused
from tests.wallet.test_activities import lawful, report, visit, welcome
from wallet import audit, errors, ids, ledger, members, merchants, sql
from wallet.campaigns import benefits, earned

TEA: dict[str, Any] = {"give": "benefit", "name": "Tea", "about": "A pot of tea.", "days": 10}


async def gift(
    coalition: Coalition, merchant_id: UUID, member: members.Member, **changes: Any
) -> earned.Benefit:
    """A pot of tea for a visit, at this merchant only, but for what is given."""
    changes = {"give": TEA, "merchants": [str(merchant_id)], "on": {"most": 99}, **changes}
    await welcome(coalition, **changes)
    (given, *_) = (await report(coalition, merchant_id, member, visit())).benefits
    return given


async def use(
    coalition: Coalition,
    merchant_id: UUID,
    one: earned.Benefit,
    *,
    key: UUID | None = None,
    now: datetime = NOON,
) -> benefits.Used:
    return await benefits.use(
        coalition.db,
        merchant_id=merchant_id,
        request_id=key or ids.new(),
        benefit_id=one.benefit_id,
        now=now,
    )


async def facts_of(coalition: Coalition, member: members.Member) -> int:
    return int(
        await coalition.db.fetchval(
            "select facts from ledger.wallet where wallet_id = $1", member.wallet_id
        )
    )


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    """A merchant who gives tea."""
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who likes tea."""
    return await coalition.member()


async def test_a_benefit_is_used_once_and_counts_among_the_members_facts(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    tea, key = await gift(coalition, rosa, ana), ids.new()
    before = await facts_of(coalition, ana)

    used = await use(coalition, rosa, tea, key=key)
    again = await use(coalition, rosa, tea, key=key, now=NOON + 30 * DAY)
    other = await refused(use(coalition, rosa, tea))

    assert (False, True, NOON) == (used.replayed, again.replayed, again.benefit.used_at)
    assert errors.CouponInvalid() == other
    assert before + 1 == await facts_of(coalition, ana)
    assert await lawful(coalition)


async def test_of_many_who_use_it_at_once_one_does(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    tea = await gift(coalition, rosa, ana)

    found = await asyncio.gather(
        *(use(coalition, rosa, tea) for _ in range(10)), return_exceptions=True
    )

    assert 1 == sum(isinstance(one, benefits.Used) for one in found)
    assert 9 == sum(isinstance(one, errors.CouponInvalid) for one in found)


async def test_a_key_that_used_another_benefit_is_not_used_again(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    tea, key = await gift(coalition, rosa, ana), ids.new()
    (cake,) = (await report(coalition, rosa, ana, visit())).benefits
    await use(coalition, rosa, tea, key=key)

    reused = await refused(use(coalition, rosa, cake, key=key))

    assert errors.IdempotencyKeyReused(first_used_at=NOON) == reused
    assert (await earned.benefit(coalition.db, cake.benefit_id)).used_at is None


async def test_what_is_over_is_refused_and_that_stands(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    tea, key = await gift(coalition, rosa, ana), ids.new()
    late = await refused(use(coalition, rosa, tea, key=key, now=NOON + 11 * DAY))

    in_time = await refused(use(coalition, rosa, tea, key=key))

    assert (errors.CouponInvalid(), "COUPON_INVALID") == (late, in_time.code)


async def test_a_coupon_is_used_by_a_purchase_alone(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    coupon = await gift(coalition, rosa, ana, give={"give": "coupon", "name": "coffee"})

    assert errors.CouponInvalid() == await refused(use(coalition, rosa, coupon))


async def test_only_a_merchant_of_its_campaign_finds_it(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    bakery, tea = await coalition.merchant(), await gift(coalition, rosa, ana)

    elsewhere = await refused(use(coalition, bakery, tea))

    assert errors.NotFound() == elsewhere
    assert 0 == await coalition.db.fetchval("select count(*) from ledger.refusal")


async def test_nobody_suspended_uses_or_gives_one(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    tea = await gift(coalition, rosa, ana)
    await members.suspend(coalition.db, ana.member_id, reason="lost", actor=audit.SYSTEM)
    member = await refused(use(coalition, rosa, tea))
    await merchants.set_status(
        coalition.db, rosa, status="suspended", reason="late", actor=audit.SYSTEM
    )

    merchant = await refused(use(coalition, rosa, tea))

    assert (errors.MemberSuspended(), errors.MerchantSuspended()) == (member, merchant)


async def test_a_list_begins_with_what_can_be_used_and_is_over_soonest(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    now = await coalition.db.fetchval("select clock_timestamp()")
    for days in (30, 20, 10):
        await welcome(coalition, at=now, give={**TEA, "name": str(days), "days": days})
    found = await report(coalition, rosa, ana, visit(happened_at=now), now=now)
    twenty = next(one for one in found.benefits if one.name == "20")
    await use(coalition, rosa, twenty, now=now)

    listed = await earned.benefits(coalition.db, ana.wallet_id)

    assert ["10", "30", "20"] == [one.name for one in listed]
    named = [one.document["matched"][0]["name"] for one in found.awards]
    assert set(named) == {one.campaign for one in listed}


async def test_the_application_uses_benefits_by_the_verb_alone(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await gift(coalition, rosa, ana)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await coalition.db.execute("update ledger.benefit set used_at = null, used_by = null")


async def test_the_law_sees_a_benefit_that_something_of_another_bucket_used(
    coalition: Coalition, owner: Connection, rosa: UUID, ana: members.Member
) -> None:
    tea = await gift(coalition, rosa, ana)
    elsewhere = ids.placed(ids.new(), (ledger.bucket(tea.benefit_id) + 1) % ids.BUCKETS)

    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("update ledger.benefit set used_at = now(), used_by = $1", elsewhere)
    found = await owner.fetch(sql.load("laws/22_causes_name_what_they_gave"))
    await transaction.rollback()

    assert [(tea.benefit_id, "benefit")] == [(row["id"], row["what"]) for row in found]
