"""A refused id stays refused: the first answer is the answer, whatever has changed since."""

from uuid import UUID

from tests.wallet import factories, giving
from tests.wallet.factories import EUR, NOON, Coalition, refused
from wallet import audit, errors, ids, members, merchants, redeem


async def test_a_hold_refused_for_want_of_money_stays_refused_after_a_top_up(
    coalition: Coalition,
) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    await coalition.fill(ana, 100)
    code = await redeem.code_issue(
        coalition.db, member_id=ana.member_id, merchant_id=rosa, now=NOON
    )
    refusals = []
    for _ in range(2):
        refusals.append(
            await refused(
                redeem.hold(
                    coalition.db,
                    merchant_id=rosa,
                    request_id=key,
                    code=code.text,
                    amount_minor=500,
                    asset=EUR,
                    order_reference="order-1",
                    now=NOON,
                )
            )
        )
        await coalition.fill(ana, 10_000)

    assert errors.InsufficientFunds(available_minor=100, asset="EUR") == refusals[0]
    assert refusals[0] == refusals[1]
    assert 0 == (await coalition.faces(ana)).held


async def test_a_donation_refused_once_stays_refused(coalition: Coalition) -> None:
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    key = ids.new()
    first = await refused(coalition.give(ana, charity_id, 500, key=key))
    await coalition.fill(ana, 10_000)

    again = await refused(coalition.give(ana, charity_id, 500, key=key))
    other = await refused(coalition.give(ana, charity_id, 501, key=key))
    new_key = await coalition.give(ana, charity_id, 500)

    assert first == again
    assert "IDEMPOTENCY_KEY_REUSED" == other.code
    assert not new_key


async def test_a_capture_refused_once_stays_refused(coalition: Coalition) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    await coalition.fill(ana, 500)
    held = await coalition.hold(ana, rosa, 400)
    await refused(coalition.capture(held, 500, key=key))

    again = await refused(coalition.capture(held, 500, key=key))
    other = await refused(coalition.capture(held, 400, key=key))
    await coalition.capture(held, 400)

    assert ["CAPTURE_EXCEEDS_HOLD", "IDEMPOTENCY_KEY_REUSED"] == [again.code, other.code]


async def test_a_refund_refused_once_stays_refused(coalition: Coalition) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    await coalition.fill(ana, 500)
    held = await coalition.hold(ana, rosa, 400)
    await refused(coalition.refund(held, 100, key=key))
    spent = await coalition.capture(held)

    again = await refused(coalition.refund(spent, 100, key=key))

    assert ("REFUND_EXCEEDS_CAPTURE", 0) == (again.code, again.data["left_minor"])
    assert 400 == await coalition.position(rosa, "honoured")


async def test_a_goodwill_refused_once_stays_refused(coalition: Coalition) -> None:
    ana, key = await coalition.member(), ids.new()
    for _ in range(3):
        await coalition.goodwill(ana, 9000)
    first = await refused(coalition.goodwill(ana, 9000, key=key))

    again = await refused(coalition.goodwill(ana, 9000, key=key))

    assert first == again
    assert 3000 == again.data["allowed_minor"]


async def test_a_donation_refused_while_suspended_stays_refused(coalition: Coalition) -> None:
    ana, charity_id = await coalition.member(), await giving.charity(coalition)
    key = ids.new()
    await coalition.fill(ana, 500)
    await members.suspend(coalition.db, ana.member_id, reason="stolen phone", actor=audit.SYSTEM)
    await refused(coalition.give(ana, charity_id, 100, key=key))
    await members.reinstate(coalition.db, ana.member_id, reason="found it", actor=audit.SYSTEM)

    again = await refused(coalition.give(ana, charity_id, 100, key=key))

    assert "MEMBER_SUSPENDED" == again.code
    assert 500 == (await coalition.faces(ana)).available


async def test_what_stands_keeps_its_answer_after_the_merchant_is_suspended(
    coalition: Coalition,
) -> None:
    rosa, ana, keys = await coalition.merchant(), await coalition.member(), [ids.new(), ids.new()]
    await coalition.fill(ana, 500)
    bought = factories.purchase(10_000)
    code = await redeem.code_issue(
        coalition.db, member_id=ana.member_id, merchant_id=rosa, now=NOON
    )

    async def hold(key: UUID, minor: int) -> redeem.Outcome:
        return await redeem.hold(
            coalition.db,
            merchant_id=rosa,
            request_id=key,
            code=code.text,
            amount_minor=minor,
            asset=EUR,
            order_reference="order-1",
            now=NOON,
        )

    reported = await coalition.report(rosa, ana, bought, key=keys[0])
    held = await hold(keys[1], 400)
    await merchants.set_status(
        coalition.db, rosa, status="suspended", reason="late invoices", actor=audit.SYSTEM
    )

    again = await coalition.report(rosa, ana, bought, key=keys[0])
    held_again = await hold(keys[1], 400)
    fresh = [
        await refused(coalition.report(rosa, ana, factories.purchase(100))),
        await refused(coalition.report(rosa, ana, factories.purchase(100), key=keys[0])),
        await refused(hold(ids.new(), 100)),
        await refused(hold(keys[1], 100)),
    ]

    assert (reported.purchase_id, True) == (again.purchase_id, again.replayed)
    assert (held.redemption, True) == (held_again.redemption, held_again.replayed)
    assert ["MERCHANT_SUSPENDED"] * 4 == [refusal.code for refusal in fresh]
    assert (100, 400) == ((await coalition.faces(ana)).available, (await coalition.faces(ana)).held)
