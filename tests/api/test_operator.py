"""What the operator does about merchants: each act once, each in the audit log."""

from typing import Any

import pytest

from api.identity import bearer
from tests.api import client
from tests.api.test_partner import basket, report
from tests.api.test_staff import acts
from wallet import database, ids

REGISTER = """mutation R($input: MerchantRegisterInput!) { merchantRegister(input: $input) {
  replayed merchant { id slug status } errors { ... on UserError { code path } } } }"""
PUBLISH = """mutation P($input: ContractPublishInput!) { contractPublish(input: $input) {
  replayed contractId version errors { ... on UserError { code path message } } } }"""
STORE = """mutation S($input: StoreAddInput!) { storeAdd(input: $input) {
  replayed store { id externalId name channel }
  errors { __typename ... on UserError { code path } } } }"""
SHOWN = """query M($id: ID!) { node(id: $id) { ... on Merchant {
  name status stores { id externalId name channel } } } }"""
TERMS: dict[str, Any] = {
    "currency": "EUR",
    "defaultPercent": "5.00",
    "categoryRates": [{"category": "Beauty", "percent": "7.25"}],
    "base": {"discounts": "NET", "tax": "WITH", "shipping": False},
    "pending": {"event": "REPORTED", "days": 14, "waitDaysMax": 60, "onWaitEnd": "MATURE"},
    "expiry": {"days": 365},
    "deficit": {"policy": "MEMBER_OWES", "memberOwesAtMost": "50.00"},
    "breakage": "OPERATOR",
    "minimum": {"amount": "20.00", "boundary": "AT_LEAST", "measuredOn": "TOTAL"},
}


async def register(operator: client.Client, **told: Any) -> Any:
    """Register the florist Lua, but for what is given."""
    plain = {"idempotencyKey": client.key(), "slug": "lua", "name": "Lua", "industry": "florist"}
    plain["reason"] = "contract signed in March"
    answer = await operator.ask(REGISTER, {"input": {**plain, **told}})
    return answer.data["merchantRegister"]


async def publish(operator: client.Client, merchant: str, key: str = "", **changes: Any) -> Any:
    """Publish a first contract whose terms have these changes."""
    told = {
        "idempotencyKey": key or client.key(),
        "merchantId": merchant,
        "validFrom": "2026-01-01T00:00:00Z",
        "note": "first contract",
        "terms": {**TERMS, **changes},
    }
    return (await operator.ask(PUBLISH, {"input": told})).data["contractPublish"]


async def add_store(operator: client.Client, merchant: str, **told: Any) -> Any:
    """Add shop 17, but for what is given."""
    plain = {"externalId": "17", "name": "Baixa", "channel": "SHOP", "reason": "opened today"}
    told = {"idempotencyKey": client.key(), "merchantId": merchant, **plain, **told}
    return (await operator.ask(STORE, {"input": told})).data["storeAdd"]


def codes(answer: Any) -> list[str]:
    return [one["code"] for one in answer["errors"]]


async def test_a_merchant_is_registered_once_per_key_and_once_per_short_name(
    operator: client.Client, owner: Any
) -> None:
    key = client.key()

    first = await register(operator, idempotencyKey=key)
    again = await register(operator, idempotencyKey=key)
    reused = await register(operator, idempotencyKey=key, name="Lua Nova")
    taken = await register(operator)

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["merchant"] == first["merchant"]
    assert (first["merchant"]["slug"], first["merchant"]["status"]) == ("lua", "ACTIVE")
    assert codes(reused) == ["IDEMPOTENCY_KEY_REUSED"]
    assert taken["errors"] == [{"code": "SLUG_TAKEN", "path": ["slug"]}]
    assert await acts(owner, operator) == ["merchant.register"]


async def test_what_a_contract_promises_is_what_the_next_purchase_earns(
    operator: client.Client, ana: client.Client, db: database.Database, owner: Any
) -> None:
    made = (await register(operator))["merchant"]
    key = client.key()

    version = await publish(operator, made["id"], key)
    again = await publish(operator, made["id"], key)
    much = await publish(operator, made["id"], defaultPercent="100.01")
    foreign = await publish(operator, made["id"], currency="USD")

    assert (version["version"], version["errors"], version["replayed"]) == (1, [], False)
    assert version["contractId"].startswith("con_")
    assert again == {**version, "replayed": True}
    assert (codes(much), codes(foreign)) == (["TERMS_INVALID"], ["CURRENCY_MISMATCH"])
    assert await acts(owner, operator) == ["merchant.register", "contract.publish"]
    merchant_id = ids.parse("mer", made["id"])
    token = await bearer.mint(db, kind="merchant", principal_id=merchant_id)
    lua = client.Client(operator.http, token.text, merchant_id)
    bought = await report(lua, basket(ana, {"number": 1, "category": "beauty", "amount": "20.00"}))
    assert bought["purchase"]["credited"]["amount"] == "1.45"


async def test_a_contract_names_its_charity_exactly_when_breakage_goes_to_one(
    operator: client.Client, rosa: client.Client, owner: Any
) -> None:
    shown, charity = ids.show("mer", rosa.principal_id), ids.new()
    named = {"charityId": ids.show("cha", charity)}

    nobody = await publish(operator, shown, breakage="CHARITY")
    idle = await publish(operator, shown, breakage="MERCHANT", **named)
    wrong = await publish(operator, shown, breakage="CHARITY", charityId="mem_x")
    given = await publish(operator, shown, breakage="CHARITY", **named)

    assert [(one["errors"][0]["code"], one["errors"][0]["path"]) for one in (nobody, idle)] == [
        ("TERMS_INVALID", ["terms", "charityId"])
    ] * 2
    assert codes(wrong) == ["NOT_FOUND"]
    assert (given["errors"], given["version"]) == ([], 2)
    assert str(charity) == await owner.fetchval(
        "select terms ->> 'charity_id' from coalition.contract where contract_id = $1",
        ids.parse("con", given["contractId"]),
    )


