"""Paying out: batches that take all that is due to a charity, are sent with proof, and confirmed.

A batch has one line in every bucket of the books, each written once, so whoever makes it up again
after a crash, or at the same time, makes up the same batch. It is `prepared` when every bucket has
its line, and its amount never changes from then on. Two people send it. Until then it may be
cancelled, and all of it is due again. What comes back after a batch was made up makes the next one
smaller, and is shown until then.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from wallet import audit, errors, ids, ledger, money
from wallet.charities import directory
from wallet.database import Database
from wallet.rules import remittances as rules
from wallet.rules import text

PAGE_MAX: Final = 101
"""One screen, and the row that says that more follow."""
UNFINISHED_MAX: Final = 20
"""Batches that one run of the worker takes up again; the next run goes on."""

_SELECT: Final = (
    "select remittance_id, charity_id, asset, state, amount_minor, note, prepared_by, prepared_at,"
    " bank_reference, proof_reference, proof_sha256, value_date, sent_by, approved_by, sent_at,"
    " acknowledgement, confirmed_by, confirmed_at, cancelled_by, cancelled_at"
    " from coalition.remittance"
)


@dataclass(frozen=True, slots=True)
class Remittance:
    """A batch as it stands; `amount_minor` is known when it is prepared."""

    remittance_id: UUID
    charity_id: UUID
    asset: money.Asset
    state: rules.State
    amount_minor: int | None
    note: str
    prepared_by: UUID | None
    prepared_at: datetime
    bank_reference: str | None
    proof_reference: str | None
    proof_sha256: str | None
    value_date: date | None
    sent_by: UUID | None
    approved_by: UUID | None
    sent_at: datetime | None
    acknowledgement: str | None
    confirmed_by: UUID | None
    confirmed_at: datetime | None
    cancelled_by: UUID | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """A batch after a step; `replayed` if it had been taken before."""

    remittance: Remittance
    replayed: bool


async def prepare(
    db: Database,
    *,
    request_id: UUID,
    charity_id: UUID,
    asset: money.Asset,
    note: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Done:
    """Make up a batch of all that is due to a charity in one asset.

    CHARITY_UNKNOWN or CHARITY_UNVERIFIED, NOTHING_DUE, REMITTANCE_OPEN while the charity has
    another batch that is not sent. Sent again, it goes on where it was interrupted.
    """
    audit.check_reason(note, "note")
    before = await _find(db, request_id) or await _begin(
        db, request_id, charity_id, asset, note, actor, now
    )
    if before is not None and (before.charity_id, before.asset, before.note) != (
        *(charity_id, asset, note),
    ):
        raise errors.IdempotencyKeyReused(first_used_at=before.prepared_at)
    await complete(db, request_id, now=now)
    await audit.write(
        db,
        actor=actor,
        act="remittance.prepare",
        subject=request_id,
        reason=note,
        detail={"charity": ids.show("cha", charity_id), "asset": asset.code},
        once=request_id,
    )
    return Done(await find(db, request_id), replayed=before is not None)


async def complete(db: Database, remittance_id: UUID, *, now: datetime | None = None) -> None:
    """Write the lines that a batch misses; with the last one it is prepared.

    Where returns took all of it meanwhile, there is nothing to send, and it is put back.
    """
    found = await find(db, remittance_id)
    if found.state != "preparing":
        return
    for bucket in await _missing(db, remittance_id):
        await db.call(
            "select ledger.remit($1, $2, $3, $4)",
            bucket,
            remittance_id,
            _move(remittance_id, bucket, "remit"),
            now,
        )
    lines = await db.fetchrow(
        "select count(*) as written, coalesce(sum(amount), 0)::bigint as amount"
        " from ledger.remittance_line where bucket = any ($1) and remittance_id = $2",
        ledger.ALL_BUCKETS,
        remittance_id,
    )
    assert lines is not None and lines["written"] == ids.BUCKETS, "every bucket has its line"
    # No line changes once it is written, so the sum is the same whoever adds it up.
    await db.execute(
        "update coalition.remittance set amount_minor = $2,"
        " state = case when $2::bigint > 0 then 'prepared' else 'cancelling' end"
        " where remittance_id = $1 and state = 'preparing'",
        remittance_id,
        lines["amount"],
    )
    await _put_back(db, remittance_id, now)


async def cancel(
    db: Database,
    *,
    remittance_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Done:
    """Cancel a batch that is not sent: all of it is due again. REMITTANCE_CLOSED once it is."""
    audit.check_reason(reason)
    taken = await db.fetchval(
        "update coalition.remittance set state = 'cancelling', cancelled_by = $2"
        " where remittance_id = $1 and state = 'prepared' returning remittance_id",
        remittance_id,
        actor.actor_id,
    )
    found = await find(db, remittance_id)
    if found.state not in ("cancelling", "cancelled"):
        raise errors.RemittanceClosed(state=found.state)
    await _put_back(db, remittance_id, now)
    await audit.write(
        db,
        actor=actor,
        act="remittance.cancel",
        subject=remittance_id,
        reason=reason,
        once=remittance_id,
    )
    return Done(await find(db, remittance_id), replayed=taken is None)


async def confirm(
    db: Database,
    *,
    remittance_id: UUID,
    acknowledgement: str,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> Done:
    """Put on record that the charity has it; `acknowledgement` is its own words or reference."""
    audit.check_reason(reason)
    text.check(acknowledgement, "acknowledgement", chars_max=rules.ACKNOWLEDGEMENT_CHARS_MAX)
    taken = await db.fetchval(
        "update coalition.remittance set state = 'confirmed', acknowledgement = $2,"
        " confirmed_by = $3, confirmed_at = coalesce($4::timestamptz, clock_timestamp())"
        " where remittance_id = $1 and state = 'sent' returning remittance_id",
        *(remittance_id, acknowledgement, actor.actor_id, now),
    )
    found = await find(db, remittance_id)
    if found.state != "confirmed" or found.acknowledgement != acknowledgement:
        raise errors.RemittanceClosed(state=found.state)
    await audit.write(
        db,
        actor=actor,
        act="remittance.confirm",
        subject=remittance_id,
        reason=reason,
        detail={"acknowledgement": acknowledgement},
        once=remittance_id,
    )
    return Done(found, replayed=taken is None)


async def to_send(
    db: Database, remittance_id: UUID, proof: rules.Proof, *, now: datetime | None
) -> tuple[Remittance, dict[str, Any]]:
    """A batch, and what whoever approves its sending has to know of it; the proof is checked."""
    at = now or await db.fetchval("select clock_timestamp()")
    rules.check_proof(proof, today=at.date())
    batch = await find(db, remittance_id)
    return batch, {
        "amount_minor": batch.amount_minor,
        "asset": batch.asset.code,
        "bank_reference": proof.bank_reference,
        "proof_reference": proof.proof_reference,
        "proof_sha256": proof.proof_sha256,
        "value_date": proof.value_date.isoformat(),
    }


def sending(
    remittance_id: UUID,
    *,
    maker_id: UUID,
    checker_id: UUID,
    detail: dict[str, Any],
    now: datetime | None,
) -> ledger.Call:
    """The call by which an approved batch is sent, with its proof."""
    return ledger.Call(
        "coalition.remittance_sent",
        (
            *(remittance_id, maker_id, checker_id),
            *(detail["bank_reference"], detail["proof_reference"], detail["proof_sha256"]),
            *(date.fromisoformat(detail["value_date"]), now),
        ),
    )


async def finish(db: Database, *, now: datetime | None = None) -> int:
    """Take up batches that were left half made or half cancelled; returns how many."""
    rows = await db.fetch(
        "select remittance_id from coalition.remittance"
        " where state in ('preparing', 'cancelling') order by prepared_at limit $1",
        UNFINISHED_MAX,
    )
    for row in rows:
        await complete(db, row["remittance_id"], now=now)
        await _put_back(db, row["remittance_id"], now)
    return len(rows)


async def find(db: Database, remittance_id: UUID) -> Remittance:
    """The batch with this id, or NOT_FOUND."""
    found = await _find(db, remittance_id)
    if found is None:
        raise errors.NotFound()
    return found


async def page(
    db: Database,
    *,
    first: int,
    before: tuple[datetime, UUID] | None,
    charity_id: UUID | None = None,
    state: rules.State | None = None,
) -> list[Remittance]:
    """Batches, newest first; `before` is the last one seen, None for the start."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_SELECT} where ($1::timestamptz is null"
        " or (prepared_at, remittance_id) < ($1, $2::uuid))"
        " and ($3::uuid is null or charity_id = $3) and ($4::text is null or state = $4)"
        " order by prepared_at desc, remittance_id desc limit $5",
        *(at, last, charity_id, state, first),
    )
    return [_read(row) for row in rows]


