"""Nothing that the staff does is without a reason, a name, a document and a request in the log."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import graphql
import httpx2
import pytest

from api.graphql import permissions, schema
from api.identity import bearer
from tests.api import client, paying, playing, stopping, world
from tests.api.test_operator import TERMS
from tests.conftest import Connection
from tests.wallet import belonging, factories, giving, ordering, paying_out, promotions
from wallet import audit, ids
from wallet.campaigns import lives

SCHEMA: Final = schema.build()._schema
STAFF: Final = sorted(
    place.removeprefix("Mutation.")
    for place, scope in permissions.SCOPES.items()
    if place.startswith("Mutation.")
    and scope in bearer.SCOPES["staff"]
    and place != "Mutation.campaignSimulate"  # it only looks
)
WHY: Final = "because the auditor will ask"
NOTED: Final = {
    "campaignDraftSave",
    "contractPublish",
    "programmeRulesPublish",
    "remittancePrepare",
    "schemeEnd",
    "schemePublish",
    "spendingRulesPublish",
}
DEFINITION: Final = {
    **promotions.SIMPLE,
    "name": "Again",
    "starts_at": "2126-01-01T00:00:00Z",
    "stack": {"group": "bonus", "priority": 3},
}
EUROS: Final = {"amount": "1.00", "currency": "EUR"}
GIFT_CARDS: Final = {"kind": "GIFT_CARD", "minimum": "5.00", "maximum": "50.00"}

# What each act of the staff is told, besides its key and its reason.
TOLD: Final[dict[str, Callable[[world.World], dict[str, Any]]]] = {
    "raffleDraw": lambda _it: {},
    "raffleFreeze": lambda _it: {},
    "ticketGrant": lambda it: {
        "memberId": it.ids["Member"],
        "drawId": it.played.draw("wheelSpin"),
        "number": 2,
    },
    "budgetSet": lambda it: {
        "kind": "FUNDER",
        "subjectId": it.ids["Merchant"],
        "amount": EUROS,
        "alerts": [],
    },
    **{
        name: lambda it: {"campaignId": it.ids["Campaign"]}
        for name in ("campaignArchive", "campaignEnd", "campaignPause", "campaignResume")
    },
    "campaignDraftSave": lambda _it: {"definition": DEFINITION},
    "campaignPublish": lambda it: {
        "campaignId": it.ids["Campaign"],
        "versionId": it.ids["CampaignVersion"],
    },
    "charityAgreementRecord": lambda it: {
        "charityId": it.ids["Charity"],
        "reference": "R-2",
        "statements": [{"language": "EN", "text": "One euro of each bottle."}],
        "validFrom": "2026-01-01T00:00:00Z",
    },
    "charityClose": lambda it: {"charityId": it.ids["Charity"]},
    "charitySave": lambda _it: {
        "name": "Sea Fund",
        "about": "Clean seas.",
        "category": "ENVIRONMENT",
        "country": "PT",
        "registrar": "Registo de IPSS",
        "registration": "18/2010",
        "website": "https://sea.example",
    },
    "charitySuspend": lambda it: {"charityId": it.ids["Charity"]},
    "charityVerify": lambda _it: {"evidence": "The register's page of today."},
    "labelEvidenceRecord": lambda it: {
        "merchantId": it.ids["Merchant"],
        "product": "TEA-1",
        "label": "organic",
        "validFrom": "2026-01-01",
        "validUntil": "2026-12-31",
        "source": "ECOCERT",
        "reference": "4711",
    },
    "memberProfileSet": lambda it: {"memberId": it.ids["Member"], "tier": "gold"},
    "programmeRulesPublish": lambda _it: {
        "groups": [{"name": "bonus", "mode": "BEST"}],
        "validFrom": "2126-01-01T00:00:00Z",
    },
    "remittanceCancel": lambda _it: {},
    "remittanceConfirm": lambda _it: {"acknowledgement": "with thanks"},
    "remittancePrepare": lambda _it: {"currency": "EUR"},
    "remittanceSend": lambda _it: {
        "bankReference": "SEPA 4711",
        "proofReference": "statement of March",
        "valueDate": datetime.now(UTC).date().isoformat(),
    },
    "referralReview": lambda _it: {"decision": "REFUSE"},
    **{
        name: lambda it: {"segmentId": it.ids["Segment"], "memberIds": [it.ids["Member"]]}
        for name in ("segmentMembersAdd", "segmentMembersRemove")
    },
    "memberTierPropose": lambda it: {
        "memberId": it.ids["Member"],
        "ladderId": min(it.schemes - {it.ids["Scheme"]}),
        "tier": "vib",
        "until": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
    },
    "schemeEnd": lambda it: {"schemeId": it.ids["Scheme"]},
    "schemePublish": lambda _it: {
        "definition": {
            "kind": "milestone",
            "name": "Ten purchases",
            "metric": "purchases",
            "target": 10,
        }
    },
    "segmentSave": lambda _it: {"name": "new", "about": "Who came this month."},
    "approvalDecide": lambda it: {"approvalId": it.proposed, "decision": "DECLINED"},
    "contractPublish": lambda it: {
        "merchantId": it.ids["Merchant"],
        "validFrom": "2026-01-01T00:00:00Z",
        "terms": TERMS,
    },
    "experimentEnd": lambda it: {"experimentId": it.ids["Experiment"]},
    "experimentRegister": lambda _it: {
        "name": "Free shipping",
        "arms": [{"name": "A", "weightBps": 5_000}, {"name": "B", "weightBps": 5_000}],
        "metric": "CONVERSION",
        "windowDays": 28,
        "startsAt": "2126-01-01T00:00:00Z",
        "endsAt": "2126-07-01T00:00:00Z",
        "membersMin": 500,
        "detectableBps": 300,
    },
    "goodwillCredit": lambda it: {"memberId": it.ids["Member"], "amount": EUROS},
    "goodwillCreditPropose": lambda it: {"memberId": it.ids["Member"], "amount": EUROS},
    "merchantClientRegister": lambda it: {
        "merchantId": it.ids["Merchant"],
        "name": "Rosa: shop",
        "scopes": ["purchases:report"],
    },
    "giftCardStoreRegister": lambda it: {
        "merchantId": it.ids["Merchant"],
        "name": "Rosa: web shop",
    },
    "merchantClientReinstate": lambda it: {"clientId": it.ids["MerchantClient"]},
    "merchantClientRotate": lambda it: {"clientId": it.ids["MerchantClient"]},
    "merchantClientSuspend": lambda it: {"clientId": it.ids["MerchantClient"]},
    **{
        name: lambda it: {"endpointId": it.ids["WebhookEndpoint"]}
        for name in ("merchantWebhookDisable", "merchantWebhookEnable")
    },
    "memberEnrol": lambda _it: {"email": "eva@example.org", "displayName": "Eva"},
    "membershipRecord": lambda it: {"report": "START", "memberId": it.ids["Member"]},
    "memberReinstate": lambda it: {"memberId": it.ids["Member"]},
    **{
        name: lambda it: {"memberId": it.ids["Member"]}
        for name in ("memberSpendLock", "memberSpendUnlock", "memberSuspend")
    },
    "spendingReviewDecide": lambda _it: {"allow": True},
    "spendingRulesPublish": lambda _it: {"one": "50.00"},
    "merchantRegister": lambda _it: {"slug": "lua", "name": "Lua", "industry": "florist"},
    "merchantReinstate": lambda it: {"merchantId": it.ids["Merchant"]},
    "merchantSuspend": lambda it: {"merchantId": it.ids["Merchant"]},
    "partnerOrderResolvePropose": lambda _it: {
        "outcome": "ISSUED",
        "evidence": "letter of the shop",
    },
    "partnerChange": lambda it: {
        "partnerId": it.ids["Partner"],
        "name": "Rosa, online",
        "config": {},
        "offers": [GIFT_CARDS],
    },
    "partnerRegister": lambda it: {
        "merchantId": it.ids["Merchant"],
        "slug": "lua-online",
        "name": "Lua online",
        "adapter": "demo",
        "config": {},
        "currency": "EUR",
        "offers": [GIFT_CARDS],
    },
    "partnerReinstate": lambda it: {"partnerId": it.ids["Partner"]},
    "partnerSecretDrop": lambda it: {"partnerId": it.ids["Partner"], "name": "CREDENTIAL"},
    "partnerSecretSet": lambda it: {
        "partnerId": it.ids["Partner"],
        "name": "CREDENTIAL",
        "secret": "a-secret-of-rosas",
    },
    "partnerSuspend": lambda it: {"partnerId": it.ids["Partner"]},
    "redemptionResolve": lambda it: {
        "redemptionId": it.held,
        "outcome": "RELEASED",
        "evidence": "receipt 4711",
    },
    "storeAdd": lambda it: {
        "merchantId": it.ids["Merchant"],
        "externalId": "18",
        "name": "Chiado",
        "channel": "SHOP",
    },
    "termsPublish": lambda _it: {
        "programme": True,
        "texts": [{"language": "EN", "text": "Be fair."}],
    },
}


FIRST: Final = {"campaignResume": lives.pause, "campaignArchive": lives.end}


async def prepare(coalition: factories.Coalition, it: world.World, name: str) -> dict[str, Any]:
    """Do what has to stand before this act; returns what it is told of that."""
    if name in FIRST:
        await FIRST[name](
            coalition.db,
            request_id=ids.new(),
            campaign_id=ids.parse(world.PREFIXES["Campaign"], it.ids["Campaign"]),
            reason="first",
            actor=audit.SYSTEM,
        )
    if name in ("raffleDraw", "raffleFreeze"):
        raffle = await playing.over(coalition, frozen=name == "raffleDraw")
        return {"drawId": ids.show("sch", raffle)}
    if name.startswith("remittance"):
        return await due(coalition, name)
    if name == "partnerOrderResolvePropose":
        merchant_id = ids.parse(world.PREFIXES["Merchant"], it.ids["Merchant"])
        order = await ordering.doubted(coalition, it.member, merchant_id, 1)
        return {"orderId": ids.show("ord", order.redemption_id)}
    if name == "memberSpendUnlock":
        await stopping.lock(coalition, it.member)
    if name == "spendingReviewDecide":
        merchant_id = ids.parse(world.PREFIXES["Merchant"], it.ids["Merchant"])
        stopped = await stopping.stopped(coalition, it.member, merchant_id)
        return {"reviewId": ids.show(world.PREFIXES["SpendingReview"], stopped)}
    if name == "charityVerify":
        return {"charityId": ids.show("cha", await giving.proposed(coalition))}
    if name == "referralReview":
        merchant_id = ids.parse(world.PREFIXES["Merchant"], it.ids["Merchant"])
        waiting, _ = await world.suspected(coalition, merchant_id, it.member)
        return {"referralId": ids.show(world.PREFIXES["Referral"], waiting)}
    if name == "membershipRecord":
        plan_id = await belonging.plan(coalition, "operator")
        return await paying.payment(coalition, planId=ids.show("sch", plan_id))
    return {}


async def due(coalition: factories.Coalition, name: str) -> dict[str, str]:
    """Let something be due to a charity, and be as far on its way as a step wants."""
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500)
    if name == "remittancePrepare":
        return {"charityId": ids.show("cha", charity_id)}
    batch = await paying_out.prepare(coalition, charity_id)
    if name == "remittanceConfirm":
        await paying_out.send(coalition, batch.remittance_id)
    return {"remittanceId": ids.show("rem", batch.remittance_id)}


@pytest.fixture
async def it(coalition: factories.Coalition, http: httpx2.AsyncClient) -> world.World:
    """The world."""
    return await world.build(coalition, http)


def inputs(name: str) -> dict[str, graphql.GraphQLInputField]:
    """The fields of a mutation's input."""
    assert SCHEMA.mutation_type is not None
    kind = graphql.get_named_type(SCHEMA.mutation_type.fields[name].args["input"].type)
    assert isinstance(kind, graphql.GraphQLInputObjectType), name
    fields: dict[str, graphql.GraphQLInputField] = kind.fields
    return fields


