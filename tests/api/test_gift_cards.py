"""A member's gift cards in their app, and how the operator lets a store in."""

from typing import Any, Final, get_args

from api.graphql import clients as clients_door
from api.graphql import gift_cards
from api.identity import clients
from tests.api import client, storefront
from tests.api.test_stepup import age
from tests.conftest import Connection
from tests.wallet import factories
from wallet import database, ids, members
from wallet.cards import cards

CARD: Final = """id status ending isListed maximum { amount } used { amount } available { amount }
  createdAt expiresAt endedAt merchant { id }"""
CREATE: Final = f"""mutation C($input: GiftCardCreateInput!) {{ giftCardCreate(input: $input) {{
  number card {{ {CARD} }} errors {{ code path }} }} }}"""
END: Final = f"""mutation E($input: GiftCardEndInput!) {{ giftCardEnd(input: $input) {{
  number replayed card {{ {CARD} }} errors {{ code path }} }} }}"""
LIST: Final = f"""query L($first: Int!, $after: Cursor) {{ viewer {{ giftCards(first: $first,
  after: $after) {{ edges {{ node {{ {CARD} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
SPENT: Final = """{ viewer { redemptions(first: 5) { edges { node { status orderReference
  amount { amount } captured { amount } released { amount } refunded { amount } } } } } }"""
STORE: Final = """mutation S($input: GiftCardStoreRegisterInput!) {
  giftCardStoreRegister(input: $input) { secret message replayed
    client { clientId authMethod scopes merchant { id } }
    errors { ... on UserError { code } } } }"""


async def create(member: client.Client, merchant: client.Client, **told: Any) -> Any:
    """Ask for a card."""
    told = {"merchantId": ids.show("mer", merchant.principal_id), **told}
    return (await member.ask(CREATE, {"input": told})).data["giftCardCreate"]


async def end(member: client.Client, card: str) -> Any:
    told = {"input": {"giftCardId": card}}
    return (await member.ask(END, told)).data["giftCardEnd"]


async def page(member: client.Client, **asked: Any) -> Any:
    answer = await member.ask(LIST, {"first": 20, **asked})
    return answer.data["viewer"]["giftCards"]


async def register(operator: client.Client, merchant: client.Client, **told: Any) -> Any:
    plain = {
        "idempotencyKey": client.key(),
        "merchantId": ids.show("mer", merchant.principal_id),
        "name": "Rosa: web shop",
        "reason": "asked by mail",
    }
    answer = await operator.ask(STORE, {"input": plain | told})
    return answer.data["giftCardStoreRegister"]


async def test_a_card_made_in_the_app_pays_at_a_store_let_in_by_the_operator(
    ana: client.Client, rosa: client.Client, operator: client.Client
) -> None:
    let_in = await register(operator, rosa)
    store = storefront.Store(ana.http, let_in["client"]["clientId"], let_in["secret"])
    made = await create(ana, rosa, maximum={"amount": "15.00", "currency": "EUR"})

    (found,) = (await store.search(made["number"])).body
    held = await store.transact(found["id"], 10, redemptionCode=made["number"])
    await store.settle(found["id"], held.body["id"], 4)
    await store.cancel(found["id"], held.body["id"], 5)
    (shown,) = (await page(ana))["edges"]
    spent = (await ana.ask(SPENT)).data["viewer"]["redemptions"]["edges"]

    assert ("APP_TOKEN", [], clients_door.KEEP) == (
        let_in["client"]["authMethod"],
        let_in["client"]["scopes"],
        let_in["message"],
    )
    assert made["card"]["id"] == found["id"] == shown["node"]["id"]
    assert ("5.00", "10.00") == (
        shown["node"]["used"]["amount"],
        shown["node"]["available"]["amount"],
    )
    assert [
        {
            "status": "HELD",
            "orderReference": "v500-01",
            "amount": {"amount": "10.00"},
            "captured": {"amount": "4.00"},
            "released": {"amount": "5.00"},
            "refunded": {"amount": "0.00"},
        }
    ] == [one["node"] for one in spent]


async def test_a_number_is_shown_once_and_another_card_replaces_the_first(
    ana: client.Client, rosa: client.Client
) -> None:
    first = await create(ana, rosa)
    second = await create(ana, rosa, isListed=True, days=7)
    edges = (await page(ana))["edges"]

    assert first["number"].replace("-", "").endswith(first["card"]["ending"])
    assert first["number"] != second["number"]
    assert [("ACTIVE", True), ("ENDED", False)] == [
        (one["node"]["status"], one["node"]["isListed"]) for one in edges
    ]
    assert "number" not in edges[0]["node"]


async def test_an_ended_card_is_over_and_ending_it_again_changes_nothing(
    ana: client.Client, ben: client.Client, rosa: client.Client
) -> None:
    made = await create(ana, rosa)
    stranger = await end(ben, made["card"]["id"])
    ended = await end(ana, made["card"]["id"])

    assert ["NOT_FOUND"] == [one["code"] for one in stranger["errors"]]
    assert ("ENDED", "0.00") == (ended["card"]["status"], ended["card"]["available"]["amount"])
    assert ended | {"replayed": True} == await end(ana, made["card"]["id"])


async def test_cards_are_listed_page_by_page(ana: client.Client, rosa: client.Client) -> None:
    made = [(await create(ana, rosa))["card"]["id"] for _ in range(3)]
    first = await page(ana, first=2)
    rest = await page(ana, first=2, after=first["pageInfo"]["endCursor"])

    assert made[::-1] == [one["node"]["id"] for one in first["edges"] + rest["edges"]]
    assert [True, False] == [one["pageInfo"]["hasNextPage"] for one in (first, rest)]


async def test_a_new_way_needs_a_fresh_sign_in_and_a_card_for_a_usual_amount_does_not(
    ana: client.Client,
    rosa: client.Client,
    coalition: factories.Coalition,
    db: database.Database,
    owner: Connection,
) -> None:
    await age(owner, ana, minutes=6)
    first = await create(ana, rosa)
    member = await members.find(db, ana.principal_id)
    await coalition.spend(member, rosa.principal_id, 100)
    usual = await create(ana, rosa, maximum={"amount": "3.00", "currency": "EUR"})
    unusual = await create(ana, rosa, maximum={"amount": "3.01", "currency": "EUR"})
    endless = await create(ana, rosa)

    assert [[("STEP_UP_REQUIRED", ["merchantId"])]] * 3 == [
        [(one["code"], one["path"]) for one in answer["errors"]]
        for answer in (first, unusual, endless)
    ]
    assert ([], "3.00") == (usual["errors"], usual["card"]["maximum"]["amount"])


async def test_a_card_that_cannot_be_is_refused_with_its_place(
    ana: client.Client, rosa: client.Client
) -> None:
    wrong = [
        await create(ana, rosa, days=0),
        await create(ana, rosa, days=367),
        await create(ana, rosa, maximum={"amount": "0.00", "currency": "EUR"}),
        await create(ana, rosa, maximum={"amount": "1.001", "currency": "EUR"}),
        await create(ana, rosa, maximum={"amount": "1.00", "currency": "BRL"}),
        await create(ana, ana),
    ]

    assert [
        ("CARD_INVALID", ["days"]),
        ("CARD_INVALID", ["days"]),
        ("AMOUNT_INVALID", ["maximum", "amount"]),
        ("AMOUNT_INVALID", ["maximum", "amount"]),
        ("CURRENCY_MISMATCH", ["maximum", "currency"]),
        ("NOT_FOUND", []),
    ] == [(one["errors"][0]["code"], one["errors"][0]["path"]) for one in wrong]


async def test_a_store_is_rotated_and_suspended_like_any_client_and_gets_no_scopes(
    operator: client.Client, rosa: client.Client, db: database.Database
) -> None:
    key = client.key()
    made = await register(operator, rosa, idempotencyKey=key)
    again = await register(operator, rosa, idempotencyKey=key)
    rotate = """mutation R($input: MerchantClientRotateInput!) {
        merchantClientRotate(input: $input) { secret errors { ... on UserError { code } } } }"""
    suspend = """mutation S($input: MerchantClientStatusInput!) {
        merchantClientSuspend(input: $input) { client { status } } }"""
    named = {"clientId": made["client"]["clientId"], "reason": "leaked"}
    told = {**named, "idempotencyKey": client.key(), "overlapHours": 0}
    rotated = (await operator.ask(rotate, {"input": told})).data["merchantClientRotate"]
    suspended = await operator.ask(suspend, {"input": named})

    assert (True, None, clients_door.SHOWN_ONCE) == (
        again["replayed"],
        again["secret"],
        again["message"],
    )
    assert [False, True] == [
        await clients.check_secret(db, named["clientId"], one["secret"]) for one in (made, rotated)
    ]
    assert "SUSPENDED" == suspended.data["merchantClientSuspend"]["client"]["status"]


def test_the_states_of_a_card_are_those_of_the_wallet() -> None:
    assert list(get_args(cards.Status)) == [one.value for one in gift_cards.GiftCardStatus]
