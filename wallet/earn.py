"""Earning: purchases become decisions, lots and movements; events start clocks; returns undo.

Each verb gathers facts in at most two queries, asks a pure rule, and makes one write that checks
again, under the wallet's lock, whatever may be refused. What `preview` promises is what `report`
pays, because both ask the same rule.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import drafts, errors, ids, ledger, merchants, programme, sql, subscriptions
from wallet.campaigns import additions, reversals
from wallet.database import Database
from wallet.rules import clock, goodwill, purchases, returns, text

STALE_TRIES_MAX: Final = 12
"""How often a write looks again because something came in between: another purchase or return of
the member, or another bucket that drew the last of a budget. Of several at once one always wins."""
STALE_PAUSE_SECONDS: Final = 0.004
"""The longest first pause before looking again; it grows with each look, and chance keeps apart
those who meet at the edge of a budget."""


Report = drafts.Report


@dataclass(frozen=True, slots=True)
class Reported:
    """A purchase that stands in the books."""

    purchase_id: UUID
    wallet_id: UUID
    replayed: bool


@dataclass(frozen=True, slots=True)
class Returned:
    """A return that stands in the books."""

    return_id: UUID
    purchase_id: UUID
    wallet_id: UUID
    replayed: bool


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event that stands in the books."""

    purchase_id: UUID
    replayed: bool


async def report(
    db: Database, *, merchant_id: UUID, items: Sequence[drafts.Report], now: datetime | None = None
) -> list[Reported | errors.Refusal]:
    """Report purchases of one merchant, at most `purchases.PURCHASES_MAX`; one answer for each.

    A refusal of one item leaves the others alone. The same request id gets the same answer; so
    does the same reference with the same content, whatever its id.
    """
    if len(items) > purchases.PURCHASES_MAX:
        raise errors.TooMany(path=("purchases",), limit=purchases.PURCHASES_MAX)
    if not items:
        return []
    facts = await drafts.gather(db, merchant_id, [item.purchase for item in items], items, now)
    answers: list[Reported | errors.Refusal | None] = [None] * len(items)
    decided: dict[int, drafts.Draft] = {}
    for place, item in enumerate(items):
        try:
            decided[place] = await drafts.decide(db, facts, item)
        except errors.Refusal as refusal:
            answers[place] = refusal
    if facts.suspended:
        await _look_up(db, decided, answers)
    else:
        decided = await _admit(db, facts, decided, answers)
        standing = await _claim(db, facts, decided, answers)
        await _settle(db, facts, standing, answers, now)
    assert None not in answers
    return [answer for answer in answers if answer is not None]


async def event(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    purchase_id: UUID,
    event: purchases.Event,
    now: datetime | None = None,
) -> Recorded:
    """Record a business event; the one that the contract waits for starts the pending clock."""
    facts = await _purchase(db, merchant_id, purchase_id)
    at = now or facts["now"]
    purchases.check_event(event, known_at=at)
    version = await merchants.contract(db, facts["contract_id"])
    house = await programme.of(db)
    known = [
        purchases.Event(one["kind"], datetime.fromisoformat(one["at"])) for one in facts["events"]
    ]
    due = None
    if event.kind == version.terms.pending.event:
        due = clock.start(
            version.terms, [*known, event], facts["reported_at"], house.time_zone, known_at=at
        )
    lot_ids, expires = (
        ([], []) if due is None else await reversals.clocks(db, facts, due, house.time_zone)
    )
    bucket = ledger.bucket(purchase_id)
    answer = await db.call(
        "select ledger.record_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        bucket,
        purchase_id,
        ids.placed(request_id, bucket),
        ids.fingerprint(purchase_id, event.kind, event.at),
        merchant_id,
        event.kind,
        event.at,
        due and due.due_at,
        due and due.due_as,
        lot_ids,
        expires,
    )
    return Recorded(purchase_id, ledger.replayed(answer))


