"""Tiers through the door: what members see of theirs, what tills may ask, what the staff may do."""

import enum
from typing import Any, get_args

from api.graphql import tiers as shown
from tests.api import client
from tests.api.test_staff import acts
from tests.conftest import Connection
from tests.wallet import belonging, climbing, reaching
from tests.wallet.factories import Coalition
from tests.wallet.test_tiers_from_milestones import by
from wallet import ids, members
from wallet.progress import advance
from wallet.rules.tiers import facts

TIERS = """query Mine { viewer { tiers { ladderId ladderName tier { word name } earned { word }
  lifetime total { amount { amount currency } purchases } closesAt
  next { tier { word } remaining { amount { amount } } sentence } stay { sentence } fallsTo { word }
  changes(first: 1) { edges { cursor node { id reason from { name } to { name } causes } }
    pageInfo { hasNextPage } } } entitlements { word text source name } } }"""
MORE = """query More($after: Cursor) { viewer { tiers {
  changes(first: 5, after: $after) { edges { node { id to { word } } } } } } }"""
NODE = "query N($id: ID!) { node(id: $id) { id ... on TierChange { to { word } reason } } }"
AT_THE_TILL = "query T($id: ID!) { entitlements(memberId: $id) { word text } }"
PROPOSE = """mutation P($input: MemberTierProposeInput!) { memberTierPropose(input: $input) {
  approval { id act status tier until subjectId } errors { ... on UserError { code path } } } }"""
DECIDE = """mutation D($input: ApprovalDecideInput!) { approvalDecide(input: $input) {
  approval { status } errors { ... on UserError { code } } } }"""
IMPACT = """query I($definition: JSON!, $ladderId: ID) {
  ladderImpact(definition: $definition, ladderId: $ladderId) {
    impact { members lookedAt complete moves { from to members } kept { from to members } }
    errors { ... on UserError { code path } } } }"""


def words(kind: type[enum.Enum]) -> set[str]:
    return {one.value for one in kind}


async def ladder(coalition: Coalition, **changes: Any) -> str:
    """Publish Sephora's ladder now."""
    now = await coalition.db.fetchval("select clock_timestamp()")
    return ids.show("sch", await climbing.publish(coalition, at=now, **changes))


async def buys(coalition: Coalition, buyer: client.Client, amount: int) -> str:
    """Let a member buy something now; the purchase's id."""
    member = await members.find(coalition.db, buyer.principal_id)
    now = await coalition.db.fetchval("select clock_timestamp()")
    return ids.show("pur", await coalition.earned(coalition.mint, member, amount, now=now))


async def test_a_member_sees_where_they_stand_and_what_is_ahead(
    coalition: Coalition, ana: client.Client
) -> None:
    scheme_id = await ladder(coalition)
    bought = await buys(coalition, ana, 86_000)

    seen = (await ana.ask(TIERS)).data["viewer"]

    (one,) = seen["tiers"]
    assert (one["ladderId"], one["tier"]) == (scheme_id, {"word": "vib", "name": "VIB"})
    assert one["total"] == {"amount": {"amount": "880.00", "currency": "EUR"}, "purchases": None}
    assert one["next"]["remaining"] == {"amount": {"amount": "120.00"}}
    year = one["closesAt"][:4] if one["closesAt"][5:7] == "12" else int(one["closesAt"][:4]) - 1
    assert one["next"]["sentence"] == f"Spend 120.00 EUR more by 31 December {year} to reach Rouge."
    assert one["stay"]["sentence"] == "You have done enough to stay VIB."
    (change,) = one["changes"]["edges"]
    told = change["node"]
    assert (told["reason"], told["from"], told["to"]) == (
        "UPGRADE",
        {"name": "Insider"},
        {"name": "VIB"},
    )
    assert told["causes"][-1] == bought
    assert one["changes"]["pageInfo"]["hasNextPage"]
    assert [entry["word"] for entry in seen["entitlements"]] == ["birthday_gift"]


async def test_what_is_ahead_is_said_in_the_member_s_language(
    coalition: Coalition, ana: client.Client
) -> None:
    await ladder(coalition)
    await buys(coalition, ana, 86_000)

    said = [
        (await ana.ask(TIERS, headers={"Accept-Language": language})).data["viewer"]["tiers"][0]
        for language in ("pt", "es")
    ]

    assert [one["next"]["sentence"].split(" ")[0] for one in said] == ["Gaste", "Gasta"]
    assert "120,00 EUR" in said[0]["next"]["sentence"]
    assert [one["stay"]["sentence"] for one in said] == [
        "Você já fez o suficiente para continuar VIB.",
        "Ya hiciste lo suficiente para seguir siendo VIB.",
    ]


async def test_changes_come_in_pages_and_each_has_an_id(
    coalition: Coalition, ana: client.Client, ben: client.Client
) -> None:
    await ladder(coalition)
    await buys(coalition, ana, 35_000)
    (first,) = (await ana.ask(TIERS)).data["viewer"]["tiers"][0]["changes"]["edges"]
    more = (await ana.ask(MORE, {"after": first["cursor"]})).data["viewer"]["tiers"][0]
    seen = [(await one.ask(NODE, {"id": first["node"]["id"]})).data["node"] for one in (ana, ben)]

    assert [edge["node"]["to"]["word"] for edge in more["changes"]["edges"]] == ["insider"]
    expected = {"id": first["node"]["id"], "to": {"word": "vib"}, "reason": "UPGRADE"}
    assert seen == [expected, None]


