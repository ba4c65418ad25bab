"""Activities: a merchant reports with proof what a member did, and campaigns for such things give.

A merchant's reference of a kind is claimed like that of a purchase, so the same activity gives
once, whoever sends it under whatever key. Each campaign that gives makes one award. The first of
them takes the reference, for a review the order line, and keeps the plan of all: whoever sends the
request again after a crash completes it, and gets the first answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wallet import claims, errors, ids, ledger, members, merchants, programme, sql
from wallet.campaigns import answers, arms, awards, earned, gather, live, reported
from wallet.database import Database
from wallet.progress import ladders, tiers
from wallet.rules import activities as rules
from wallet.rules import local
from wallet.rules.campaigns import facts, needs, outcome
from wallet.rules.campaigns.definition import OnActivity

PLAN: Final = "plan"
"""Where the first award keeps which versions give, and how much, in their order."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What an activity came to: awards and benefits, none where no campaign gives, and why.

    `document` is the explanation in the shape that purchases have. `replayed` if it had been
    reported before.
    """

    awards: tuple[earned.Award, ...]
    benefits: tuple[earned.Benefit, ...]
    document: dict[str, Any]
    replayed: bool


@dataclass(frozen=True, slots=True)
class _Case:
    """An activity that was checked: whose, where, under which id, and as known when."""

    activity_id: UUID
    merchant_id: UUID
    merchant_name: str
    member: members.Member
    activity: rules.Activity
    moment: live.Moment
    house: programme.Programme

    @property
    def fingerprint(self) -> UUID:
        """What makes it this activity; named by hand, because a key outlives a release."""
        it = self.activity
        return ids.fingerprint(
            self.member.member_id,
            *(it.kind, it.name, it.reference, it.proof, it.happened_at),
            *(it.purchase_id, it.line_no, it.score, it.stars),
        )

    @property
    def reference(self) -> str:
        """What can be given for once: the line of a review, else the merchant's own number."""
        it = self.activity
        if it.kind != "review":
            return it.reference
        assert it.purchase_id is not None
        return f"{ids.show('pur', it.purchase_id)}/{it.line_no}"

    @property
    def at(self) -> datetime:
        """When it is reported."""
        return self.moment.at


async def report(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    member_id: UUID,
    activity: rules.Activity,
    now: datetime | None = None,
) -> Reported:
    """Report an activity of a member; what campaigns give for it is theirs at once.

    ACTIVITY_INVALID at the field at fault, REFERENCE_USED for a reference of another activity,
    ACTIVITY_LIMIT where all that could give has given its most, and for a line that was reviewed
    before. Where no campaign gives, the answer is empty and says why, and it is decided anew when
    it is sent again. Whatever was answered is kept, once, for whoever counts what members do; what
    was kept is never refused when it is sent again, whatever has happened since.
    """
    moment = await live.moment(db, now)
    rules.check(activity, known_at=moment.at)
    merchant = await merchants.find(db, merchant_id)
    member = await members.find(db, member_id, "member_id")
    case = _Case(
        activity_id=ids.placed(request_id, ledger.bucket(member.wallet_id)),
        merchant_id=merchant_id,
        merchant_name=merchant.name,
        member=member,
        activity=activity,
        moment=moment,
        house=await programme.of(db),
    )
    try:
        case, found = await _answer(db, case, merchant)
    except errors.Refusal:
        if await reported.kept(db, case.activity_id, case.fingerprint):
            return Reported((), (), {"matched": [], "missed": []}, replayed=True)
        raise
    await reported.keep(
        db,
        case.activity_id,
        merchant_id=merchant_id,
        member=member,
        activity=activity,
        fingerprint=case.fingerprint,
        at=case.at,
    )
    return found


async def _answer(
    db: Database, case: _Case, merchant: merchants.Merchant
) -> tuple[_Case, Reported]:
    standing = await _standing(db, case)
    if standing is not None:
        return case, await _complete(db, case, standing)
    if merchant.status != "active":
        raise errors.MerchantSuspended()
    if case.member.status != "active":
        raise errors.MemberSuspended()
    rules.check_age(case.activity, known_at=case.at)
    await _check_line(db, case)
    case = await _claim(db, case)
    standing = await _standing(db, case)
    if standing is None:
        try:
            return case, await _decide(db, case)
        except (errors.ActivityLimit, errors.IdempotencyKeyReused):
            # Sent twice at once, it may have met itself: whoever was faster has the answer.
            standing = await _standing(db, case)
            if standing is None:
                raise
    return case, await _complete(db, case, standing)


