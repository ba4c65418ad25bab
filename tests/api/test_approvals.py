"""Two people: support proposes, a supervisor decides, and the log says who did which and why."""

import hashlib
from typing import Any, get_args

import pytest

from api.graphql import approvals as shown_approvals
from api.graphql import people
from tests.api import client
from tests.wallet import factories
from wallet import approvals, database, ids, members, staff

PROPOSE = """mutation Propose($input: GoodwillCreditProposeInput!) {
  goodwillCreditPropose(input: $input) { replayed
    approval { id act status subjectId amount { amount currency } reason maker { id name role }
               checker { id } outcome evidence decidedAt expiresAt }
    errors { __typename ... on UserError { code message path }
             ... on GoodwillLimit { allowed { amount } } } } }"""
RESOLVE = """mutation Resolve($input: RedemptionResolveInput!) {
  redemptionResolve(input: $input) { replayed
    approval { id act status subjectId amount { amount } outcome evidence reason }
    errors { ... on UserError { code path } } } }"""
DECIDE = """mutation Decide($input: ApprovalDecideInput!) { approvalDecide(input: $input) { replayed
    approval { id status checker { id role } checkerReason decidedAt }
    errors { __typename ... on UserError { code message path } } } }"""
LIST = """query Approvals($first: Int, $after: Cursor, $status: ApprovalStatus) {
  approvals(first: $first, after: $after, status: $status) {
    edges { node { id status amount { amount } maker { name } } }
    pageInfo { hasNextPage endCursor } } }"""
TRAIL = """query Trail($id: ID!, $first: Int, $after: Cursor) {
  auditTrail(subjectId: $id, first: $first, after: $after) {
    edges { node { id act actorKind actorId reason details { name value } documentHash requestId
                   happenedAt staff { name role } } }
    pageInfo { hasNextPage endCursor } } }"""


async def propose(support: client.Client, ana: client.Client, **told: Any) -> Any:
    """Propose 45.00 EUR, which is beyond what support may give."""
    plain = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", ana.principal_id),
        "amount": {"amount": "45.00", "currency": "EUR"},
        "reason": "three parcels lost in a row",
    }
    answer = await support.ask(PROPOSE, {"input": {**plain, **told}})
    return answer.data["goodwillCreditPropose"]


async def decide(checker: client.Client, approval: str, **told: Any) -> Any:
    """Approve, but for what is given."""
    plain = {"approvalId": approval, "decision": "APPROVED", "reason": "seen the carrier's mail"}
    return (await checker.ask(DECIDE, {"input": {**plain, **told}})).data["approvalDecide"]


async def trail(supervisor: client.Client, subject: str, **asked: Any) -> Any:
    return (await supervisor.ask(TRAIL, {"id": subject, "first": 50, **asked})).data["auditTrail"]


async def available(db: database.Database, caller: client.Client) -> int:
    member = await members.find(db, caller.principal_id)
    return int(
        await db.fetchval(
            "select credited - debited - held from ledger.wallet where wallet_id = $1",
            member.wallet_id,
        )
    )


def codes(answer: Any) -> list[str]:
    return [one["code"] for one in answer["errors"]]


async def test_the_limit_says_to_propose_and_a_supervisor_approves_what_was_proposed(
    support: client.Client,
    supervisor: client.Client,
    ana: client.Client,
    db: database.Database,
) -> None:
    key = client.key()

    proposed = await propose(support, ana, idempotencyKey=key)
    again = await propose(support, ana, idempotencyKey=key)
    before = await available(db, ana)
    decided = await decide(supervisor, proposed["approval"]["id"])
    repeated = await decide(supervisor, proposed["approval"]["id"])

    approval = proposed["approval"]
    assert (approval["act"], approval["status"]) == ("GOODWILL_CREDIT", "OPEN")
    assert approval["subjectId"] == ids.show("mem", ana.principal_id)
    assert approval["amount"] == {"amount": "45.00", "currency": "EUR"}
    assert (approval["maker"]["name"], approval["maker"]["role"]) == ("Sofia", "SUPPORT")
    assert approval["checker"] is approval["decidedAt"] is approval["outcome"] is None
    assert (proposed["replayed"], again["replayed"]) == (False, True)
    assert again["approval"] == approval
    assert decided["approval"]["status"] == "APPROVED"
    assert decided["approval"]["checker"]["role"] == "SUPERVISOR"
    assert decided["approval"]["checkerReason"] == "seen the carrier's mail"
    assert (decided["replayed"], repeated["replayed"]) == (False, True)
    assert (before, await available(db, ana)) == (2_000, 6_500)