async def due_minor(db: Database, charity_id: UUID, asset: money.Asset) -> int:
    """What is due to a charity now; below zero if more came back than was given since a batch."""
    return int(
        await db.fetchval(
            "select coalesce(sum(credited - debited), 0)::bigint from ledger.position"
            " where bucket = any ($1) and owner_id = $2 and kind = 'due' and asset = $3",
            *(ledger.ALL_BUCKETS, charity_id, asset.number),
        )
    )


async def _begin(
    db: Database,
    request_id: UUID,
    charity_id: UUID,
    asset: money.Asset,
    note: str,
    actor: audit.Actor,
    now: datetime | None,
) -> Remittance | None:
    """Open a batch; the one that the same request has opened meanwhile, None if it is ours."""
    await directory.require_receiver(db, charity_id, "charity_id")
    due = await due_minor(db, charity_id, asset)
    if due > 0:
        made = await db.fetchval(
            "insert into coalition.remittance"
            " (remittance_id, charity_id, asset, note, prepared_by, prepared_at)"
            " values ($1, $2, $3, $4, $5, coalesce($6::timestamptz, clock_timestamp()))"
            " on conflict do nothing returning remittance_id",
            *(request_id, charity_id, asset.number, note, actor.actor_id, now),
        )
        if made is not None:
            return None
    # Sent twice at once, it may have met itself: whoever was faster has the batch.
    before = await _find(db, request_id)
    if before is None:
        if due > 0:
            raise errors.RemittanceOpen(path=("charity_id",))
        raise errors.NothingDue(path=("charity_id",))
    return before


