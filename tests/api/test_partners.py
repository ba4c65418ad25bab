"""Partners through the API: what everybody sees, and what the operator sets up."""

import enum
from typing import Any, get_args

import pytest

from api.graphql import partners as shown
from partners import adapter, credentials, directory, registry
from tests.api import client
from tests.wallet import factories
from wallet import ids
from wallet.rules import orders

REGISTER = """mutation R($input: PartnerRegisterInput!) { partnerRegister(input: $input) {
  replayed partner { id slug needsLink merchant { id } offers {
    kind minimum { amount currency } maximum { amount } step { amount } } }
  errors { ... on UserError { code path } } } }"""
SECRET = """mutation S($input: PartnerSecretSetInput!) { partnerSecretSet(input: $input) {
  replayed errors { ... on UserError { code path } } } }"""
SETTINGS = """query S($id: ID!) { partnerSettings(partnerId: $id) {
  adapter config version secrets { name old } } }"""
OFFER = {"kind": "GIFT_CARD", "minimum": "5.00", "maximum": "50.00", "step": "5.00"}


def told(merchant_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "idempotencyKey": client.key(),
        "merchantId": merchant_id,
        "slug": "corner-online",
        "name": "Corner online",
        "adapter": "demo",
        "config": {"shop": "corner"},
        "currency": "EUR",
        "offers": [OFFER],
        "reason": "Signed today.",
        **changes,
    }


async def test_the_operator_registers_a_partner_and_members_see_what_it_gives(
    coalition: factories.Coalition,
    operator: client.Client,
    ana: client.Client,
) -> None:
    merchant_id = ids.show("mer", await coalition.merchant())
    said = {"input": told(merchant_id)}
    first, again = [await operator.ask(REGISTER, said) for _ in range(2)]
    key = first.data["partnerRegister"]["partner"]["id"]
    secret = {"partnerId": key, "name": "CREDENTIAL", "secret": "sk_live_1", "reason": "Theirs."}
    put = await operator.ask(SECRET, {"input": {"idempotencyKey": client.key(), **secret}})
    reached = await operator.ask(SETTINGS, {"id": key})

    listed = await ana.ask("{ partners(first: 5) { edges { node { id name status } } } }")
    refused = await ana.ask(SETTINGS, {"id": key})

    assert [False, True] == [one.data["partnerRegister"]["replayed"] for one in (first, again)]
    (offer,) = first.data["partnerRegister"]["partner"]["offers"]
    assert ("GIFT_CARD", {"amount": "5.00", "currency": "EUR"}) == (offer["kind"], offer["minimum"])
    assert [] == put.data["partnerSecretSet"]["errors"]
    assert {
        "adapter": "demo",
        "config": {"shop": "corner"},
        "version": 2,
        "secrets": [{"name": "CREDENTIAL", "old": False}],
    } == reached.data["partnerSettings"]
    (edge,) = listed.data["partners"]["edges"]
    assert {"id": key, "name": "Corner online", "status": "ACTIVE"} == edge["node"]
    assert ["FORBIDDEN"] == refused.codes


async def test_what_does_not_fit_an_adapter_is_refused_at_its_field(
    coalition: factories.Coalition, operator: client.Client
) -> None:
    merchant_id = ids.show("mer", await coalition.merchant())
    wrong: list[dict[str, Any]] = [
        {"config": {"shop": 7}},
        {"adapter": "shopfy"},
        {"offers": [{**OFFER, "kind": "POINTS"}]},
        {"offers": [{**OFFER, "minimum": "5.001"}]},
        {"territories": ["PT", "Spain"]},
    ]

    answers = [
        await operator.ask(REGISTER, {"input": told(merchant_id, **changes)}) for changes in wrong
    ]

    assert [
        ("PARTNER_INVALID", ["config", "shop"]),
        ("ADAPTER_UNAVAILABLE", ["adapter"]),
        ("PARTNER_INVALID", ["offers", "0", "kind"]),
        ("AMOUNT_INVALID", ["offers", "0", "minimum"]),
        ("PARTNER_INVALID", ["territories", "1"]),
    ] == [
        (one["code"], one["path"])
        for answer in answers
        for one in answer.data["partnerRegister"]["errors"]
    ]


async def test_adapters_are_shown_with_the_schema_of_their_configuration(
    operator: client.Client,
) -> None:

    answer = await operator.ask(
        "{ adapters { name state problem configSchema capabilities { idempotency kinds } } }"
    )

    (demo,) = [one for one in answer.data["adapters"] if one["name"] == "demo"]
    assert ("READY", None) == (demo["state"], demo["problem"])
    assert "KEYED" == demo["capabilities"]["idempotency"]
    assert {"address", "shop"} == set(demo["configSchema"]["$defs"]["Settings"]["properties"])


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (shown.PartnerOfferKind, get_args(orders.Kind)),
        (shown.PartnerStatus, get_args(directory.Status)),
        (shown.PartnerSecretName, get_args(credentials.Name)),
        (shown.PartnerIdempotency, [one.value for one in adapter.Idempotency]),
        (shown.AdapterState, get_args(registry.State)),
    ],
)
def test_enums_are_the_words_of_the_directory(ours: type[enum.Enum], theirs: list[str]) -> None:
    assert sorted(theirs) == sorted(one.value for one in ours)
