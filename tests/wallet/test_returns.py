"""Returns: reversed by the decision that paid, out of what is left, and who bears the rest."""

from uuid import UUID

import pytest

from tests.wallet import factories
from tests.wallet.factories import ALL_BACK, AT_ONCE, DAY, NOON, Coalition, Faces, refused
from wallet import earn, expire, ids, members, redeem
from wallet.rules import returns

WHERE = ("pending", "lot", "expired", "lapsed", "other", "deficit", "loss")


async def sources(coalition: Coalition, returned: earn.Returned) -> dict[str, int]:
    """Out of what a return came; parts that are zero are left out."""
    row = await coalition.db.fetchrow(
        "select from_pending_minor as pending, from_lot_minor as lot, from_other_minor as other,"
        " from_expired_minor as expired, lapsed_minor as lapsed, deficit_minor as deficit,"
        " loss_minor as loss from ledger.purchase_return"
        " where return_id = $1",
        returned.return_id,
    )
    assert row is not None
    return {name: row[name] for name in WHERE if row[name]}


async def owed(coalition: Coalition, member: members.Member) -> int:
    return int(
        await coalition.db.fetchval(
            "select coalesce(sum(remaining), 0) from ledger.deficit where wallet_id = $1",
            member.wallet_id,
        )
    )


async def spent_then_returned(
    coalition: Coalition, minor: int, *, keep: int = 0, **contract: object
) -> tuple[UUID, members.Member, earn.Returned]:
    """Earn `minor` at a merchant, spend all but `keep` at another, and bring everything back."""
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, **contract)
    ana = await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, minor)
    await coalition.spend(ana, coalition.mint, minor - keep)
    return rosa, ana, await coalition.give_back(rosa, purchase_id)


async def test_a_return_while_pending_takes_the_promise_back(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.purchase(10_000, 2000))

    returned = await coalition.give_back(rosa, reported.purchase_id, returns.ReturnLine(1))

    assert {"pending": 500} == await sources(coalition, returned)
    assert Faces(100, 0, 0, 2) == await coalition.faces(ana)
    assert -100 == await coalition.position(rosa, "contingent")


async def test_what_is_wholly_returned_never_matures(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.purchase(10_000))
    await coalition.give_back(rosa, reported.purchase_id)

    assert 0 == await earn.mature(coalition.db, now=NOON + 100 * DAY)
    assert Faces(0, 0, 0, 2) == await coalition.faces(ana)


async def test_a_return_after_maturity_takes_it_out_of_its_own_lot(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    await coalition.fill(ana, 700)
    purchase_id = await coalition.earned(rosa, ana, 10_000)

    returned = await coalition.give_back(rosa, purchase_id)

    assert {"lot": 500} == await sources(coalition, returned)
    assert [700, 0] == [remaining for _, remaining, _ in await coalition.lots(ana)]
    assert 0 == await coalition.position(rosa, "issued")


async def test_a_return_after_spending_takes_it_out_of_other_lots(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 10_000)
    await coalition.spend(ana, coalition.mint, 450)
    await coalition.fill(ana, 700, now=NOON + DAY)

    returned = await coalition.give_back(rosa, purchase_id, now=NOON + DAY)

    assert {"lot": 50, "other": 450} == await sources(coalition, returned)
    assert 250 == (await coalition.faces(ana)).available


async def test_what_nothing_covers_the_member_owes(coalition: Coalition) -> None:
    _, ana, returned = await spent_then_returned(coalition, 500, keep=100)

    assert {"lot": 100, "deficit": 400} == await sources(coalition, returned)
    assert -400 == (await coalition.faces(ana)).available
    assert 400 == await owed(coalition, ana)


async def test_the_member_owes_no_more_than_the_contract_says(coalition: Coalition) -> None:
    deficit = {"policy": "member_owes", "max_minor": 300}
    _, ana, returned = await spent_then_returned(coalition, 500, deficit=deficit)

    assert {"deficit": 300, "loss": 200} == await sources(coalition, returned)
    assert -300 == (await coalition.faces(ana)).available


async def test_many_small_returns_owe_no_more_than_one_large_one(coalition: Coalition) -> None:
    deficit = {"policy": "member_owes", "max_minor": 300}
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE, deficit=deficit)
    ana = await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 200, 200, 200)
    await coalition.spend(ana, coalition.mint, 600)

    for number in (1, 2, 3):
        await coalition.give_back(rosa, purchase_id, returns.ReturnLine(number))

    assert 300 == await owed(coalition, ana)


