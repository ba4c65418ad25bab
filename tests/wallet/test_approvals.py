"""What needs two people: the second one decides, it happens once, and nobody approves their own."""

import asyncio
import itertools
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet.factories import DAY, EUR, NOON, Coalition, Faces, refused
from tests.wallet.test_races import all_at_once, codes
from wallet import approvals, audit, credit, errors, ids, members, proposals, redeem

MAYER = ids.new()
VERA = credit.Staff(ids.new(), "supervisor")
VICTOR = credit.Staff(ids.new(), "supervisor")
DECISIONS: tuple[approvals.Decision, ...] = ("approved", "declined")


async def propose(
    coalition: Coalition,
    ana: members.Member,
    minor: int = 4_500,
    *,
    key: UUID | None = None,
    **facts: Any,
) -> approvals.Proposed:
    """Mayer of support proposes 45.00, which is beyond that role's 20.00."""
    told: dict[str, Any] = {"reason": "three parcels lost in a row", "now": NOON, **facts}
    return await proposals.goodwill(
        coalition.db,
        staff_id=MAYER,
        actor=audit.Actor("staff", MAYER),
        request_id=key or ids.new(),
        member_id=ana.member_id,
        amount_minor=minor,
        asset=EUR,
        **told,
    )


async def settle(
    coalition: Coalition, held: redeem.Redemption, outcome: approvals.Outcome, **facts: Any
) -> approvals.Proposed:
    """Mayer proposes what is to become of a hold."""
    told: dict[str, Any] = {"evidence": "photo of till roll 77", "now": NOON, **facts}
    return await proposals.settlement(
        coalition.db,
        staff_id=MAYER,
        actor=audit.Actor("staff", MAYER),
        request_id=told.pop("key", None) or ids.new(),
        redemption_id=held.redemption_id,
        outcome=outcome,
        reason="the till lost its network",
        **told,
    )


async def decide(
    coalition: Coalition,
    proposed: approvals.Proposed,
    decision: approvals.Decision = "approved",
    *,
    checker: credit.Staff = VERA,
    **facts: Any,
) -> approvals.Decided:
    """Vera approves, but for what is given."""
    told: dict[str, Any] = {"reason": "checked with the carrier", "now": NOON, **facts}
    return await approvals.decide(
        coalition.db,
        approval_id=proposed.approval.approval_id,
        checker=checker,
        actor=audit.Actor("staff", checker.staff_id),
        decision=decision,
        **told,
    )


async def log(coalition: Coalition, subject_id: UUID) -> list[tuple[str, UUID | None, str | None]]:
    entries = await audit.trail(coalition.db, subject_id, first=50, before=None)
    return [(one.act, one.actor_id, one.reason) for one in reversed(entries)]


