"""Gift cards: a member's leave for one merchant, and what its store holds, takes and gives back."""

from datetime import timedelta

import pytest

from tests.conftest import Connection
from tests.wallet import factories, paying_by_card
from tests.wallet.factories import DAY, NOON, Coalition, refused
from wallet import errors, members, merchants, money, notices, redeem, spending, statements
from wallet.audit import SYSTEM
from wallet.cards import cards, payments

HOUR = timedelta(hours=1)


@pytest.fixture
async def ana(coalition: Coalition) -> members.Member:
    """A member with 10.00 EUR."""
    member = await coalition.member()
    await coalition.fill(member, 1_000)
    return member


@pytest.fixture
async def store(coalition: Coalition, ana: members.Member) -> paying_by_card.Store:
    """A shop with a card of Ana's."""
    return await paying_by_card.card(coalition, ana, await coalition.merchant())


async def state(store: paying_by_card.Store, held: payments.Operation) -> tuple[str, int, int, int]:
    """Where a redemption stands: its state, and what was captured, released and refunded."""
    found = await redeem.find(store.coalition.db, held.redemption_id)
    return found.state, found.captured_minor, found.released_minor, found.refunded_minor


async def test_a_card_is_found_by_its_number_at_its_merchant_while_it_is_open(
    coalition: Coalition, store: paying_by_card.Store, ana: members.Member
) -> None:
    other, shop = await coalition.merchant(), store.card.merchant_id
    found = [
        await cards.by_number(coalition.db, merchant_id, number, now=NOON)
        for merchant_id, number in (
            (shop, store.number),
            (shop, store.number.lower().replace("-", " ")),
            (other, store.number),
            (shop, "0000-0000-0000-0000-0000"),
            (shop, "no number at all"),
        )
    ]
    late = await cards.by_number(coalition.db, shop, store.number, now=NOON + 91 * DAY)
    await cards.end(coalition.db, wallet_id=ana.wallet_id, card_id=store.card.card_id, now=NOON)
    over = await cards.by_number(coalition.db, shop, store.number, now=NOON)

    assert [store.card, store.card, None, None, None] == found
    assert (None, None) == (late, over)
    assert await refused(store.hold(100)) == errors.CardEnded()


async def test_a_card_is_found_by_an_address_only_where_its_member_wants_it(
    coalition: Coalition, store: paying_by_card.Store, ana: members.Member
) -> None:
    shop, other = store.card.merchant_id, await coalition.merchant()
    before = await cards.by_email(coalition.db, shop, ana.email, now=NOON)
    listed = await paying_by_card.card(coalition, ana, shop, listed=True)
    found = [
        await cards.by_email(coalition.db, merchant_id, email, now=NOON)
        for merchant_id, email in (
            (shop, ana.email.upper()),
            (other, ana.email),
            (shop, "nobody@example.org"),
            (shop, "\x00"),
        )
    ]

    assert before is None
    assert [listed.card, None, None, None] == found
    assert await refused(store.hold(100)) == errors.CardEnded()  # the other replaced it


async def test_nothing_of_a_number_is_kept_but_its_hash_and_its_last_letters(
    store: paying_by_card.Store, owner: Connection
) -> None:
    rows = await owner.fetch(
        "select c::text as c, o::text as o from ledger.gift_card c, ledger.outbox o"
    )
    plain = store.number.replace("-", "")

    assert plain.endswith(store.card.ending)
    assert rows
    assert not any(plain[:-4] in row["c"] or plain[:-4] in row["o"] for row in rows)


async def test_parts_are_captured_until_the_sum_and_the_rest_stays_held(
    store: paying_by_card.Store, ana: members.Member
) -> None:
    held = await store.hold(700)
    seen = []
    for part in (150, 250, 300):
        await store.settle(held, part)
        faces = await store.coalition.faces(ana)
        seen.append((faces.available, faces.held, *await state(store, held)))
    more = await refused(store.settle(held, 1))

    assert [
        (300, 550, "held", 150, 0, 0),
        (300, 300, "held", 400, 0, 0),
        (300, 0, "captured", 700, 0, 0),
    ] == seen
    assert "REDEMPTION_CLOSED" == more.code


async def test_a_part_is_never_more_than_is_still_held(store: paying_by_card.Store) -> None:
    held = await store.hold(700)
    await store.settle(held, 500)
    over = await refused(store.settle(held, 201))

    assert ("CAPTURE_EXCEEDS_HOLD", {"held_minor": 200, "asset": "EUR"}) == (over.code, over.data)
    assert 200 == (await store.settle(held, 200)).amount_minor


