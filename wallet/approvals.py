"""Acts that need two people: one proposes with a reason, another decides, and only then it happens.

The decision and the act are one statement under the approval's row lock, so an approved act has
happened, a declined one never will, and whoever decides again or at the same time moves nothing.
The approval's id is the act's request id: the books take it once, whatever is sent twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import orjson

from wallet import audit, credit, errors, ids, ledger, money, orders, programme, redeem, sql
from wallet.charities import remittances
from wallet.database import Database
from wallet.progress import overrides

LIFE: Final = timedelta(days=7)
"""Longer than a weekend with a holiday; what nobody approved by then is not wanted any more."""
PAGE_MAX: Final = 101
"""One screen of a supervisor, and the row that says that more follow."""
GOODWILL: Final = "credit.goodwill"
SETTLEMENT: Final = "redemption.settle"
TIER_OVERRIDE: Final = "tier.override"
REMITTANCE: Final = "remittance.send"
ORDER: Final = "order.resolve"
ACTS: Final = (GOODWILL, SETTLEMENT, TIER_OVERRIDE, REMITTANCE, ORDER)

Outcome: TypeAlias = Literal["captured", "released"]
Status: TypeAlias = Literal["open", "approved", "declined", "expired"]
Decision: TypeAlias = Literal["approved", "declined"]

_SETTLED: Final[dict[Outcome, tuple[str, int | None]]] = {
    "captured": ("capture", None),
    "released": ("release", 0),
}
_STATUS: Final = (
    "case when status = 'open' and expires_at <= coalesce({now}::timestamptz, clock_timestamp())"
    " then 'expired' else status end"
)
_SELECT: Final = (
    "select approval_id, act, subject_id, detail, reason, maker_id, {status} as status,"
    " checker_id, checker_reason, created_at, decided_at, expires_at from coalition.approval"
)


@dataclass(frozen=True, slots=True)
class Approval:
    """What was proposed by whom and why, and what became of it."""

    approval_id: UUID
    act: str
    subject_id: UUID
    detail: dict[str, Any]
    reason: str
    maker_id: UUID
    status: Status
    checker_id: UUID | None
    checker_reason: str | None
    created_at: datetime
    decided_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Proposed:
    """An approval that waits for a second person; `replayed` if this id had been before."""

    approval: Approval
    replayed: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """An approval after its decision; `replayed` if this person had decided so before."""

    approval: Approval
    replayed: bool


async def propose(
    db: Database,
    *,
    act: str,
    subject_id: UUID,
    detail: dict[str, Any],
    reason: str,
    maker_id: UUID,
    actor: audit.Actor,
    request_id: UUID,
    now: datetime | None,
) -> Proposed:
    """Put an act on record that waits for a second person; `request_id` is its approval's id."""
    audit.check_reason(reason)
    created = await db.fetchval(
        "insert into coalition.approval"
        " (approval_id, act, subject_id, detail, reason, maker_id, created_at, expires_at)"
        " select $1, $2, $3, $4::jsonb, $5, $6, at, at + $7"
        " from (select coalesce($8::timestamptz, clock_timestamp()) as at) as a"
        " on conflict (approval_id) do nothing returning approval_id",
        request_id,
        act,
        subject_id,
        orjson.dumps(detail).decode(),
        reason,
        maker_id,
        LIFE,
        now,
    )
    found = await find(db, request_id, now=now)
    if (found.act, found.subject_id, found.detail, found.reason) != (
        act,
        subject_id,
        detail,
        reason,
    ):
        raise errors.IdempotencyKeyReused(first_used_at=found.created_at)
    await audit.write(
        db,
        actor=actor,
        act="approval.propose",
        subject=subject_id,
        reason=reason,
        detail={"approval": ids.show("apr", request_id), "act": act, **detail},
        once=request_id,
    )
    return Proposed(found, replayed=created is None)


async def decide(
    db: Database,
    *,
    approval_id: UUID,
    checker: credit.Staff,
    actor: audit.Actor,
    decision: Decision,
    reason: str,
    now: datetime | None = None,
) -> Decided:
    """Approve or decline. Approving does what was proposed, once, within the checker's limits.

    APPROVAL_OWN for the person who proposed it, APPROVAL_CLOSED for one that is decided or too old.
    What the wallet refuses is raised, and the approval stays open for another decision.
    """
    audit.check_reason(reason)
    found = await find(db, approval_id, now=now)
    replayed = _is_replay(found, checker, decision)
    if not replayed:
        done = (
            await _approve(db, found, checker, reason, now)
            if decision == "approved"
            else await _decline(db, found, checker, reason, now)
        )
        found = await find(db, approval_id, now=now)
        if not done:
            # Somebody was faster; if it was the same person's other request, this is its replay.
            replayed = _is_replay(found, checker, decision)
            assert replayed, "an approval that is open was not taken"
    await _log(db, found, actor)
    return Decided(found, replayed)