async def test_the_refusals_of_two_people_say_what_to_do_next(
    support: client.Client,
    supervisor: client.Client,
    operator: client.Client,
    ana: client.Client,
    db: database.Database,
) -> None:
    own = await propose(supervisor, ana)
    huge = await propose(support, ana, amount={"amount": "100.01", "currency": "EUR"})
    (limit,) = huge["errors"]

    herself = await decide(supervisor, own["approval"]["id"])
    silent = await decide(operator, own["approval"]["id"], reason=" ")
    declined = await decide(operator, own["approval"]["id"], decision="DECLINED")
    late = await decide(supervisor, own["approval"]["id"])
    (late_too,) = (await decide(operator, own["approval"]["id"]))["errors"]
    nothing = await decide(operator, ids.show("apr", ids.new()))
    no_id = await decide(operator, "mem_x")

    assert (limit["code"], limit["allowed"]) == ("GOODWILL_LIMIT", {"amount": "100.00"})
    assert limit["message"] == "Nobody may approve so much at once. Propose less."
    assert herself["errors"][0]["message"] == (
        "You proposed this yourself. Ask a colleague to decide."
    )
    assert (codes(herself), codes(late)) == (["APPROVAL_OWN"], ["APPROVAL_OWN"])
    assert codes(silent) == ["REASON_MISSING"]
    assert declined["approval"]["status"] == "DECLINED"
    assert late_too["code"] == "APPROVAL_CLOSED"
    assert (codes(nothing), codes(no_id)) == (["NOT_FOUND"], ["NOT_FOUND"])
    assert await available(db, ana) == 2_000


async def test_support_can_neither_decide_nor_list_nor_read_the_log(
    support: client.Client, ana: client.Client
) -> None:
    proposed = await propose(support, ana)
    told = {"approvalId": proposed["approval"]["id"], "decision": "APPROVED", "reason": "please"}

    answers = [
        await support.ask(DECIDE, {"input": told}),
        await support.ask(LIST),
        await support.ask(TRAIL, {"id": ids.show("mem", ana.principal_id)}),
    ]

    assert [one.codes for one in answers] == [["FORBIDDEN"]] * 3


async def test_what_waits_is_listed_newest_first_and_page_by_page(
    support: client.Client, supervisor: client.Client, ana: client.Client
) -> None:
    made = [
        (await propose(support, ana, amount={"amount": f"{one}.00", "currency": "EUR"}))["approval"]
        for one in (21, 22, 23)
    ]
    await decide(supervisor, made[1]["id"], decision="DECLINED")

    async def listed(**asked: Any) -> Any:
        return (await supervisor.ask(LIST, asked)).data["approvals"]

    whole, waiting = await listed(), await listed(status="OPEN")
    first = await listed(first=2)
    rest = await listed(first=2, after=first["pageInfo"]["endCursor"])

    assert [one["node"]["id"] for one in whole["edges"]] == [one["id"] for one in reversed(made)]
    assert [one["node"]["id"] for one in waiting["edges"]] == [made[2]["id"], made[0]["id"]]
    assert first["edges"] + rest["edges"] == whole["edges"]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


@pytest.mark.parametrize(("outcome", "spent"), [("CAPTURED", 300), ("RELEASED", 0)])
async def test_a_hold_in_doubt_is_seen_by_support_and_settled_by_two(
    outcome: str,
    spent: int,
    support: client.Client,
    supervisor: client.Client,
    rosa: client.Client,
    ana: client.Client,
    coalition: factories.Coalition,
    db: database.Database,
) -> None:
    member = await members.find(db, ana.principal_id)
    now = await db.fetchval("select clock_timestamp()")
    held = await coalition.hold(member, rosa.principal_id, 300, now=now)
    shown = ids.show("red", held.redemption_id)
    told = {
        "idempotencyKey": client.key(),
        "redemptionId": shown,
        "outcome": outcome,
        "reason": "the till of Rosa burnt down",
        "evidence": "receipt 4711, read out by the cashier",
    }
    query = """query R($id: ID!) { node(id: $id) { ... on Redemption {
      status orderReference amount { amount } merchant { name } } } }"""

    seen = [(await one.ask(query, {"id": shown})).data["node"] for one in (support, rosa, ana)]
    proposed = (await support.ask(RESOLVE, {"input": told})).data["redemptionResolve"]
    blank = {**told, "idempotencyKey": client.key(), "evidence": ""}
    unproven = (await support.ask(RESOLVE, {"input": blank})).data["redemptionResolve"]
    decided = await decide(supervisor, proposed["approval"]["id"])
    after = (await rosa.ask(query, {"id": shown})).data["node"]

    assert seen[0] == seen[1] == seen[2]
    assert (seen[0]["status"], seen[0]["orderReference"]) == ("HELD", "order-1")
    assert proposed["approval"]["act"] == "REDEMPTION_SETTLEMENT"
    assert proposed["approval"]["subjectId"] == shown
    assert proposed["approval"]["evidence"] == "receipt 4711, read out by the cashier"
    assert (proposed["approval"]["outcome"], proposed["approval"]["amount"]) == (outcome, None)
    assert unproven["errors"] == [{"code": "TEXT_INVALID", "path": ["evidence"]}]
    assert (decided["errors"], after["status"]) == ([], outcome)
    assert await available(db, ana) == 2_000 - spent
    assert await coalition.position(rosa.principal_id, "honoured") == spent


