"""Milestones under races and crashes: reached once, paid once, nothing for what went back."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import factories, taking_part
from tests.wallet.factories import NOON, Coalition
from tests.wallet.reaching import SIXTH_IS_ON_US, buy, look, milestone, paid, reached
from wallet import audit, errors, ledger, members, notices
from wallet.progress import advance


@pytest.fixture
async def rosa(coalition: Coalition) -> UUID:
    """A merchant whose own contract pays a little."""
    return await coalition.merchant()


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member who works towards something."""
    return await coalition.member()


async def rest(coalition: Coalition) -> None:
    """Let the worker go on until nothing is left to do."""
    for _ in range(20):
        moved = await notices.drain(coalition.db)
        done = await advance.advance(coalition.db, now=NOON)
        assert [] == done.failures
        if not moved and not done.wallets:
            return
    raise AssertionError("the worker never came to rest")


async def work(coalition: Coalition, times: int = 6) -> None:
    """A worker at its work; what fails under a race is tried again later, as the worker does."""
    for _ in range(times):
        await notices.drain(coalition.db)
        await advance.advance(coalition.db, now=NOON)


async def test_twenty_purchases_at_once_cross_the_target_as_often_as_twenty_in_a_row(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await milestone(coalition, **SIXTH_IS_ON_US)

    await asyncio.gather(
        *(buy(coalition, rosa, ana) for _ in range(20)), *(work(coalition) for _ in range(3))
    )
    await rest(coalition)
    assert [("ever", nth, True) for nth in range(1, 5)] == sorted(await reached(coalition, ana))
    assert [500] * 4 == await paid(coalition, ana)


async def test_one_that_is_looked_at_many_times_at_once_is_reached_and_paid_once(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await milestone(coalition, target=1)
    await buy(coalition, rosa, ana)

    await asyncio.gather(*(look(coalition, ana) for _ in range(8)), return_exceptions=True)
    await rest(coalition)
    assert [("ever", 1, True)] == await reached(coalition, ana)
    assert [500] == await paid(coalition, ana)


async def test_a_return_that_races_the_completion_leaves_nothing_paid(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    await milestone(coalition, on_return="take_back")
    for _ in range(4):
        bought = [await buy(coalition, rosa, ana) for _ in range(2)]
        await asyncio.gather(
            work(coalition), *(coalition.give_back(rosa, one) for one in bought), work(coalition)
        )

    await rest(coalition)
    assert [] == [one for one in await reached(coalition, ana) if one[2]]
    assert [] == await paid(coalition, ana)


async def test_a_crash_before_the_award_is_mended_by_the_next_look(
    coalition: Coalition, rosa: UUID, ana: members.Member, owner: Connection
) -> None:
    await milestone(coalition, target=1)
    await buy(coalition, rosa, ana)
    await owner.execute("alter table ledger.award rename to lost")
    with pytest.raises(asyncpg.UndefinedTableError):
        await look(coalition, ana)
    await owner.execute("alter table ledger.lost rename to award")
    crashed = await paid(coalition, ana)

    await rest(coalition)
    assert ([], [500]) == (crashed, await paid(coalition, ana))


async def test_a_completion_that_was_written_but_not_paid_and_then_fell_is_never_paid(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition, starts_at=(NOON + factories.DAY).isoformat())
    await milestone(
        coalition, pays=False, target=1, reward=str(paying.campaign_id), on_return="take_back"
    )
    bought = await buy(coalition, rosa, ana)
    await look(coalition, ana)
    unpaid = await reached(coalition, ana)
    await coalition.give_back(rosa, bought)
    await look(coalition, ana, now=NOON + 2 * factories.DAY)

    assert [("ever", 1, True)] == unpaid
    assert [("ever", 1, False)] == await reached(coalition, ana)
    assert [] == await paid(coalition, ana)


async def test_a_suspension_between_the_completion_and_its_award_only_delays_it(
    coalition: Coalition, rosa: UUID, ana: members.Member
) -> None:
    paying = await taking_part.reward(coalition, starts_at=(NOON + factories.DAY).isoformat())
    await milestone(coalition, pays=False, target=1, reward=str(paying.campaign_id))
    await buy(coalition, rosa, ana)
    await look(coalition, ana)
    now = NOON + 2 * factories.DAY
    # The books alone know of it yet: whoever looks believes that the wallet is open.
    (key,) = await coalition.db.fetch("select award_id from ledger.completion")
    await members.suspend(coalition.db, ana.member_id, reason="asked", actor=audit.SYSTEM)
    answer = await coalition.db.call(
        "select ledger.post_award($1, $2, $3, $4, $5, 'milestone', 'x', null, '{}', $6, null, 0,"
        " '{}', '{}', '{}', '{}', '{}', null, $7)",
        *(ledger.bucket(ana.wallet_id), key["award_id"], ana.wallet_id, coalition.asset.number),
        *(coalition.operator_id, key["award_id"], now),
    )
    await members.reinstate(coalition.db, ana.member_id, reason="asked", actor=audit.SYSTEM)
    with pytest.raises(errors.Refusal):
        ledger.replayed(answer)
    for _ in range(2):
        await look(coalition, ana, now=now)

    assert [500] == await paid(coalition, ana)
