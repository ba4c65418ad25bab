"""What the gift-card door says no to: numbers, bodies, credentials, and too much of anything.

Each answer is held against the OpenAPI, or the one shape of a no, by the store that asks.
"""

from typing import Any, Final

import httpx2

from api.giftcards import reading
from api.identity import clients, rotation
from tests.api import storefront
from wallet import audit, database, ids, merchants
from wallet.cards import cards

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