async def _put_back(db: Database, remittance_id: UUID, now: datetime | None) -> None:
    """Put the lines of a batch that is being cancelled back, those that are not yet."""
    if (await find(db, remittance_id)).state != "cancelling":
        return
    rows = await db.fetch(
        "select bucket from ledger.remittance_line where bucket = any ($1) and remittance_id = $2"
        " and cancelled_at is null order by bucket",
        ledger.ALL_BUCKETS,
        remittance_id,
    )
    for row in rows:
        await db.call(
            "select ledger.unremit($1, $2, $3, $4)",
            row["bucket"],
            remittance_id,
            _move(remittance_id, row["bucket"], "unremit"),
            now,
        )
    await db.execute(
        "update coalition.remittance set state = 'cancelled',"
        " cancelled_at = coalesce($2::timestamptz, clock_timestamp())"
        " where remittance_id = $1 and state = 'cancelling'",
        remittance_id,
        now,
    )


async def _missing(db: Database, remittance_id: UUID) -> list[int]:
    rows = await db.fetch(
        "select bucket from ledger.remittance_line where bucket = any ($1) and remittance_id = $2",
        ledger.ALL_BUCKETS,
        remittance_id,
    )
    there = {row["bucket"] for row in rows}
    return [bucket for bucket in ledger.ALL_BUCKETS if bucket not in there]


def _move(remittance_id: UUID, bucket: int, step: str) -> UUID:
    return ids.placed(ids.derived(remittance_id, f"{step} {bucket}"), bucket)


async def _find(db: Database, remittance_id: UUID) -> Remittance | None:
    row = await db.fetchrow(f"{_SELECT} where remittance_id = $1", remittance_id)
    return None if row is None else _read(row)


def _read(row: Any) -> Remittance:
    return Remittance(**{**dict(row), "asset": money.asset_by_number(row["asset"])})
