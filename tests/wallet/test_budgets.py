"""Budgets: never passed, given out in shares, and given again when goods come back."""

import asyncio

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import factories, granting
from tests.wallet.factories import NOON, Coalition
from tests.wallet.granting import Gift
from wallet import earn, errors, ids, ledger, money
from wallet.campaigns import budgets
from wallet.database import Database

CAP = 1000
BUCKETS = 5


async def pool(owner: Connection, budget: object) -> tuple[int, int]:
    """What the pool says is allotted, and what the shares add up to."""
    row = await owner.fetchrow(
        "select allotted_minor, (select coalesce(sum(allotted), 0)::bigint"
        " from ledger.budget_share s where s.budget_id = b.budget_id)"
        " from coalition.budget b where budget_id = $1",
        budget,
    )
    assert row is not None
    return row[0], row[1]


def test_a_subject_has_one_budget_in_each_asset() -> None:
    subject = ids.new()

    same = budgets.budget_id("campaign", subject, money.EUR)
    assert budgets.budget_id("campaign", subject, money.EUR) == same
    assert 4 == len(
        {
            same,
            budgets.budget_id("merchant", subject, money.EUR),
            budgets.budget_id("campaign", subject, money.PTS),
            budgets.budget_id("campaign", ids.new(), money.EUR),
        }
    )


async def test_an_allotment_is_what_is_needed_or_a_512th_of_what_is_left(
    coalition: Coalition, owner: Connection
) -> None:
    budget = await granting.budget(coalition, 512_000)

    large = await budgets.allot(coalition.db, budget, bucket=1, need_minor=5)
    needed = await budgets.allot(coalition.db, budget, bucket=2, need_minor=9_000)
    rest = await budgets.allot(coalition.db, budget, bucket=1, need_minor=10**12)
    none = await budgets.allot(coalition.db, budget, bucket=1, need_minor=1)

    assert (1000, 9_000, 502_000, 0) == (large, needed, rest, none)
    assert (512_000, 512_000) == await pool(owner, budget)


