"""The gift-card door: every request of the protocol, what it does, and what it says no to.

Each answer is held against the OpenAPI by the store that asks, see `storefront`.
"""

import time
from typing import Any, Final

import httpx2
import pytest

from api.giftcards import reading
from api.identity import clients, rotation
from tests.api import storefront
from tests.wallet import factories
from wallet import audit, database, ids, members, merchants
from wallet.cards import cards

STEPS: Final = ("settlements", "cancellations")
CARD_SECONDS_MAX: Final = 1.5  # the protocol's own bar for a read


@pytest.fixture
async def ana(coalition: factories.Coalition) -> members.Member:
    """A member with 20.00 EUR to spend, in today's time."""
    member = await coalition.member()
    await coalition.fill(member, 2_000)
    return member


@pytest.fixture
async def shop(coalition: factories.Coalition) -> Any:
    """The id of a merchant."""
    return await coalition.merchant()


@pytest.fixture
async def store(db: database.Database, http: httpx2.AsyncClient, shop: Any) -> storefront.Store:
    """The merchant's store."""
    return await storefront.opened(db, http, shop)


@pytest.fixture
async def made(db: database.Database, ana: members.Member, shop: Any) -> cards.Made:
    """A card of Ana's for the store, also found by her address."""
    return await cards.make(db, member_id=ana.member_id, merchant_id=shop, listed=True)


@pytest.fixture
def card(made: cards.Made) -> str:
    """The id of that card."""
    return ids.show("gca", made.card.card_id)


async def faces(coalition: factories.Coalition, member: members.Member) -> tuple[int, int]:
    found = await coalition.faces(member)
    return found.available, found.held


async def test_a_card_is_found_by_its_number_or_its_members_address(
    store: storefront.Store, made: cards.Made, card: str, ana: members.Member
) -> None:
    by_number = await store.search(made.number)
    by_email = await store.search(email=ana.email.upper())
    nobody = [
        await store.search("BAHD-ASDB-ADQW-ASDQ"),
        await store.search("BAHD-ASDB-ADQW-ASDQ", email=ana.email),  # what was typed counts alone
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
    ana: members.Member,
) -> None:
    held = await store.transact(card, 14.99)
    transaction = held.body["id"]
    place = f"/giftcards/{card}/transactions/{transaction}"
    after_hold = await faces(coalition, ana)
    parts = [await store.settle(card, transaction, value) for value in (4.1, 5)]
    after_parts = await faces(coalition, ana)
    let_go = await store.cancel(card, transaction, 5.89)
    given_back = await store.cancel(card, transaction, 4)
    read = [
        await store.ask("GET", f"{place}{more}")
        for more in ("", "/authorization", "/settlements", "/cancellations")
    ]
    listed = await store.ask("GET", f"/giftcards/{card}/transactions")

    assert ((501, 1_499), (501, 589)) == (after_hold, after_parts)
    assert (1_490, 0) == await faces(coalition, ana)
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
    store: storefront.Store, card: str, coalition: factories.Coalition, ana: members.Member
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
    assert (1_250, 0) == await faces(coalition, ana)


