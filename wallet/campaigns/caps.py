"""Budgets for people: what there are and how they stand, and setting one with a reason.

`budgets` moves them; here they are read whole, with the warnings that were raised, and a person's
change of one is kept in the audit log. The same request changes it once, however often it is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import audit, errors, ids, ledger, merchants, money, programme
from wallet.campaigns import budgets, shelf
from wallet.database import Database

PAGE_MAX: Final = 101
"""One screen, and the row that says that more follow."""
ALERTS_MAX: Final = 5
"""Warnings of one budget; more would be read by nobody."""
PERCENT: Final = 100
"""Basis points of one percent."""
ACT: Final = "budget.set"

_SELECT: Final = (
    "select b.budget_id, b.kind, b.subject_id, b.asset, b.cap_minor, b.alerts,"
    " (select coalesce(sum(s.consumed), 0)::bigint from ledger.budget_share s"
    "   where s.bucket = any ($1) and s.budget_id = b.budget_id) as given_minor,"
    " (select coalesce(json_agg(json_build_array(a.bps, a.raised_at) order by a.bps), '[]')"
    "    from coalition.budget_alert a where a.budget_id = b.budget_id) as raised"
    " from coalition.budget b"
)


@dataclass(frozen=True, slots=True)
class Raised:
    """A warning that was raised: at which share, and when."""

    bps: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget as it stands; `alerts` are in basis points."""

    budget_id: UUID
    kind: budgets.Kind
    subject_id: UUID
    asset: money.Asset
    cap_minor: int
    given_minor: int
    alerts: tuple[int, ...]
    raised: tuple[Raised, ...]

    @property
    def left_minor(self) -> int:
        """What can still be given."""
        return self.cap_minor - self.given_minor


@dataclass(frozen=True, slots=True)
class Set:
    """A budget that was set; `replayed` if this request had set it before."""

    budget: Budget
    replayed: bool


async def find(db: Database, budget_id: UUID) -> Budget:
    """The budget with this id, or NOT_FOUND."""
    row = await db.fetchrow(f"{_SELECT} where b.budget_id = $2", ledger.ALL_BUCKETS, budget_id)
    if row is None:
        raise errors.NotFound()
    return _read(row)


async def page(
    db: Database,
    *,
    first: int,
    after: tuple[str, UUID] | None,
    kind: budgets.Kind | None = None,
    subject_id: UUID | None = None,
) -> list[Budget]:
    """Budgets by kind and id, only those of a kind or of somebody if told."""
    assert 0 < first <= PAGE_MAX
    last_kind, last_id = after or (None, None)
    rows = await db.fetch(
        f"{_SELECT} where ($2::text is null or b.kind = $2)"
        " and ($3::uuid is null or b.subject_id = $3)"
        " and ($4::text is null or (b.kind, b.budget_id) > ($4, $5::uuid))"
        " order by b.kind, b.budget_id limit $6",
        ledger.ALL_BUCKETS,
        kind,
        subject_id,
        last_kind,
        last_id,
        first,
    )
    return [_read(row) for row in rows]


async def of_subjects(db: Database, subject_ids: Sequence[UUID]) -> dict[UUID, list[Budget]]:
    """The budgets of campaigns or merchants, for a loader; few have more than one or two."""
    found: dict[UUID, list[Budget]] = {key: [] for key in subject_ids}
    for row in await db.fetch(
        f"{_SELECT} where b.subject_id = any ($2) order by b.kind, b.asset",
        ledger.ALL_BUCKETS,
        list(subject_ids),
    ):
        found[row["subject_id"]].append(_read(row))
    return found


async def set_by(
    db: Database,
    *,
    request_id: UUID,
    kind: budgets.Kind,
    subject_id: UUID | None,
    asset: money.Asset,
    cap_minor: int,
    alerts_percent: Sequence[int],
    reason: str,
    actor: audit.Actor,
) -> Set:
    """Set a budget, the first or another one; `subject_id` None is the operator as a funder.

    NOT_FOUND for nobody, BUDGET_TOO_SMALL below what was given, REASON_MISSING,
    IDEMPOTENCY_KEY_REUSED for another budget under the same key.
    """
    audit.check_reason(reason)
    _check_alerts(alerts_percent)
    subject = await _subject(db, kind, subject_id)
    alerts = sorted({percent * PERCENT for percent in alerts_percent})
    detail = {"kind": kind, "asset": asset.code, "cap_minor": cap_minor, "alerts_bps": alerts}
    budget_id = budgets.budget_id(kind, subject, asset)
    before = await db.fetchrow(
        "select subject_id, detail, happened_at from coalition.audit where audit_id = $1",
        ids.derived(request_id, ACT),
    )
    if before is not None:
        if (before["subject_id"], orjson.loads(before["detail"])) != (subject, detail):
            raise errors.IdempotencyKeyReused(first_used_at=before["happened_at"])
        return Set(await find(db, budget_id), replayed=True)
    try:
        await budgets.set_cap(
            db, kind=kind, subject_id=subject, asset=asset, cap_minor=cap_minor, alerts=alerts
        )
    except errors.BudgetTooSmall as refusal:
        data: dict[str, Any] = refusal.data
        raise errors.BudgetTooSmall(path=("amount",), **data) from None
    await audit.write(
        db, actor=actor, act=ACT, subject=subject, reason=reason, detail=detail, once=request_id
    )
    return Set(await find(db, budget_id), replayed=False)


async def _subject(db: Database, kind: budgets.Kind, subject_id: UUID | None) -> UUID:
    if kind == "match":
        raise errors.NotFound(
            "The budget of a match is set where the match is published.", path=("subject_id",)
        )
    try:
        if kind == "campaign" and subject_id is not None:
            return (await shelf.find(db, subject_id)).campaign_id
        if subject_id is not None:
            return (await merchants.find(db, subject_id)).merchant_id
    except errors.NotFound:
        raise errors.NotFound(path=("subject_id",)) from None
    if kind != "funder":
        raise errors.NotFound("Say whose budget it is.", path=("subject_id",))
    return (await programme.of(db)).operator_id


def _check_alerts(percents: Sequence[int]) -> None:
    if len(percents) > ALERTS_MAX:
        raise errors.TooMany(path=("alerts",), limit=ALERTS_MAX)
    for place, percent in enumerate(percents):
        if not 1 <= percent <= 100:
            raise errors.AmountInvalid(
                "A warning is raised at 1 to 100 percent. Correct this one.",
                path=("alerts", str(place)),
            )


def _read(row: Any) -> Budget:
    return Budget(
        budget_id=row["budget_id"],
        kind=row["kind"],
        subject_id=row["subject_id"],
        asset=money.asset_by_number(row["asset"]),
        cap_minor=row["cap_minor"],
        given_minor=row["given_minor"],
        alerts=tuple(row["alerts"]),
        raised=tuple(
            Raised(bps, datetime.fromisoformat(at)) for bps, at in orjson.loads(row["raised"])
        ),
    )
