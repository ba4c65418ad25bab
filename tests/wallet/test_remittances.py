"""Paying charities out: batches that take what is due to the cent, once, whoever makes them up."""

import asyncio
from datetime import date
from typing import Any

from tests.wallet import factories, giving, granting, paying_out, promotions
from tests.wallet.factories import AT_ONCE, NOON, Coalition, refused
from wallet import earn, errors, ids
from wallet.charities import remittances


async def test_a_batch_takes_all_that_is_due_and_names_every_gift_in_it(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500, 250)

    batch = await paying_out.prepare(coalition, charity_id)

    assert ("prepared", 750) == (batch.state, batch.amount_minor)
    assert 0 == await paying_out.due(coalition, charity_id)
    assert [("donation", 500), ("donation", 250)] == await paying_out.traced(
        coalition, batch.remittance_id
    )


async def test_a_batch_is_sent_once_with_its_proof_and_then_confirmed(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500)
    batch = await paying_out.prepare(coalition, charity_id)

    sent = [await paying_out.send(coalition, batch.remittance_id) for _ in range(2)]
    late = await refused(paying_out.cancel(coalition, batch.remittance_id))
    confirmed = [
        await remittances.confirm(
            coalition.db,
            remittance_id=batch.remittance_id,
            acknowledgement="received, with thanks",
            reason="their letter",
            actor=paying_out.VERA,
            now=NOON,
        )
        for _ in range(2)
    ]

    assert ["posted", "remittance_closed"] == [one["code"] for one in sent]
    assert "REMITTANCE_CLOSED" == late.code
    assert [False, True] == [one.replayed for one in confirmed]
    found = confirmed[0].remittance
    assert ("confirmed", date(2026, 3, 10), "SEPA 4711") == (
        *(found.state, found.value_date, found.bank_reference),
    )


async def test_a_cancelled_batch_is_due_again_and_goes_into_the_next_one(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500, 250)
    first = await paying_out.prepare(coalition, charity_id)

    cancelled = await paying_out.cancel(coalition, first.remittance_id)
    back = await paying_out.due(coalition, charity_id)
    await paying_out.donors(coalition, charity_id, 30)
    second = await paying_out.prepare(coalition, charity_id)

    assert ("cancelled", 750) == (cancelled.state, back)
    assert 780 == second.amount_minor
    assert [500, 30, 250] == [
        one[1] for one in await paying_out.traced(coalition, second.remittance_id)
    ]


async def test_what_cannot_be_paid_out_is_refused(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)
    doubtful = await giving.proposed(coalition)
    nothing = await refused(paying_out.prepare(coalition, charity_id))
    await paying_out.donors(coalition, charity_id, 500)
    unverified = await refused(paying_out.prepare(coalition, doubtful))
    key = ids.new()
    await paying_out.prepare(coalition, charity_id, key)
    await paying_out.donors(coalition, charity_id, 20)

    again = await paying_out.prepare(coalition, charity_id, key)
    another = await refused(paying_out.prepare(coalition, charity_id))
    reused = await refused(paying_out.prepare(coalition, doubtful, key))

    assert 500 == again.amount_minor
    assert ["NOTHING_DUE", "CHARITY_UNVERIFIED", "REMITTANCE_OPEN", "IDEMPOTENCY_KEY_REUSED"] == [
        one.code for one in (nothing, unverified, another, reused)
    ]