async def test_a_request_id_counts_once_for_each_card_and_kind(
    store: storefront.Store, card: str, coalition: factories.Coalition, ana: members.Member
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
    assert (1_300, 100) == await faces(coalition, ana)


async def test_two_merchants_with_one_request_id_ask_for_two_things_and_see_nothing_of_each_other(
    store: storefront.Store,
    card: str,
    db: database.Database,
    http: httpx2.AsyncClient,
    coalition: factories.Coalition,
    ana: members.Member,
) -> None:
    bakery_id = await coalition.merchant()
    bakery = await storefront.opened(db, http, bakery_id)
    other = await cards.make(db, member_id=ana.member_id, merchant_id=bakery_id, listed=True)
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
    assert (1_700, 300) == await faces(coalition, ana)


async def test_more_than_there_is_is_refused_with_what_there_is(
    store: storefront.Store, db: database.Database, ana: members.Member, shop: Any
) -> None:
    limited = await cards.make(db, member_id=ana.member_id, merchant_id=shop, maximum_minor=500)
    card = ids.show("gca", limited.card.card_id)
    over = await store.transact(card, 5.01)
    held = await store.transact(card, 5)
    more = await store.settle(card, held.body["id"], 5.01)
    wide = await cards.make(db, member_id=ana.member_id, merchant_id=shop)
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


NO_AMOUNTS: Final = [
    *("4.123", "4.1000000000000000000000000000000001", "0.001", "0", "-1"),
    *("1e999999999", "9" * 5_000),
]
NO_NUMBERS: Final = ['"4.12"', "true", "null", "NaN", "[4]", '1, "value": 2']


async def test_a_value_is_an_exact_number_of_whole_cents(
    store: storefront.Store, made: cards.Made, card: str
) -> None:
    said = []
    for value in (*NO_AMOUNTS, *NO_NUMBERS):
        body = (
            f'{{"operation": "Debit", "value": {value}, "requestId": "r-1",'
            f' "redemptionToken": "{made.card.token}"}}'
        )
        refused = await store.ask("POST", f"/giftcards/{card}/transactions", body)
        said.append((refused.status, refused.code))

    assert [(400, "AMOUNT_INVALID")] * len(NO_AMOUNTS) == said[: len(NO_AMOUNTS)]
    assert [(400, "BODY_INVALID")] * len(NO_NUMBERS) == said[len(NO_AMOUNTS) :]


async def test_trailing_zeros_are_no_decimals(store: storefront.Store, card: str) -> None:
    held = [await store.transact(card, value) for value in (1.0, 2)]
    text = '{"value": 1.000, "requestId": "r-9"}'
    place = f"/giftcards/{card}/transactions/{held[0].body['id']}/settlements"
    settled = await store.ask("POST", place, text)

    assert "1.00" == storefront.numbers_of(settled, "value")


CHANGES: Final[list[dict[str, Any]]] = [
    {"operation": "Gift"},
    {"operation": None},
    {"requestId": ""},
    {"requestId": 17},
    {"requestId": "r" * 129},
    {"requestId": "a\u0000b"},
    {"requestId": "\ud800"},
    {"orderInfo": []},
    {"orderInfo": {"orderId": "o" * 129}},
    {"description": "d" * 201},
    {"description": {"a": 1}},
    {"redemptionToken": 5},
]


async def test_what_the_protocol_does_not_say_is_refused_with_its_place(
    store: storefront.Store, made: cards.Made, card: str
) -> None:
    refused = [
        await store.transact(card, 1, **{"redemptionCode": made.number, **change})
        for change in CHANGES
    ]

    assert [(400, True)] * len(CHANGES) == [(one.status, bool(one.body["path"])) for one in refused]


async def test_a_card_is_proved_by_its_token_or_its_number_and_nothing_else(
    store: storefront.Store, made: cards.Made, card: str
) -> None:
    proved = [
        await store.transact(card, 1, redemptionToken=made.card.token),
        await store.transact(card, 1, redemptionCode=made.number),
    ]
    refused = [
        await store.transact(card, 1, redemptionCode="****************" + made.number[-4:]),
        await store.transact(card, 1, redemptionToken=made.card.token.upper()),
        await store.transact(card, 1, redemptionToken="", redemptionCode=""),
        await store.transact(card, 1, redemptionToken="\ud800ü"),
    ]

    assert [200, 200] == [one.status for one in proved]
    assert ["REDEMPTION_CODE_INVALID"] * 4 == [one.code for one in refused]


async def test_wrong_credentials_open_nothing_and_are_answered_alike(
    store: storefront.Store, db: database.Database, shop: Any, card: str
) -> None:
    tills = await clients.register(
        db,
        key=ids.new(),
        kind="merchant",
        name="Rosa: tills",
        merchant_id=shop,
        scopes=["redemptions:write"],
        actor=audit.SYSTEM,
    )
    pairs = [
        (store.key, ""),
        ("", store.token),
        (store.key, store.token + "x"),
        (store.key, "cp_cs_" + "A" * 43),
        (ids.show("cli", ids.new()), store.token),
        ("\u00fc", "\u00fc"),
        (tills.client.client_id, tills.secret or ""),
    ]
    answers = []
    for key, token in pairs:
        stranger = storefront.Store(store.http, key, token)
        answers += [
            await stranger.ask("GET", f"/giftcards/{card}"),
            await stranger.ask("POST", "/giftcards/_search", b"\xff" * 10),
            await stranger.ask("GET", "/giftcards/no/such/place"),
        ]

    assert {(401, "UNAUTHENTICATED")} == {(one.status, one.code) for one in answers}
    assert 1 == len({one.text for one in answers})


async def test_a_token_is_rotated_with_an_overlap_and_a_suspended_store_is_shut_out(
    store: storefront.Store, db: database.Database, card: str
) -> None:
    reason: Any = {"actor": audit.SYSTEM, "reason": "asked by mail"}
    added = await rotation.secret_add(
        db, store.key, secret_id=ids.new(), overlap=rotation.OVERLAP, **reason
    )
    newer = storefront.Store(store.http, store.key, added.secret or "")
    both = [(await one.ask("GET", f"/giftcards/{card}")).status for one in (store, newer)]
    oldest, _ = (await rotation.secrets_of(db, [store.key]))[store.key]
    await rotation.secret_revoke(db, store.key, oldest.secret_id, **reason)
    then = [(await one.ask("GET", f"/giftcards/{card}")).status for one in (store, newer)]
    await clients.suspend(db, store.key, **reason)

    assert ([200, 200], [401, 200]) == (both, then)
    assert 401 == (await newer.ask("GET", f"/giftcards/{card}")).status


async def test_a_store_s_token_is_no_token_of_the_api(store: storefront.Store) -> None:
    form = {"grant_type": "client_credentials"}
    tried = [
        await store.http.post("/oauth/token", data=form, auth=(store.key, store.token)),
        await store.http.post(
            "/oauth/token", data={**form, "client_id": store.key, "client_secret": store.token}
        ),
    ]
    bearing = {"Authorization": f"Bearer {store.token}"}
    asked = await store.http.post("/graphql", json={"query": "{ merchants }"}, headers=bearing)

    assert [401, 401, 401] == [one.status_code for one in (*tried, asked)]


async def test_a_suspended_merchant_finds_and_holds_nothing_and_may_end_what_it_holds(
    store: storefront.Store, made: cards.Made, card: str, db: database.Database, shop: Any
) -> None:
    transaction = (await store.transact(card, 10)).body["id"]
    await merchants.set_status(db, shop, status="suspended", reason="fraud", actor=audit.SYSTEM)
    shut = [
        await store.search(made.number),
        await store.ask("GET", f"/giftcards/{card}"),
        await store.transact(card, 1, redemptionToken=made.card.token),
    ]

    assert {(403, "MERCHANT_SUSPENDED")} == {(one.status, one.code) for one in shut}
    assert 200 == (await store.settle(card, transaction, 4)).status
    assert 200 == (await store.cancel(card, transaction, 10)).status


async def test_a_store_makes_no_cards(store: storefront.Store) -> None:
    body = {"relationName": "loyalty-program", "caption": "Loyalty", "profileId": "ana@example.org"}
    refused = await store.ask("POST", "/giftcards", body)

    assert (403, "CREATION_UNSUPPORTED") == (refused.status, refused.code)


async def test_a_store_asks_so_often_and_no_more(
    db: database.Database, http: httpx2.AsyncClient, shop: Any
) -> None:
    busy = await storefront.opened(db, http, shop, rate_per_minute=30)
    calm = await storefront.opened(db, http, shop)
    statuses = [(await busy.search()).status for _ in range(4)]
    refused = await busy.search()

    assert ([200, 200, 200, 429], "RATE_LIMITED") == (statuses, refused.code)
    assert int(refused.headers["retry-after"]) > 0
    assert 200 == (await calm.search()).status


async def test_what_is_no_request_of_the_protocol_is_answered_as_such(
    store: storefront.Store, card: str
) -> None:
    place = f"/giftcards/{card}"
    deep = "[" * 100_000
    answers = {
        "DELETE": await store.ask("DELETE", place),
        "nowhere": await store.ask("GET", f"{place}/nowhere"),
        "text": await store.ask(
            "POST", "/giftcards/_search", "{}", headers={"Content-Type": "text/plain"}
        ),
        "packed": await store.ask(
            "POST", "/giftcards/_search", "{}", headers={"Content-Encoding": "gzip"}
        ),
        "latin": await store.ask(
            "POST",
            "/giftcards/_search",
            "{}",
            headers={"Content-Type": "application/json; charset=latin-1"},
        ),
        "long": await store.ask("POST", "/giftcards/_search", " " * (reading.BODY_BYTES_MAX + 1)),
        "deep": await store.ask("POST", "/giftcards/_search", deep),
        "array": await store.ask("POST", "/giftcards/_search", []),
        "bytes": await store.ask("POST", "/giftcards/_search", b'{"client": "\xff"}'),
        "empty": await store.ask("POST", "/giftcards/_search", {}),
        "range": await store.search(headers={"REST-Range": "resources=9-0"}),
    }

    assert {
        "DELETE": (405, "METHOD_NOT_ALLOWED"),
        "nowhere": (404, "NOT_FOUND"),
        "text": (415, "UNSUPPORTED_MEDIA_TYPE"),
        "packed": (415, "UNSUPPORTED_MEDIA_TYPE"),
        "latin": (415, "UNSUPPORTED_MEDIA_TYPE"),
        "long": (413, "PAYLOAD_TOO_LARGE"),
        "deep": (400, "BODY_INVALID"),
        "array": (400, "BODY_INVALID"),
        "bytes": (400, "BODY_INVALID"),
        "empty": (400, "BODY_INVALID"),
        "range": (400, "RANGE_INVALID"),
    } == {name: (one.status, one.code) for name, one in answers.items()}
    assert "GET" == answers["DELETE"].headers["allow"]


async def test_a_list_is_asked_for_by_its_range(store: storefront.Store, made: cards.Made) -> None:
    first = await store.search(made.number, headers={"REST-Range": "resources=0-9"})
    later = await store.search(made.number, headers={"REST-Range": "resources=1-9"})

    assert (1, 0) == (len(first.body), len(later.body))
    assert "resources 1-1/1" == later.headers["rest-content-range"]