async def test_the_trail_says_who_did_what_why_when_and_by_which_document(
    support: client.Client, supervisor: client.Client, ana: client.Client
) -> None:
    shown = ids.show("mem", ana.principal_id)
    proposed = await propose(support, ana)
    await decide(supervisor, proposed["approval"]["id"])
    looked = await support.ask("query N($id: ID!) { node(id: $id) { id } }", {"id": shown})

    first = await trail(supervisor, shown)
    second = await trail(supervisor, shown)

    entries = [edge["node"] for edge in first["edges"]]
    assert [one["act"] for one in entries] == [
        "node.find",
        "approval.approved",
        "approval.propose",
        "member.enrol",
    ]
    assert second["edges"][0]["node"]["act"] == "audit.read"
    look, approved, made, enrolled = entries
    assert look["requestId"] == looked.headers["x-request-id"]
    assert look["staff"] == {"name": "Sofia", "role": "SUPPORT"}
    assert approved["documentHash"] == hashlib.sha256(DECIDE.encode()).hexdigest()
    assert made["documentHash"] == hashlib.sha256(PROPOSE.encode()).hexdigest()
    assert (made["reason"], approved["reason"]) == (
        "three parcels lost in a row",
        "seen the carrier's mail",
    )
    details = {one["name"]: one["value"] for one in approved["details"]}
    assert details["amount_minor"] == "4500"
    assert details["approval"] == proposed["approval"]["id"]
    assert details["maker"] == ids.show("sta", support.principal_id)
    assert (enrolled["actorKind"], enrolled["actorId"]) == ("SYSTEM", None)
    assert enrolled["documentHash"] is enrolled["requestId"] is enrolled["staff"] is None


async def test_a_trail_read_page_by_page_is_the_trail_read_at_once(
    support: client.Client, supervisor: client.Client, ana: client.Client
) -> None:
    shown = ids.show("mem", ana.principal_id)
    for _ in range(4):
        await support.ask("query N($id: ID!) { node(id: $id) { id } }", {"id": shown})
    whole = (await trail(supervisor, shown))["edges"]

    seen: list[Any] = []
    after, more = None, True
    while more:
        part = await trail(supervisor, shown, first=2, after=after)
        seen += [one for one in part["edges"] if one["node"]["act"] != "audit.read"]
        more, after = part["pageInfo"]["hasNextPage"], part["pageInfo"]["endCursor"]

    assert seen == whole
    assert len(whole) == 5


async def test_the_trail_of_nothing_is_empty_and_of_no_id_is_refused(
    supervisor: client.Client,
) -> None:
    assert (await trail(supervisor, ids.show("red", ids.new())))["edges"] == []
    for text in ("", "x", "mem_", "abc_" + "0" * 26):
        assert (await supervisor.ask(TRAIL, {"id": text})).codes == ["BAD_USER_INPUT"]


def test_the_enums_are_those_of_the_wallet() -> None:
    def words(kind: Any) -> set[Any]:
        return {one.value for one in kind}

    assert words(shown_approvals.ApprovalAct) == set(approvals.ACTS)
    assert words(shown_approvals.ApprovalStatus) == set(get_args(approvals.Status))
    assert words(shown_approvals.ApprovalDecision) == set(get_args(approvals.Decision))
    assert words(shown_approvals.RedemptionOutcome) == set(get_args(approvals.Outcome))
    assert words(people.StaffRole) == set(staff.ROLES)
