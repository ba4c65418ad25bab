"""What campaigns give, in the books: lots of many funders, points, coupons, and what is stale."""

import asyncio

from tests.conftest import Connection
from tests.wallet import factories, granting, promotions
from tests.wallet.factories import AT_ONCE, DAY, NOON, Coalition
from tests.wallet.granting import Gift
from wallet import earn, entries, ids, ledger, money
from wallet.rules import purchases


def test_the_id_of_a_lot_is_known_before_it_is_written() -> None:
    purchase_id = ids.new()

    assert ledger.derived(purchase_id, "earn") == entries.contract_lot_id(purchase_id)


async def test_the_books_derive_ids_as_we_do(owner: Connection) -> None:
    made = [ids.new() for _ in range(20)]

    for base in made:
        theirs = await owner.fetchval("select ledger.derived($1, 'earn')", base)
        assert ledger.derived(base, "earn") == theirs


async def test_each_funder_pays_its_part_of_a_grant(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    brand, other = ids.new(), ids.new()
    gift = Gift(101, {brand: 5000, other: 2500, rosa: 2500})

    posted = await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)

    assert "posted" == posted.code
    lots = await granting.lots_of(coalition, posted.purchase_id)
    assert {brand: 51, other: 25, rosa: 25} == {who: lot[0] for who, lot in lots.items()}
    assert 601 == (await coalition.faces(ana)).pending
    assert (-51, -25, -525) == (
        await coalition.position(brand, "contingent"),
        await coalition.position(other, "contingent"),
        await coalition.position(rosa, "contingent"),
    )