async def test_what_is_cancelled_was_held_first_and_spent_after(
    store: paying_by_card.Store, ana: members.Member
) -> None:
    held = await store.hold(700)
    await store.settle(held, 400)
    seen = []
    for part in (100, 350, 250):
        operation = await store.cancel(held, part)
        seen.append((operation.released_minor, operation.refunded_minor, *await state(store, held)))
    over = await refused(store.cancel(held, 1))

    assert [
        (100, 0, "held", 400, 100, 0),
        (200, 150, "captured", 400, 300, 150),
        (0, 250, "refunded", 400, 300, 400),
    ] == seen
    assert ("CANCELLATION_EXCEEDS_REST", 0) == (over.code, over.data["left_minor"])
    assert 1_000 == (await store.coalition.faces(ana)).available


async def test_parts_are_spent_soonest_expiring_first_and_come_back_to_their_lots(
    coalition: Coalition,
) -> None:
    ben = await coalition.member()
    soon = await coalition.merchant(pending=factories.AT_ONCE, expiry={"days": 30})
    late = await coalition.merchant(pending=factories.AT_ONCE)
    for shop in (soon, late):
        await coalition.earned(shop, ben, 8_000)
    store = await paying_by_card.card(coalition, ben, soon)

    async def lots() -> list[int]:
        rows = await statements.lots(coalition.db, ben.wallet_id, asset=money.EUR, first=9)
        return [row.remaining_minor for row in rows]

    held = await store.hold(800)
    await store.settle(held, 300)
    await store.cancel(held, 350)
    after_release = await lots()
    await store.settle(held, 150)
    await store.cancel(held, 450)

    assert [350] == after_release  # of the one that lives longest; the first lot is all in use
    assert [400, 400] == await lots()


async def test_a_hold_outlives_a_till_s_and_ends_with_its_time(
    store: paying_by_card.Store, ana: members.Member
) -> None:
    held = await store.hold(700)
    await store.settle(held, 200, now=NOON + 23 * HOUR)
    late = await refused(store.settle(held, 100, now=NOON + 24 * HOUR))
    await redeem.sweep(store.coalition.db, now=NOON + 24 * HOUR)
    swept = await state(store, held)
    cancelled = await store.cancel(held, 500, now=NOON + 25 * HOUR)
    again = await refused(store.cancel(held, 201, now=NOON + 25 * HOUR))

    assert "REDEMPTION_EXPIRED" == late.code
    assert ("captured", 200, 500, 0) == swept
    assert (500, 0) == (cancelled.released_minor, cancelled.refunded_minor)
    assert 200 == again.data["left_minor"]
    assert 800 == (await store.coalition.faces(ana)).available


async def test_a_hold_that_nobody_swept_yet_is_cancelled_all_the_same(
    store: paying_by_card.Store,
) -> None:
    held = await store.hold(700)
    await store.cancel(held, 700, now=NOON + 48 * HOUR)

    assert ("released", 0, 700, 0) == await state(store, held)


async def test_a_card_spends_up_to_its_maximum_and_what_comes_back_counts_no_more(
    coalition: Coalition, ana: members.Member
) -> None:
    store = await paying_by_card.card(coalition, ana, await coalition.merchant(), maximum_minor=500)
    held = await store.hold(400)
    over = await refused(store.hold(101))
    left = await store.balance()
    await store.settle(held, 300)
    await store.cancel(held, 250)

    assert ("CARD_LIMIT", {"left_minor": 100, "asset": "EUR"}) == (over.code, over.data)
    assert (100, 350) == (left, await store.balance())


async def test_a_store_shows_the_number_or_the_token_and_no_other(
    coalition: Coalition, store: paying_by_card.Store
) -> None:
    wrong = await refused(store.hold(100, number="0000-0000-0000-0000-0000"))
    masked = await refused(store.hold(100, number="****-****-****-****-" + store.card.ending))
    shown = store.card

    assert ("REDEMPTION_CODE_INVALID", "REDEMPTION_CODE_INVALID") == (wrong.code, masked.code)
    assert cards.proves(shown, token=shown.token, number="")
    assert not cards.proves(shown, token="", number="")


async def test_one_request_acts_once_and_another_content_is_refused(
    store: paying_by_card.Store,
) -> None:
    held = await store.hold(300, "r-1")
    part = await store.settle(held, 100, "r-1")  # of another kind, so another request
    cancelled = await store.cancel(held, 50, "r-1")
    again = [
        await store.hold(300, "r-1"),
        await store.settle(held, 100, "r-1"),
        await store.cancel(held, 50, "r-1"),
    ]
    other = [
        (await refused(attempt)).code
        for attempt in (
            store.hold(301, "r-1"),
            store.hold(300, "r-1", order="v501-01"),
            store.credit(300, "r-1"),
            store.settle(held, 101, "r-1"),
            store.cancel(held, 51, "r-1"),
        )
    ]

    assert [held, part, cancelled] == again
    assert ["IDEMPOTENCY_KEY_REUSED"] * 5 == other
    assert ("held", 100, 50, 0) == await state(store, held)