async def _standing(db: Database, case: _Case) -> earned.Award | None:
    """The first award of this activity, if it was given before."""
    found = (await earned.awards_by_id(db, [case.activity_id])).get(case.activity_id)
    if found is not None and found.detail.get("fingerprint") != str(case.fingerprint):
        raise errors.IdempotencyKeyReused(first_used_at=found.awarded_at)
    return found


async def _check_line(db: Database, case: _Case) -> None:
    """See to it that a review is of something that the member bought here, and kept."""
    it = case.activity
    if it.kind != "review":
        return
    assert it.purchase_id is not None
    bucket = ledger.bucket(case.member.wallet_id)
    row = await db.fetchrow(
        sql.load("queries/activity_line"),
        *(bucket, it.purchase_id, case.member.wallet_id, it.line_no, case.merchant_id),
    )
    rules.check_line(None if row is None else rules.Bought(**dict(row)))


async def _claim(db: Database, case: _Case) -> _Case:
    """Claim the merchant's reference; an activity that stands under another id takes that id."""
    it = case.activity
    claim = claims.Claim(
        case.merchant_id,
        claims.named("activity", it.kind, it.reference),
        case.activity_id,
        case.member.wallet_id,
        case.fingerprint,
    )
    return replace(case, activity_id=await claims.take(db, claim))


async def _decide(db: Database, case: _Case) -> Reported:
    it, moment = case.activity, case.moment
    versions = [
        facts.Version(campaign_id, version_id, definition)
        for campaign_id, version_id, definition in moment.book.versions_at(
            it.happened_at, known_at=moment.at
        )
    ]
    asking = [one for one in versions if rules.matches(one, it, case.merchant_id) is not None]
    found = rules.decide(
        it,
        asking,
        moment.book.rules_at(it.happened_at, known_at=moment.at),
        place=facts.Place(case.merchant_id, case.house.operator_id, case.house.time_zone),
        member=await _member(db, case, asking) if asking else facts.Member(),
    )
    if found.spent:
        raise errors.ActivityLimit()
    missed = [_missed(one) for one in found.missed[: outcome.MISSES_MAX]]
    first = await _first(db, case, list(found.chosen), missed)
    if first is None:
        return Reported((), (), {"matched": [], "missed": missed}, replayed=False)
    return replace(await _complete(db, case, first), replayed=False)


async def _member(db: Database, case: _Case, versions: Sequence[facts.Version]) -> facts.Member:
    """Who the member is, as far as these campaigns ask; whoever is divided by them has met it."""
    asked = needs.of(versions)
    it, zone = case.activity, case.house.time_zone
    day = local.day(it.happened_at, zone)
    question = {
        "n": 0,
        "bucket": ledger.bucket(case.member.wallet_id),
        "wallet": case.member.wallet_id,
        "member": case.member.member_id,
        "purchase": case.activity_id,
        "at": it.happened_at,
        "day": day,
        "asset": case.house.asset.number,
        "segments": asked.segments,
        "terms": asked.acceptance,
        "favourites": False,
        "offers": False,
        "standings": asked.tiers,
        "memberships": bool(asked.plans),
        "measures": [],
        "usage": [{"campaign": one.campaign_id, "since": None} for one in versions],
        "coupons": [],
        "budgets": [],
    }
    every = await ladders.at(db, epoch=case.moment.book.epoch) if asked.tiers else ()

    async def look(wallets: Sequence[UUID], at: datetime) -> None:
        await tiers.look(db, every, wallets, at=max(at, case.at))

    (row,) = await answers.ask(db, [question], [(every, it.happened_at)], look)
    divided = await arms.arms_of(
        db,
        asked.experiments,
        case.member.member_id,
        at=it.happened_at,
        epoch=case.moment.book.epoch,
    )
    if divided:
        await arms.meet(db, [(case.member.member_id, divided)], at=case.at, via="activity")
    return gather.member(
        row,
        asked,
        versions,
        day=day,
        zone=zone,
        treated=arms.treated(divided),
        ladders=every,
        at=it.happened_at,
    )