async def return_lines(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    purchase_id: UUID,
    lines: Sequence[returns.ReturnLine],
    reason: str,
    now: datetime | None = None,
) -> Returned:
    """Take lines back, whole or in part, and reverse what the stored decisions paid for them.

    Empty `lines` means everything that is left. RETURN_EXCEEDS_PURCHASE names the line at fault.
    """
    text.check(reason, "reason", chars_max=goodwill.REASON_CHARS_MAX)
    house = await programme.of(db)
    bucket = ledger.bucket(purchase_id)
    return_id = ids.placed(request_id, bucket)
    fingerprint = ids.fingerprint(
        purchase_id, [(one.number, one.quantity_milli, one.amount_minor) for one in lines], reason
    )
    for _ in range(STALE_TRIES_MAX):
        facts = await _purchase(db, merchant_id, purchase_id)
        earlier = await _return_before(db, bucket, return_id)
        back = reversals.NOTHING
        if not earlier:
            back = await reversals.decide(db, facts, lines, merchant_id=merchant_id)
        version = await merchants.contract(db, facts["contract_id"])
        deficit = version.terms.deficit
        answer = await db.call(
            "select ledger.reverse_purchase($1, $2, $3, $4, $5, $6,"
            " $7::ledger.return_line_in[], $8::ledger.return_grant_in[],"
            " $9::ledger.return_lot_in[], $10::ledger.release_in[], $11, $12, $13, $14, $15, $16)",
            bucket,
            purchase_id,
            return_id,
            fingerprint,
            merchant_id,
            facts["version"],
            back.lines,
            back.grants,
            back.lots,
            back.releases,
            reason,
            deficit.max_minor if deficit.policy == "member_owes" else 0,
            "operator" if deficit.policy == "operator_bears" else "merchant",
            house.operator_id,
            now,
            None if back.detail is None else orjson.dumps(back.detail).decode(),
        )
        if answer["code"] != "stale":
            replayed = ledger.replayed(answer)
            return Returned(return_id, purchase_id, facts["wallet_id"], replayed)
    raise errors.IdempotencyInProgress()


async def mature(db: Database, *, now: datetime | None = None, limit: int = 1000) -> int:
    """Decide lots and gifts whose day has come, at most `limit` of each; returns how many.

    A gift that waits for its charity is put off, which counts: the next ones have their turn.
    """
    answer = await db.bulk("select ledger.decide_due($1, $2, $3)", ledger.ALL_BUCKETS, limit, now)
    gifts = await db.bulk("select ledger.give_due($1, $2, $3)", ledger.ALL_BUCKETS, limit, now)
    decided = int(answer["matured"]) + int(answer["lapsed"])
    return decided + sum(int(gifts[name]) for name in ("given", "lapsed", "put_off"))


async def _look_up(
    db: Database,
    decided: dict[int, drafts.Draft],
    answers: list[Reported | errors.Refusal | None],
) -> None:
    """Answer a suspended merchant: what stands keeps its answer, anything new is refused."""
    rows = await db.fetch(
        "select p.purchase_id, p.fingerprint from unnest($1::smallint[], $2::uuid[]) as i (b, id)"
        " join ledger.purchase p on p.bucket = i.b and p.purchase_id = i.id",
        [ledger.bucket(draft.purchase_id) for draft in decided.values()],
        [draft.purchase_id for draft in decided.values()],
    )
    standing = {row["purchase_id"]: row["fingerprint"] for row in rows}
    for place, draft in decided.items():
        if standing.get(draft.purchase_id) == draft.fingerprint:
            answers[place] = Reported(draft.purchase_id, draft.wallet_id, replayed=True)
        else:
            answers[place] = errors.MerchantSuspended()


async def _admit(
    db: Database,
    facts: drafts.Facts,
    decided: dict[int, drafts.Draft],
    answers: list[Reported | errors.Refusal | None],
) -> dict[int, drafts.Draft]:
    """Leave out deliveries that were not paid for, before they take their references."""
    checked = await subscriptions.check(db, facts, list(decided.values()))
    admitted = {}
    for place, one in zip(decided, checked, strict=True):
        if isinstance(one, errors.Refusal):
            answers[place] = one
        else:
            admitted[place] = decided[place]
    return admitted


async def _claim(
    db: Database,
    facts: drafts.Facts,
    decided: dict[int, drafts.Draft],
    answers: list[Reported | errors.Refusal | None],
) -> dict[int, drafts.Draft]:
    """Claim the references; a draft whose sale stands under another id takes that id."""
    if not decided:
        return {}
    claims = [
        (
            ledger.claim_bucket(facts.merchant_id, draft.purchase.reference),
            facts.merchant_id,
            draft.purchase.reference,
            draft.purchase_id,
            draft.wallet_id,
            draft.fingerprint,
        )
        for draft in decided.values()
    ]
    rows = await db.fetch(
        "select * from ledger.claim($1, $2::ledger.claim_in[])",
        sorted({claim[0] for claim in claims}),
        claims,
    )
    owners = {row["reference"]: row for row in rows}
    standing = {}
    for place, draft in decided.items():
        owner = owners[draft.purchase.reference]
        same = owner["fingerprint"] == draft.fingerprint
        if owner["purchase_id"] != draft.purchase_id and not same:
            answers[place] = errors.ReferenceUsed(path=("reference",))
        elif not same:
            answers[place] = errors.IdempotencyKeyReused(first_used_at=owner["claimed_at"])
        else:
            standing[place] = replace(draft, purchase_id=owner["purchase_id"])
    return standing


