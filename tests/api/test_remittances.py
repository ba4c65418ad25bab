"""Paying charities out, through the door: made up, sent by two people, confirmed, and traced."""

from typing import Any, get_args

from api.graphql import giving as giving_shown
from api.graphql import remittances as shown
from tests.api import client
from tests.api.test_campaigns import ERRORS, refused
from tests.api.test_schema import words
from tests.wallet import factories, giving, paying_out
from wallet import ids, members
from wallet.rules import matching
from wallet.rules import remittances as rules

BATCH = """remittance { id charity { name } state amount { amount } bankReference valueDate
  sentBy { id } approvedBy { id } entries(first: 2) { edges { node { source amount { amount } } }
  pageInfo { hasNextPage endCursor } } }"""
IMPACT = """query I($id: ID) { impact(charityId: $id) { charity { name } given { amount }
  byMembers { amount } due { amount } prepared { amount } sent { amount }
  confirmed { amount } } }"""


async def act(caller: client.Client, name: str, asked: str = BATCH, **told: Any) -> Any:
    """One step of a batch."""
    kind = f"{name[:1].upper()}{name[1:]}Input"
    query = f"mutation M($input: {kind}!) {{ {name}(input: $input) {{ {asked} {ERRORS} }} }}"
    return (await caller.ask(query, {"input": told})).data[name]


async def prepared(operator: client.Client, charity_id: str) -> Any:
    """The answer to a batch that is made up."""
    return await act(
        operator,
        "remittancePrepare",
        idempotencyKey=client.key(),
        charityId=charity_id,
        currency="EUR",
        note="the payment of March",
    )


def test_the_enums_are_those_of_the_rules() -> None:
    assert set(get_args(rules.State)) == words(shown.RemittanceState)
    assert set(get_args(rules.Source)) == words(shown.RemittanceSource)
    assert set(get_args(matching.CutBy)) == words(giving_shown.MatchCut)


async def test_a_batch_is_made_up_sent_by_two_people_and_confirmed(
    operator: client.Client,
    supervisor: client.Client,
    ana: client.Client,
    coalition: factories.Coalition,
) -> None:
    charity_id = await giving.charity(coalition, name="Save the Children")
    await paying_out.donors(coalition, charity_id, 500, 250, 125)
    shown_id = ids.show("cha", charity_id)
    today = (await coalition.db.fetchval("select clock_timestamp()")).date().isoformat()

    made = await prepared(operator, shown_id)
    batch = made["remittance"]
    proof = {
        "remittanceId": batch["id"],
        "bankReference": "SEPA 4711",
        "proofReference": "statement of March",
        "valueDate": today,
        "reason": "paid today",
    }
    approval = "approval { id act amount { amount } evidence subjectId }"
    unfit = await act(
        operator, "remittanceSend", approval, idempotencyKey=client.key(), proofSha256="x", **proof
    )
    proposed = await act(operator, "remittanceSend", approval, idempotencyKey=client.key(), **proof)
    decide = {
        "approvalId": proposed["approval"]["id"],
        "decision": "APPROVED",
        "reason": "I saw it leave",
    }
    own = await act(operator, "approvalDecide", "approval { status }", **decide)
    decided = await act(supervisor, "approvalDecide", "approval { status }", **decide)
    late = await act(operator, "remittanceCancel", remittanceId=batch["id"], reason="too late")
    confirmed = await act(
        operator,
        "remittanceConfirm",
        remittanceId=batch["id"],
        acknowledgement="received",
        reason="their letter",
    )
    (counter,) = (await ana.ask(IMPACT, {"id": shown_id})).data["impact"]

    assert ("PREPARED", "8.75") == (batch["state"], batch["amount"]["amount"])
    assert batch["entries"]["pageInfo"]["hasNextPage"]
    assert [("TEXT_INVALID", ["proofSha256"])] == refused(unfit)
    assert ("REMITTANCE_SENDING", {"amount": "8.75"}, batch["id"]) == (
        *(proposed["approval"]["act"], proposed["approval"]["amount"]),
        proposed["approval"]["subjectId"],
    )
    assert f"SEPA 4711, statement of March, {today}" == proposed["approval"]["evidence"]
    assert [("APPROVAL_OWN", [])] == refused(own)
    assert ("APPROVED", []) == (decided["approval"]["status"], decided["errors"])
    assert [("REMITTANCE_CLOSED", [])] == refused(late)
    assert ("CONFIRMED", today) == (
        confirmed["remittance"]["state"],
        confirmed["remittance"]["valueDate"],
    )
    assert operator.principal_id != supervisor.principal_id
    assert ("Save the Children", "8.75", "0.00", "8.75") == (
        counter["charity"]["name"],
        counter["given"]["amount"],
        counter["due"]["amount"],
        counter["confirmed"]["amount"],
    )


async def test_the_entries_of_a_batch_come_page_by_page_and_add_up(
    operator: client.Client, coalition: factories.Coalition
) -> None:
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500, 250, 125)
    batch = await paying_out.prepare(coalition, charity_id)
    query = """query B($id: ID!, $after: Cursor) { node(id: $id) { ... on Remittance {
      entries(first: 2, after: $after) { edges { node { source amount { amount } } }
        pageInfo { hasNextPage endCursor } } } } }"""

    pages, after, found = [], None, {}
    for _ in range(2):
        asked = {"id": ids.show("rem", batch.remittance_id), "after": after}
        found = (await operator.ask(query, asked)).data["node"]["entries"]
        after = found["pageInfo"]["endCursor"]
        pages.append([edge["node"]["amount"]["amount"] for edge in found["edges"]])

    assert [["5.00", "2.50"], ["1.25"]] == pages
    assert not found["pageInfo"]["hasNextPage"]


async def test_a_member_sees_what_they_gave_and_nobody_is_named_to_others(
    ana: client.Client, coalition: factories.Coalition
) -> None:
    charity_id = await giving.charity(coalition, name="Save the Children")
    member = await members.find(coalition.db, ana.principal_id)
    await coalition.fill(member, 500)
    await coalition.give(member, charity_id, 300)
    query = "{ viewer { impact { charity { name } gave { amount } matched { amount } } } }"

    own = (await ana.ask(query)).data["viewer"]["impact"]
    unknown = await ana.ask(IMPACT, {"id": "mem_00000000000000000000000000"})

    gave = {"gave": {"amount": "3.00"}, "matched": {"amount": "0.00"}}
    assert [{"charity": {"name": "Save the Children"}, **gave}] == own
    assert ["BAD_USER_INPUT"] == unknown.codes
