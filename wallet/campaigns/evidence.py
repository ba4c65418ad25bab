"""Evidence: what shows that a merchant's product bears a label by right, and on which days."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from wallet import audit, errors, merchants, programme
from wallet.database import Database
from wallet.rules import purchases, text

SOURCE_CHARS_MAX: Final = 200

_FACTS: Final = (
    "label",
    "merchant_id",
    "product",
    "source",
    "reference",
    "valid_from",
    "valid_until",
)
_INSERT: Final = (
    "with made as (insert into coalition.label_evidence"
    " (evidence_id, label, merchant_id, product, source, reference, valid_from, valid_until,"
    " recorded_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " on conflict (evidence_id) do nothing returning 1),"
    " bumped as (update coalition.programme set epoch = epoch + 1 where exists (select from made))"
    " select count(*) from made"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A certificate, by who gave it and its number there; both days are in."""

    evidence_id: UUID
    label: str
    merchant_id: UUID
    product: str
    source: str
    reference: str
    valid_from: date
    valid_until: date
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """Evidence that is on record; `replayed` if this id had been recorded before."""

    evidence: Evidence
    replayed: bool


async def record(
    db: Database,
    *,
    evidence_id: UUID,
    label: str,
    merchant_id: UUID,
    product: str,
    source: str,
    reference: str,
    valid_from: date,
    valid_until: date,
    reason: str,
    actor: audit.Actor,
) -> Recorded:
    """Put evidence on record; it counts for purchases of its days that are decided from now on."""
    audit.check_reason(reason)
    for name, value, chars_max in (
        ("label", label, purchases.LABEL_CHARS_MAX),
        ("product", product, purchases.NAME_CHARS_MAX),
        ("source", source, SOURCE_CHARS_MAX),
        ("reference", reference, purchases.REFERENCE_CHARS_MAX),
    ):
        text.check(value, name, chars_max=chars_max)
    if valid_until < valid_from:
        raise errors.CampaignInvalid(
            "The evidence ends before it begins. Correct its days.", path=("valid_until",)
        )
    await merchants.find(db, merchant_id)
    told = (label, merchant_id, product, source, reference, valid_from, valid_until)
    made = await db.fetchval(
        _INSERT, evidence_id, *told, actor.actor_id or (await programme.of(db)).operator_id
    )
    found = await _find(db, evidence_id)
    if told != tuple(getattr(found, name) for name in _FACTS):
        raise errors.IdempotencyKeyReused(first_used_at=found.recorded_at)
    await audit.write(
        db,
        actor=actor,
        act="evidence.record",
        subject=merchant_id,
        reason=reason,
        detail={"label": label, "product": product},
        once=evidence_id,
    )
    return Recorded(found, replayed=not made)


async def _find(db: Database, evidence_id: UUID) -> Evidence:
    row: Any = await db.fetchrow(
        "select evidence_id, label, merchant_id, product, source, reference, valid_from,"
        " valid_until, recorded_at from coalition.label_evidence where evidence_id = $1",
        evidence_id,
    )
    assert row is not None, "evidence is never deleted"
    return Evidence(**dict(row))