async def find(db: Database, approval_id: UUID, *, now: datetime | None = None) -> Approval:
    """The approval with this id, or NOT_FOUND."""
    found = await known(db, approval_id, now)
    if found is None:
        raise errors.NotFound()
    return found


async def known(db: Database, approval_id: UUID, now: datetime | None) -> Approval | None:
    """The approval with this id, or None."""
    row = await db.fetchrow(
        f"{_SELECT.format(status=_STATUS.format(now='$2'))} where approval_id = $1",
        approval_id,
        now,
    )
    return None if row is None else _read(row)


async def page(
    db: Database, *, first: int, before: tuple[datetime, UUID] | None, status: Status | None
) -> list[Approval]:
    """Approvals, newest first; `before` is the last one seen, None for the start."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    shown = _STATUS.format(now="null")
    rows = await db.fetch(
        f"{_SELECT.format(status=shown)}"
        " where ($1::timestamptz is null or (created_at, approval_id) < ($1, $2::uuid))"
        f" and ($3::text is null or {shown} = $3)"
        " order by created_at desc, approval_id desc limit $4",
        at,
        last,
        status,
        first,
    )
    return [_read(row) for row in rows]


def _is_replay(found: Approval, checker: credit.Staff, decision: Decision) -> bool:
    """True if this person decided so before, False if it is theirs to decide; else a refusal."""
    if found.maker_id == checker.staff_id:
        raise errors.ApprovalOwn()
    if found.status == "open":
        return False
    if (found.status, found.checker_id) == (decision, checker.staff_id):
        return True
    raise errors.ApprovalClosed(status=found.status)


async def _approve(
    db: Database, found: Approval, checker: credit.Staff, reason: str, now: datetime | None
) -> bool:
    """Do what was proposed and close the approval, both or neither; False if it was not open."""
    call = await _call(db, found, checker, now)
    answer = await db.call(
        sql.load("queries/approve").replace("{call}", call.text(after=4)),
        found.approval_id,
        checker.staff_id,
        reason,
        now,
        *call.arguments,
    )
    if answer is None:
        return False
    ledger.replayed(answer, (await programme.of(db)).asset)
    return True


async def _call(
    db: Database, found: Approval, checker: credit.Staff, now: datetime | None
) -> ledger.Call:
    """What approving does; the checker's limits hold for a credit, the merchant's for a hold."""
    if found.act == GOODWILL:
        prepared = await credit.prepare(
            db,
            staff=checker,
            request_id=found.approval_id,
            member_id=found.subject_id,
            amount_minor=found.detail["amount_minor"],
            asset=money.asset(found.detail["asset"]),
            reason=found.reason,
            now=now,
        )
        return prepared.call
    if found.act == TIER_OVERRIDE:
        return await overrides.prepare(
            db,
            request_id=found.approval_id,
            member_id=found.subject_id,
            detail=found.detail,
            reason=found.reason,
            maker_id=found.maker_id,
            checker_id=checker.staff_id,
            now=now,
        )
    if found.act == REMITTANCE:
        return remittances.sending(
            found.subject_id,
            maker_id=found.maker_id,
            checker_id=checker.staff_id,
            detail=found.detail,
            now=now,
        )
    if found.act == ORDER:
        return orders.resolving(
            redemption_id=found.subject_id,
            request_id=found.approval_id,
            outcome=found.detail["outcome"],
            evidence=found.detail["evidence"],
            time_zone=(await programme.of(db)).time_zone,
            now=now,
        )
    assert found.act == SETTLEMENT, found.act
    held = await redeem.find(db, found.subject_id)
    return redeem.settling(
        merchant_id=held.merchant_id,
        request_id=found.approval_id,
        redemption_id=held.redemption_id,
        what=_SETTLED[found.detail["outcome"]],
        time_zone=(await programme.of(db)).time_zone,
        now=now,
    )


async def _decline(
    db: Database, found: Approval, checker: credit.Staff, reason: str, now: datetime | None
) -> bool:
    """Close the approval without doing anything; False if it was not open."""
    closed = await db.fetchval(
        "update coalition.approval set status = 'declined', checker_id = $2, checker_reason = $3,"
        " decided_at = coalesce($4::timestamptz, clock_timestamp()) where approval_id = $1"
        " and status = 'open' and maker_id <> $2"
        " and expires_at > coalesce($4::timestamptz, clock_timestamp()) returning approval_id",
        found.approval_id,
        checker.staff_id,
        reason,
        now,
    )
    return closed is not None


async def _log(db: Database, found: Approval, actor: audit.Actor) -> None:
    await audit.write(
        db,
        actor=actor,
        act=f"approval.{found.status}",
        subject=found.subject_id,
        reason=found.checker_reason,
        detail={
            "approval": ids.show("apr", found.approval_id),
            "act": found.act,
            "maker": ids.show("sta", found.maker_id),
            **found.detail,
        },
        once=found.approval_id,
    )


def _read(row: Any) -> Approval:
    return Approval(**{**dict(row), "detail": orjson.loads(row["detail"])})
