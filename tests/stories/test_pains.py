"""What hurt members and merchants of other programmes, each as one thing that a person sees.

The numbers are those of the list of pains in the design; each test says which it answers. The same
promises are tried harder, one verb at a time, in `tests/wallet`.
"""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest

from tests.conftest import Connection
from tests.wallet import factories
from tests.wallet.factories import ALL_BACK, AT_ONCE, DAY, EUR, NOON, Coalition, refused
from wallet import audit, earn, errors, expire, ids, members, merchants, money, notices, redeem
from wallet import statements as read
from wallet.rules import purchases, returns


async def all_at_once(attempts: Sequence[Any]) -> list[Any]:
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, errors.Refusal):
            raise answer
    return list(answers)


async def test_two_open_tabs_do_not_spend_the_same_cashback_twice(coalition: Coalition) -> None:
    """Pain 1: fifty at once on one wallet; just so many succeed as it can pay."""
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1234)

    answers = await all_at_once([coalition.spend(ana, rosa, 100) for _ in range(50)])

    assert 12 == sum(not isinstance(answer, errors.Refusal) for answer in answers)
    assert {"INSUFFICIENT_FUNDS"} == {
        one.code for one in answers if isinstance(one, errors.Refusal)
    }
    assert (34, 0) == ((await coalition.faces(ana)).available, (await coalition.faces(ana)).held)


async def test_an_order_that_the_shop_sends_again_is_credited_once(coalition: Coalition) -> None:
    """Pain 2: ten times, at once, in another order, and a year later."""
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    orders = [(factories.purchase(1000 * one), ids.new()) for one in range(1, 6)]
    sends = [order for order in orders for _ in range(10)]
    random.Random(2).shuffle(sends)

    await all_at_once([coalition.report(rosa, ana, bought, key=key) for bought, key in sends])
    await earn.mature(coalition.db, now=NOON)
    for bought, key in orders:
        again = await coalition.report(rosa, ana, bought, key=key, now=NOON + 365 * DAY)
        assert again.replayed
    await earn.mature(coalition.db, now=NOON + 365 * DAY)

    assert 50 * (1 + 2 + 3 + 4 + 5) == (await coalition.faces(ana)).available


async def test_a_retried_payment_is_taken_once(coalition: Coalition) -> None:
    """Pain 2: the till retries each step of a payment; the wallet moves once for each."""
    rosa, ana, keys = (
        await coalition.merchant(),
        await coalition.member(),
        [ids.new() for _ in "123"],
    )
    await coalition.fill(ana, 1000)
    code = await redeem.code_issue(
        coalition.db, member_id=ana.member_id, merchant_id=rosa, now=NOON
    )
    for step in (0, 0, 0, 1, 1, 1, 2, 2, 2):
        held = await redeem.hold(
            coalition.db,
            merchant_id=rosa,
            request_id=keys[0],
            code=code.text,
            amount_minor=600,
            asset=EUR,
            order_reference="order-1",
            now=NOON,
        )
        if step >= 1:
            await coalition.capture(held.redemption, 500, key=keys[1])
        if step == 2:
            await coalition.refund(held.redemption, 200, key=keys[2])

    assert 700 == (await coalition.faces(ana)).available
    assert 300 == await coalition.position(rosa, "honoured")


async def test_buying_and_sending_back_a_hundred_times_gains_nothing(coalition: Coalition) -> None:
    """Pain 3: earn, refund, keep."""
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    for _ in range(100):
        reported = await coalition.report(rosa, ana, factories.purchase(9999))
        await coalition.give_back(rosa, reported.purchase_id)
    await earn.mature(coalition.db, now=NOON)

    assert 0 == (await coalition.faces(ana)).available
    assert 0 == await coalition.position(rosa, "issued")


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_returns_a_member_has_what_the_kept_goods_earn(
    coalition: Coalition, seed: int
) -> None:
    """Pain 3: whatever comes back in whatever steps, what stays is what the rest would earn."""
    dice = random.Random(seed)
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    prices = [dice.randint(1, 9999) for _ in range(4)]
    purchase_id = await coalition.earned(rosa, ana, *prices)
    kept = list(prices)
    for _ in range(8):
        place = dice.randrange(len(kept))
        if part := dice.randint(0, kept[place]):
            kept[place] -= part
            await coalition.give_back(rosa, purchase_id, returns.ReturnLine(place + 1, None, part))

    bought = await read.purchase(coalition.db, purchase_id)
    assert bought.detail is not None
    expected = sum(
        money.divide(line.credited_minor * left, price, money.Rounding.HALF_EVEN)
        for line, left, price in zip(bought.detail.lines, kept, prices, strict=True)
    )
    assert expected == (await coalition.faces(ana)).available


async def test_who_paid_partly_with_cashback_gets_both_parts_back(coalition: Coalition) -> None:
    """Pain 4: wallet and card get back just what they paid, and doing it twice does nothing."""
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    await coalition.fill(ana, 1000)
    before = await coalition.lots(ana)
    spent = await coalition.spend(ana, rosa, 1000)
    order = factories.purchase(3000, paid_with_cashback_minor=1000)
    reported = await coalition.report(rosa, ana, order)
    await earn.mature(coalition.db, now=NOON)
    earned_on_card = (await coalition.faces(ana)).available

    await coalition.give_back(rosa, reported.purchase_id)
    await coalition.refund(spent)
    repeated = await refused(coalition.refund(spent))

    assert 100 == earned_on_card
    assert before == (await coalition.lots(ana))[:1]
    assert 1000 == (await coalition.faces(ana)).available
    assert "REFUND_EXCEEDS_CAPTURE" == repeated.code