async def _settle(
    db: Database,
    facts: drafts.Facts,
    standing: dict[int, drafts.Draft],
    answers: list[Reported | errors.Refusal | None],
    now: datetime | None,
) -> None:
    """Write each sale once, and give every item that names it the same answer.

    What changed between the look and the write (another purchase of the member, a budget that ran
    out) is looked at again.
    """
    once: dict[UUID, drafts.Draft] = {}
    for draft in standing.values():
        once.setdefault(draft.purchase_id, draft)
    outcome: dict[UUID, dict[str, Any] | errors.Refusal] = {}
    waiting = list(once.values())
    for attempt in range(STALE_TRIES_MAX):
        if not waiting:
            break
        await _pause(attempt)
        for turn in await additions.turns(db, facts, waiting):
            outcome |= await _post(db, facts, turn, now)
        waiting = [draft for draft in waiting if _stale(outcome[draft.purchase_id])]
    seen: set[UUID] = set()
    for place, draft in standing.items():
        answer = outcome[draft.purchase_id]
        if draft.fingerprint != once[draft.purchase_id].fingerprint:
            answers[place] = errors.IdempotencyKeyReused(first_used_at=facts.at)
        elif isinstance(answer, errors.Refusal):
            answers[place] = answer
        elif _stale(answer):
            answers[place] = errors.IdempotencyInProgress()
        elif answer["code"] != "posted":
            answers[place] = ledger.refusal(answer)
        else:
            again = bool(answer["replayed"]) or draft.purchase_id in seen
            answers[place] = Reported(draft.purchase_id, draft.wallet_id, again)
        seen.add(draft.purchase_id)


async def _post(
    db: Database, facts: drafts.Facts, turn: Sequence[drafts.Draft], now: datetime | None
) -> dict[UUID, dict[str, Any] | errors.Refusal]:
    """Ask campaigns what they add, and write a turn of drafts in one call."""
    added = await additions.add(db, facts, turn)
    outcome: dict[UUID, dict[str, Any] | errors.Refusal] = {
        draft.purchase_id: one
        for draft, one in zip(turn, added, strict=True)
        if isinstance(one, errors.Refusal)
    }
    given = [one for one in added if isinstance(one, drafts.Draft)]
    fresh = []
    for draft, checked in zip(given, await subscriptions.check(db, facts, given), strict=True):
        if isinstance(checked, errors.Refusal):
            outcome[draft.purchase_id] = checked
        else:
            fresh.append(checked)
    if fresh:
        call = drafts.posting(facts, fresh, now)
        posted = await db.bulk(f"select {call.text()}", *call.arguments)
        for draft, answer in zip(fresh, posted, strict=True):
            outcome[draft.purchase_id] = answer
    return outcome


async def _pause(attempt: int) -> None:
    if attempt > 0:
        chance = random.random()  # noqa: S311 - it only keeps callers apart
        await asyncio.sleep(STALE_PAUSE_SECONDS * 2 ** min(attempt, 5) * chance)


def _stale(answer: dict[str, Any] | errors.Refusal) -> bool:
    return not isinstance(answer, errors.Refusal) and answer["code"] == "stale"


async def _purchase(db: Database, merchant_id: UUID, purchase_id: UUID) -> dict[str, Any]:
    row = await db.fetchrow(
        sql.load("queries/purchase_facts"), ledger.bucket(purchase_id), purchase_id, merchant_id
    )
    if row is None:
        raise errors.NotFound()
    facts = dict(row)
    for name in ("events", "lines", "grants", "lots", "gifts", "draws"):
        facts[name] = orjson.loads(facts[name])
    return facts


async def _return_before(db: Database, bucket: int, return_id: UUID) -> bool:
    """A return that already stands must not be judged by the rule a second time."""
    return bool(
        await db.fetchval(
            "select exists (select 1 from ledger.purchase_return"
            " where bucket = $1 and return_id = $2)",
            bucket,
            return_id,
        )
    )
