"""Orders at partners, through the door: the staff see what waits, and two of them decide it."""

from typing import Any, get_args

from api.graphql import approvals as shown_approvals
from api.graphql import partner_orders as shown
from tests.api import client
from tests.api.test_schema import words
from tests.conftest import Connection
from tests.wallet import factories, ordering
from wallet import ids, members, orders
from wallet.rules import order_states

LIST = """query L($status: PartnerOrderStatus) { partnerOrders(status: $status, first: 10) {
  edges { node { id status aim kind amount { amount } partnerName orderKey redemptionId nextAt
                 attempts { number asked said status } } } } }"""
PROPOSE = """mutation P($input: PartnerOrderResolveProposeInput!) {
  partnerOrderResolvePropose(input: $input) { replayed
    approval { id act status subjectId orderOutcome outcome evidence }
    errors { ... on UserError { code path } } } }"""
DECIDE = """mutation D($input: ApprovalDecideInput!) { approvalDecide(input: $input) {
  approval { status } errors { ... on UserError { code } } } }"""


async def test_the_enums_are_those_of_the_rules_and_of_the_books(owner: Connection) -> None:
    assert set(order_states.STATES) == words(shown.PartnerOrderStatus)
    assert set(get_args(order_states.Aim)) == words(shown.PartnerOrderAim)
    assert set(get_args(orders.Found)) == words(shown_approvals.PartnerOrderOutcome)
    for name, kind in (("said", shown.PartnerOrderSaid), ("asked", shown.PartnerOrderAsked)):
        check = await owner.fetchval(
            "select pg_get_constraintdef(oid) from pg_constraint where conname = $1",
            f"partner_attempt_{name}",
        )
        assert set(check.split("'")[1::2]) == words(kind)


async def test_what_nobody_could_tell_is_seen_by_support_and_decided_by_two(
    support: client.Client,
    supervisor: client.Client,
    ana: client.Client,
    coalition: factories.Coalition,
) -> None:
    member = await members.find(coalition.db, ana.principal_id)
    await coalition.fill(member, 800)
    order = await ordering.doubted(coalition, member, coalition.mint, 500)
    shown_id = ids.show("ord", order.redemption_id)
    told: dict[str, Any] = {
        "idempotencyKey": client.key(),
        "orderId": shown_id,
        "outcome": "ISSUED",
        "reason": "their systems were away for two days",
        "evidence": "letter of the shop",
    }

    async def waiting() -> Any:
        asked = {"status": "ATTENTION"}
        return (await support.ask(LIST, asked)).data["partnerOrders"]["edges"]

    (seen,) = [edge["node"] for edge in await waiting()]
    proposed = (await support.ask(PROPOSE, {"input": told})).data["partnerOrderResolvePropose"]
    decision = {
        "approvalId": proposed["approval"]["id"],
        "decision": "APPROVED",
        "reason": "read the letter",
    }
    own = (await support.ask(DECIDE, {"input": decision})).codes
    decided = (await supervisor.ask(DECIDE, {"input": decision})).data["approvalDecide"]

    assert (shown_id, "5.00", order.key, None) == (
        *(seen["id"], seen["amount"]["amount"]),
        *(seen["orderKey"], seen["nextAt"]),
    )
    assert [{"number": 1, "asked": "ISSUE", "said": "UNKNOWN", "status": "ATTENTION"}] == seen[
        "attempts"
    ]
    assert ("ORDER_RESOLUTION", shown_id, "ISSUED", None) == (
        *(proposed["approval"]["act"], proposed["approval"]["subjectId"]),
        *(proposed["approval"]["orderOutcome"], proposed["approval"]["outcome"]),
    )
    assert ["FORBIDDEN"] == own
    assert ("APPROVED", []) == (decided["approval"]["status"], decided["errors"])
    assert [] == await waiting()
    assert "captured" == (await orders.find(coalition.db, order.redemption_id)).state
