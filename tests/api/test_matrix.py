"""Who may see what, generated from the schema: each type with an id, each way to it, everybody.

`SEES` is the whole policy. The ways are found by walking the schema from its root fields, so a new
type or field is asked for by everybody before anybody has thought of testing it; a type, a root
field or an argument that these tables do not know fails the test. What somebody may not see must
be answered, byte for byte, like what is not there.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, Final

import graphql
import httpx2
import orjson
import pytest

from api.graphql import permissions, public
from api.identity import bearer
from tests.api import client, hooks, paying, ways, world
from tests.wallet import factories
from wallet import database

MEMBERS: Final = frozenset({"owner", "other member"})
MERCHANTS: Final = frozenset({"merchant A", "merchant B"})
STAFF: Final = frozenset({"support", "colleague", "supervisor", "operator"})
CALLERS: Final = (*sorted(MEMBERS | MERCHANTS | STAFF), "nobody")

# The policy: who may see Ana's things, and Rosa's, whatever way they come.
SEES: Final[dict[str, frozenset[str]]] = {
    "Approval": frozenset({"support", "supervisor", "operator"}),  # support is who proposed it
    "AuditEntry": frozenset({"supervisor", "operator"}),
    "Award": STAFF | {"owner", "merchant A"},
    "Benefit": STAFF | {"owner"},
    "Budget": frozenset({"supervisor", "operator"}),
    "Experiment": frozenset({"supervisor", "operator"}),
    "Campaign": frozenset({"supervisor", "operator"}),
    "CampaignVersion": frozenset({"supervisor", "operator"}),
    "Charity": MEMBERS | MERCHANTS | STAFF,
    "CharityAgreement": frozenset({"supervisor", "operator"}),
    "Donation": STAFF | {"owner"},
    "Completion": STAFF | {"owner"},
    "GiftCard": STAFF | {"owner"},
    "Lot": STAFF | {"owner"},
    "Member": STAFF | {"owner"},
    **dict.fromkeys(paying.PREFIXES, STAFF | {"owner", "merchant A"}),
    **dict.fromkeys(hooks.PREFIXES, frozenset({"merchant A", "operator"})),
    "Merchant": MEMBERS | MERCHANTS | STAFF,
    "MerchantClient": frozenset({"operator"}),
    "Movement": STAFF | {"owner"},
    "Notice": STAFF | {"owner"},
    "PartnerLink": STAFF | {"owner"},
    "PartnerOrder": STAFF,
    "Partner": MEMBERS | MERCHANTS | STAFF,
    "Pledge": STAFF | {"owner"},
    "Purchase": STAFF | {"owner", "merchant A"},
    "PurchaseReturn": STAFF | {"owner", "merchant A"},
    "RaffleEntry": STAFF | {"owner"},
    "Redemption": STAFF | {"owner", "merchant A"},
    "Referral": frozenset({"supervisor", "operator"}),
    "Remittance": frozenset({"supervisor", "operator"}),
    "Scheme": MEMBERS | MERCHANTS | STAFF,
    "Segment": frozenset({"supervisor", "operator"}),
    "SpendingReview": frozenset({"supervisor", "operator"}),
    "Spin": STAFF | {"owner"},
    "StaffPerson": STAFF,
    "Store": MEMBERS | MERCHANTS | STAFF,
    "TermsDocument": MEMBERS | MERCHANTS | STAFF,
    "Ticket": STAFF | {"owner"},
    "TierChange": STAFF | {"owner"},
    "Wallet": STAFF | {"owner"},
}

# Types that name a campaign, a scheme, a member or a purchase and show nothing of it: whoever may
# read what holds them knows the id, and what it is an id of is asked for by a way of its own.
REFERRING: Final = {
    *paying.REFERRING,
    *("GrantExplained", "MilestoneProgress", "MissExplained", "NextBetter", "PartnerRedemption"),
    *("BoardRank", "Contest", "Leaderboard", "Play", "RedemptionOption", "RemittanceEntry"),
    *("SimulatedCase", "SimulatedLoss", "SimulatedWinner", "SpendingRules", "TierStanding"),
}

# What the root fields are asked: something that is there, and the same question about nothing.
ASKED: Final[
    dict[str, Callable[[world.World, str], list[tuple[ways.Arguments, ways.Arguments]]]]
] = {
    "approvals": lambda _it, _kind: [({}, {})],
    "auditTrail": lambda it, _kind: [
        (
            {"subjectId": it.ids["Member"], "first": 100},
            {"subjectId": world.missing("Member"), "first": 100},
        )
    ],
    **{
        name: lambda _it, _kind: [({}, {})]
        for name in ("budgets", "campaigns", "charities", "draws", "experiments", "partners")
    },
    **{
        name: lambda it, _kind: [
            ({"charityId": it.ids["Charity"]}, {"charityId": world.missing("Charity")})
        ]
        for name in ("charityAgreements", "charitySteps")
    },
    "member": lambda it, _kind: [({"id": it.ids["Member"]}, {"id": world.missing("Member")})],
    "memberByEmail": lambda it, _kind: [
        ({"email": it.member.email}, {"email": "nobody@example.org"})
    ],
    **{
        name: lambda it, _kind: [
            ({"merchantId": it.ids["Merchant"]}, {"merchantId": world.missing("Merchant")})
        ]
        for name in ("merchantClients", "merchantWebhooks")
    },
    "merchants": lambda _it, _kind: [({}, {})],
    "node": lambda it, kind: [({"id": it.ids[kind]}, {"id": world.missing(kind)})],
    "nodes": lambda it, kind: [({"ids": [it.ids[kind]]}, {"ids": [world.missing(kind)]})],
    "programmeTerms": lambda _it, _kind: [({}, {})],
    "purchase": lambda it, _kind: [
        ({"id": it.ids["Purchase"]}, {"id": world.missing("Purchase")}),
        ({"reference": it.reference}, {"reference": "till-9/0"}),
    ],
    "purchaseExplanation": lambda it, _kind: [
        ({"id": it.ids["Purchase"]}, {"id": world.missing("Purchase")})
    ],
    "redemption": lambda it, _kind: [
        ({"id": it.ids["Redemption"]}, {"id": world.missing("Redemption")})
    ],
    "referrals": lambda _it, _kind: [({}, {})],
    "spendingReviews": lambda _it, _kind: [({}, {})],
    "impact": lambda it, _kind: [
        ({"charityId": it.ids["Charity"]}, {"charityId": world.missing("Charity")})
    ],
    **dict.fromkeys(("partnerOrders", "remittances"), lambda _it, _kind: [({}, {})]),
    "runningCampaigns": lambda _it, _kind: [({}, {})],
    "schemeVersions": lambda it, _kind: [
        ({"id": it.ids["Scheme"]}, {"id": world.missing("Scheme")})
    ],
    "schemes": lambda _it, _kind: [({}, {})],
    "segments": lambda _it, _kind: [({}, {})],
    "viewer": lambda _it, _kind: [({}, {})],
    "webhookEndpoints": lambda _it, _kind: [({}, {})],
}
# Root fields whose answer holds nothing with an id.
WITHOUT_IDS: Final = paying.WITHOUT_IDS | {
    *("adapters", "partnerSettings"),
    *("campaignSchema", "contest", "contests", "drawExport", "entitlements", "ladderImpact"),
    *("leaderboard", "merchantBudget", "merchantStatement"),
    *("programmeRules", "purchasePreview", "schemeSchema", "spendingRules"),
}


# The trail comes first: each look-up is one more entry of it, and it shows the newest hundred.
WAYS: Final = tuple(sorted(ways.every("query"), key=lambda way: way.root != "auditTrail"))


@pytest.fixture
async def it(coalition: factories.Coalition, unhurried: httpx2.AsyncClient) -> world.World:
    """The world."""
    return await world.build(coalition, unhurried)


def test_the_policy_knows_every_type_with_an_id_and_every_way_that_begins_one() -> None:
    kinds = {name for name, kind in ways.SCHEMA.type_map.items() if ways.has_id(kind)}
    reached = {way.kinds[-1] for way in WAYS}

    assert kinds == set(SEES) == set(world.PREFIXES)
    assert kinds | REFERRING == ways.with_ids()
    assert kinds == reached
    assert set(ways.root("query").fields) == set(ASKED) | WITHOUT_IDS
    assert {way.root for way in WAYS} == set(ASKED)


def test_every_node_can_be_asked_for_by_its_id() -> None:
    node = ways.SCHEMA.get_type("Node")
    assert isinstance(node, graphql.GraphQLInterfaceType)
    kinds = {one.name for one in ways.SCHEMA.get_possible_types(node)}

    assert kinds == {way.kinds[0] for way in WAYS if way.root == "node"}


@pytest.mark.parametrize("name", CALLERS)
async def test_everybody_finds_what_they_may_see_and_nothing_else_by_every_way(
    name: str, it: world.World
) -> None:
    caller, wrong = it.caller(name), []
    for way in WAYS:
        for real, _ in ASKED[way.root](it, way.kinds[0]):
            answer = await caller.ask(way.text(real), real)
            expected = _expected(name, way)
            if (seen := _seen(way, answer, it)) != expected:
                wrong.append((way.steps, real, expected, seen))

    assert [] == wrong


def _scopes(name: str) -> frozenset[str]:
    if name in STAFF:
        return bearer.ROLE_SCOPES["support" if name == "colleague" else name]
    return bearer.SCOPES["member" if name in MEMBERS else "merchant"]


def _expected(name: str, way: ways.Way) -> str:
    scope = permissions.SCOPES[f"Query.{way.root}"]
    if name == "nobody":
        return "UNAUTHENTICATED"
    if scope != permissions.ANYONE and scope not in _scopes(name):
        return "FORBIDDEN"
    return "there" if all(name in SEES[kind] for kind in way.kinds) else "not there"


def _seen(way: ways.Way, answer: client.Answer, it: world.World) -> str:
    if "errors" in answer.body:
        assert not answer.body.get("data") or set(answer.body["data"].values()) == {None}
        return "+".join(answer.codes)
    kind = way.kinds[-1]
    return "there" if it.known(kind) & set(way.found(answer.data)) else "not there"


def plain(answer: httpx2.Response) -> tuple[int, dict[str, str], bytes]:
    """An answer without what no two answers share: the request's id, and the points left."""
    body = orjson.loads(answer.content)
    body.get("extensions", {}).pop("cost", None)
    for error in body.get("errors", ()):
        error["extensions"].pop("requestId")
    headers = dict(answer.headers)
    headers.pop("x-request-id")
    return answer.status_code, headers, orjson.dumps(body)


