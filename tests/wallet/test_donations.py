"""Gifts of a member: any amount once, or what is left of a lot, never more than there is."""

import asyncio

from tests.conftest import Connection
from tests.wallet import giving
from tests.wallet.factories import Coalition, refused
from wallet import errors, ids
from wallet.rules import returns


async def test_goods_that_come_back_after_a_gift_are_a_deficit_as_after_any_spend(
    coalition: Coalition,
) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    bought = await coalition.fill(ana, 500)
    await coalition.give(ana, river, 500)

    await coalition.give_back(coalition.mint, bought, returns.ReturnLine(1, None, 200))

    assert -200 == (await coalition.faces(ana)).available
    assert 500 == await coalition.position(river, "due")


async def test_a_gift_out_of_one_lot_takes_that_lot(
    coalition: Coalition, owner: Connection
) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 300)
    late = await coalition.fill(ana, 200)
    lot = await owner.fetchval("select lot_id from ledger.lot where cause_id = $1", late)

    await coalition.give(ana, river, 50, lot_id=lot)
    await coalition.give(ana, river, None, lot_id=lot)
    refusals = [
        await refused(coalition.give(ana, river, None, lot_id=lot)),
        await refused(coalition.give(ana, river, 301)),
        await refused(coalition.give(ana, river, None, lot_id=ids.new())),
    ]

    assert [("expiring", 50), ("expiring", 150)] == await giving.gifts(coalition, ana)
    assert [300, 0] == [remaining for _, remaining, _ in await coalition.lots(ana)]
    assert ["INSUFFICIENT_FUNDS", "INSUFFICIENT_FUNDS", "NOT_FOUND"] == [
        one.code for one in refusals
    ]


async def test_twenty_gifts_at_once_of_a_balance_for_seven_are_seven(coalition: Coalition) -> None:
    ana, river = await coalition.member(), await giving.charity(coalition)
    await coalition.fill(ana, 75)

    answers = await asyncio.gather(
        *(coalition.give(ana, river, 10) for _ in range(20)), return_exceptions=True
    )

    assert 7 == answers.count(False)
    assert 13 == sum(isinstance(one, errors.InsufficientFunds) for one in answers)
    assert 70 == await coalition.position(river, "due")


async def test_a_gift_to_nobody_or_to_nobody_verified_is_refused_for_ever(
    coalition: Coalition,
) -> None:
    ana, proposed, key = await coalition.member(), await giving.proposed(coalition), ids.new()
    await coalition.fill(ana, 100)

    unknown = await refused(coalition.give(ana, ids.new(), 10))
    first = await refused(coalition.give(ana, proposed, 10, key=key))
    await giving.verify(coalition, proposed)
    again = await refused(coalition.give(ana, proposed, 10, key=key))

    assert ("CHARITY_UNKNOWN", ("charity_id",)) == (unknown.code, unknown.path)
    assert "CHARITY_UNVERIFIED" == first.code
    assert first == again
    assert not await coalition.give(ana, proposed, 10)
