"""The gift-card door: every request of the protocol, and what it does.

Each answer is held against the OpenAPI by the store that asks, see `storefront`.
"""

import time
from typing import Any, Final

import httpx2

from tests.api import storefront
from tests.wallet import factories
from wallet import database, ids, members
from wallet.cards import cards

STEPS: Final = ("settlements", "cancellations")
CARD_SECONDS_MAX: Final = 1.5  # the protocol's own bar for a read


async def faces(coalition: factories.Coalition, member: members.Member) -> tuple[int, int]:
    found = await coalition.faces(member)
    return found.available, found.held


async def test_a_card_is_found_by_its_number_or_its_members_address(
    store: storefront.Store, made: cards.Made, card: str, buyer: members.Member
) -> None:
    by_number = await store.search(made.number)
    by_email = await store.search(email=buyer.email.upper())
    nobody = [
        await store.search("BAHD-ASDB-ADQW-ASDQ"),
        await store.search("BAHD-ASDB-ADQW-ASDQ", email=buyer.email),  # what was typed counts alone
        await store.search(email="nobody@example.org"),
        await store.search(),
    ]

    assert [card] == [one["id"] for one in by_number.body]
    assert by_number.body == by_email.body
    assert "20.00" == storefront.numbers_of(by_number, "balance")
    assert ["resources 0-0/1"] * 2 == [
        one.headers["rest-content-range"] for one in (by_number, by_email)
    ]
    assert [([], "resources 0-0/0")] * 4 == [
        (one.body, one.headers["rest-content-range"]) for one in nobody
    ]


async def test_a_card_is_read_with_what_it_may_spend_and_never_with_its_number(
    store: storefront.Store, made: cards.Made, card: str
) -> None:
    started = time.monotonic()
    read = await store.ask("GET", f"/giftcards/{card}")
    taken = time.monotonic() - started

    assert taken < CARD_SECONDS_MAX
    assert (card, "EUR", False) == tuple(
        read.body[name] for name in ("id", "currencyCode", "discount")
    )
    assert read.body["redemptionCode"] == "****************" + made.number[-4:]
    assert made.number.replace("-", "")[:-4] not in read.text
    assert read.body["transactions"] == {"href": f"/giftcards/{card}/transactions"}


async def test_an_order_is_held_settled_in_parts_and_the_rest_cancelled(
    store: storefront.Store,
    card: str,
    coalition: factories.Coalition,
    buyer: members.Member,
) -> None:
    held = await store.transact(card, 14.99)
    transaction = held.body["id"]
    place = f"/giftcards/{card}/transactions/{transaction}"
    after_hold = await faces(coalition, buyer)
    parts = [await store.settle(card, transaction, value) for value in (4.1, 5)]
    after_parts = await faces(coalition, buyer)
    let_go = await store.cancel(card, transaction, 5.89)
    given_back = await store.cancel(card, transaction, 4)
    read = [
        await store.ask("GET", f"{place}{more}")
        for more in ("", "/authorization", "/settlements", "/cancellations")
    ]
    listed = await store.ask("GET", f"/giftcards/{card}/transactions")

    assert ((501, 1_499), (501, 589)) == (after_hold, after_parts)
    assert (1_490, 0) == await faces(coalition, buyer)
    assert ["4.10", "5.00", "5.89", "4.00"] == [
        storefront.numbers_of(one, "value") for one in (*parts, let_go, given_back)
    ]
    whole, authorization, settled, cancelled = [one.body for one in read]
    assert ("Debit", "GiftCardHub", f"{place}/settlements") == (
        whole["operation"],
        whole["description"],
        whole["settlement"]["href"],
    )
    assert (transaction, "14.99") == (
        authorization["oid"],
        storefront.numbers_of(read[1], "value"),
    )
    assert settled == [parts[1].body, parts[0].body]
    assert cancelled == [given_back.body, let_go.body]
    assert [held.body] == listed.body


