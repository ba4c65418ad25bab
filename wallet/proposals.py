"""Proposing what needs two people: each act is checked as far as one person can, and then waits.

What a second person makes of it is for `approvals` to carry out; nothing moves here.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from wallet import approvals, audit, errors, members, money, orders, redeem
from wallet.approvals import Proposed
from wallet.charities import remittances
from wallet.database import Database
from wallet.progress import overrides
from wallet.rules import goodwill as goodwill_rules
from wallet.rules import remittances as remittance_rules
from wallet.rules import text

EVIDENCE_CHARS_MAX: Final = 500


async def goodwill(
    db: Database,
    *,
    staff_id: UUID,
    actor: audit.Actor,
    request_id: UUID,
    member_id: UUID,
    amount_minor: int,
    asset: money.Asset,
    reason: str,
    now: datetime | None = None,
) -> Proposed:
    """Propose a credit; GOODWILL_LIMIT for one that nobody may approve."""
    try:
        goodwill_rules.check(
            amount_minor, reason, 0, 0, role=goodwill_rules.CHECKER, asset=asset.code
        )
    except errors.GoodwillLimit as refusal:
        raise errors.GoodwillLimit(
            "Nobody may approve so much at once. Propose less.", path=refusal.path, **refusal.data
        ) from None
    await members.find(db, member_id)
    detail = {"amount_minor": amount_minor, "asset": asset.code}
    return await approvals.propose(
        db,
        act=approvals.GOODWILL,
        subject_id=member_id,
        detail=detail,
        reason=reason,
        maker_id=staff_id,
        actor=actor,
        request_id=request_id,
        now=now,
    )


async def settlement(
    db: Database,
    *,
    staff_id: UUID,
    actor: audit.Actor,
    request_id: UUID,
    redemption_id: UUID,
    outcome: approvals.Outcome,
    reason: str,
    evidence: str,
    now: datetime | None = None,
) -> Proposed:
    """Propose to capture or release a hold that its merchant left open; `evidence` says why so."""
    audit.check_reason(reason)
    text.check(evidence, "evidence", chars_max=EVIDENCE_CHARS_MAX)
    held = await redeem.find(db, redemption_id)
    if await orders.known(db, redemption_id) is not None:
        raise errors.RedemptionAtPartner(path=("redemption_id",))
    if held.state != "held" and await approvals.known(db, request_id, now) is None:
        raise errors.RedemptionClosed(path=("redemption_id",))
    detail = {"outcome": outcome, "evidence": evidence}
    return await approvals.propose(
        db,
        act=approvals.SETTLEMENT,
        subject_id=redemption_id,
        detail=detail,
        reason=reason,
        maker_id=staff_id,
        actor=actor,
        request_id=request_id,
        now=now,
    )


async def tier(
    db: Database,
    *,
    staff_id: UUID,
    actor: audit.Actor,
    request_id: UUID,
    member_id: UUID,
    scheme_id: UUID,
    tier: str,
    until: datetime,
    reason: str,
    now: datetime | None = None,
) -> Proposed:
    """Propose to give a member a tier until an instant; TIER_OVERRIDE_INVALID for none or never."""
    await members.find(db, member_id)
    if await approvals.known(db, request_id, now) is None:
        await overrides.check(db, scheme_id=scheme_id, tier=tier, until=until, now=now)
    return await approvals.propose(
        db,
        act=approvals.TIER_OVERRIDE,
        subject_id=member_id,
        detail={"ladder": str(scheme_id), "tier": tier, "until": until.isoformat()},
        reason=reason,
        maker_id=staff_id,
        actor=actor,
        request_id=request_id,
        now=now,
    )


async def remittance(
    db: Database,
    *,
    staff_id: UUID,
    actor: audit.Actor,
    request_id: UUID,
    remittance_id: UUID,
    proof: remittance_rules.Proof,
    reason: str,
    now: datetime | None = None,
) -> Proposed:
    """Propose to put on record that a batch was sent; REMITTANCE_CLOSED if it cannot be."""
    audit.check_reason(reason)
    batch, detail = await remittances.to_send(db, remittance_id, proof, now=now)
    if batch.state != "prepared" and await approvals.known(db, request_id, now) is None:
        raise errors.RemittanceClosed(path=("remittance_id",), state=batch.state)
    return await approvals.propose(
        db,
        act=approvals.REMITTANCE,
        subject_id=remittance_id,
        detail=detail,
        reason=reason,
        maker_id=staff_id,
        actor=actor,
        request_id=request_id,
        now=now,
    )


async def order(
    db: Database,
    *,
    staff_id: UUID,
    actor: audit.Actor,
    request_id: UUID,
    redemption_id: UUID,
    outcome: orders.Found,
    reason: str,
    evidence: str,
    now: datetime | None = None,
) -> Proposed:
    """Propose what became of an order that nobody could tell of; `evidence` says how it is known.

    ORDER_CLOSED for one that waits for no person. Until it is decided nothing moves.
    """
    audit.check_reason(reason)
    text.check(evidence, "evidence", chars_max=EVIDENCE_CHARS_MAX)
    found = await orders.find(db, redemption_id, now=now)
    if found.outcomes.isdisjoint({outcome}) and await approvals.known(db, request_id, now) is None:
        raise errors.OrderClosed(path=("order_id",), state=found.state)
    return await approvals.propose(
        db,
        act=approvals.ORDER,
        subject_id=redemption_id,
        detail={"outcome": outcome, "evidence": evidence},
        reason=reason,
        maker_id=staff_id,
        actor=actor,
        request_id=request_id,
        now=now,
    )