async def raw(
    caller: client.Client, query: str, variables: ways.Arguments, *, accept: str = client.GRAPHQL
) -> httpx2.Response:
    return await caller.http.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {caller.token}", "Accept": accept},
    )


@pytest.mark.parametrize("name", CALLERS)
async def test_what_is_not_yours_is_answered_like_what_is_not_there(
    name: str, it: world.World
) -> None:
    caller, wrong, compared = it.caller(name), [], 0
    for way in WAYS:
        if _expected(name, way) == "there":
            continue
        for real, none in ASKED[way.root](it, way.kinds[0]):
            if (
                real == none
                or _expected(name, dataclasses.replace(way, kinds=way.kinds[:1])) == "there"
            ):
                continue  # Not a question about one thing, or one about a thing that may be seen.
            hidden, absent = (
                await raw(caller, way.text(real), real),
                await raw(caller, way.text(none), none),
            )
            compared += 1
            if plain(hidden) != plain(absent):
                wrong.append((way.steps, real, hidden.text, absent.text))

    assert [] == wrong
    assert compared > 0


async def test_a_list_of_ids_tells_no_more_than_one_id(it: world.World) -> None:
    query = "query Many($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    nodes = sorted({way.kinds[0] for way in WAYS if way.root == "nodes"})
    for name in sorted(set(CALLERS) - {"nobody"}):
        shown = [it.ids[kind] if name in SEES[kind] else None for kind in nodes]
        asked = [key for kind in nodes for key in (it.ids[kind], world.missing(kind))]

        found = []
        for start in range(0, len(asked), public.NODES_MAX):
            some = asked[start : start + public.NODES_MAX]
            mixed = await it.caller(name).ask(query, {"ids": some})
            found += mixed.data["nodes"]

        expected = [entry for one in shown for entry in (one and {"id": one}, None)]
        assert (name, found) == (name, expected)