async def test_a_credit_gives_back_what_was_paid_for_the_order_and_is_complete_at_once(
    store: storefront.Store, card: str, coalition: factories.Coalition, buyer: members.Member
) -> None:
    nothing = await store.transact(card, 1, operation="Credit")
    transaction = (await store.transact(card, 10)).body["id"]
    await store.settle(card, transaction, 10)
    credit = await store.transact(card, 2.5, operation="Credit", description="Broken")
    over = await store.transact(card, 7.51, operation="Credit")
    place = f"/giftcards/{card}/transactions/{credit.body['id']}"
    read = await store.ask("GET", place)
    steps = [(await store.ask("GET", f"{place}/{one}")).body for one in STEPS]
    settled = await store.settle(card, credit.body["id"], 1)
    cancelled = await store.cancel(card, credit.body["id"], 1)

    assert ["REFUND_EXCEEDS_CAPTURE"] * 2 == [nothing.code, over.code]
    assert ("0.00", "7.50") == tuple(storefront.numbers_of(one, "left") for one in (nothing, over))
    assert ("Credit", "Broken") == (read.body["operation"], read.body["description"])
    assert [[], []] == steps
    assert ["REDEMPTION_CLOSED"] * 2 == [settled.code, cancelled.code]
    assert (1_250, 0) == await faces(coalition, buyer)


async def test_a_request_id_counts_once_for_each_card_and_kind(
    store: storefront.Store, card: str, coalition: factories.Coalition, buyer: members.Member
) -> None:
    same = {"requestId": "12093812masoidj120398"}
    held = [await store.transact(card, 10, **same) for _ in range(2)]
    transaction = held[0].body["id"]
    settled = [await store.settle(card, transaction, 6, **same) for _ in range(2)]
    cancelled = [await store.cancel(card, transaction, 3, **same) for _ in range(2)]
    other = [
        await store.transact(card, 10.01, **same),
        await store.transact(card, 10, operation="Credit", **same),
        await store.settle(card, transaction, 5, **same),
        await store.cancel(card, transaction, 2, **same),
    ]

    for first, again in (held, settled, cancelled):
        assert first.body == again.body
    assert [(409, "IDEMPOTENCY_KEY_REUSED")] * 4 == [(one.status, one.code) for one in other]
    assert (1_300, 100) == await faces(coalition, buyer)


async def test_two_merchants_with_one_request_id_ask_for_two_things_and_see_nothing_of_each_other(
    store: storefront.Store,
    card: str,
    db: database.Database,
    http: httpx2.AsyncClient,
    coalition: factories.Coalition,
    buyer: members.Member,
) -> None:
    bakery_id = await coalition.merchant()
    bakery = await storefront.opened(db, http, bakery_id)
    other = await cards.make(db, member_id=buyer.member_id, merchant_id=bakery_id, listed=True)
    theirs = ids.show("gca", other.card.card_id)
    mine = (await store.transact(card, 1, requestId="r-1")).body["id"]
    his = (await bakery.transact(theirs, 2, requestId="r-1")).body["id"]
    nothing = ids.show("gca", ids.new()), ids.show("red", ids.new())

    for one, two in ((card, mine), (theirs, mine), (card, his), nothing, ("2", "3146f46162f0")):
        place = f"/giftcards/{one}/transactions/{two}"
        answers = [
            await bakery.ask("GET", place),
            await bakery.ask("GET", f"{place}/settlements"),
            await bakery.settle(one, two, 1),
            await bakery.cancel(one, two, 1),
        ]
        if (one, two) == (theirs, his):
            continue
        assert {(404, "NOT_FOUND")} == {(answer.status, answer.code) for answer in answers}
        assert 1 == len({answer.text for answer in answers})
    assert [] == (await bakery.search(email="x@example.org")).body
    assert (1_700, 300) == await faces(coalition, buyer)


async def test_more_than_there_is_is_refused_with_what_there_is(
    store: storefront.Store, db: database.Database, buyer: members.Member, shop: Any
) -> None:
    limited = await cards.make(db, member_id=buyer.member_id, merchant_id=shop, maximum_minor=500)
    card = ids.show("gca", limited.card.card_id)
    over = await store.transact(card, 5.01)
    held = await store.transact(card, 5)
    more = await store.settle(card, held.body["id"], 5.01)
    wide = await cards.make(db, member_id=buyer.member_id, merchant_id=shop)
    poor = await store.transact(ids.show("gca", wide.card.card_id), 15.01)
    ended = await store.transact(card, 1, redemptionToken=limited.card.token)

    assert [
        (422, "CARD_LIMIT", "5.00"),
        (422, "CAPTURE_EXCEEDS_HOLD", "5.00"),
        (422, "INSUFFICIENT_FUNDS", "15.00"),
    ] == [
        (one.status, one.code, storefront.numbers_of(one, name))
        for one, name in ((over, "left"), (more, "held"), (poor, "available"))
    ]
    assert (422, "CARD_ENDED") == (ended.status, ended.code)
