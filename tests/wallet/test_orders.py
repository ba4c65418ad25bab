"""Orders at partners in the books: what is acknowledged moves, and nothing else ever does."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet import ordering
from tests.wallet.factories import DAY, NOON, Coalition, Faces, refused
from wallet import ids, notices, orders, redeem
from wallet.database import Database
from wallet.rules.order_states import STEPS
from wallet.rules.order_steps import Step

MINUTE = timedelta(minutes=1)


async def test_the_database_knows_the_steps_of_the_rule_and_no_other(owner: Connection) -> None:
    states = sorted({state for state, _ in STEPS})
    rows = await owner.fetch(
        "select state, aim, went, ledger.order_moves(state, aim, went) as moves"
        " from unnest($1::text[]) state, unnest($1::text[]) went,"
        " unnest(array['issue', 'reverse', 'undo']) aim",
        states,
    )

    expected = {
        (state, aim, went): moves or "none"
        for (state, aim), steps in STEPS.items()
        for went, moves in steps.items()
    }
    assert expected == {
        (row["state"], row["aim"], row["went"]): row["moves"]
        for row in rows
        if row["moves"] is not None
    }


async def test_value_that_is_held_for_a_partner_is_not_freed_by_any_clock(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    order = await ordering.held(coalition, ana, coalition.mint)

    swept = await redeem.sweep(coalition.db, now=NOON + 3000 * DAY)

    assert 0 == swept
    assert ("held", "issue") == (order.state, order.facts.ask)
    assert Faces(0, 300, 500, 3) == await coalition.faces(ana)


async def test_the_merchant_cannot_settle_what_its_partner_has_not_acknowledged(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    order = await ordering.taken(coalition, await ordering.held(coalition, ana, coalition.mint))
    spent = await ordering.captured(coalition, ana, coalition.mint, 200)
    held = await redeem.find(coalition.db, order.redemption_id)
    done = await redeem.find(coalition.db, spent.redemption_id)

    refusals = [
        await refused(coalition.capture(held)),
        await refused(coalition.release(held)),
        await refused(coalition.refund(done)),
    ]

    assert ["REDEMPTION_AT_PARTNER"] * 3 == [one.code for one in refusals]
    assert (100, 500) == ((faces := await coalition.faces(ana)).available, faces.held)


async def test_an_order_is_held_once_for_one_key(coalition: Coalition) -> None:
    ana, key = await coalition.member(), ids.new()
    await coalition.fill(ana, 800)

    first = await ordering.held(coalition, ana, coalition.mint, key=key)
    again = await ordering.held(coalition, ana, coalition.mint, key=key)
    other = await refused(ordering.held(coalition, ana, coalition.mint, 600, key=key))

    assert first == again
    assert "IDEMPOTENCY_KEY_REUSED" == other.code
    assert 500 == (await coalition.faces(ana)).held


async def test_an_order_that_was_refused_stays_refused(coalition: Coalition) -> None:
    ana, key = await coalition.member(), ids.new()
    await coalition.fill(ana, 300)

    first = await refused(ordering.held(coalition, ana, coalition.mint, key=key))
    await coalition.fill(ana, 300)
    again = await refused(ordering.held(coalition, ana, coalition.mint, key=key))

    assert ["INSUFFICIENT_FUNDS"] * 2 == [first.code, again.code]
    assert 300 == first.data["available_minor"]


async def test_what_the_partner_acknowledges_is_spent(coalition: Coalition) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)

    order = await ordering.captured(coalition, ana, coalition.mint)

    assert ("captured", None, "live") == (order.state, order.facts.ask, order.facts.there)
    assert 300 == (await coalition.faces(ana)).available
    assert 500 == await coalition.position(coalition.mint, "honoured")
    assert "captured" == (await redeem.find(coalition.db, order.redemption_id)).state


async def test_what_the_partner_declines_is_free_again_and_the_member_is_told(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    order = await ordering.taken(coalition, await ordering.held(coalition, ana, coalition.mint))

    order = await ordering.told(coalition, order, "released", "refused")
    await notices.drain(coalition.db)

    assert "released" == order.state
    assert 800 == (await coalition.faces(ana)).available
    (told, *_) = await notices.page(coalition.db, ana.wallet_id, first=1)
    assert "5.00 EUR held for Rosa is free again: nothing was issued there." == told.sentence


async def test_of_many_who_want_to_ask_at_once_one_does(coalition: Coalition, dsn: str) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    order = await ordering.held(coalition, ana, coalition.mint, now=None)
    db = await Database.connect(dsn, size=8)

    claims = await asyncio.gather(*(orders.take(db, order, lease=ordering.LEASE) for _ in range(8)))
    await db.close()

    (claim,) = [one for one in claims if one is not None]
    assert ("sending", True, 1) == (claim.state, claim.facts.leased, claim.facts.sends)


async def test_whoever_was_overtaken_records_nothing(coalition: Coalition) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    slow = await ordering.taken(coalition, await ordering.held(coalition, ana, coalition.mint))
    found = await ordering.told(coalition, slow, "unknown", "unknown", ask="find", doubted=True)
    await ordering.told(coalition, await ordering.taken(coalition, found), "captured", "live")

    recorded = await orders.record(
        coalition.db, slow, Step("released"), orders.Heard("issue", "refused"), now=NOON
    )

    assert not recorded
    assert "captured" == (await orders.find(coalition.db, slow.redemption_id)).state


@pytest.mark.parametrize(
    ("state", "said"),
    [("released", "unknown"), ("released", "live"), ("captured", "unknown"), ("reversed", "void")],
)
async def test_what_nobody_acknowledged_moves_nothing(
    coalition: Coalition, state: str, said: str
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    order = await ordering.taken(coalition, await ordering.held(coalition, ana, coalition.mint))

    with pytest.raises(asyncpg.RaiseError, match="cannot go"):
        await ordering.told(coalition, order, state, said)  # type: ignore[arg-type]

    assert 500 == (await coalition.faces(ana)).held


async def test_what_the_partner_takes_back_returns_to_the_lots_that_paid(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 300)
    await coalition.fill(ana, 400, now=NOON + DAY)
    before = await coalition.lots(ana)
    spent = await ordering.captured(coalition, ana, coalition.mint)

    asked = await orders.reverse(
        coalition.db, redemption_id=spent.redemption_id, request_id=ids.new(), now=NOON
    )
    waiting = (await coalition.faces(ana)).available
    order = await ordering.told(
        coalition, await ordering.taken(coalition, asked.order), "reversed", "void"
    )

    assert (200, "reversing") == (waiting, asked.order.state)
    assert "reversed" == order.state
    assert before == await coalition.lots(ana)
    assert "refunded" == (await redeem.find(coalition.db, order.redemption_id)).state


async def test_a_reversal_is_asked_once_and_of_what_is_spent_only(coalition: Coalition) -> None:
    ana, key = await coalition.member(), ids.new()
    await coalition.fill(ana, 800)
    spent = await ordering.captured(coalition, ana, coalition.mint)
    held = await ordering.held(coalition, ana, coalition.mint, 100)

    answers = [
        await orders.reverse(
            coalition.db, redemption_id=spent.redemption_id, request_id=key, now=NOON
        )
        for _ in range(2)
    ]
    closed = await refused(
        orders.reverse(
            coalition.db, redemption_id=held.redemption_id, request_id=ids.new(), now=NOON
        )
    )

    assert [False, True] == [one.replayed for one in answers]
    assert ("ORDER_CLOSED", "held") == (closed.code, closed.data["state"])


async def test_value_that_turns_up_and_is_not_taken_back_hangs_in_suspense(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)

    order = await ordering.suspended(coalition, ana, coalition.mint)

    assert "suspense" == order.state
    assert 800 == (await coalition.faces(ana)).available
    assert -500 == await coalition.position(coalition.mint, "suspense")
    assert 500 == await coalition.position(coalition.mint, "honoured")


async def test_the_story_of_an_order_is_told_attempt_by_attempt(coalition: Coalition) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)

    order = await ordering.suspended(coalition, ana, coalition.mint)

    story = await orders.attempts(coalition.db, order.redemption_id)
    assert [
        (1, "issue", "refused", "released"),
        (2, "event", "live", "late"),
        (3, "find", "live", "late"),
        (4, "reverse", "refused", "suspense"),
    ] == [(one.number, one.asked, one.said, one.state) for one in story]


async def test_orders_that_are_due_come_from_every_partner(coalition: Coalition) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    for _ in range(3):
        await ordering.held(coalition, ana, coalition.mint, 100)
    other = ids.new()
    await ordering.held(coalition, ana, coalition.mint, 100, now=NOON + MINUTE, partner_id=other)
    await ordering.taken(coalition, await ordering.held(coalition, ana, coalition.mint, 100))

    due = await orders.due(coalition.db, of_partner=2, limit=10, now=NOON + MINUTE)
    later = await orders.due(coalition.db, of_partner=9, limit=10, now=NOON + 2 * MINUTE)

    assert [ordering.PARTNER, ordering.PARTNER, other] == [one.partner_id for one in due]
    assert 5 == len(later)
    assert [True] == [one.facts.leased for one in later if one.state == "sending"]


async def test_orders_are_listed_by_where_they_stand(coalition: Coalition) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    spent = await ordering.captured(coalition, ana, coalition.mint, 100)
    doubted = await ordering.doubted(coalition, ana, coalition.mint, 200)

    everything = await orders.page(coalition.db, first=10, before=None)
    waiting = await orders.page(coalition.db, first=10, before=None, state="attention")

    assert {spent.redemption_id, doubted.redemption_id} == {one.redemption_id for one in everything}
    assert [doubted.redemption_id] == [one.redemption_id for one in waiting]