KINDS_OF_IDS: Final = {
    **dict.fromkeys(("benefitId", "coupons"), "Benefit"),
    "charityId": "Charity",
    **dict.fromkeys(("contestId", "gameId", "quizId"), "Scheme"),
    "giftCardId": "GiftCard",
    "linkId": "PartnerLink",
    "lotId": "Lot",
    "partnerId": "Partner",
    "pledgeId": "Pledge",
    "documentId": "TermsDocument",
    "drawId": "Scheme",
    "memberId": "Member",
    **paying.KINDS_OF_IDS,
    **hooks.KINDS_OF_IDS,
    "merchantId": "Merchant",
    "purchaseId": "Purchase",
    "redemptionId": "Redemption",
    "ticketId": "Ticket",
}
# What everybody may see is no secret to try.
PUBLIC: Final = frozenset({"Charity", "Merchant", "Partner", "Scheme", "TermsDocument"})
# A till names the member who stands before it: every merchant may, so nothing is hidden there.
NAMED: Final = paying.NAMED | {
    *("activityReport", "gameScoreReport", "purchaseReport", "purchaseReportBulk")
}


def _id_places() -> Iterator[tuple[str, str]]:
    """Every id that a mutation of a member or a merchant takes: the mutation, and the field."""
    theirs = bearer.SCOPES["member"] | bearer.SCOPES["merchant"]
    for name, field in ways.root("mutation").fields.items():
        if permissions.SCOPES[f"Mutation.{name}"] in theirs:
            for argument, one in field.args.items():
                yield from ((name, found) for found in _ids_in(argument, one.type))