async def test_a_return_takes_back_what_was_given_not_what_todays_offer_says(
    coalition: Coalition,
) -> None:
    """Pain 5: the offer changed, the merchant left; the return follows the old decision."""
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 10_000, 3333)
    await coalition.publish(rosa, NOON, rates={"default_bps": 9000}, pending=AT_ONCE)
    await merchants.set_status(
        coalition.db, rosa, status="suspended", reason="has left", actor=audit.SYSTEM
    )

    await coalition.give_back(rosa, purchase_id, returns.ReturnLine(2), now=NOON + 90 * DAY)
    while await notices.drain(coalition.db):
        pass

    told = await notices.page(coalition.db, ana.wallet_id, first=10)
    assert 500 == (await coalition.faces(ana)).available
    assert any("1.67 EUR" in notice.sentence and "Rosa" in notice.sentence for notice in told), told


async def test_every_cent_of_a_wallet_has_its_day_and_no_other_cent_goes_with_it(
    coalition: Coalition,
) -> None:
    """Pain 6: a year of earning and spending; what is left is what the calendar says."""
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 90})
    ana = await coalition.member()
    for month in range(12):
        now = NOON + month * 30 * DAY
        await expire.sweep(coalition.db, now=now)
        await coalition.earned(rosa, ana, 100 + month, now=now)
        if month % 3 == 2:
            await coalition.spend(ana, coalition.mint, 50, now=now)
    shown = await read.next_expiries(coalition.db, ana.wallet_id, asset=EUR, first=20)
    lots = await read.lots(coalition.db, ana.wallet_id, asset=EUR, first=20)

    available = (await coalition.faces(ana)).available
    assert 4 == len(shown)
    assert available == sum(one.amount_minor for one in shown)
    assert available == sum(lot.remaining_minor for lot in lots)
    # The last spend took the soonest to expire; nothing else of the last four months is missing.
    assert 108 + 109 + 110 + 111 - 50 == available
    for one in shown:
        await expire.sweep(coalition.db, now=one.expires_at)
        available -= one.amount_minor
        assert available == (await coalition.faces(ana)).available
    assert 0 == available


@pytest.mark.parametrize("channel", ["online", "shop", "app"])
async def test_what_was_earned_in_one_channel_is_paid_once_in_another(
    coalition: Coalition, channel: purchases.Channel
) -> None:
    """Pain 7: a discount that nobody debits. Here every spend is one debit, in any store."""
    ana = await coalition.member()
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE)
    for other in ("online", "shop", "app"):
        for merchant_id in (rosa, coalition.mint):
            await merchants.store_add(
                coalition.db,
                store_id=ids.new(),
                merchant_id=merchant_id,
                external_id=other,
                name=other.title(),
                channel=other,
            )
    bought = factories.purchase(600, channel=channel, store=channel)
    await coalition.report(rosa, ana, bought)
    await earn.mature(coalition.db, now=NOON)
    debits = []
    for merchant_id in (rosa, coalition.mint):
        for store in ("online", "shop", "app"):
            code = await redeem.code_issue(
                coalition.db, member_id=ana.member_id, merchant_id=merchant_id, now=NOON
            )
            outcome = await redeem.hold(
                coalition.db,
                merchant_id=merchant_id,
                request_id=ids.new(),
                code=code.text,
                amount_minor=100,
                asset=EUR,
                order_reference="order-1",
                store=store,
                now=NOON,
            )
            before = (await coalition.faces(ana)).available
            await coalition.capture(outcome.redemption)
            debits.append((before, await coalition.position(merchant_id, "honoured")))

    assert [(500, 100), (400, 200), (300, 300), (200, 100), (100, 200), (0, 300)] == debits


async def test_another_currency_never_slips_in(coalition: Coalition, owner: Connection) -> None:
    """Pain 10: no exchange that nobody asked for, in any verb; and each currency adds to zero."""
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 1000)
    spent = await coalition.spend(ana, rosa, 500)
    code = await redeem.code_issue(
        coalition.db, member_id=ana.member_id, merchant_id=rosa, now=NOON
    )
    facts = {"merchant_id": rosa, "amount_minor": 100, "asset": money.asset("BRL"), "now": NOON}

    refusals = [
        await refused(coalition.report(rosa, ana, factories.purchase(100, asset="BRL"))),
        await refused(
            redeem.hold(
                coalition.db,
                request_id=ids.new(),
                code=code.text,
                order_reference="order-1",
                **facts,  # type: ignore[arg-type]
            )
        ),
        await refused(
            redeem.refund(
                coalition.db,
                request_id=ids.new(),
                redemption_id=spent.redemption_id,
                **facts,  # type: ignore[arg-type]
            )
        ),
        await refused(coalition.publish(rosa, asset="BRL")),
    ]

    assert ["CURRENCY_MISMATCH"] * 4 == [refusal.code for refusal in refusals]
    assert [978] == [
        row[0] for row in await owner.fetch("select distinct asset from ledger.transfer")
    ]


async def test_one_person_typing_the_address_in_capitals_stays_one_member(
    coalition: Coalition,
) -> None:
    """Pain 13, as far as enrolment goes: no second wallet that nobody finds again."""
    first = await coalition.member()
    await coalition.fill(first, 500)

    refusal = await refused(
        members.enrol(
            coalition.db,
            member_id=ids.new(),
            email=first.email.upper(),
            display_name="ANA",
            actor=audit.SYSTEM,
        )
    )
    again = await members.enrol(
        coalition.db,
        member_id=first.member_id,
        email=first.email.title(),
        display_name=first.display_name,
        actor=audit.SYSTEM,
    )
    found = await members.find_by_email(coalition.db, first.email.swapcase())

    assert "EMAIL_TAKEN" == refusal.code
    assert first == again.member == found
    assert 500 == (await coalition.faces(found)).available
