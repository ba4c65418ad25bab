"""Acts of memberships: decided by a rule, written once for a request and once for a reference.

A decision is made of the member's memberships and the plans as they stand; the write answers
`stale` if another act came in between, and it is decided anew. What was overtaken for good is
recorded as refused, so that its reference is free again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson

from wallet import audit, claims, errors, ids, ledger, merchants, money, programme
from wallet.database import Database
from wallet.progress import plans, schemes
from wallet.rules import purchases, text
from wallet.rules.progress import memberships as rules
from wallet.rules.schemes.memberships import Membership as Plan

STALE_TRIES_MAX: Final = 12
"""How often an act is decided anew because another one of the same membership came in between."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What the seller took: by its own number, when, and how much."""

    reference: str
    paid_at: datetime
    amount_minor: int
    asset: money.Asset


@dataclass(frozen=True, slots=True)
class Acted:
    """A membership after an act, and the act; `replayed` if the request had done it before."""

    membership: plans.Membership
    act: plans.Act
    replayed: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: by whom, for whose wallet, under which id, with what content."""

    seller_id: UUID
    actor: audit.Actor
    act_id: UUID
    wallet_id: UUID
    fingerprint: UUID
    reference: str | None
    reason: str | None
    paid_at: datetime | None

    @property
    def claim(self) -> claims.Claim:
        """The seller's reference of a payment, which is claimed once."""
        return claims.Claim(
            self.seller_id,
            claims.named("membership", self.reference),
            self.act_id,
            self.wallet_id,
            self.fingerprint,
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be written: the how manieth act of which membership (None: a new one)."""

    membership_id: UUID | None
    number: int
    plan_id: UUID
    version_id: UUID
    plan: Plan
    act: rules.Act


@dataclass(frozen=True, slots=True)
class Known:
    """What a decision is made of: the instant and the plans, and what the member has."""

    at: datetime
    book: schemes.Book
    zone: str
    operator_id: UUID
    held: tuple[plans.Membership, ...]

    def one(self, membership_id: UUID) -> plans.Membership:
        """The membership that is spoken of."""
        found = next((it for it in self.held if it.membership_id == membership_id), None)
        if found is None:
            raise errors.NotFound()
        return found


Decide: TypeAlias = Callable[[Known], Decided]


async def run(db: Database, asked: Asked, decide: Decide, now: datetime | None) -> Acted:
    """Decide and write: once for the request's id, and once for the seller's reference."""
    replay = await _replay(db, asked, asked.act_id)
    if replay is not None:
        return replay
    if asked.reference is not None:
        text.check(asked.reference, "reference", chars_max=purchases.REFERENCE_CHARS_MAX)
        replay = await _same_payment(db, asked)
        if replay is not None:
            return replay
        try:
            # What can not be is refused before it takes the reference: it may be put right.
            await _try(db, asked, decide, now)
        except errors.Refusal:
            # Sent twice at once, it may have met itself: whoever was faster has the answer.
            replay = await _same_payment(db, asked)
            if replay is not None:
                return replay
            raise
        asked = replace(asked, act_id=await claims.take(db, asked.claim))
    for _ in range(STALE_TRIES_MAX):
        known = await know(db, asked.wallet_id, now)
        try:
            decided = decide(known)
        except errors.Refusal as refusal:
            return await _refuse(db, asked, refusal)
        answer = await write(db, asked, decided, now=known.at)
        if answer["code"] != "stale":
            return await _done(db, asked, replayed=ledger.replayed(answer))
    raise errors.IdempotencyInProgress()


async def lapse(db: Database, one: plans.Membership, *, now: datetime) -> bool:
    """Let a membership run out whose time is over; False if something came in between."""
    act = rules.lapse(one.standing, now=now)
    if act is None:
        return True
    step = f"lapsed {one.version + 1}"
    asked = Asked(
        seller_id=one.seller_id,
        actor=audit.SYSTEM,
        act_id=ids.derived(one.membership_id, step),
        wallet_id=one.wallet_id,
        fingerprint=ids.fingerprint(one.membership_id, step),
        reference=None,
        reason=None,
        paid_at=None,
    )
    number = one.version + 1
    decided = Decided(one.membership_id, number, one.plan_id, one.version_id, one.plan, act)
    answer = await write(db, asked, decided, now=now)
    return bool(answer["code"] == "posted")


async def write(db: Database, asked: Asked, it: Decided, *, now: datetime) -> dict[str, Any]:
    """Write an act and how the membership stands after it: one call, checked again there."""
    act = it.act
    house = await programme.of(db)
    paid = act.paid
    row = (
        ledger.bucket(asked.wallet_id),
        it.membership_id or ids.derived(asked.act_id, "membership"),
        *(it.number, asked.act_id),
        *(asked.wallet_id, act.kind, it.plan_id, it.version_id, act.anchor),
        *(paid and paid.from_day, act.until_day, act.entitled_until),
        *(0 if paid is None else paid.worth_minor, act.paid_minor, act.refund_minor),
        *(act.credit_minor, act.why, asked.reference, asked.reason),
        *(asked.actor.kind, asked.actor.actor_id, asked.fingerprint),
        *(asked.paid_at or min(now, act.entitled_until), now),
    )
    answer: dict[str, Any] = await db.call(
        "select ledger.act_membership($1, $2::ledger.membership_act, $3, $4, $5, $6, $7, $8)",
        ledger.bucket(asked.wallet_id),
        row,
        asked.seller_id,
        money.asset(it.plan.asset).number,
        house.asset.number,
        act.kind if act.kind in ("cancelled", "lapsed") else None,
        orjson.dumps(await _detail(db, asked, it, house)).decode(),
        now,
    )
    return answer


async def know(db: Database, wallet_id: UUID, now: datetime | None) -> Known:
    house = await programme.of(db)
    held = await schemes.moment(db, now)
    mine = tuple(await plans.of(db, wallet_id))
    return Known(held.at, held.book, house.time_zone, house.operator_id, mine)


async def _done(db: Database, asked: Asked, *, replayed: bool) -> Acted:
    act = await plans.act(db, asked.act_id)
    assert act is not None
    if asked.actor.kind == "staff":
        await audit.write(
            db,
            actor=asked.actor,
            act=f"membership.{act.kind}",
            subject=act.membership_id,
            reason=asked.reason,
            detail={"paid_minor": act.paid_minor, "refund_minor": act.refund_minor},
            once=act.act_id,
        )
    return Acted(await plans.find(db, act.membership_id), act, replayed)


async def _replay(db: Database, asked: Asked, act_id: UUID) -> Acted | None:
    """What this request did before, None if nothing."""
    act = await plans.act(db, act_id)
    if act is None:
        return None
    if act.fingerprint != asked.fingerprint:
        raise errors.IdempotencyKeyReused(first_used_at=act.recorded_at)
    return await _done(db, replace(asked, act_id=act_id), replayed=True)


async def _refuse(db: Database, asked: Asked, refusal: errors.Refusal) -> Acted:
    """Refuse for good what something overtook; or find that it was done by its own twin."""
    house = await programme.of(db)
    answer = await db.call(
        "select ledger.refuse_membership($1, $2, $3, $4, $5, $6)",
        *(ledger.bucket(asked.wallet_id), asked.act_id, asked.wallet_id, house.asset.number),
        *(asked.fingerprint, refusal.code.lower()),
    )
    if answer["code"] == "posted" and answer["replayed"]:
        return await _done(db, asked, replayed=True)
    raise refusal


async def _try(db: Database, asked: Asked, decide: Decide, now: datetime | None) -> None:
    """Refuse what a payment could not buy, and who may not report one; nothing is written."""
    await _check_seller(db, asked.seller_id)
    known = await know(db, asked.wallet_id, now)
    assert asked.paid_at is not None
    rules.check_time(asked.paid_at, known_at=known.at)
    decide(known)


async def _same_payment(db: Database, asked: Asked) -> Acted | None:
    """What a seller's reference stands for already, if it was sent with the same content."""
    owner = await claims.standing(db, asked.claim)
    return None if owner is None else await _replay(db, asked, owner)


async def _check_seller(db: Database, seller_id: UUID) -> None:
    if seller_id == (await programme.of(db)).operator_id:
        return
    if (await merchants.find(db, seller_id)).status != "active":
        raise errors.MerchantSuspended()


async def _detail(
    db: Database, asked: Asked, it: Decided, house: programme.Programme
) -> dict[str, Any]:
    """What the member is told: the plan, its last day, who sells it, and what goes back."""
    act = it.act
    seller = house.name
    if asked.seller_id != house.operator_id:
        seller = (await merchants.find(db, asked.seller_id)).name
    last = rules.last_day(act.kind, act.until_day, act.entitled_until, house.time_zone)
    back = None
    if act.refund_minor:
        back = money.phrase(act.refund_minor, money.asset(it.plan.asset))
    return {
        "plan": it.plan.name,
        "last_day": last.isoformat(),
        "seller": seller,
        "back": back,
    }
