"""Paid memberships in the books: each payment counts once, and every act is kept."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import belonging, taking_part
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import audit, errors, ids, ledger, members, merchants, money, sql
from wallet.progress import entitlements, memberships, plans
from wallet.progress import membership_acts as acts

LISBON = "Europe/Lisbon"
ENDS = datetime(2027, 3, 17, tzinfo=UTC)  # a year after NOON's day, and seven days of grace


@pytest.fixture
async def rosa(coalition: Coalition) -> belonging.Shop:
    """A merchant who sells a year of VIP for 36.50."""
    return await belonging.shop(coalition)


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who joins."""
    return await coalition.member()


async def entitled(coalition: Coalition, member: members.Member, now: datetime) -> list[str]:
    found = await entitlements.of(coalition.db, member.wallet_id, now=now)
    return [one.word for one in found]


async def test_a_payment_buys_a_term_and_what_is_in_the_plan_and_earns_nothing(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    begun = await rosa.start(ana)
    one = begun.membership

    assert ("started", date(2026, 3, 10), date(2027, 3, 10)) == (
        *(begun.act.kind, begun.act.from_day, begun.act.until_day),
    )
    assert (3_650, ENDS) == (one.paid_minor, one.entitled_until)
    days = [NOON - DAY, NOON, ENDS - DAY, ENDS]
    assert [[], ["free_shipping"], ["free_shipping"], []] == [
        await entitled(coalition, ana, day) for day in days
    ]
    assert ["active", "in_grace", "lapsed"] == [one.state(day, LISBON) for day in days[1:]]
    assert 0 == (await coalition.faces(ana)).version


async def test_a_payment_that_is_reported_many_times_at_once_counts_once(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    key = ids.new()
    keys = [key] * 5 + [ids.new() for _ in range(5)]

    found = await asyncio.gather(*(rosa.start(ana, reference="card-7", key=one) for one in keys))

    assert 1 == len({one.membership.membership_id for one in found})
    assert 1 == sum(not one.replayed for one in found)
    assert 1 == await coalition.db.fetchval("select count(*) from ledger.membership_act")


async def test_a_key_or_a_reference_of_another_payment_is_refused(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    key, ben = ids.new(), await coalition.member()
    await rosa.start(ana, key=key, reference="card-7")

    reused = await refused(rosa.start(ana, key=key, reference="card-8"))
    taken = await refused(rosa.start(ben, reference="card-7"))

    assert ("IDEMPOTENCY_KEY_REUSED", "REFERENCE_USED") == (reused.code, taken.code)
    assert not (await rosa.start(ben, reference="card-8")).replayed


async def test_what_was_refused_may_be_put_right_under_its_own_reference(
    rosa: belonging.Shop, ana: members.Member
) -> None:
    dear = await refused(rosa.start(ana, reference="card-7", minor=3_651))

    begun = await rosa.start(ana, reference="card-7", minor=3_000)

    assert ("AMOUNT_INVALID", ("paid",)) == (dear.code, dear.path)
    assert 3_000 == begun.membership.paid_minor


async def test_renewed_in_time_in_grace_and_too_late(
    rosa: belonging.Shop, ana: members.Member
) -> None:
    key = (await rosa.start(ana)).membership.membership_id
    found = [
        await rosa.renew(key, now=datetime(2027, 3, 1, 12, tzinfo=UTC)),
        await rosa.renew(key, now=datetime(2028, 3, 12, 12, tzinfo=UTC)),
        await rosa.renew(key, now=datetime(2029, 4, 1, 12, tzinfo=UTC)),
    ]

    assert [
        ("renewed", date(2027, 3, 10), date(2028, 3, 10)),
        ("renewed", date(2028, 3, 10), date(2029, 3, 10)),
        ("reinstated", date(2029, 4, 1), date(2030, 4, 1)),
    ] == [(one.act.kind, one.act.from_day, one.act.until_day) for one in found]


async def test_a_renewal_buys_what_is_sold_then(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    one = (await rosa.start(ana)).membership
    await taking_part.scheme(
        coalition,
        scheme_id=rosa.plan_id,
        plain=belonging.PLAN,
        seller=str(rosa.merchant_id),
        price_minor=5_000,
        from_at=NOON + 100 * DAY,
        now=NOON,
    )
    old = await plans.find(coalition.db, one.membership_id)
    later = NOON + 200 * DAY

    renewed = await rosa.renew(one.membership_id, minor=5_000, now=later)

    assert (3_650, 5_000) == (old.plan.price_minor, renewed.membership.plan.price_minor)


async def test_cancelling_says_what_to_pay_back_and_ends_with_the_day(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    key, request = (await rosa.start(ana)).membership.membership_id, ids.new()
    now = NOON + 9 * DAY
    quoted = await memberships.quote(
        coalition.db,
        seller_id=rosa.merchant_id,
        membership_id=key,
        plan_id=None,
        now=now,
    )
    ended = await rosa.cancel(key, now=now, key=request)
    again = await rosa.cancel(key, now=now + DAY, key=request)

    closed = [await refused(rosa.cancel(key, now=now)), await refused(rosa.renew(key, now=now))]

    assert 3_550 == quoted.act.refund_minor == ended.act.refund_minor
    assert (ended.act, True) == (again.act, again.replayed)
    assert {("MEMBERSHIP_CLOSED", "cancelled")} == {(it.code, it.data["state"]) for it in closed}
    ends = ended.membership.entitled_until
    assert datetime(2026, 3, 20, tzinfo=UTC) == ends
    assert [["free_shipping"], []] == [await entitled(coalition, ana, at) for at in (now, ends)]


async def test_an_upgrade_takes_what_is_due_and_keeps_the_membership(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    gold = await belonging.plan(coalition, rosa.merchant_id, name="Gold", price_minor=7_300)
    key, now = (await rosa.start(ana)).membership.membership_id, NOON + 10 * DAY
    quoted = await memberships.quote(
        coalition.db, seller_id=rosa.merchant_id, membership_id=key, plan_id=gold, now=now
    )
    wrong = await refused(rosa.change(key, gold, now=now, minor=7_300))

    changed = await rosa.change(key, gold, now=now, minor=3_750)

    assert (3_750, 3_550) == (quoted.act.paid_minor, quoted.act.credit_minor)
    assert "37.50 EUR" in wrong.message
    assert ("Gold", 7_400) == (changed.membership.plan.name, changed.membership.paid_minor)
    ended = await rosa.cancel(key, now=now)
    assert 7_280 == ended.act.refund_minor  # 364 of 365 days of the new plan


async def test_a_plan_is_joined_once_at_a_time_and_only_where_it_is_sold(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    bakery = await coalition.merchant()
    key = (await rosa.start(ana)).membership.membership_id
    found = [
        await refused(rosa.start(ana)),
        await refused(rosa.start(ana, plan_id=ids.new())),
        await refused(rosa.start(ana, seller_id=bakery)),
        await refused(rosa.change(key, rosa.plan_id)),
        await refused(rosa.start(ana, asset=money.USD)),
    ]

    assert [("MEMBERSHIP_INVALID", ("plan_id",))] * 4 == [(it.code, it.path) for it in found[:4]]
    assert "CURRENCY_MISMATCH" == found[4].code
    assert errors.NotFound() == await refused(rosa.cancel(key, seller_id=bakery))
    assert errors.NotFound() == await refused(rosa.renew(key, seller_id=bakery))


async def test_the_operator_sells_plans_too(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    own = await belonging.plan(coalition, "operator", name="Club")

    begun = await rosa.start(ana, plan_id=own, seller_id=coalition.operator_id)

    assert "Common purse" == begun.membership.seller_name


async def test_joining_again_after_the_end_is_a_new_membership(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    first = (await rosa.start(ana)).membership
    second = (await rosa.start(ana, now=ENDS)).membership

    old = await plans.find(coalition.db, first.membership_id)
    assert first.membership_id != second.membership_id
    assert ("lapsed", None) == (old.closed, second.closed)


async def test_of_a_renewal_and_the_end_at_once_both_see_what_came_first(
    coalition: Coalition, rosa: belonging.Shop
) -> None:
    for _ in range(6):
        member = await coalition.member()
        key, now = (await rosa.start(member)).membership.membership_id, NOON + 9 * DAY

        renewed, ended = await asyncio.gather(
            rosa.renew(key, now=now), rosa.cancel(key, now=now), return_exceptions=True
        )

        assert isinstance(ended, acts.Acted)
        if isinstance(renewed, acts.Acted):
            assert 3_550 + 3_650 == ended.act.refund_minor
        else:
            assert isinstance(renewed, errors.MembershipClosed)
            assert 3_550 == ended.act.refund_minor


async def test_a_payment_that_came_too_late_may_be_used_for_another_membership(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    """The reference of what a cancelling overtook stands for nothing, also after a race."""
    key, now = (await rosa.start(ana)).membership.membership_id, NOON + 9 * DAY
    renewed, _ = await asyncio.gather(
        rosa.renew(key, now=now, reference="card-9"),
        rosa.cancel(key, now=now),
        return_exceptions=True,
    )

    if isinstance(renewed, errors.MembershipClosed):
        again = await rosa.start(ana, now=now, reference="card-9")
        assert not again.replayed


async def test_a_renewal_and_the_worker_at_once_leave_it_running(
    coalition: Coalition, rosa: belonging.Shop
) -> None:
    for number in range(6):
        member = await coalition.member()
        begun = await rosa.start(member)
        one = begun.membership

        renewed, _ = await asyncio.gather(
            rosa.renew(one.membership_id, now=ENDS, paid_at=ENDS - DAY * (number % 2)),
            acts.lapse(coalition.db, one, now=ENDS),
        )

        after = await plans.find(coalition.db, one.membership_id)
        assert "reinstated" == renewed.act.kind
        assert None is after.closed
        gap = number % 2 == 0
        expected = date(2027, 3, 17) if gap else date(2027, 3, 10)
        assert expected == renewed.act.from_day


async def test_nobody_suspended_pays_and_what_runs_may_be_cancelled(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    one = (await rosa.start(ana, reference="card-1")).membership
    await members.suspend(coalition.db, ana.member_id, reason="lost", actor=audit.SYSTEM)
    member = await refused(rosa.renew(one.membership_id, reference="card-2"))
    await merchants.set_status(
        coalition.db, rosa.merchant_id, status="suspended", reason="late", actor=audit.SYSTEM
    )

    merchant = await refused(rosa.renew(one.membership_id))
    again = await rosa.start(ana, reference="card-1")
    ended = await rosa.cancel(one.membership_id)

    assert (errors.MemberSuspended(), errors.MerchantSuspended()) == (member, merchant)
    assert (True, "cancelled") == (again.replayed, ended.membership.closed)


async def test_an_act_never_changes_and_none_is_written_by_hand(
    coalition: Coalition, owner: Connection, rosa: belonging.Shop, ana: members.Member
) -> None:
    await rosa.start(ana)

    for connection, statement in (
        (coalition.db, "update ledger.membership set closed = 'lapsed'"),
        (coalition.db, "update ledger.membership_act set paid_minor = 0"),
        (owner, "update ledger.membership_act set paid_minor = 0"),
        (owner, "delete from ledger.membership_act"),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


@pytest.mark.parametrize(
    ("law", "tampering"),
    [
        ("29_memberships_are_their_acts", "update ledger.membership set paid_minor = 4000"),
        ("29_memberships_are_their_acts", "update ledger.membership set closed = 'lapsed'"),
        ("29_memberships_are_their_acts", "update ledger.membership_act set number = number + 10"),
        ("29_memberships_are_their_acts", "delete from ledger.membership"),
        ("30_paid_terms_never_overlap", "update ledger.membership_act set from_day = '2026-03-10'"),
        (
            "30_paid_terms_never_overlap",
            (
                "update ledger.membership_act set kind = 'cancelled', from_day = null,"
                " refund_minor = 9999, worth_minor = 0, paid_minor = 0, reference = null"
                " where number = 2"
            ),
        ),
    ],
)
async def test_the_laws_see_what_no_verb_would_write(
    owner: Connection, rosa: belonging.Shop, ana: members.Member, law: str, tampering: str
) -> None:
    key = (await rosa.start(ana)).membership.membership_id
    await rosa.renew(key, now=NOON + DAY)
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("alter table ledger.membership_act disable trigger user")
    await owner.execute(tampering)

    found = await owner.fetch(sql.load(f"laws/{law}"))
    await transaction.rollback()

    assert {(ledger.bucket(key), key)} == {(row["bucket"], row["membership_id"]) for row in found}


async def test_the_operator_sees_who_comes_who_goes_and_whose_end_is_near(
    coalition: Coalition, rosa: belonging.Shop, ana: members.Member
) -> None:
    ben, eva = await coalition.member(), await coalition.member()
    gold = await belonging.plan(coalition, rosa.merchant_id, name="Gold", price_minor=3_650)
    await rosa.start(ana)
    key: UUID = (await rosa.start(ben)).membership.membership_id
    third: UUID = (await rosa.start(eva, now=NOON + 30 * DAY)).membership.membership_id
    await rosa.change(third, gold, now=NOON + 30 * DAY, minor=0)
    await rosa.cancel(key, now=NOON + 40 * DAY)

    standing, months = await plans.counts(coalition.db, now=datetime(2027, 1, 20, tzinfo=UTC))

    found = {one.plan_id: (one.members, one.ends_30, one.ends_60, one.ends_90) for one in standing}
    assert {rosa.plan_id: (1, 0, 1, 1), gold: (1, 0, 0, 1)} == found
    vip = [(it.month, it.joined, it.ended) for it in months if it.plan_id == rosa.plan_id]
    assert [("2026-04", 1, 2), ("2026-03", 2, 0)] == vip
    assert [("2026-04", 1, 0)] == [
        (it.month, it.joined, it.ended) for it in months if it.plan_id == gold
    ]


async def test_what_a_plan_holds_may_hold_at_some_merchants(
    coalition: Coalition, ana: members.Member
) -> None:
    bakery = await coalition.merchant()
    rosa = await belonging.shop(coalition, merchants=[str(bakery)])
    await rosa.start(ana)

    (given,) = await entitlements.of(coalition.db, ana.wallet_id, now=NOON)
    assert ("VIP", (bakery,), ENDS) == (given.name, given.merchants, given.until)
