"""How grants go on: a charity's part at maturity, and what returns take back of each lot."""

from tests.wallet import factories, granting
from tests.wallet.factories import ALL_BACK, AT_ONCE, DAY, NOON, Coalition
from tests.wallet.granting import Gift
from wallet import earn, ids, members, money, notices
from wallet.rules import returns

HALF = returns.ReturnLine(1, 500)


async def wallets_of(coalition: Coalition, member: members.Member) -> int:
    return int(
        await coalition.db.fetchval(
            "select count(*) from ledger.wallet where wallet_id = $1", member.wallet_id
        )
    )


async def test_a_charity_gets_its_part_when_a_lot_matures(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    brand, charity = ids.new(), ids.new()
    gift = Gift(101, {brand: 1, rosa: 1}, charity_id=charity, charity_minor=33)

    posted = await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)
    assert 0 == await coalition.position(charity, "due")
    await earn.mature(coalition.db, now=NOON)

    assert {brand: (51, 0, 34, 17), rosa: (50, 0, 34, 16)} == await granting.lots_of(
        coalition, posted.purchase_id
    )
    assert 33 == await coalition.position(charity, "due")
    assert -51 == await coalition.position(brand, "issued")
    assert 568 == (await coalition.faces(ana)).available
    told = await coalition.db.fetch(
        "select detail from ledger.outbox where topic = 'lot.shared' order by detail"
    )
    assert 2 == len(told)


async def test_a_charity_shares_only_what_is_left_after_a_return(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    charity = ids.new()
    gift = Gift(100, {rosa: 1}, charity_id=charity, charity_minor=33)
    posted = await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)

    await granting.give_back(coalition, rosa, posted.purchase_id, HALF, tenths=5)
    await earn.mature(coalition.db, now=NOON)

    assert {rosa: (100, 0, 34, 16)} == await granting.lots_of(coalition, posted.purchase_id)
    assert 16 == await coalition.position(charity, "due")


async def test_a_return_takes_from_the_charity_after_what_is_left(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    charity = ids.new()
    gift = Gift(100, {rosa: 1}, charity_id=charity, charity_minor=30)
    posted = await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)
    await earn.mature(coalition.db, now=NOON)

    answer = await granting.give_back(coalition, rosa, posted.purchase_id, tenths=10)

    assert "posted" == answer["code"]
    assert 0 == await coalition.position(charity, "due")
    assert 0 == await coalition.position(rosa, "issued")
    assert 0 == (await coalition.faces(ana)).available
    row = await coalition.db.fetchrow(
        "select reversed_minor, from_lot_minor, from_given_minor from ledger.purchase_return"
    )
    assert row is not None
    assert (600, 570, 30) == tuple(row)


async def test_a_whole_lot_may_go_to_a_charity(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    charity = ids.new()
    gift = Gift(100, {rosa: 1}, charity_id=charity, charity_minor=100)

    await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)
    await earn.mature(coalition.db, now=NOON)

    assert 500 == (await coalition.faces(ana)).available
    assert 100 == await coalition.position(charity, "due")


async def test_a_member_is_told_what_is_theirs_without_what_a_charity_got(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    gift = Gift(100, {rosa: 1}, charity_id=ids.new(), charity_minor=33)
    await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)
    await earn.mature(coalition.db, now=NOON)

    await notices.drain(coalition.db)

    told = [one.sentence for one in await notices.page(coalition.db, ana.wallet_id, first=9)]
    assert 1 == len([one for one in told if one.startswith("5.67 EUR from ") and "yours" in one])
    assert 1 == len([one for one in told if one.startswith("0.33 EUR of your cashback")])