async def test_a_store_is_added_once_and_purchases_may_name_it(
    operator: client.Client, rosa: client.Client, ana: client.Client, owner: Any
) -> None:
    shown, key = ids.show("mer", rosa.principal_id), client.key()

    first = await add_store(operator, shown, idempotencyKey=key)
    again = await add_store(operator, shown, idempotencyKey=key)
    bought = await report(rosa, basket(ana, storeExternalId="17"))

    assert first["store"]["id"].startswith("sto_")
    facts = {name: first["store"][name] for name in ("externalId", "name", "channel")}
    assert facts == {"externalId": "17", "name": "Baixa", "channel": "SHOP"}
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["store"] == first["store"]
    assert bought["errors"] == []
    assert await acts(owner, operator) == ["store.add"]


async def test_what_can_be_no_new_store_is_refused_at_its_place(
    operator: client.Client, rosa: client.Client
) -> None:
    shown, key = ids.show("mer", rosa.principal_id), client.key()
    await add_store(operator, shown, idempotencyKey=key)

    reused = await add_store(operator, shown, idempotencyKey=key, channel="APP")
    taken = await add_store(operator, shown)
    nowhere = await add_store(operator, ids.show("mer", ids.new()))
    no_id = await add_store(operator, "sto_x")
    blank = await add_store(operator, shown, externalId=" ")

    assert [one["__typename"] for one in reused["errors"]] == ["IdempotencyKeyReused"]
    assert [(one["code"], one["path"]) for one in taken["errors"]] == [
        ("REFERENCE_USED", ["externalId"])
    ]
    assert (codes(nowhere), codes(no_id)) == (["NOT_FOUND"], ["NOT_FOUND"])
    assert [(one["code"], one["path"]) for one in blank["errors"]] == [
        ("TEXT_INVALID", ["externalId"])
    ]
    assert all(one["store"] is None for one in (reused, taken, nowhere, no_id, blank))


async def test_everybody_sees_where_merchants_sell_and_a_page_of_them_asks_once(
    operator: client.Client, rosa: client.Client, bakery: client.Client, ana: client.Client
) -> None:
    for number in ("2", "1"):
        await add_store(operator, ids.show("mer", rosa.principal_id), externalId=number)
    await add_store(operator, ids.show("mer", bakery.principal_id), channel="ONLINE")
    query = "{ merchants { edges { node { id stores { externalId channel } } } } }"

    edges = (await ana.ask(query)).data["merchants"]["edges"]

    stores = {edge["node"]["id"]: edge["node"]["stores"] for edge in edges}
    assert stores[ids.show("mer", rosa.principal_id)] == [
        {"externalId": "1", "channel": "SHOP"},
        {"externalId": "2", "channel": "SHOP"},
    ]
    assert stores[ids.show("mer", bakery.principal_id)] == [
        {"externalId": "17", "channel": "ONLINE"}
    ]


async def test_a_suspended_merchant_reports_nothing_until_reinstated(
    operator: client.Client, rosa: client.Client, ana: client.Client, owner: Any
) -> None:
    shown = ids.show("mer", rosa.principal_id)

    async def change(name: str, reason: str, merchant: str = shown) -> Any:
        query = f"mutation S($input: MerchantStatusInput!) {{ {name}(input: $input) {{"
        query += " replayed merchant { id status } errors { ... on UserError { code path } } } }"
        told = {"merchantId": merchant, "reason": reason}
        return (await operator.ask(query, {"input": told})).data[name]

    silent = await change("merchantSuspend", " ")
    nobody = await change("merchantSuspend", "late invoices", ids.show("mer", ids.new()))
    suspended = await change("merchantSuspend", "late invoices")
    refused = await report(rosa, basket(ana))
    reinstated = await change("merchantReinstate", "paid up")
    accepted = await report(rosa, basket(ana))

    assert silent["errors"] == [{"code": "REASON_MISSING", "path": ["reason"]}]
    assert codes(nobody) == ["NOT_FOUND"]
    assert suspended["merchant"] == {"id": shown, "status": "SUSPENDED"}
    assert codes(refused) == ["MERCHANT_SUSPENDED"]
    assert reinstated["merchant"] == {"id": shown, "status": "ACTIVE"}
    assert accepted["errors"] == []
    assert await acts(owner, operator) == ["merchant.suspended", "merchant.active"]


@pytest.mark.parametrize("caller", ["support", "rosa", "bakery", "ana"])
async def test_a_merchants_status_is_shown_to_staff_and_to_itself_only(
    caller: str,
    operator: client.Client,
    rosa: client.Client,
    bakery: client.Client,
    ana: client.Client,
) -> None:
    callers = {"support": operator, "rosa": rosa, "bakery": bakery, "ana": ana}
    expected = "ACTIVE" if caller in ("support", "rosa") else None

    answer = await callers[caller].ask(SHOWN, {"id": ids.show("mer", rosa.principal_id)})

    assert answer.data["node"] == {"name": "Rosa", "status": expected, "stores": []}