def reason_of(name: str) -> str:
    """What the reason is called: that of a new version is its note."""
    return "note" if name in NOTED else "reason"


def document(name: str) -> str:
    said = "errors { ... on UserError { code path } }"
    assert SCHEMA.mutation_type is not None
    kind = SCHEMA.mutation_type.fields[name].args["input"].type
    return f"mutation Act($input: {kind}) {{ {name}(input: $input) {{ {said} }} }}"


def told(it: world.World, name: str, reason: str, **more: Any) -> dict[str, Any]:
    key = {"idempotencyKey": client.key()} if "idempotencyKey" in inputs(name) else {}
    return {**key, **TOLD[name](it), **more, reason_of(name): reason}


def test_every_act_of_the_staff_is_tried_here() -> None:
    assert sorted(TOLD) == STAFF


@pytest.mark.parametrize("name", STAFF)
def test_every_act_of_the_staff_must_be_given_a_reason(name: str) -> None:
    assert str(inputs(name)[reason_of(name)].type) == "String!"


@pytest.mark.parametrize("name", STAFF)
async def test_an_act_of_the_staff_happens_and_is_logged_only_with_a_reason_that_can_be_kept(
    name: str, it: world.World, coalition: factories.Coalition, owner: Connection
) -> None:
    caller = it.caller("operator")
    more = await prepare(coalition, it, name)
    before = await owner.fetchval("select count(*) from coalition.audit")

    said = []
    for reason in ("", " \t\n", "x" * (audit.REASON_CHARS_MAX + 1), "half\x00"):
        answer = await caller.ask(document(name), {"input": told(it, name, reason, **more)})
        said += answer.data[name]["errors"]
    refused = await owner.fetchval("select count(*) from coalition.audit")
    answer = await caller.ask(document(name), {"input": told(it, name, WHY, **more)})

    at = [reason_of(name)]
    blank = {"code": "REASON_MISSING", "path": at}
    unfit = {"code": "TEXT_INVALID", "path": at}
    assert [blank, blank, unfit, blank if name.startswith("goodwill") else unfit] == said
    assert before == refused
    assert answer.data[name]["errors"] == []
    (row,) = await owner.fetch(
        "select * from coalition.audit where actor_id = $1", caller.principal_id
    )
    assert (row["actor_kind"], row["reason"]) == ("staff", WHY)
    assert row["document_hash"] == hashlib.sha256(document(name).encode()).digest()
    assert row["request_id"] == answer.headers["x-request-id"]
    assert row["subject_id"] is not None