async def test_what_a_charity_got_fills_no_deficit(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    mint_id = await coalition.fill(ana, 300)
    await coalition.spend(ana, rosa, 300)
    await coalition.give_back(coalition.mint, mint_id)
    charity = ids.new()
    gift = Gift(100, {rosa: 1}, charity_id=charity, charity_minor=50)

    await granting.post(coalition, rosa, ana, factories.purchase(1000), gift)
    await earn.mature(coalition.db, now=NOON)

    assert 50 == await coalition.position(charity, "due")
    assert -200 == (await coalition.faces(ana)).available


async def test_a_return_of_a_shared_grant_splits_by_what_is_left(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    brand = ids.new()
    gift = Gift(101, {brand: 7500, rosa: 2500})
    posted = await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)

    await granting.give_back(coalition, rosa, posted.purchase_id, HALF, tenths=5)
    some = await granting.lots_of(coalition, posted.purchase_id)
    await earn.mature(coalition.db, now=NOON)
    await granting.give_back(coalition, rosa, posted.purchase_id)

    assert {brand: (76, 38, 0, 0), rosa: (25, 13, 0, 0)} == some
    assert {brand: (76, 0, 0, 0), rosa: (25, 0, 0, 0)} == await granting.lots_of(
        coalition, posted.purchase_id
    )
    assert (0, 0) == (
        await coalition.position(brand, "issued"),
        await coalition.position(rosa, "issued"),
    )
    used = await coalition.db.fetchrow("select granted_minor, times from ledger.usage")
    assert used is not None
    assert (0, 1) == tuple(used)


async def test_points_go_back_out_of_the_points_wallet(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    gift = Gift(250, {rosa: 1}, asset=money.PTS)
    posted = await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)
    await earn.mature(coalition.db, now=NOON)

    await granting.give_back(coalition, rosa, posted.purchase_id)

    assert (0, 0) == await granting.faces(coalition, ana, money.PTS)
    assert (0, 0) == await granting.faces(coalition, ana, money.EUR)
    row = await coalition.db.fetchrow("select reversed_minor from ledger.purchase_return")
    assert row is not None and 500 == row["reversed_minor"]


async def test_what_a_member_may_owe_is_one_limit_for_all_lots(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    gift = Gift(400, {ids.new(): 1})
    posted = await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)
    await earn.mature(coalition.db, now=NOON)
    await coalition.spend(ana, rosa, 900)

    await granting.give_back(coalition, rosa, posted.purchase_id, deficit_max=600)

    assert -600 == (await coalition.faces(ana)).available
    row = await coalition.db.fetchrow(
        "select deficit_minor, loss_minor from ledger.purchase_return"
    )
    assert row is not None and (600, 300) == tuple(row)
    assert -300 == await coalition.position(coalition.operator_id, "loss")


async def test_a_return_that_comes_twice_gives_one_answer(coalition: Coalition) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    gift = Gift(100, {rosa: 1})
    posted = await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)

    first = await granting.give_back(coalition, rosa, posted.purchase_id, HALF, tenths=5, key=key)
    again = await granting.give_back(coalition, rosa, posted.purchase_id, HALF, tenths=5, key=key)

    assert (False, True) == (first["replayed"], again["replayed"])
    assert 2 == await granting.facts_of(coalition, ana)


async def test_returns_that_saw_another_state_are_stale(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    posted = await granting.post(
        coalition, rosa, ana, factories.purchase(10_000), Gift(100, {rosa: 1})
    )
    await granting.give_back(coalition, rosa, posted.purchase_id, HALF, tenths=5)

    answer = await granting.give_back(coalition, rosa, posted.purchase_id, HALF, version=0)

    assert "stale" == answer["code"]


async def test_a_lot_that_lapsed_gives_nothing_back(coalition: Coalition) -> None:
    rosa = await coalition.merchant(rates=ALL_BACK)
    ana, gift = await coalition.member(), Gift(100, {ids.new(): 1})
    posted = await granting.post(coalition, rosa, ana, factories.unpaid(1000), gift)
    await earn.mature(coalition.db, now=NOON + 90 * DAY)

    await granting.give_back(coalition, rosa, posted.purchase_id, now=NOON + 91 * DAY)

    rows = await coalition.db.fetch("select reversed_minor, lapsed_minor from ledger.return_lot")
    assert [(100, 100), (1000, 1000)] == sorted(tuple(row) for row in rows)
    assert 1 == await wallets_of(coalition, ana)
