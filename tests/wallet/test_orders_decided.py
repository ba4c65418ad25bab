"""Orders that nobody could tell of: two people decide them with evidence, and it happens once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import Connection
from tests.wallet import ordering
from tests.wallet.factories import NOON, Coalition, refused
from wallet import approvals, audit, credit, doctor, ids, members, orders, proposals
from wallet.orders import Found

MAYER = ids.new()
VERA, VICTOR = credit.Staff(ids.new(), "supervisor"), credit.Staff(ids.new(), "supervisor")


async def propose(
    coalition: Coalition, order: orders.Order, outcome: Found, **facts: Any
) -> approvals.Proposed:
    """Mayer of support has asked the shop's people."""
    told: dict[str, Any] = {"request_id": ids.new(), "now": NOON, **facts}
    return await proposals.order(
        coalition.db,
        staff_id=MAYER,
        actor=audit.Actor("staff", MAYER),
        redemption_id=order.redemption_id,
        outcome=outcome,
        reason="the shop's systems were away for two days",
        evidence="letter of the shop, 12 March",
        **told,
    )


async def decide(
    coalition: Coalition, proposed: approvals.Proposed, checker: credit.Staff = VERA
) -> approvals.Decided:
    """Another person has read the evidence."""
    return await approvals.decide(
        coalition.db,
        approval_id=proposed.approval.approval_id,
        checker=checker,
        actor=audit.Actor("staff", checker.staff_id),
        decision="approved",
        reason="read the letter",
        now=NOON,
    )


async def in_doubt_back(coalition: Coalition, ana: members.Member) -> orders.Order:
    """A reversal of which nobody can tell."""
    spent = await ordering.captured(coalition, ana, coalition.mint)
    asked = await orders.reverse(
        coalition.db, redemption_id=spent.redemption_id, request_id=ids.new(), now=NOON
    )
    taken = await ordering.taken(coalition, asked.order)
    return await ordering.told(coalition, taken, "attention", "unknown", doubted=True)


async def in_doubt_late(coalition: Coalition, ana: members.Member) -> orders.Order:
    """Value that turned up after its release, of which nobody can tell any more."""
    order = await ordering.taken(coalition, await ordering.held(coalition, ana, coalition.mint))
    order = await ordering.told(coalition, order, "released", "refused")
    order = await ordering.told(coalition, order, "late", "live", asked="event", ask="find")
    return await ordering.told(
        coalition, await ordering.taken(coalition, order), "attention", "unknown"
    )


MADE: dict[str, Callable[[Coalition, members.Member], Awaitable[orders.Order]]] = {
    "held": lambda coalition, ana: ordering.doubted(coalition, ana, coalition.mint),
    "going back": in_doubt_back,
    "late": in_doubt_late,
    "suspended": lambda coalition, ana: ordering.suspended(coalition, ana, coalition.mint),
}


@pytest.mark.parametrize(
    ("made", "outcome", "state", "available", "honoured", "suspense"),
    [
        ("held", "issued", "captured", 300, 500, 0),
        ("held", "absent", "released", 800, 0, 0),
        ("going back", "issued", "captured", 300, 500, 0),
        ("going back", "absent", "reversed", 800, 0, 0),
        ("late", "issued", "suspense", 800, 500, -500),
        ("late", "absent", "released", 800, 0, 0),
        ("suspended", "absent", "released", 800, 0, 0),
    ],
)
async def test_what_two_people_found_out_moves_what_it_says(
    coalition: Coalition,
    made: str,
    outcome: Found,
    state: str,
    available: int,
    honoured: int,
    suspense: int,
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    order = await MADE[made](coalition, ana)
    before = await coalition.faces(ana)

    proposed = await propose(coalition, order, outcome)
    between = await coalition.faces(ana)
    await decide(coalition, proposed)

    assert before == between
    ended = await orders.find(coalition.db, order.redemption_id)
    assert (state, "letter of the shop, 12 March") == (ended.state, ended.evidence)
    faces = await coalition.faces(ana)
    assert (available, 0) == (faces.available, faces.held)
    assert honoured == await coalition.position(coalition.mint, "honoured")
    assert suspense == await coalition.position(coalition.mint, "suspense")
    entries = await audit.trail(coalition.db, order.redemption_id, first=5, before=None)
    assert {"approval.propose", "approval.approved"} == {one.act for one in entries}


async def test_of_two_who_decide_at_once_one_does(coalition: Coalition) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    order = await ordering.doubted(coalition, ana, coalition.mint)
    issued = await propose(coalition, order, "issued")
    absent = await propose(coalition, order, "absent")

    answers = await asyncio.gather(
        decide(coalition, issued, VERA), decide(coalition, absent, VICTOR), return_exceptions=True
    )

    assert 1 == sum(isinstance(one, approvals.Decided) for one in answers)
    refusal = next(one for one in answers if not isinstance(one, approvals.Decided))
    assert "ORDER_CLOSED" == getattr(refusal, "code", None)


async def test_nobody_decides_alone_or_what_is_not_in_doubt(coalition: Coalition) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)
    order = await ordering.doubted(coalition, ana, coalition.mint)
    spent = await ordering.captured(coalition, ana, coalition.mint, 100)
    suspended = await ordering.suspended(coalition, ana, coalition.mint, 100)
    proposed = await propose(coalition, order, "absent")

    as_a_till = proposals.settlement(
        coalition.db,
        staff_id=MAYER,
        actor=audit.Actor("staff", MAYER),
        request_id=ids.new(),
        redemption_id=order.redemption_id,
        outcome="released",
        reason="it takes so long",
        evidence="none that counts",
    )

    refusals = [
        await refused(as_a_till),
        await refused(decide(coalition, proposed, credit.Staff(MAYER, "supervisor"))),
        await refused(propose(coalition, spent, "absent")),
        await refused(propose(coalition, suspended, "issued")),
    ]

    assert ["REDEMPTION_AT_PARTNER", "APPROVAL_OWN", "ORDER_CLOSED", "ORDER_CLOSED"] == [
        one.code for one in refusals
    ]
    assert 500 == (await coalition.faces(ana)).held


async def test_the_doctor_names_what_waits_for_a_person(
    coalition: Coalition, owner: Connection
) -> None:
    ana = await coalition.member()
    await coalition.fill(ana, 800)

    async def seen() -> tuple[bool, str]:
        findings = {one.what: one for one in await doctor.examine(owner)}
        found = findings["no order waits for a person"]
        return found.well, found.seen

    before = await seen()
    await ordering.doubted(coalition, ana, coalition.mint)
    await ordering.suspended(coalition, ana, coalition.mint, 100)

    assert (True, "0 orders wait for two people, 0 hang in suspense") == before
    assert (False, "1 orders wait for two people, 1 hang in suspense") == await seen()