async def _first(
    db: Database, case: _Case, chosen: list[rules.Chosen], missed: list[dict[str, Any]]
) -> earned.Award | None:
    """Give the first award, which takes the reference and keeps the plan; None if there is none.

    A limit that was reached meanwhile leaves its campaign out; if all are, it is ACTIVITY_LIMIT.
    """
    begun = bool(chosen)
    while chosen:
        plan = [
            {
                "version": str(one.version.version_id),
                "campaign": str(one.version.campaign_id),
                "desired_minor": one.desired_minor,
                "because": list(one.because),
            }
            for one in chosen
        ]
        try:
            await _post(db, case, plan, place=0, missed=missed)
        except errors.ActivityLimit:
            missed.append(_missed(rules.Missed(chosen.pop(0).version, (rules.LIMIT,))))
        except errors.ReferenceUsed:
            if case.activity.kind == "review":
                raise errors.ActivityLimit(
                    "This line has been reviewed before. A review counts once for each line."
                ) from None
            raise
        else:
            return await earned.award(db, case.activity_id)
    if begun:
        raise errors.ActivityLimit()
    return None


async def _complete(db: Database, case: _Case, first: earned.Award) -> Reported:
    """Give what the plan of the first award says and does not stand yet, and answer with all."""
    plan = first.detail[PLAN]
    keys = [_award_id(case, plan, place) for place in range(len(plan))]
    standing = await earned.awards_by_id(db, keys)
    for place, key in enumerate(keys):
        if key not in standing:
            try:
                await _post(db, case, plan, place=place, missed=[])
            except errors.ActivityLimit:
                continue  # Another activity took the last of its limit.
    if len(standing) < len(keys):
        standing = await earned.awards_by_id(db, keys)
    given = tuple(standing.values())
    return Reported(
        awards=given,
        benefits=tuple(await earned.benefits_of(db, case.member.wallet_id, keys)),
        document={
            "matched": [part for one in given for part in one.document.get("matched", [])],
            "missed": first.document.get("missed", []),
        },
        replayed=True,
    )


async def _post(
    db: Database,
    case: _Case,
    plan: Sequence[dict[str, Any]],
    *,
    place: int,
    missed: Sequence[dict[str, Any]],
) -> None:
    it, one = case.activity, plan[place]
    version_id = UUID(one["version"])
    definition = case.moment.book.definitions[version_id]
    assert isinstance(definition.on, OnActivity)
    detail = {
        "fingerprint": str(case.fingerprint),
        "reference": it.reference,
        "name": it.name,
        "proof": it.proof,
        "happened_at": it.happened_at.isoformat(),
        "score": it.score,
        "stars": it.stars,
    }
    wish = awards.Wish(
        award_id=_award_id(case, plan, place),
        member=case.member,
        definition=definition,
        version_id=version_id,
        campaign_id=UUID(one["campaign"]),
        kind=it.kind,
        reference=case.reference if place == 0 else f"{case.reference}/{one['version']}",
        partner_id=case.merchant_id,
        amount_minor=one["desired_minor"],
        because=one["because"],
        missed=missed,
        detail={**detail, PLAN: list(plan)} if place == 0 else detail,
        merchant_id=case.merchant_id,
        most=awards.Most(definition.on.most, definition.on.per),
        happened_at=it.happened_at,
    )
    await awards.post(db, wish, now=case.at)


def _award_id(case: _Case, plan: Sequence[dict[str, Any]], place: int) -> UUID:
    if place == 0:
        return case.activity_id
    return ids.derived(case.activity_id, f"activity {plan[place]['version']}")


def _missed(one: rules.Missed) -> dict[str, Any]:
    return {
        "version": str(one.version.version_id),
        "campaign": str(one.version.campaign_id),
        "name": one.version.definition.name,
        "asset": one.version.definition.asset,
        "lines": [],
        "reasons": list(one.reasons),
    }