async def test_a_purchase_that_no_longer_fits_its_share_is_stale(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member(bucket=1)
    budget = await granting.budget(coalition, 100, bucket=1, need_minor=100)
    gift = Gift(60, {rosa: 1}, budgets=(budget,))

    codes = [
        (await granting.post(coalition, rosa, ana, factories.purchase(1000), gift)).code
        for _ in range(2)
    ]

    assert ["posted", "stale"] == codes
    assert {budget: 40} == await budgets.room(coalition.db, [budget], bucket=1)


async def test_a_batch_draws_in_its_order_until_the_share_ends(coalition: Coalition) -> None:
    rosa = await coalition.merchant()
    budget = await granting.budget(coalition, 100, bucket=1, need_minor=100)
    gift = Gift(40, {rosa: 1}, budgets=(budget,))
    people = [await coalition.member(bucket=1) for _ in range(4)]
    items: list[granting.Item] = [
        (earn.Report(ids.new(), who.member_id, factories.purchase(1000)), [gift], {})
        for who in people
    ]

    posted = await granting.batch(coalition, rosa, items)

    assert ["posted", "posted", "stale", "stale"] == [one.code for one in posted]
    standing = (await budgets.standing(coalition.db, [budget]))[budget]
    assert budgets.Standing(100, 80, 20) == standing


async def test_a_budget_that_nobody_allotted_gives_nothing(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member(bucket=1)
    budget = await granting.budget(coalition, 100)

    gift = Gift(1, {rosa: 1}, budgets=(budget,))
    posted = await granting.post(coalition, rosa, ana, factories.purchase(1000), gift)

    assert "stale" == posted.code


async def test_what_comes_back_is_given_again(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member(bucket=1)
    budget = await granting.budget(coalition, 100, bucket=1, need_minor=100)
    gift = Gift(100, {rosa: 1}, budgets=(budget,))
    first = await granting.post(coalition, rosa, ana, factories.purchase(1000), gift)

    await granting.give_back(coalition, rosa, first.purchase_id)
    again = await granting.post(coalition, rosa, ana, factories.purchase(1000), gift)

    assert ("posted", "posted") == (first.code, again.code)
    assert 100 == (await budgets.standing(coalition.db, [budget]))[budget].given_minor


async def test_a_cap_may_fall_to_what_was_given_and_no_further(
    coalition: Coalition, owner: Connection
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member(bucket=1)
    subject = ids.new()

    async def cap(minor: int) -> None:
        await budgets.set_cap(
            coalition.db, kind="funder", subject_id=subject, asset=money.EUR, cap_minor=minor
        )

    await cap(1000)
    budget = budgets.budget_id("funder", subject, money.EUR)
    for bucket in (1, 2, 3):
        await budgets.allot(coalition.db, budget, bucket=bucket, need_minor=300)
    gift = Gift(60, {rosa: 1}, budgets=(budget,))
    await granting.post(coalition, rosa, ana, factories.purchase(1000), gift)

    refusal = await factories.refused(cap(59))
    await cap(60)

    assert isinstance(refusal, errors.BudgetTooSmall)
    assert {"given_minor": 60, "asset": "EUR"} == refusal.data
    assert (60, 60) == await pool(owner, budget)


async def test_a_negative_cap_is_refused(coalition: Coalition) -> None:
    refusal = await factories.refused(
        budgets.set_cap(
            coalition.db, kind="merchant", subject_id=ids.new(), asset=money.EUR, cap_minor=-1
        )
    )

    assert "AMOUNT_INVALID" == refusal.code


async def test_a_warning_is_raised_once(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member(bucket=1)
    budget = await granting.budget(coalition, 1000, bucket=1, need_minor=1000)

    async def give(minor: int) -> list[int]:
        gift = Gift(minor, {rosa: 1}, budgets=(budget,))
        await granting.post(coalition, rosa, ana, factories.purchase(1000), gift)
        return [one.bps for one in await budgets.alert(coalition.db, now=NOON)]

    told = [await give(minor) for minor in (799, 1, 0, 200)]

    assert [[], [8000], [], [9500]] == told


async def test_the_application_can_not_allot_by_hand(coalition: Coalition) -> None:
    await granting.budget(coalition, 1000)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await coalition.db.execute("update coalition.budget set allotted_minor = 5")


async def test_many_members_of_many_buckets_get_exactly_the_cap(
    coalition: Coalition, owner: Connection, dsn: str
) -> None:
    """Forty clients draw on one budget until it is empty, while others recall what is unused."""
    rosa = await coalition.merchant()
    people = [await coalition.member(bucket=place % BUCKETS) for place in range(40)]
    budget = await granting.budget(coalition, CAP)
    other = await Database.connect(dsn, size=8, bulk_size=8)
    given = []

    async def client(place: int) -> None:
        door = Coalition(other, coalition.operator_id, coalition.mint)
        who = people[place]
        bucket = ledger.bucket(who.wallet_id)
        while True:
            want = 7 + place % 5
            there = await budgets.provide(door.db, budget, bucket=bucket, need_minor=want)
            if there == 0:
                return
            gift = Gift(min(want, there), {rosa: 1}, budgets=(budget,))
            posted = await granting.post(door, rosa, who, factories.purchase(1000), gift)
            if posted.code == "posted":
                given.append(gift.minor)

    async def recaller() -> None:
        for _ in range(20):
            await budgets.recall(other, budget)
            await asyncio.sleep(0.02)

    await asyncio.gather(*(client(place) for place in range(40)), recaller())
    await other.close()

    assert CAP == sum(given)
    assert budgets.Standing(CAP, CAP, 0) == (await budgets.standing(coalition.db, [budget]))[budget]
    assert (CAP, CAP) == await pool(owner, budget)


async def test_recalls_and_allotments_race_and_nothing_is_lost(
    coalition: Coalition, owner: Connection
) -> None:
    budget = await granting.budget(coalition, CAP)

    await asyncio.gather(
        *(
            act
            for bucket in range(12)
            for act in (
                budgets.allot(coalition.db, budget, bucket=bucket, need_minor=150),
                budgets.recall(coalition.db, budget, keep_bucket=bucket),
            )
        )
    )

    allotted, shares = await pool(owner, budget)
    assert shares == allotted
    assert allotted <= CAP
    await budgets.recall(coalition.db, budget)
    assert (0, 0) == await pool(owner, budget)