async def test_a_refused_request_stays_refused(
    store: paying_by_card.Store, ana: members.Member
) -> None:
    first = await refused(store.hold(1_001, "r-1"))
    await store.coalition.fill(ana, 500)
    again = await refused(store.hold(1_001, "r-1"))

    assert first == again
    assert 1_001 == (await store.hold(1_001, "r-2")).amount_minor


async def test_two_merchants_with_one_request_id_ask_for_two_things(
    coalition: Coalition, store: paying_by_card.Store, ana: members.Member
) -> None:
    bakery = await paying_by_card.card(coalition, ana, await coalition.merchant())
    one, two = await store.hold(100, "r-1"), await bakery.hold(200, "r-1")
    theirs = await refused(
        payments.settle(
            coalition.db, bakery.asked(), redemption_id=one.redemption_id, amount_minor=1, now=NOON
        )
    )
    stolen = await refused(
        payments.settle(
            coalition.db,
            store.asked(merchant_id=bakery.card.merchant_id),
            redemption_id=one.redemption_id,
            amount_minor=1,
            now=NOON,
        )
    )

    assert one.operation_id != two.operation_id
    assert ("NOT_FOUND", "NOT_FOUND") == (theirs.code, stolen.code)
    assert 300 == (await coalition.faces(ana)).held


async def test_a_store_gives_back_what_its_card_paid_for_the_order_and_nothing_else(
    store: paying_by_card.Store, ana: members.Member
) -> None:
    held = await store.hold(500)
    nothing = await refused(store.credit(1))
    await store.settle(held, 400)
    back = await store.credit(150)
    over = await refused(store.credit(251))
    elsewhere = await refused(store.credit(1, order="v999-01"))

    assert [0, 250, 0] == [one.data["left_minor"] for one in (nothing, over, elsewhere)]
    assert ("credit", 150, held.redemption_id) == (back.kind, back.amount_minor, back.redemption_id)
    faces = await store.coalition.faces(ana)
    assert (650, 100) == (faces.available, faces.held)


async def test_a_suspended_merchant_holds_nothing_new_and_keeps_what_it_holds(
    coalition: Coalition, store: paying_by_card.Store
) -> None:
    held = await store.hold(300, "r-1")
    await merchants.set_status(
        coalition.db, store.card.merchant_id, status="suspended", reason="fraud", actor=SYSTEM
    )

    assert "MERCHANT_SUSPENDED" == (await refused(store.hold(100))).code
    assert held == await store.hold(300, "r-1")
    assert 300 == (await store.settle(held, 300)).amount_minor


async def test_a_suspended_member_s_card_has_nothing_and_holds_nothing(
    coalition: Coalition, store: paying_by_card.Store, ana: members.Member
) -> None:
    await members.suspend(coalition.db, ana.member_id, reason="stolen phone", actor=SYSTEM)

    assert 0 == await store.balance()
    assert "MEMBER_SUSPENDED" == (await refused(store.hold(100))).code


async def test_a_locked_wallet_s_card_has_nothing_and_holds_nothing(
    coalition: Coalition, store: paying_by_card.Store, ana: members.Member
) -> None:
    held = await store.hold(300)
    await spending.lock(coalition.db, ana, locked=True, by="member", actor=SYSTEM)

    assert 0 == await store.balance()
    assert "SPEND_LOCKED" == (await refused(store.hold(100))).code
    assert 300 == (await store.settle(held, 300)).amount_minor


async def test_a_redemption_takes_so_many_steps_and_no_more(store: paying_by_card.Store) -> None:
    held = await store.hold(700)
    for _ in range(payments.STEPS_MAX - 1):
        await store.settle(held, 1)

    assert "TOO_MANY" == (await refused(store.settle(held, 1))).code
    assert "TOO_MANY" == (await refused(store.cancel(held, 1))).code


async def test_the_member_is_told_of_the_card_and_of_each_part(
    store: paying_by_card.Store, ana: members.Member
) -> None:
    await notices.drain(store.coalition.db)
    held = await store.hold(700)
    await store.settle(held, 150)
    await store.settle(held, 250)
    await store.cancel(held, 400)
    await notices.drain(store.coalition.db)
    told = await notices.page(store.coalition.db, ana.wallet_id, first=9)

    sentences = {one.sentence for one in told}
    made = "Rosa can now be paid with a gift card from your wallet, until 8 June 2026."
    assert {
        f"{made} If you did not make it, end it in your app.",
        "You spent 1.50 EUR at Rosa.",
        "You spent 2.50 EUR at Rosa.",
        "Rosa gave you 1.00 EUR back, with its original last day.",
    } <= sentences


@pytest.mark.parametrize("days", [0, 367])
async def test_a_card_lives_for_at_most_a_year(
    coalition: Coalition, ana: members.Member, days: int
) -> None:
    attempt = cards.make(
        coalition.db,
        member_id=ana.member_id,
        merchant_id=await coalition.merchant(),
        days=days,
        now=NOON,
    )

    assert ("CARD_INVALID", ("days",)) == ((one := await refused(attempt)).code, one.path)
