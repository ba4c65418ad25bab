"""Paid memberships: whoever sells a plan reports each payment, and hears what it bought.

We take no money. A seller's reference of a payment is claimed once, so the same payment counts
once, whoever sends it under whatever key. What a payment buys is worked out from the acts before
it, and written only if nothing came in between. The price is no purchase: it earns nothing and
counts for no tier.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import audit, errors, ids, ledger, members, money
from wallet.database import Database
from wallet.progress import membership_acts as acts
from wallet.progress import plans
from wallet.rules import goodwill, text
from wallet.rules.progress import memberships as rules
from wallet.rules.schemes.memberships import Membership as Plan


@dataclass(frozen=True, slots=True)
class Quote:
    """What a change of plan or the end would come to if it were reported now."""

    act: rules.Act
    plan: Plan
    asset: money.Asset


async def start(
    db: Database,
    *,
    seller_id: UUID,
    request_id: UUID,
    member_id: UUID,
    plan_id: UUID,
    payment: acts.Payment,
    actor: audit.Actor,
    reason: str | None = None,
    now: datetime | None = None,
) -> acts.Acted:
    """Begin a membership with its first payment.

    MEMBERSHIP_INVALID for a plan that is not sold by this seller now, or that the member has
    already; AMOUNT_INVALID above the price; REFERENCE_USED for a payment that counted for another.
    """
    member = await members.find(db, member_id, "member_id")
    act_id = ids.placed(request_id, ledger.bucket(member.wallet_id))

    def decide(known: acts.Known) -> acts.Decided:
        version_id, plan = _sold(known, plan_id, seller_id, payment)
        for one in known.held:
            if one.plan_id == plan_id and one.closed is None:
                raise errors.MembershipInvalid(
                    "The member has this plan. Renew it, or reinstate it by the same payment.",
                    path=("plan_id",),
                )
        act = rules.start(
            plan, paid_at=payment.paid_at, paid_minor=payment.amount_minor, zone=known.zone
        )
        return acts.Decided(None, 1, plan_id, version_id, plan, act)

    asked = _asked(seller_id, actor, act_id, member.wallet_id, None, payment, reason, plan_id)
    await _lapse_old(db, member.wallet_id, plan_id, now)
    return await acts.run(db, asked, decide, now)


async def renew(
    db: Database,
    *,
    seller_id: UUID,
    request_id: UUID,
    membership_id: UUID,
    payment: acts.Payment,
    actor: audit.Actor,
    reason: str | None = None,
    now: datetime | None = None,
) -> acts.Acted:
    """Add a term to a membership, or reinstate one that has run out.

    NOT_FOUND for another seller's, MEMBERSHIP_CLOSED for a cancelled one; else as `start`.
    """
    found = await _mine(db, membership_id, seller_id)

    def decide(known: acts.Known) -> acts.Decided:
        one = known.one(membership_id)
        version_id, plan = _sold(known, one.plan_id, seller_id, payment, asset=one.asset)
        act = rules.renew(
            plan,
            one.standing,
            paid_at=payment.paid_at,
            now=known.at,
            paid_minor=payment.amount_minor,
            zone=known.zone,
        )
        return acts.Decided(membership_id, one.version + 1, one.plan_id, version_id, plan, act)

    return await acts.run(db, _of(found, request_id, actor, payment, reason), decide, now)


async def change(
    db: Database,
    *,
    seller_id: UUID,
    request_id: UUID,
    membership_id: UUID,
    plan_id: UUID,
    payment: acts.Payment,
    actor: audit.Actor,
    reason: str | None = None,
    now: datetime | None = None,
) -> acts.Acted:
    """Go over to another plan of the same seller; the payment is what was due, see `quote`.

    The act says what the seller has to pay back, if what is left was worth more than the new plan.
    """
    found = await _mine(db, membership_id, seller_id)

    def decide(known: acts.Known) -> acts.Decided:
        one = known.one(membership_id)
        return _changed(known, one, plan_id, payment)

    return await acts.run(db, _of(found, request_id, actor, payment, reason, plan_id), decide, now)


async def cancel(
    db: Database,
    *,
    seller_id: UUID,
    request_id: UUID,
    membership_id: UUID,
    reason: str,
    actor: audit.Actor,
    now: datetime | None = None,
) -> acts.Acted:
    """End a membership; the act says what the seller has to pay back, and why.

    A suspended merchant may still cancel, and a suspended member's is cancelled like any other.
    """
    text.check(reason, "reason", chars_max=goodwill.REASON_CHARS_MAX)
    found = await _mine(db, membership_id, seller_id)

    def decide(known: acts.Known) -> acts.Decided:
        one = known.one(membership_id)
        act = rules.cancel(one.plan, one.standing, now=known.at, zone=known.zone)
        number = one.version + 1
        return acts.Decided(membership_id, number, one.plan_id, one.version_id, one.plan, act)

    return await acts.run(db, _of(found, request_id, actor, None, reason), decide, now)


async def quote(
    db: Database,
    *,
    seller_id: UUID,
    membership_id: UUID,
    plan_id: UUID | None,
    now: datetime | None = None,
) -> Quote:
    """What going over to a plan would cost now, or what cancelling would give back (no plan)."""
    found = await _mine(db, membership_id, seller_id)
    known = await acts.know(db, found.wallet_id, now)
    one = known.one(membership_id)
    if plan_id is None:
        act = rules.cancel(one.plan, one.standing, now=known.at, zone=known.zone)
        return Quote(act, one.plan, one.asset)
    decided = _changed(known, one, plan_id, None)
    return Quote(decided.act, decided.plan, one.asset)


def _changed(
    known: acts.Known, one: plans.Membership, plan_id: UUID, payment: acts.Payment | None
) -> acts.Decided:
    version_id, plan = _sold(known, plan_id, one.seller_id, payment, asset=one.asset)
    if any(it.plan_id == plan_id and it.closed is None for it in known.held):
        raise errors.MembershipInvalid(
            "The member has this plan already. Choose another one.", path=("plan_id",)
        )
    act = rules.change(
        one.plan,
        plan,
        one.standing,
        paid_at=known.at if payment is None else payment.paid_at,
        now=known.at,
        paid_minor=None if payment is None else payment.amount_minor,
        zone=known.zone,
    )
    return acts.Decided(one.membership_id, one.version + 1, plan_id, version_id, plan, act)


async def _mine(db: Database, membership_id: UUID, seller_id: UUID) -> plans.Membership:
    found = await plans.find(db, membership_id)
    if found.seller_id != seller_id:
        raise errors.NotFound()
    return found


async def _lapse_old(db: Database, wallet_id: UUID, plan_id: UUID, now: datetime | None) -> None:
    """Let what has run out of a plan run out, if the worker has not come by yet."""
    known = await acts.know(db, wallet_id, now)
    for one in known.held:
        if one.plan_id == plan_id:
            await acts.lapse(db, one, now=known.at)


def _sold(
    known: acts.Known,
    plan_id: UUID,
    seller_id: UUID,
    payment: acts.Payment | None,
    *,
    asset: money.Asset | None = None,
) -> tuple[UUID, Plan]:
    """The version of a plan that was sold when it was paid for."""
    at = known.at if payment is None else min(payment.paid_at, known.at)
    found = known.book.one(Plan, plan_id, at)
    if found is None or (found.definition.seller_id or known.operator_id) != seller_id:
        raise errors.MembershipInvalid(
            "You do not sell this plan at this time. Choose one that you sell.", path=("plan_id",)
        )
    paid_in = None if payment is None else payment.asset
    wanted = [one for one in (paid_in, asset) if one is not None]
    if any(one.code != found.definition.asset for one in wanted):
        raise errors.CurrencyMismatch(path=("paid",))
    return found.version_id, found.definition


def _of(
    found: plans.Membership,
    request_id: UUID,
    actor: audit.Actor,
    payment: acts.Payment | None,
    reason: str | None,
    plan_id: UUID | None = None,
) -> acts.Asked:
    """A request about a membership that stands."""
    act_id = ids.placed(request_id, ledger.bucket(found.wallet_id))
    return _asked(
        *(found.seller_id, actor, act_id, found.wallet_id, found.membership_id),
        *(payment, reason, plan_id),
    )


def _asked(
    seller_id: UUID,
    actor: audit.Actor,
    act_id: UUID,
    wallet_id: UUID,
    membership_id: UUID | None,
    payment: acts.Payment | None,
    reason: str | None,
    plan_id: UUID | None,
) -> acts.Asked:
    said = payment and (
        *(payment.reference, payment.paid_at, payment.amount_minor, payment.asset.code),
    )
    return acts.Asked(
        seller_id=seller_id,
        actor=actor,
        act_id=act_id,
        wallet_id=wallet_id,
        fingerprint=ids.fingerprint(seller_id, wallet_id, membership_id, plan_id, said, reason),
        reference=None if payment is None else payment.reference,
        reason=reason,
        paid_at=None if payment is None else payment.paid_at,
    )