def _ids_in(name: str, kind: Any) -> Iterator[str]:
    kind = graphql.get_named_type(kind)
    if isinstance(kind, graphql.GraphQLInputObjectType):
        for field_name, field in kind.fields.items():
            yield from _ids_in(field_name, field.type)
    elif kind is graphql.GraphQLID:
        yield name


EURO: Final = {"amount": "1.00", "currency": "EUR"}
# What each such mutation says besides the id.
SAID: Final[dict[str, ways.Arguments]] = {
    **paying.SAID,
    **hooks.SAID,
    "benefitUse": {},
    "giftCardEnd": {},
    "donationCreate": {"charityId": world.missing("Charity")},
    "partnerUnlink": {},
    "pledgeEnd": {},
    "raffleEnter": {},
    "wheelSpin": {"clientSeed": "mine"},
    "purchaseEventRecord": {"event": {"kind": "SHIPPED", "at": "2026-11-01T10:00:00Z"}},
    "purchaseReturn": {"reason": "did not fit"},
    "redemptionCapture": {"amount": EURO},
    "redemptionReverse": {},
    "redemptionRefund": {"amount": EURO},
    "redemptionRelease": {},
}
STANDING: Final = """
    select (select count(*) from ledger.transfer) as transfers,
           (select count(*) from ledger.refusal) as refusals,
           (select count(*) from ledger.purchase_event) as events
"""


def test_every_id_that_a_mutation_takes_is_tried_with_ids_of_others() -> None:
    places = set(_id_places())
    public = {place for place in places if KINDS_OF_IDS[place[1]] in PUBLIC}

    assert {name for name, _ in places - public} == set(SAID) | NAMED


@pytest.mark.parametrize("amount", [True, False])
async def test_a_mutation_on_what_is_not_yours_is_answered_like_one_on_nothing_and_moves_nothing(
    amount: bool, it: world.World, db: database.Database
) -> None:
    before = await db.fetchrow(STANDING)
    for name, field in _id_places():
        kind = KINDS_OF_IDS[field]
        if name in NAMED or kind in PUBLIC:
            continue
        stranger = "other member" if _is_a_members(name) else "merchant B"
        assert stranger not in SEES[kind]
        caller = it.caller(stranger)
        told = {key: value for key, value in SAID[name].items() if amount or key != "amount"}
        if field == "ticketId":
            told["drawId"] = it.played.draw(name)
        for real in {it.ids[kind], it.held if kind == "Redemption" else it.ids[kind]}:
            foreign, nothing = [
                await raw(caller, _mutation(name), {"input": {**told, field: key, **_key(name)}})
                for key in (real, world.missing(kind))
            ]

            assert (name, plain(foreign)) == (name, plain(nothing))
            assert "NOT_FOUND" in foreign.text, foreign.text
    assert before == await db.fetchrow(STANDING)


def _is_a_members(name: str) -> bool:
    return permissions.SCOPES[f"Mutation.{name}"] in bearer.SCOPES["member"]


def _key(name: str) -> ways.Arguments:
    kind = graphql.get_named_type(ways.root("mutation").fields[name].args["input"].type)
    assert isinstance(kind, graphql.GraphQLInputObjectType)
    return {"idempotencyKey": client.key()} if "idempotencyKey" in kind.fields else {}


def _mutation(name: str) -> str:
    kind = ways.root("mutation").fields[name].args["input"].type
    said = "replayed errors { ... on UserError { __typename code message path } }"
    return f"mutation Try($input: {kind}) {{ {name}(input: $input) {{ {said} }} }}"