async def test_a_gift_goes_back_until_it_is_in_a_batch_and_then_the_charity_keeps_it(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    early_shop, early = await paying_out.promised(coalition, charity_id)
    late_shop, late = await paying_out.promised(coalition, charity_id)
    await coalition.give_back(early_shop, early)
    batch = await paying_out.prepare(coalition, charity_id)

    await coalition.give_back(late_shop, late)

    assert 600 == batch.amount_minor
    assert [600, 600, -600] == [
        one[1] for one in await paying_out.traced(coalition, batch.remittance_id)
    ]
    assert 0 == await paying_out.due(coalition, charity_id)
    row = await coalition.db.fetchrow(
        "select sum(kept_minor)::bigint as kept, sum(from_given_minor)::bigint as back"
        " from ledger.gift_return"
    )
    assert row is not None
    assert (600, 600) == (row["kept"], row["back"])


async def test_what_comes_back_after_a_batch_makes_the_next_one_smaller(
    coalition: Coalition,
) -> None:
    """A share of cashback follows its lot, also back: the charity's account is then below zero."""
    charity_id = await giving.charity(coalition)
    rosa = await coalition.merchant(pending=AT_ONCE)
    ana = await coalition.member(bucket=3)
    shared = granting.Gift(200, {rosa: 1}, charity_id=charity_id, charity_minor=120)
    bought = await granting.post(coalition, rosa, ana, factories.purchase(10_000), shared)
    await earn.mature(coalition.db, now=NOON)
    first = await paying_out.prepare(coalition, charity_id)
    await granting.give_back(coalition, rosa, bought.purchase_id)
    below = await paying_out.due(coalition, charity_id)
    await paying_out.donors(coalition, charity_id, 100)
    short = await refused(paying_out.prepare(coalition, charity_id))
    await paying_out.donors(coalition, charity_id, 100)

    await paying_out.send(coalition, first.remittance_id)
    still = await paying_out.due(coalition, charity_id)
    second = await paying_out.prepare(coalition, charity_id)

    assert (120, -120, 80) == (first.amount_minor, below, still)
    assert "NOTHING_DUE" == short.code
    assert 80 == second.amount_minor
    assert [("donation", 100), ("donation", 100), ("share", -120)] == sorted(
        await paying_out.traced(coalition, second.remittance_id)
    )


async def test_a_batch_that_was_interrupted_anywhere_is_finished_by_the_worker(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500, 250, 10)
    key = ids.new()
    await coalition.db.execute(
        "insert into coalition.remittance (remittance_id, charity_id, asset, note, prepared_at)"
        " values ($1, $2, $3, 'half', $4)",
        *(key, charity_id, coalition.asset.number, NOON),
    )
    for bucket in (0, 3, 14):
        await coalition.db.call(
            "select ledger.remit($1, $2, $3)",
            *(bucket, key, ids.placed(ids.new(), bucket)),
        )
    await paying_out.donors(coalition, charity_id, 7)

    finished = [await remittances.finish(coalition.db, now=NOON) for _ in range(2)]
    found = await remittances.find(coalition.db, key)

    assert [1, 0] == finished
    assert ("prepared", 760) == (found.state, found.amount_minor), "bucket 0 was closed before"
    assert 7 == await paying_out.due(coalition, charity_id)


async def test_a_cancellation_that_was_interrupted_is_finished_by_the_worker(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500, 250)
    batch = await paying_out.prepare(coalition, charity_id)
    await coalition.db.execute("update coalition.remittance set state = 'cancelling'")
    move = ids.placed(ids.new(), 0)
    await coalition.db.call("select ledger.unremit(0::smallint, $1, $2)", batch.remittance_id, move)

    await remittances.finish(coalition.db, now=NOON)

    assert "cancelled" == (await remittances.find(coalition.db, batch.remittance_id)).state
    assert 750 == await paying_out.due(coalition, charity_id)


async def test_two_who_prepare_at_once_make_one_batch(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500, 250)
    key = ids.new()

    same = await asyncio.gather(*(paying_out.prepare(coalition, charity_id, key) for _ in range(2)))
    await paying_out.cancel(coalition, key)
    several = await asyncio.gather(
        *(paying_out.prepare(coalition, charity_id) for _ in range(4)), return_exceptions=True
    )

    assert [750, 750] == [one.amount_minor for one in same]
    made = [one for one in several if not isinstance(one, BaseException)]
    codes = {getattr(one, "code", None) for one in several if isinstance(one, BaseException)}
    assert [750] == [one.amount_minor for one in made]
    assert codes <= {"REMITTANCE_OPEN", "NOTHING_DUE"}


async def test_nothing_is_lost_or_paid_twice_while_gifts_and_returns_go_on(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    shop, purchase_id = await paying_out.promised(coalition, charity_id)
    members = [await coalition.member(bucket=place % 5) for place in range(20)]
    for member in members:
        await coalition.fill(member, 100)

    async def give_often(member: Any) -> None:
        for _ in range(10):
            await coalition.give(member, charity_id, 10)

    async def batches() -> int:
        paid = 0
        for _ in range(5):
            try:
                batch = await paying_out.prepare(coalition, charity_id)
            except errors.NothingDue:
                continue
            if batch.state == "prepared":
                assert "posted" == (await paying_out.send(coalition, batch.remittance_id))["code"]
                paid += batch.amount_minor
        return paid

    giving_on = [asyncio.create_task(give_often(member)) for member in members]
    returning = asyncio.create_task(coalition.give_back(shop, purchase_id))
    paid = await batches()
    await asyncio.gather(*giving_on, returning)
    kept = await coalition.db.fetchval(
        "select coalesce(sum(kept_minor), 0)::bigint from ledger.gift_return"
    )

    assert 2000 + kept == paid + await paying_out.due(coalition, charity_id)


async def test_a_batch_that_is_killed_while_it_is_made_is_the_same_once_it_is_finished(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500, 250, 10)
    key, written = ids.new(), 0

    for pause in (0.05, 0.1, 0.15):
        making = asyncio.create_task(paying_out.prepare(coalition, charity_id, key))
        await asyncio.sleep(pause)
        making.cancel()
        await asyncio.gather(making, return_exceptions=True)
        lines = await coalition.db.fetchval("select count(*) from ledger.remittance_line")
        assert written <= lines
        written = lines
    await remittances.finish(coalition.db, now=NOON)

    found = await remittances.find(coalition.db, key)
    assert ("prepared", 760) == (found.state, found.amount_minor)
    assert 0 == await paying_out.due(coalition, charity_id)


async def test_goods_that_come_back_at_the_moment_their_gift_is_due_give_it_back_once(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    rosa = await coalition.merchant(pending={**AT_ONCE, "days": 30})
    await giving.agree(coalition, charity_id, rosa)
    await promotions.promote(
        coalition,
        merchants=[str(rosa)],
        give={"give": "donation", "charity_id": str(charity_id), "minor": 300},
    )
    bought = [
        await coalition.report(
            rosa, await coalition.member(bucket=place % 3), factories.purchase(3000)
        )
        for place in range(12)
    ]
    later = NOON + 40 * factories.DAY

    await asyncio.gather(
        *(coalition.give_back(rosa, one.purchase_id, now=later) for one in bought[:8]),
        *(earn.mature(coalition.db, now=later) for _ in range(4)),
    )
    await earn.mature(coalition.db, now=later)

    assert 4 * 300 == await paying_out.due(coalition, charity_id)


async def test_a_promise_waits_while_its_charity_is_not_verified(coalition: Coalition) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.promised(coalition, charity_id)
    await giving.suspend(coalition, charity_id)
    rosa = await coalition.db.fetchval("select funder_id from ledger.gift")
    ana = await coalition.member()
    await coalition.report(rosa, ana, factories.purchase(3000))

    await earn.mature(coalition.db, now=NOON)
    waiting = await paying_out.due(coalition, charity_id)
    await giving.verify(coalition, charity_id, now=NOON)
    await earn.mature(coalition.db, now=NOON + factories.DAY)

    assert (600, 1200) == (waiting, await paying_out.due(coalition, charity_id))


async def test_promises_that_wait_for_ever_keep_no_other_one_waiting(
    coalition: Coalition,
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.promised(coalition, charity_id)
    await giving.suspend(coalition, charity_id)
    rosa = await coalition.db.fetchval("select funder_id from ledger.gift")
    for _ in range(2):
        await coalition.report(rosa, await coalition.member(), factories.purchase(3000))

    await earn.mature(coalition.db, now=NOON, limit=1000)
    again = await earn.mature(coalition.db, now=NOON)
    next_day = await earn.mature(coalition.db, now=NOON + factories.DAY)

    assert 0 == again
    assert 0 == await coalition.db.fetchval(
        "select count(*) from ledger.gift where due_at <= $1", NOON + factories.DAY
    )
    assert 2 == next_day
