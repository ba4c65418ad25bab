"""Refunds of what was paid with cashback: the very lots that paid get it back."""

from tests.wallet.factories import ALL_BACK, AT_ONCE, DAY, NOON, Coalition, Faces, refused
from wallet import expire, ids


async def test_a_full_refund_leaves_the_wallet_as_if_nothing_was_bought(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    for amount in (100, 200, 300):
        await coalition.fill(ana, amount)
    before = await coalition.lots(ana)
    spent = await coalition.spend(ana, rosa, 450)

    refunded = await coalition.refund(spent, now=NOON + DAY)

    assert ("refunded", 450) == (refunded.state, refunded.refunded_minor)
    assert before == await coalition.lots(ana)
    assert 600 == (await coalition.faces(ana)).available
    assert 0 == await coalition.position(rosa, "honoured")


async def test_parts_are_refunded_to_the_longest_living_lots_first(coalition: Coalition) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30})
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 100)
    await coalition.fill(ana, 300)
    spent = await coalition.spend(ana, rosa, 400)
    left = []
    for part in (250, 100, None):
        spent = await coalition.refund(spent, part)
        left.append([remaining for _, remaining, _ in await coalition.lots(ana)])

    assert [[0, 250], [50, 300], [100, 300]] == left
    assert "refunded" == spent.state


async def test_a_refund_sent_again_gives_back_once(coalition: Coalition) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    await coalition.fill(ana, 500)
    spent = await coalition.spend(ana, rosa, 400)

    for later in (0, 0, 300):
        await coalition.refund(spent, 150, key=key, now=NOON + later * DAY)

    assert 250 == (await coalition.faces(ana)).available
    assert 250 == await coalition.position(rosa, "honoured")


async def test_no_more_is_refunded_than_was_captured(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 500)
    held = await coalition.hold(ana, rosa, 400)
    before_capture = await refused(coalition.refund(held))
    spent = await coalition.capture(held, 300)
    await coalition.refund(spent, 200)

    refusals = [
        await refused(coalition.refund(spent, 101)),
        await refused(coalition.refund(spent, 0)),
        before_capture,
    ]
    await coalition.refund(spent)
    after_all = await refused(coalition.refund(spent))

    assert ["REFUND_EXCEEDS_CAPTURE", "AMOUNT_INVALID", "REFUND_EXCEEDS_CAPTURE"] == [
        refusal.code for refusal in refusals
    ]
    assert [100, 0] == [refusals[0].data["left_minor"], after_all.data["left_minor"]]
    assert 500 == (await coalition.faces(ana)).available


async def test_a_key_of_a_refund_stands_for_that_refund_only(coalition: Coalition) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    await coalition.fill(ana, 500)
    spent = await coalition.spend(ana, rosa, 400)
    await coalition.refund(spent, 100, key=key)

    refusals = [
        await refused(coalition.refund(spent, 200, key=key)),
        await refused(coalition.capture(spent, key=key)),
    ]

    assert ["IDEMPOTENCY_KEY_REUSED"] * 2 == [refusal.code for refusal in refusals]


async def test_what_would_have_expired_meanwhile_gets_its_grace(coalition: Coalition) -> None:
    rosa = await coalition.merchant(
        rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30, "grace_days": 10}
    )
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 400)
    spent = await coalition.spend(ana, coalition.mint, 400)
    late = NOON + 60 * DAY

    await coalition.refund(spent, 100, now=late)
    first = (await coalition.lots(ana))[0][2]
    await coalition.refund(spent, now=late + DAY)
    second = (await coalition.lots(ana))[0][2]
    usable = await expire.sweep(coalition.db, now=late + 10 * DAY)
    over = await expire.sweep(coalition.db, now=late + 11 * DAY)

    # The grace began with the first part; the second found a lot that is alive.
    assert first == second
    assert [0, 1] == [usable.expired, over.expired]
    assert 400 == await coalition.position(coalition.operator_id, "breakage")


async def test_a_lot_may_expire_and_come_back_more_than_once(coalition: Coalition) -> None:
    rosa = await coalition.merchant(
        rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30, "grace_days": 0}
    )
    ana = await coalition.member()
    await coalition.earned(rosa, ana, 400)
    spent = await coalition.spend(ana, coalition.mint, 400)
    expired = []
    for month in (2, 4, 6):
        at = NOON + month * 30 * DAY
        await coalition.refund(spent, 100, now=at)
        expired.append((await expire.sweep(coalition.db, now=at + DAY)).expired)

    assert [1, 1, 1] == expired
    assert 0 == (await coalition.faces(ana)).available


async def test_value_refunded_into_a_debt_pays_the_debt_first(coalition: Coalition) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE)
    ana = await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 500)
    spent = await coalition.spend(ana, coalition.mint, 500)
    await coalition.give_back(rosa, purchase_id, now=NOON)

    for _ in range(2):
        await coalition.refund(spent, 250)

    assert Faces(0, 0, 0, 7) == await coalition.faces(ana)
    assert 0 == await coalition.db.fetchval("select sum(remaining) from ledger.deficit")
