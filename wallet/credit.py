"""Goodwill: support credits a member out of the operator's pocket, with a reason and within limits.

Three limits hold at once: one credit (the rule), one member's month (under the wallet's lock), one
colleague's day (a counter that a race cannot pass).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from wallet import allowances, audit, errors, ids, ledger, members, money, programme
from wallet.database import Database
from wallet.rules import goodwill

EXPIRES_DAYS: Final = 365
"""A goodwill credit lives for a year, longer than any cashback, so that it never feels a trick."""
GRACE_DAYS: Final = 30
RULE_ID: Final = UUID("00000000-0000-8000-8000-000000000001")
"""The rule version that goodwill lots name: the limits of `rules/goodwill.py`, first version."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who gives: a person of the operator's staff, with a role."""

    staff_id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class Credited:
    """A credit that stands in the books."""

    credit_id: UUID
    wallet_id: UUID
    amount_minor: int
    asset: money.Asset
    replayed: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A credit that the rule and the giver's day allow, and the call that gives it."""

    credit_id: UUID
    wallet_id: UUID
    call: ledger.Call


async def credit_goodwill(
    db: Database,
    *,
    staff: Staff,
    actor: audit.Actor,
    request_id: UUID,
    member_id: UUID,
    amount_minor: int,
    asset: money.Asset,
    reason: str,
    now: datetime | None = None,
) -> Credited:
    """Credit a member. GOODWILL_LIMIT says how much is still allowed; a reason is needed."""
    prepared = await prepare(
        db,
        staff=staff,
        request_id=request_id,
        member_id=member_id,
        amount_minor=amount_minor,
        asset=asset,
        reason=reason,
        now=now,
    )
    answer = await db.call(f"select {prepared.call.text()}", *prepared.call.arguments)
    replayed = ledger.replayed(answer, asset)
    await audit.write(
        db,
        actor=actor,
        act="credit.goodwill",
        subject=member_id,
        reason=reason,
        detail={"amount_minor": amount_minor, "asset": asset.code},
        once=prepared.credit_id,
    )
    return Credited(prepared.credit_id, prepared.wallet_id, amount_minor, asset, replayed)


async def prepare(
    db: Database,
    *,
    staff: Staff,
    request_id: UUID,
    member_id: UUID,
    amount_minor: int,
    asset: money.Asset,
    reason: str,
    now: datetime | None = None,
) -> Prepared:
    """Ask the rule, take the amount out of the giver's day, and return the call that gives it."""
    goodwill.check(amount_minor, reason, 0, 0, role=staff.role, asset=asset.code)
    member = await members.find(db, member_id)
    house = await programme.of(db)
    most = goodwill.limits(staff.role, asset.code)
    bucket = ledger.bucket(member.wallet_id)
    credit_id = ids.placed(request_id, bucket)
    await _allow(db, staff, credit_id, bucket, amount_minor, asset, most.staff_minor)
    call = ledger.Call(
        "ledger.credit_goodwill",
        (
            bucket,
            credit_id,
            ids.fingerprint(member_id, amount_minor, asset.code, reason),
            member.wallet_id,
            asset.number,
            amount_minor,
            house.operator_id,
            staff.staff_id,
            RULE_ID,
            reason,
            most.member_minor,
            goodwill.MEMBER_WINDOW,
            EXPIRES_DAYS,
            GRACE_DAYS,
            house.time_zone,
            now,
        ),
    )
    return Prepared(credit_id, member.wallet_id, call)


async def _allow(
    db: Database,
    staff: Staff,
    credit_id: UUID,
    bucket: int,
    amount_minor: int,
    asset: money.Asset,
    most_minor: int,
) -> None:
    left = await allowances.take(
        db,
        staff.staff_id,
        asset.number,
        amount_minor,
        most=most_minor,
        done="select 1 from ledger.credit where bucket = $5 and credit_id = $6"
        " union all select 1 from ledger.refusal where bucket = $5 and request_id = $6",
        told=(bucket, credit_id),
    )
    if left is not None:
        raise errors.GoodwillLimit(path=("amount",), allowed_minor=left, asset=asset.code)