async def test_a_till_asks_what_a_member_may_have(
    coalition: Coalition, ana: client.Client, rosa: client.Client
) -> None:
    await ladder(coalition)
    await buys(coalition, ana, 100_000)
    asked = [ids.show("mem", ana.principal_id), ids.show("mem", ids.new()), "x"]

    found = [(await rosa.ask(AT_THE_TILL, {"id": one})).data["entitlements"] for one in asked]

    free = {"word": "free_shipping", "text": "Free standard shipping."}
    assert found == [[free], None, None]


async def test_two_of_the_staff_give_a_tier(
    coalition: Coalition,
    ana: client.Client,
    support: client.Client,
    supervisor: client.Client,
    owner: Connection,
) -> None:
    scheme_id = await ladder(coalition)
    until = await coalition.db.fetchval("select clock_timestamp() + interval '30 days'")
    told = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", ana.principal_id),
        "ladderId": scheme_id,
        "tier": "rouge",
        "until": until.isoformat(),
        "reason": "a parcel was lost twice",
    }
    proposed = (await support.ask(PROPOSE, {"input": told})).data["memberTierPropose"]["approval"]
    decision = {"approvalId": proposed["id"], "decision": "APPROVED", "reason": "checked"}
    decided = (await supervisor.ask(DECIDE, {"input": decision})).data["approvalDecide"]
    (standing,) = (await ana.ask(TIERS)).data["viewer"]["tiers"]

    assert (proposed["act"], proposed["tier"]) == ("TIER_OVERRIDE", "rouge")
    assert decided == {"approval": {"status": "APPROVED"}, "errors": []}
    assert (standing["tier"]["word"], standing["earned"]["word"]) == ("rouge", "insider")
    assert await acts(owner, supervisor) == ["approval.approved"]


async def test_a_tier_that_is_not_there_is_refused_with_the_field(
    coalition: Coalition, ana: client.Client, support: client.Client
) -> None:
    told = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", ana.principal_id),
        "ladderId": await ladder(coalition),
        "tier": "platinum",
        "until": "2126-01-01T00:00:00Z",
        "reason": "a parcel was lost twice",
    }
    answer = (await support.ask(PROPOSE, {"input": told})).data["memberTierPropose"]

    assert answer["errors"] == [{"code": "TIER_OVERRIDE_INVALID", "path": ["tier"]}]


async def test_the_operator_sees_what_an_edit_would_move(
    coalition: Coalition, ana: client.Client, operator: client.Client, owner: Connection
) -> None:
    scheme_id = await ladder(coalition)
    await buys(coalition, ana, 20_000)
    cheaper = [dict(one, threshold=one["threshold"] // 2) for one in climbing.SEPHORA["tiers"]]
    asked = {"ladderId": scheme_id, "definition": {**climbing.SEPHORA, "tiers": cheaper}}
    found = (await operator.ask(IMPACT, asked)).data["ladderImpact"]
    bad = (await operator.ask(IMPACT, {"definition": {"kind": "ladder"}})).data["ladderImpact"]

    assert found["impact"]["moves"] == [{"from": "insider", "to": "vib", "members": 1}]
    assert found["impact"]["complete"]
    assert [(one["code"], one["path"]) for one in bad["errors"]] == [("SCHEME_INVALID", ["name"])]
    assert await acts(owner, operator) == ["ladder.impact", "ladder.impact"]


def test_the_words_of_the_api_are_those_of_the_rules() -> None:
    assert words(shown.TierChangeReason) == set(get_args(facts.Why))


GIVEN = """query Given { viewer { tiers { tier { word } earned { word }
  overrideUntil membershipUntil
  changes(first: 5) { edges { node { reason causes } } } } } }"""


async def test_a_member_sees_a_tier_that_a_plan_gives_and_until_when(
    coalition: Coalition, ana: client.Client
) -> None:
    scheme_id = ids.parse("sch", await ladder(coalition))
    club = await belonging.shop(coalition, tier={"ladder": str(scheme_id), "tier": "rouge"})
    now = await coalition.db.fetchval("select clock_timestamp()")
    begun = await club.start(await members.find(coalition.db, ana.principal_id), now=now)

    (seen,) = (await ana.ask(GIVEN)).data["viewer"]["tiers"]

    ends = f"{begun.membership.entitled_until:%Y-%m-%dT%H:%M:%SZ}"
    assert (seen["tier"]["word"], seen["earned"]["word"]) == ("rouge", "insider")
    assert (seen["overrideUntil"], seen["membershipUntil"]) == (None, ends)


async def test_a_member_sees_the_milestone_that_reached_a_tier(
    coalition: Coalition, ana: client.Client
) -> None:
    milestone = await reaching.milestone(coalition, pays=False)
    await ladder(coalition, tiers=by(milestone))
    await buys(coalition, ana, 1_000)
    member = await members.find(coalition.db, ana.principal_id)
    await advance.settle(coalition.db, [member.wallet_id])

    (seen,) = (await ana.ask(GIVEN)).data["viewer"]["tiers"]

    reached = seen["changes"]["edges"][0]["node"]
    (cause,) = reached["causes"]
    assert (seen["tier"]["word"], reached["reason"]) == ("vib", "MILESTONE")
    assert (await ana.ask("query N($id: ID!) { node(id: $id) { id } }", {"id": cause})).data == {
        "node": {"id": cause}
    }