async def test_no_return_takes_a_wallet_below_its_floor(coalition: Coalition) -> None:
    deficit = {"policy": "member_owes", "max_minor": 1_000_000}
    rosa, ana, returned = await spent_then_returned(coalition, 30_000, deficit=deficit)

    assert {"deficit": 10_000, "loss": 20_000} == await sources(coalition, returned)
    assert -10_000 == (await coalition.faces(ana)).available
    assert -20_000 == await coalition.position(rosa, "issued")


async def test_a_merchant_that_bears_the_loss_stays_the_one_who_pays(coalition: Coalition) -> None:
    deficit = {"policy": "merchant_bears", "max_minor": 5000}
    rosa, ana, returned = await spent_then_returned(coalition, 500, keep=100, deficit=deficit)

    assert {"lot": 100, "loss": 400} == await sources(coalition, returned)
    assert 0 == (await coalition.faces(ana)).available
    assert -400 == await coalition.position(rosa, "issued")
    assert 0 == await coalition.position(coalition.operator_id, "loss")


async def test_an_operator_that_bears_the_loss_pays_the_merchant(coalition: Coalition) -> None:
    deficit = {"policy": "operator_bears", "max_minor": 5000}
    rosa, ana, returned = await spent_then_returned(coalition, 500, keep=100, deficit=deficit)

    assert {"lot": 100, "loss": 400} == await sources(coalition, returned)
    assert 0 == (await coalition.faces(ana)).available
    assert 0 == await coalition.position(rosa, "issued")
    assert -400 == await coalition.position(coalition.operator_id, "loss")


async def test_many_small_returns_add_up_to_exactly_the_credit(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 9999)
    left = []
    for _ in range(7):
        part = returns.ReturnLine(1, quantity_milli=142)
        await coalition.give_back(rosa, purchase_id, part)
        left.append((await coalition.faces(ana)).available)
    await coalition.give_back(rosa, purchase_id)

    assert left == sorted(left, reverse=True)
    assert 0 == (await coalition.faces(ana)).available
    assert 500 == await coalition.db.fetchval(
        "select sum(reversed_minor) from ledger.purchase_return"
    )


@pytest.mark.parametrize(
    ("asked", "code", "path"),
    [
        (returns.ReturnLine(1, 1001), "RETURN_EXCEEDS_PURCHASE", ("lines", "0", "quantity")),
        (returns.ReturnLine(1, None, 10_001), "RETURN_EXCEEDS_PURCHASE", ("lines", "0", "amount")),
        (returns.ReturnLine(2), "RETURN_EXCEEDS_PURCHASE", ("lines", "0", "number")),
        (returns.ReturnLine(1, 0), "AMOUNT_INVALID", ("lines", "0", "quantity")),
    ],
)
async def test_more_than_was_bought_can_not_come_back(
    coalition: Coalition, asked: returns.ReturnLine, code: str, path: tuple[str, ...]
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.purchase(10_000))

    refusal = await refused(coalition.give_back(rosa, reported.purchase_id, asked))

    assert (code, path) == (refusal.code, refusal.path)
    assert 500 == (await coalition.faces(ana)).pending


async def test_everything_comes_back_only_once(coalition: Coalition) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    reported = await coalition.report(rosa, ana, factories.purchase(10_000))

    first = await coalition.give_back(rosa, reported.purchase_id, key=key)
    again = await coalition.give_back(rosa, reported.purchase_id, key=key)
    other_key = await refused(coalition.give_back(rosa, reported.purchase_id))

    assert [(first.return_id, False), (first.return_id, True)] == [
        (first.return_id, first.replayed),
        (again.return_id, again.replayed),
    ]
    assert "RETURN_EXCEEDS_PURCHASE" == other_key.code
    assert Faces(0, 0, 0, 2) == await coalition.faces(ana)


async def test_a_key_of_a_return_stands_for_that_return_only(coalition: Coalition) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    reported = await coalition.report(rosa, ana, factories.purchase(10_000, 2000))
    await coalition.give_back(rosa, reported.purchase_id, returns.ReturnLine(1), key=key)

    refusal = await refused(
        coalition.give_back(rosa, reported.purchase_id, returns.ReturnLine(2), key=key)
    )

    assert "IDEMPOTENCY_KEY_REUSED" == refusal.code
    assert 100 == (await coalition.faces(ana)).pending