async def test_looking_is_logged_too_by_document_and_request(
    it: world.World, owner: Connection
) -> None:
    caller = it.caller("operator")
    looks = {
        "campaign.simulate": (
            (
                "mutation L($id: ID!) { campaignSimulate(input: {versionId: $id})"
                " { errors { ... on UserError { code } } } }"
            ),
            "CampaignVersion",
            "Campaign",
        ),
        "member.find": ("query L($id: ID!) { member(id: $id) { id } }", "Member", "Member"),
        "purchase.find": (
            "query L($id: ID!) { purchaseExplanation(id: $id) { id } }",
            "Purchase",
            "Purchase",
        ),
        "node.find": ("query L($id: ID!) { node(id: $id) { id } }", "Redemption", "Redemption"),
    }
    for act, (query, kind, subject) in looks.items():
        answer = await caller.ask(query, {"id": it.ids[kind]})

        row = await owner.fetchrow(
            "select * from coalition.audit where act = $1 and actor_id = $2",
            act,
            caller.principal_id,
        )
        assert row is not None
        assert row["subject_id"] == ids.parse(world.PREFIXES[subject], it.ids[subject])
        assert row["document_hash"] == hashlib.sha256(query.encode()).digest()
        assert row["request_id"] == answer.headers["x-request-id"]