async def test_a_purchase_names_its_contracts_lot_and_its_campaigns(
    coalition: Coalition, owner: Connection
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    gifts = (Gift(70, {ids.new(): 1, ids.new(): 1}), Gift(5, {rosa: 1}))

    posted = await granting.post(coalition, rosa, ana, factories.purchase(10_000), *gifts)

    row = await owner.fetchrow("select lot_id, lots, credited_minor from ledger.purchase")
    assert row is not None
    assert entries.contract_lot_id(posted.purchase_id) == row["lot_id"]
    assert (3, 575) == (len(row["lots"]), row["credited_minor"])


async def test_points_open_a_wallet_of_their_own(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    points = Gift(250, {rosa: 1}, asset=money.PTS)

    for _ in range(2):
        await granting.post(coalition, rosa, ana, factories.purchase(10_000), points)
    await earn.mature(coalition.db, now=NOON)

    assert (0, 500) == await granting.faces(coalition, ana, money.PTS)
    assert (0, 1000) == await granting.faces(coalition, ana, money.EUR)


async def test_a_batch_opens_points_for_whoever_has_none(coalition: Coalition) -> None:
    rosa = await coalition.merchant()
    people = [await coalition.member(bucket=place % 3) for place in range(6)]
    gift = Gift(10, {rosa: 1}, asset=money.PTS)
    await granting.post(coalition, rosa, people[2], factories.purchase(100), gift)
    items: list[granting.Item] = [
        (earn.Report(ids.new(), one.member_id, factories.purchase(1000)), [gift], {})
        for one in people
    ]

    await granting.batch(coalition, rosa, items)

    pending = [await granting.faces(coalition, one, money.PTS) for one in people]
    assert [(10, 0), (10, 0), (20, 0), (10, 0), (10, 0), (10, 0)] == pending


async def test_a_suspended_member_opens_no_wallet_that_is_open(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.db.execute(
        "update coalition.member set status = 'suspended' where member_id = $1", ana.member_id
    )
    await coalition.db.call(
        "select ledger.set_wallet_state($1, $2, 'suspended')",
        ledger.bucket(ana.wallet_id),
        ana.wallet_id,
    )

    gift = Gift(10, {rosa: 1}, asset=money.PTS)
    posted = await granting.post(coalition, rosa, ana, factories.purchase(1000), gift)

    assert "member_suspended" == posted.code
    assert (0, 0) == await granting.faces(coalition, ana, money.PTS)


async def test_what_was_capped_to_nothing_is_kept_with_what_it_would_have_been(
    coalition: Coalition, owner: Connection
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    gift = Gift(0, {rosa: 1}, desired=300)

    await granting.post(coalition, rosa, ana, factories.purchase(10_000), gift)

    row = await owner.fetchrow("select desired_minor, granted_minor from ledger.grant")
    used = await owner.fetchrow("select granted_minor, times from ledger.usage")
    assert row is not None and used is not None
    assert (300, 0) == tuple(row)
    assert (0, 1) == tuple(used)


async def test_usage_counts_the_day_and_each_purchase_once(
    coalition: Coalition, owner: Connection
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    first = Gift(30, {rosa: 1})
    second = Gift(
        20, {rosa: 1}, line_no=2, campaign_id=first.campaign_id, version_id=first.version_id
    )

    for _ in range(2):
        await granting.post(coalition, rosa, ana, factories.purchase(1000, 1000), first, second)

    row = await owner.fetchrow("select granted_minor, times, day from ledger.usage")
    assert row is not None
    assert (100, 2, NOON.date()) == tuple(row)


async def test_a_replay_gives_the_first_answer_and_writes_nothing(
    coalition: Coalition, owner: Connection
) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    bought, gift = factories.purchase(10_000), Gift(70, {rosa: 1})
    await granting.post(coalition, rosa, ana, bought, gift, key=key, facts_version=0)

    again = await granting.post(coalition, rosa, ana, bought, gift, key=key, facts_version=0)

    assert {"code": "posted", "replayed": True} == {
        name: again.answer[name] for name in ("code", "replayed")
    }
    assert 1 == await owner.fetchval("select count(*) from ledger.grant")
    assert 1 == await granting.facts_of(coalition, ana)


async def test_a_decision_on_old_facts_is_stale_and_leaves_no_trace(
    coalition: Coalition, owner: Connection
) -> None:
    rosa, ana, key = await coalition.merchant(), await coalition.member(), ids.new()
    bought, gift = factories.purchase(10_000), Gift(70, {rosa: 1})
    await granting.post(coalition, rosa, ana, factories.purchase(500))
    rows = "select count(*) from ledger.purchase"
    before = await owner.fetchval(rows)

    stale = await granting.post(coalition, rosa, ana, bought, gift, key=key, facts_version=0)

    assert {"code": "stale", "replayed": False} == stale.answer
    assert before == await owner.fetchval(rows)
    again = await granting.post(coalition, rosa, ana, bought, gift, key=key, facts_version=1)
    assert "posted" == again.code


async def test_of_one_members_purchases_only_the_first_of_a_batch_may_rest_on_facts(
    coalition: Coalition,
) -> None:
    rosa, ana, ben = await coalition.merchant(), await coalition.member(), await coalition.member()
    known = {"facts_version": 0}
    items: list[granting.Item] = [
        (earn.Report(ids.new(), who.member_id, factories.purchase(1000)), [], facts)
        for who, facts in ((ana, known), (ana, known), (ben, known), (ana, {}))
    ]

    posted = await granting.batch(coalition, rosa, items)

    assert ["posted", "stale", "posted", "posted"] == [one.code for one in posted]
    assert (2, 1) == (
        await granting.facts_of(coalition, ana),
        await granting.facts_of(coalition, ben),
    )


async def test_a_coupon_is_used_once_even_in_a_race(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    coupon = granting.coupon(ana)
    await granting.post(coalition, rosa, ana, factories.purchase(1000), benefits=(coupon,))

    posted = await asyncio.gather(
        *(
            granting.post(
                coalition,
                rosa,
                ana,
                factories.purchase(1000),
                Gift(10, {rosa: 1}),
                coupons=(coupon.benefit_id,),
            )
            for _ in range(8)
        )
    )

    assert ["posted", *["stale"] * 7] == sorted(one.code for one in posted)
    used_by = await coalition.db.fetchval("select used_by from ledger.benefit")
    assert [used_by] == [one.purchase_id for one in posted if one.code == "posted"]


async def test_a_coupon_that_is_over_or_somebody_elses_makes_a_purchase_stale(
    coalition: Coalition,
) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member(bucket=4)
    ben = await coalition.member(bucket=4)
    over, hers = granting.coupon(ana, expires_at=NOON), granting.coupon(ana)
    bought = factories.purchase(1000)
    await granting.post(coalition, rosa, ana, bought, benefits=(over, hers))

    codes = [
        (
            await granting.post(
                coalition, rosa, who, factories.purchase(1000), coupons=(one.benefit_id,)
            )
        ).code
        for who, one in ((ana, over), (ben, hers), (ana, granting.coupon(ana)), (ana, hers))
    ]

    assert ["stale", "stale", "stale", "posted"] == codes


async def test_of_a_batch_only_the_first_uses_a_coupon(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    coupon = granting.coupon(ana)
    await granting.post(coalition, rosa, ana, factories.purchase(1000), benefits=(coupon,))
    shown = {"coupons": (coupon.benefit_id,)}
    items: list[granting.Item] = [
        (earn.Report(ids.new(), ana.member_id, factories.purchase(1000)), [], shown)
        for _ in range(2)
    ]

    posted = await granting.batch(coalition, rosa, items)

    assert ["posted", "stale"] == [one.code for one in posted]


async def test_an_event_starts_the_clock_of_all_lots(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    # A lot may have a life of its own, which its campaign's version says.
    versions = [(await promotions.promote(coalition)).version_id for _ in range(2)]
    gifts = (
        Gift(70, {ids.new(): 1, rosa: 1}, version_id=versions[0]),
        Gift(9, {rosa: 1}, asset=money.PTS, version_id=versions[1]),
    )
    posted = await granting.post(coalition, rosa, ana, factories.unpaid(10_000), *gifts)

    await earn.event(
        coalition.db,
        merchant_id=rosa,
        request_id=ids.new(),
        purchase_id=posted.purchase_id,
        event=purchases.Event("paid", NOON + DAY),
        now=NOON + DAY,
    )

    rows = await coalition.db.fetch("select distinct due_at, due_as from ledger.lot")
    assert 1 == len(rows)
    assert "mature" == rows[0]["due_as"]
    assert 4 == await earn.mature(coalition.db, now=rows[0]["due_at"])
    assert (0, 9) == await granting.faces(coalition, ana, money.PTS)


async def test_each_lot_keeps_a_life_of_its_own(coalition: Coalition) -> None:
    rosa, ana = await coalition.merchant(), await coalition.member()
    gift = Gift(70, {rosa: 1})
    posted = await granting.post(coalition, rosa, ana, factories.unpaid(10_000), gift)
    lot = entries.lot_id(posted.purchase_id, gift.version_id, rosa)
    contract = entries.contract_lot_id(posted.purchase_id)
    bucket = ledger.bucket(lot)

    await coalition.db.call(
        "select ledger.record_event($1, $2, $3, $3, $4, 'paid', $5, $6, 'mature', $7, $8)",
        bucket,
        posted.purchase_id,
        ids.placed(ids.new(), bucket),
        rosa,
        NOON,
        NOON + DAY,
        [contract, lot],
        [NOON + 9 * DAY, NOON + 5 * DAY],
    )

    rows = await coalition.db.fetch("select lot_id, due_at, expires_at from ledger.lot")
    assert {
        contract: (NOON + DAY, NOON + 9 * DAY),
        lot: (NOON + DAY, NOON + 5 * DAY),
    } == {row["lot_id"]: (row["due_at"], row["expires_at"]) for row in rows}