async def test_a_proposal_moves_nothing_until_a_second_person_approves_it(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()

    proposed = await propose(coalition, ana)
    before = await coalition.faces(ana)
    decided = await decide(coalition, proposed)

    assert Faces(0, 0, 0, 0) == before
    assert Faces(0, 4_500, 0, 1) == await coalition.faces(ana)
    assert ("open", "approved") == (proposed.approval.status, decided.approval.status)
    assert VERA.staff_id == await coalition.db.fetchval("select staff_id from ledger.credit")
    assert [
        ("approval.propose", MAYER, "three parcels lost in a row"),
        ("approval.approved", VERA.staff_id, "checked with the carrier"),
    ] == (await log(coalition, ana.member_id))[1:]


async def test_a_decision_sent_again_is_the_same_decision(coalition: Coalition) -> None:
    ana, ben = await coalition.member(), await coalition.member()
    given, kept = await propose(coalition, ana), await propose(coalition, ben)

    first = [await decide(coalition, given), await decide(coalition, kept, "declined")]
    again = [await decide(coalition, given), await decide(coalition, kept, "declined")]

    assert [False, False, True, True] == [one.replayed for one in first + again]
    assert [one.approval for one in first] == [one.approval for one in again]
    assert 4_500 == (await coalition.faces(ana)).available
    assert 0 == (await coalition.faces(ben)).available
    assert 3 == len(await log(coalition, ana.member_id))


async def test_a_proposal_sent_again_is_one_proposal(coalition: Coalition) -> None:
    ana, key = await coalition.member(), ids.new()

    first = await propose(coalition, ana, key=key)
    again = await propose(coalition, ana, key=key)
    other = await refused(propose(coalition, ana, 4_600, key=key))

    assert (False, True) == (first.replayed, again.replayed)
    assert first.approval == again.approval
    assert "IDEMPOTENCY_KEY_REUSED" == other.code


async def test_nobody_decides_what_they_proposed(coalition: Coalition, owner: Connection) -> None:
    proposed = await propose(coalition, await coalition.member())
    herself = credit.Staff(MAYER, "supervisor")

    refusals = [
        await refused(decide(coalition, proposed, one, checker=herself)) for one in DECISIONS
    ]

    assert ["APPROVAL_OWN", "APPROVAL_OWN"] == [one.code for one in refusals]
    with pytest.raises(asyncpg.CheckViolationError, match="approval_two_people"):
        await owner.execute(
            "update coalition.approval set status = 'approved', checker_id = maker_id"
        )


async def test_what_is_decided_stays_decided(coalition: Coalition) -> None:
    ana = await coalition.member()
    given, kept = await propose(coalition, ana), await propose(coalition, ana)
    await decide(coalition, given)
    await decide(coalition, kept, "declined")

    late = [
        await refused(decide(coalition, given, "declined")),
        await refused(decide(coalition, given, checker=VICTOR)),
        await refused(decide(coalition, kept)),
    ]

    assert [("APPROVAL_CLOSED", one) for one in ("approved", "approved", "declined")] == [
        (one.code, one.data["status"]) for one in late
    ]
    assert 4_500 == (await coalition.faces(ana)).available


async def test_after_seven_days_a_proposal_can_not_be_decided_any_more(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    proposed, other = await propose(coalition, ana), await propose(coalition, ana)
    edge = NOON + approvals.LIFE

    late = [await refused(decide(coalition, proposed, one, now=edge)) for one in DECISIONS]
    await decide(coalition, other, now=edge - DAY / 86_400_000_000)

    assert [("APPROVAL_CLOSED", "expired")] * 2 == [(one.code, one.data["status"]) for one in late]
    assert 4_500 == (await coalition.faces(ana)).available


async def test_a_proposal_is_refused_when_nobody_could_approve_it(coalition: Coalition) -> None:
    ana = await coalition.member()
    nobody = members.Member(ids.new(), ids.new(), "Nobody", "x@example.org", "active", NOON)

    refusals = [
        await refused(propose(coalition, ana, 10_001)),
        await refused(propose(coalition, ana, 0)),
        await refused(propose(coalition, ana, reason="ok")),
        await refused(propose(coalition, nobody)),
    ]

    assert ["GOODWILL_LIMIT", "AMOUNT_INVALID", "REASON_MISSING", "NOT_FOUND"] == [
        one.code for one in refusals
    ]
    assert 10_000 == refusals[0].data["allowed_minor"]


async def test_the_checkers_limits_hold_and_a_refused_proposal_stays_open(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    weak = credit.Staff(ids.new(), "support")
    for _ in range(3):
        await coalition.goodwill(ana, 9_000, staff=credit.Staff(ids.new(), "supervisor"))
    proposed = await propose(coalition, ana)

    refusals = [
        await refused(decide(coalition, proposed, checker=weak)),
        await refused(decide(coalition, proposed)),
        await refused(decide(coalition, proposed, reason=" ")),
    ]
    open_still = await approvals.find(coalition.db, proposed.approval.approval_id, now=NOON)
    declined = await decide(coalition, proposed, "declined")

    assert ["GOODWILL_LIMIT", "GOODWILL_LIMIT", "REASON_MISSING"] == [one.code for one in refusals]
    assert [2_000, 3_000] == [one.data["allowed_minor"] for one in refusals[:2]]
    assert ("open", "declined") == (open_still.status, declined.approval.status)
    assert 27_000 == (await coalition.faces(ana)).available


async def test_of_many_who_decide_at_once_one_does(coalition: Coalition) -> None:
    ana = await coalition.member()
    proposed = await propose(coalition, ana)
    crowd = [credit.Staff(ids.new(), "supervisor") for _ in range(6)]

    answers = await all_at_once(
        [
            decide(coalition, proposed, decision, checker=checker)
            for checker, decision in itertools.product(crowd, DECISIONS)
        ]
    )

    done = [one for one in answers if isinstance(one, approvals.Decided)]
    found = await approvals.find(coalition.db, proposed.approval.approval_id, now=NOON)
    assert {"APPROVAL_CLOSED"} == codes(answers)
    assert 1 == len(done)
    assert done[0].approval == found
    expected = 4_500 if found.status == "approved" else 0
    assert expected == (await coalition.faces(ana)).available
    assert expected == -await coalition.position(coalition.operator_id, "goodwill")


async def test_one_persons_impatience_pays_once(coalition: Coalition) -> None:
    ana = await coalition.member()
    proposed = await propose(coalition, ana)

    answers = await asyncio.gather(*(decide(coalition, proposed) for _ in range(12)))

    assert 11 == sum(one.replayed for one in answers)
    assert 4_500 == (await coalition.faces(ana)).available
    assert 3 == len(await log(coalition, ana.member_id))


async def test_a_crash_before_the_row_of_the_log_is_mended_by_deciding_again(
    coalition: Coalition, owner: Connection
) -> None:
    ana = await coalition.member()
    proposed = await propose(coalition, ana)
    # What a crash leaves: the act and the decision are one statement, the row of the log is not.
    await owner.execute(
        "alter table coalition.audit add constraint full_disk check (false) not valid"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await decide(coalition, proposed)
    await owner.execute("alter table coalition.audit drop constraint full_disk")

    again = await decide(coalition, proposed)

    assert again.replayed
    assert 4_500 == (await coalition.faces(ana)).available
    assert "approval.approved" == (await log(coalition, ana.member_id))[-1][0]


@pytest.mark.parametrize(("outcome", "spent"), [("captured", 300), ("released", 0)])
async def test_a_hold_left_open_is_settled_by_two_people_for_its_merchant(
    coalition: Coalition, outcome: approvals.Outcome, spent: int
) -> None:
    ana, rosa = await coalition.member(), await coalition.merchant()
    await coalition.fill(ana, 1_000)
    held = await coalition.hold(ana, rosa, 300)

    proposed = await settle(coalition, held, outcome)
    await decide(coalition, proposed)
    again = await decide(coalition, proposed)

    found = await redeem.find(coalition.db, held.redemption_id)
    assert (outcome, again.replayed) == (found.state, True)
    assert (1_000 - spent, 0) == (
        (await coalition.faces(ana)).available,
        (await coalition.faces(ana)).held,
    )
    assert spent == await coalition.position(rosa, "honoured")
    assert ["approval.propose", "approval.approved"] == [
        act for act, _, _ in await log(coalition, held.redemption_id)
    ]


async def test_a_hold_that_its_merchant_settled_meanwhile_is_left_alone(
    coalition: Coalition,
) -> None:
    ana, rosa = await coalition.member(), await coalition.merchant()
    await coalition.fill(ana, 1_000)
    held = await coalition.hold(ana, rosa, 300)
    proposed = await settle(coalition, held, "released")
    await coalition.capture(held)

    refusals = [
        await refused(decide(coalition, proposed)),
        await refused(settle(coalition, held, "captured")),
        await refused(settle(coalition, held, "captured", evidence=" ")),
    ]

    assert ["REDEMPTION_CLOSED", "REDEMPTION_CLOSED", "TEXT_INVALID"] == [
        one.code for one in refusals
    ]
    assert 300 == await coalition.position(rosa, "honoured")
    assert (
        "open"
        == (await approvals.find(coalition.db, proposed.approval.approval_id, now=NOON)).status
    )


async def test_a_merchant_and_two_colleagues_at_once_settle_a_hold_once(
    coalition: Coalition,
) -> None:
    ana, rosa = await coalition.member(), await coalition.merchant()
    await coalition.fill(ana, 1_000)
    held = await coalition.hold(ana, rosa, 300)
    both = [await settle(coalition, held, "captured"), await settle(coalition, held, "released")]

    answers = await all_at_once(
        [
            *(decide(coalition, one, checker=who) for one in both for who in (VERA, VICTOR)),
            coalition.capture(held, 200),
        ]
    )

    done = [one for one in answers if not isinstance(one, errors.Refusal)]
    found = await redeem.find(coalition.db, held.redemption_id)
    assert 1 == len(done)
    assert codes(answers) <= {"APPROVAL_CLOSED", "REDEMPTION_CLOSED"}
    assert found.captured_minor == await coalition.position(rosa, "honoured")
    assert 1_000 - found.captured_minor == (await coalition.faces(ana)).available


async def test_approvals_are_listed_newest_first_page_by_page_and_by_status(
    coalition: Coalition,
) -> None:
    ana = await coalition.member()
    made = [await propose(coalition, ana, 3_000 + one, now=None) for one in range(5)]
    await decide(coalition, made[1], "declined", now=None)
    await propose(coalition, ana, 9_999)  # At NOON, which is long ago.

    async def listed(**asked: Any) -> list[int]:
        rows = await approvals.page(
            coalition.db, **{"first": 10, "before": None, "status": None, **asked}
        )
        return [row.detail["amount_minor"] for row in rows]

    last = made[3].approval
    assert [3_004, 3_003, 3_002, 3_001, 3_000, 9_999] == await listed()
    assert [3_004, 3_003] == await listed(first=2)
    assert [3_002, 3_001] == await listed(first=2, before=(last.created_at, last.approval_id))
    assert [3_004, 3_003, 3_002, 3_000] == await listed(status="open")
    assert ([3_001], [9_999]) == (await listed(status="declined"), await listed(status="expired"))
