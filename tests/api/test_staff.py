"""What support sees and does, and that all of it is in the audit log."""

import uuid
from typing import Any

from api.identity import bearer
from tests.api import client
from tests.api.test_partner import basket, report
from tests.wallet import factories
from wallet import database, ids

MEMBER = "query M($id: ID!) { member(id: $id) { id email wallet { available { amount } } } }"
BY_EMAIL = "query M($email: String!) { memberByEmail(email: $email) { id } }"
GOODWILL = """
mutation G($input: GoodwillCreditInput!) { goodwillCredit(input: $input) {
  replayed credited { amount currency }
  member { wallet { available { amount } movements(first: 1) { edges { node { kind reason } } } } }
  errors { __typename ... on UserError { code path message }
           ... on GoodwillLimit { allowed { amount } } } } }
"""


async def acts(owner: Any, caller: client.Client) -> list[str]:
    """What the audit log says that a caller did, in order."""
    rows = await owner.fetch(
        "select act from coalition.audit where actor_id = $1 order by happened_at",
        caller.principal_id,
    )
    return [row["act"] for row in rows]


async def goodwill(support: client.Client, ana: client.Client, **told: Any) -> Any:
    """Credit 5.00 EUR for a good reason, but for what is given."""
    plain = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", ana.principal_id),
        "amount": {"amount": "5.00", "currency": "EUR"},
        "reason": "parcel lost on the way",
    }
    return (await support.ask(GOODWILL, {"input": {**plain, **told}})).data["goodwillCredit"]


async def test_support_finds_a_member_by_id_and_by_email_and_each_look_up_is_logged(
    support: client.Client, ana: client.Client, owner: Any
) -> None:
    shown = ids.show("mem", ana.principal_id)

    by_id = (await support.ask(MEMBER, {"id": shown})).data["member"]
    email = by_id["email"].upper()
    by_email = (await support.ask(BY_EMAIL, {"email": email})).data["memberByEmail"]
    by_node = (await support.ask("query N($id: ID!) { node(id: $id) { id } }", {"id": shown})).data

    assert by_id["wallet"]["available"]["amount"] == "20.00"
    assert (by_email["id"], by_node["node"]["id"]) == (shown, shown)
    assert await acts(owner, support) == ["member.find", "member.find", "node.find"]


async def test_a_member_who_is_not_there_is_null_and_no_look_up_is_logged(
    support: client.Client, ana: client.Client, owner: Any
) -> None:
    for email in ("nobody@example.org", "", "\x00@example.org", "x" * 9_000):
        assert (await support.ask(BY_EMAIL, {"email": email})).data == {"memberByEmail": None}
    for shown in (ids.show("mem", ids.new()), "mem_x", ids.show("pur", ana.principal_id)):
        assert (await support.ask(MEMBER, {"id": shown})).data == {"member": None}

    assert await acts(owner, support) == []


async def test_a_goodwill_credit_is_given_once_with_its_reason_and_logged(
    support: client.Client, ana: client.Client, owner: Any
) -> None:
    told = {"idempotencyKey": client.key()}

    first = await goodwill(support, ana, **told)
    again = await goodwill(support, ana, **told)

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["credited"] == {"amount": "5.00", "currency": "EUR"}
    wallet = again["member"]["wallet"]
    assert wallet["available"]["amount"] == "25.00"
    assert wallet["movements"]["edges"][0]["node"]["kind"] == "GOODWILL"
    assert await acts(owner, support) == ["credit.goodwill"]


async def test_a_credit_without_reason_or_above_a_limit_is_refused_with_what_is_allowed(
    support: client.Client, ana: client.Client
) -> None:
    silent = await goodwill(support, ana, reason="ok")
    generous = await goodwill(support, ana, amount={"amount": "20.01", "currency": "EUR"})
    stranger = await goodwill(support, client.Client(ana.http, "", ids.new()))

    assert [one["code"] for one in silent["errors"]] == ["REASON_MISSING"]
    assert [one["code"] for one in stranger["errors"]] == ["NOT_FOUND"]
    (refusal,) = generous["errors"]
    assert (refusal["__typename"], refusal["allowed"]) == ("GoodwillLimit", {"amount": "20.00"})
    assert silent["member"] is generous["member"] is stranger["member"] is None


