"""The outbox becomes notices: all of them, once, with the amounts that the books moved."""

import asyncpg

from tests.wallet import factories
from tests.wallet.factories import ALL_BACK, AT_ONCE, DAY, NOON, Coalition
from wallet import earn, expire, members, notices


async def told(coalition: Coalition, member: members.Member) -> list[str]:
    """Everything the member was told, oldest first."""
    while await notices.drain(coalition.db, limit=2):
        pass
    page = await notices.page(coalition.db, member.wallet_id, first=100)
    return [notice.sentence for notice in reversed(page)]


async def test_members_are_told_what_changes_what_they_have(coalition: Coalition) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    ana = await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 500)
    await coalition.spend(ana, coalition.mint, 200, now=NOON + DAY)
    await expire.sweep(coalition.db, now=NOON + 32 * DAY)
    await coalition.give_back(rosa, purchase_id, now=NOON + 33 * DAY)

    sentences = await told(coalition, ana)

    parts = ("yours to spend", "You spent 2.00 EUR", "3.00 EUR from", "2.00 EUR of cashback")
    assert all(part in sentence for part, sentence in zip(parts, sentences, strict=True))


async def test_what_lapsed_and_came_back_is_told_once_and_takes_nothing(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.unpaid(10_000))
    await earn.mature(coalition.db, now=NOON + 61 * DAY)
    await coalition.give_back(rosa, reported.purchase_id, now=NOON + 62 * DAY)

    (sentence,) = await told(coalition, ana)

    assert "was cancelled: the purchase was never confirmed" in sentence


async def test_draining_again_tells_nothing_twice(
    coalition: Coalition, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 500)
    await owner.execute("create table public.waiting as select * from ledger.outbox")
    before = await told(coalition, ana)

    # A crash between the notice and the removal leaves the event: it is there again.
    await owner.execute("insert into ledger.outbox select * from public.waiting")

    assert before == await told(coalition, ana)
    assert 0 == await owner.fetchval("select count(*) from ledger.outbox")