async def test_a_new_contract_does_not_change_what_a_return_takes(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 10_000)
    await coalition.publish(rosa, NOON, rates={"default_bps": 0}, pending=AT_ONCE)

    returned = await coalition.give_back(rosa, purchase_id, returns.ReturnLine(1, 500))

    assert {"lot": 250} == await sources(coalition, returned)


async def test_another_merchant_can_not_take_it_back(coalition: Coalition) -> None:
    rosa, nuno = await coalition.merchant(), await coalition.merchant()
    reported = await coalition.report(rosa, await coalition.member(), factories.purchase(100))

    refusal = await refused(coalition.give_back(nuno, reported.purchase_id))

    assert "NOT_FOUND" == refusal.code


async def test_what_is_held_is_not_taken_and_pays_the_debt_when_it_is_released(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE), await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 500)
    held = await coalition.hold(ana, coalition.mint, 500)

    returned = await coalition.give_back(rosa, purchase_id)
    after_return = await coalition.faces(ana)
    await coalition.release(held)

    assert {"deficit": 500} == await sources(coalition, returned)
    assert (-500, 500) == (after_return.available, after_return.held)
    assert Faces(0, 0, 0, 5) == await coalition.faces(ana)
    assert 0 == await owed(coalition, ana)


@pytest.mark.parametrize("how", ["mature", "goodwill", "refund", "expired hold"])
async def test_new_value_pays_the_debt_first(coalition: Coalition, how: str) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE)
    ana = await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 500)
    spent = await coalition.spend(ana, coalition.mint, 250)
    held = await coalition.hold(ana, coalition.mint, 250)
    await coalition.give_back(rosa, purchase_id)

    if how == "mature":
        await coalition.fill(ana, 800)
    elif how == "goodwill":
        await coalition.goodwill(ana, 800)
    elif how == "refund":
        await coalition.refund(spent)
    else:
        await redeem.sweep(coalition.db, now=held.expires_at)

    left = max(0, 500 - {"refund": 250, "expired hold": 250}.get(how, 800))
    available = (await coalition.faces(ana)).available
    assert left == await owed(coalition, ana)
    assert available == sum(lot[1] for lot in await coalition.lots(ana)) - left


async def test_debts_are_paid_oldest_first(coalition: Coalition) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK, pending=AT_ONCE)
    ana = await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 300, 200)
    await coalition.spend(ana, coalition.mint, 500)
    for day, number in enumerate((2, 1)):
        line = returns.ReturnLine(number)
        await coalition.give_back(rosa, purchase_id, line, now=NOON + day * DAY)

    await coalition.fill(ana, 250, now=NOON + 2 * DAY)

    rows = await coalition.db.fetch(
        "select amount, remaining from ledger.deficit where wallet_id = $1 order by opened_at",
        ana.wallet_id,
    )
    assert [(200, 0), (300, 250)] == [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("breakage", "kind"), [("operator", "breakage"), ("merchant", "merchant_breakage")]
)
async def test_what_had_expired_is_not_taken_from_the_member_again(
    coalition: Coalition, breakage: str, kind: str
) -> None:
    rosa = await coalition.merchant(
        rates=ALL_BACK, pending=AT_ONCE, expiry={"days": 30}, breakage=breakage
    )
    heir = rosa if breakage == "merchant" else coalition.operator_id
    ana = await coalition.member()
    purchase_id = await coalition.earned(rosa, ana, 500)
    await coalition.spend(ana, coalition.mint, 200)
    await expire.sweep(coalition.db, now=NOON + 32 * DAY)
    await coalition.fill(ana, 1_000, now=NOON + 32 * DAY)

    returned = await coalition.give_back(rosa, purchase_id, now=NOON + 33 * DAY)

    assert {"expired": 300, "other": 200} == await sources(coalition, returned)
    assert 800 == (await coalition.faces(ana)).available
    assert 0 == await coalition.position(rosa, "issued")
    assert 0 == await coalition.position(heir, kind)


async def test_what_lapsed_is_not_taken_from_the_member_at_all(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    reported = await coalition.report(rosa, ana, factories.unpaid(10_000))
    await earn.mature(coalition.db, now=NOON + 61 * DAY)
    await coalition.fill(ana, 1_000, now=NOON + 61 * DAY)

    returned = await coalition.give_back(rosa, reported.purchase_id, now=NOON + 62 * DAY)

    assert {"lapsed": 500} == await sources(coalition, returned)
    assert 1_000 == (await coalition.faces(ana)).available
    assert 0 == await coalition.position(rosa, "contingent")