async def test_support_reads_why_each_line_earned_what_it_did(
    support: client.Client, rosa: client.Client, ana: client.Client, owner: Any
) -> None:
    bought = await report(rosa, basket(ana))
    query = """query E($id: ID!) { purchaseExplanation(id: $id) { reference contractVersion
      lines { decision { rule base { amount } percent rounding credited { amount }
                         sentence } } } }"""

    found = (await support.ask(query, {"id": bought["purchaseId"]})).data["purchaseExplanation"]
    missing = (await support.ask(query, {"id": ids.show("pur", ids.new())})).data

    decision = found["lines"][0]["decision"]
    assert (found["contractVersion"], decision["rule"]) == (1, "default")
    assert (decision["base"]["amount"], decision["percent"]) == ("10.00", "5.00")
    assert (decision["rounding"], decision["credited"]["amount"]) == ("HALF_EVEN", "0.50")
    assert missing == {"purchaseExplanation": None}
    assert await acts(owner, support) == ["purchase.find"]


async def test_a_suspended_member_neither_earns_nor_spends_until_reinstated(
    support: client.Client, rosa: client.Client, ana: client.Client, owner: Any
) -> None:
    shown = ids.show("mem", ana.principal_id)

    async def change(name: str, reason: str) -> Any:
        query = f"mutation S($input: MemberStatusInput!) {{ {name}(input: $input) {{"
        query += " member { status } errors { ... on UserError { code path } } } }"
        told = {"memberId": shown, "reason": reason}
        return (await support.ask(query, {"input": told})).data[name]

    silent = await change("memberSuspend", " ")
    suspended = await change("memberSuspend", "card reported stolen")
    refused = await report(rosa, basket(ana))
    reinstated = await change("memberReinstate", "card found again")
    accepted = await report(rosa, basket(ana))

    assert silent["errors"] == [{"code": "REASON_MISSING", "path": ["reason"]}]
    assert suspended["member"] == {"status": "SUSPENDED"}
    assert [one["code"] for one in refused["errors"]] == ["MEMBER_SUSPENDED"]
    assert reinstated["member"] == {"status": "ACTIVE"}
    assert accepted["errors"] == []
    assert await acts(owner, support) == ["member.suspended", "member.active"]


async def test_support_enrols_a_member_once_per_key_and_once_per_address(
    support: client.Client, ana: client.Client
) -> None:
    query = """mutation E($input: MemberEnrolInput!) { memberEnrol(input: $input) {
      replayed member { id email wallet { available { amount } } }
      errors { ... on UserError { code path } } } }"""
    told = {"idempotencyKey": client.key(), "email": "eva@example.org", "displayName": "Eva"}
    told["reason"] = "asked at the counter"

    async def enrol(**changes: Any) -> Any:
        return (await support.ask(query, {"input": {**told, **changes}})).data["memberEnrol"]

    first, again = await enrol(), await enrol()
    reused = await enrol(displayName="Eva Maria")
    taken = await enrol(idempotencyKey=client.key(), email="EVA@example.org")
    wrong = await enrol(idempotencyKey=client.key(), email="eva")
    silent = await enrol(idempotencyKey=client.key(), email="eva2@example.org", reason=" ")

    assert first["member"]["wallet"]["available"]["amount"] == "0.00"
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["member"] == first["member"]
    assert reused["errors"] == [{"code": "IDEMPOTENCY_KEY_REUSED", "path": []}]
    assert taken["errors"] == [{"code": "EMAIL_TAKEN", "path": ["email"]}]
    assert wrong["errors"] == [{"code": "TEXT_INVALID", "path": ["email"]}]
    assert silent["errors"] == [{"code": "REASON_MISSING", "path": ["reason"]}]


async def test_a_person_of_the_staff_without_a_role_may_give_nothing(
    ana: client.Client, db: database.Database
) -> None:
    token = await bearer.mint(db, kind="staff", principal_id=ids.new())
    stranger = client.Client(ana.http, token.text, token.token_id)

    told = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", ana.principal_id),
        "amount": {"amount": "5.00", "currency": "EUR"},
        "reason": "parcel lost on the way",
    }

    answer = await stranger.ask(GOODWILL, {"input": told})

    assert answer.codes == ["FORBIDDEN"]


async def test_a_key_used_for_two_members_credits_each_of_them_once(
    support: client.Client, coalition: factories.Coalition
) -> None:
    members = [await coalition.member(bucket=bucket) for bucket in (1, 2)]
    key = client.key()

    async def credit(member_id: uuid.UUID) -> Any:
        told = {"idempotencyKey": key, "memberId": ids.show("mem", member_id)}
        return await goodwill(support, support, **told)

    first = [await credit(member.member_id) for member in members]
    again = [await credit(member.member_id) for member in members]

    assert [one["replayed"] for one in first] == [False, False]
    assert [one["replayed"] for one in again] == [True, True]
    assert [one["member"]["wallet"]["available"]["amount"] for one in again] == ["5.00", "5.00"]
