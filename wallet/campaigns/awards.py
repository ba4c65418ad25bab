"""Awards: what a member earns without a purchase, by an activity or for a friend.

`post` gathers the facts, cuts the amount to caps and budgets, and makes one write that checks again
under the wallet's lock; an id gives one award, however often it is sent. `reverse` takes back all
that an award gave, by the stored numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import entries, errors, ids, ledger, members, money, programme, sql
from wallet.campaigns import budgets, giving
from wallet.database import Database
from wallet.rules import awards, clock, expiry, local
from wallet.rules.campaigns import conditions, outcome
from wallet.rules.campaigns import facts as campaign_facts
from wallet.rules.campaigns.definition import MONEYLESS, Definition, Donation

STALE_TRIES_MAX: Final = 12
"""How often a decision is made anew because a budget or the member's facts moved in between."""
EXPIRES_DAYS: Final = 365
"""The life of an award whose campaign does not say: there is no contract that could."""
GRACE_DAYS: Final = 30
LINE: Final = 0
"""An award has no lines; its grant stands on line 0."""


@dataclass(frozen=True, slots=True)
class Awarded:
    """An award that stands in the books: what was wished, and what the limits left of it."""

    award_id: UUID
    wallet_id: UUID
    asset: money.Asset
    desired_minor: int
    granted_minor: int
    replayed: bool


@dataclass(frozen=True, slots=True)
class Most:
    """So many awards of the campaign in a period, and no more: ACTIVITY_LIMIT beyond it."""

    times: int
    per: conditions.Period


@dataclass(frozen=True, slots=True)
class Reversed:
    """An award that was taken back; `replayed` if it had been before."""

    award_id: UUID
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be awarded: by which version of which campaign, to whom, for what.

    `award_id` is of the wallet's bucket; `reference` is the partner's own, once for each kind. The
    first of `because` says what it is for, `missed` what other campaigns said. With `gives` the
    campaign's coupon or benefit goes along. `merchant_id` is who pays the shares of `merchant`.
    Limits count by the local day of `happened_at`, or of now.
    """

    award_id: UUID
    member: members.Member
    definition: Definition
    version_id: UUID
    campaign_id: UUID
    kind: str
    reference: str
    partner_id: UUID
    amount_minor: int
    because: Sequence[Mapping[str, object]]
    missed: Sequence[Mapping[str, object]] = ()
    gives: bool = True
    subject: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    merchant_id: UUID | None = None
    most: Most | None = None
    happened_at: datetime | None = None

    @property
    def version(self) -> campaign_facts.Version:
        """The version of the campaign that gives."""
        return campaign_facts.Version(self.campaign_id, self.version_id, self.definition)


async def post(db: Database, wish: Wish, *, now: datetime | None = None) -> Awarded:
    """Award a member. What caps and budgets do not allow is cut off, and the explanation says so.

    MEMBER_SUSPENDED, REFERENCE_USED for a reference that another award has, ACTIVITY_LIMIT for more
    than `most`, asked again under the wallet's lock, IDEMPOTENCY_KEY_REUSED for an id that stands
    for another award, CAMPAIGN_INVALID for a funder that nobody is.
    """
    house = await programme.of(db)
    asset = money.asset(wish.definition.asset)
    for _ in range(STALE_TRIES_MAX):
        facts = await _gather(db, wish, house, now)
        if facts["fingerprint"] is not None:
            return _standing(wish, asset, facts)
        used = [campaign_facts.Used(*one) for one in facts["used"]]
        day = _day(wish, house, facts["at"])
        _check_most(wish.most, used, day)
        allowed = awards.allow(
            wish.definition,
            wish.amount_minor,
            campaign_id=wish.campaign_id,
            operator_id=house.operator_id,
            used=used,
            day=day,
            room=await _room(db, wish, house),
            merchant_id=wish.merchant_id,
        )
        # What somebody else takes meanwhile is found out by the write, which is then repeated.
        for budget, minor in allowed.draws:
            await budgets.provide(
                db, giving.budget_of(budget), bucket=ledger.bucket(wish.award_id), need_minor=minor
            )
        call = _call(wish, house, facts, allowed)
        answer = await db.call(f"select {call.text()}", *call.arguments)
        if answer["code"] == "stale":
            continue
        if ledger.replayed(answer, asset):
            continue  # Somebody was faster: what they gave stands in the books now.
        return Awarded(
            wish.award_id,
            wish.member.wallet_id,
            asset,
            wish.amount_minor,
            allowed.minor,
            replayed=False,
        )
    raise errors.IdempotencyInProgress()


async def reverse(
    db: Database, *, award_id: UUID, reason: str, return_id: UUID, now: datetime | None = None
) -> Reversed:
    """Take back all that an award gave; NOT_FOUND for none.

    What the member has spent meanwhile is owed, up to the wallet's floor; what is beyond that its
    funders have lost.
    """
    house = await programme.of(db)
    bucket = ledger.bucket(award_id)
    given = await db.fetchrow(sql.load("queries/award_given"), bucket, award_id)
    if given is None:
        raise errors.NotFound()
    answer = await db.call(
        "select ledger.reverse_award($1, $2, $3, $4, $5::ledger.return_lot_in[],"
        " $6::ledger.return_grant_in[], $7::ledger.release_in[], $8, $9, $10, $11, $12)",
        bucket,
        award_id,
        return_id,
        ids.fingerprint(award_id, reason),
        given["lots"],
        given["grants"],
        given["draws"],
        reason,
        -house.wallet_floor_minor,
        "merchant",
        house.operator_id,
        now,
    )
    return Reversed(award_id, ledger.replayed(answer))


async def _gather(
    db: Database, wish: Wish, house: programme.Programme, now: datetime | None
) -> Any:
    row = await db.fetchrow(
        sql.load("queries/award_facts"),
        ledger.bucket(wish.award_id),
        wish.member.wallet_id,
        wish.award_id,
        house.asset.number,
        now,
        wish.campaign_id,
    )
    if row is None:
        raise errors.NotFound()
    return row


def _standing(wish: Wish, asset: money.Asset, facts: Any) -> Awarded:
    if facts["fingerprint"] != _fingerprint(wish):
        raise errors.IdempotencyKeyReused(first_used_at=facts["awarded_at"])
    return Awarded(
        wish.award_id,
        wish.member.wallet_id,
        asset,
        wish.amount_minor,
        facts["granted_minor"],
        replayed=True,
    )


def _fingerprint(wish: Wish) -> UUID:
    return ids.fingerprint(
        wish.member.member_id,
        wish.version_id,
        wish.kind,
        wish.reference,
        wish.partner_id,
        wish.amount_minor,
        wish.subject,
    )


async def _room(
    db: Database, wish: Wish, house: programme.Programme
) -> dict[campaign_facts.Budget, int]:
    """What is left of each budget that there is, wherever it lies."""
    limits = awards.budgets(wish.definition, wish.campaign_id, house.operator_id, wish.merchant_id)
    by_id = {giving.budget_of(one): one for one in limits}
    standing = await budgets.standing(db, list(by_id))
    return {by_id[key]: one.left_minor for key, one in standing.items()}


def _call(
    wish: Wish, house: programme.Programme, facts: Any, allowed: awards.Allowed
) -> ledger.Call:
    draws = [entries.Draw(giving.budget_of(budget), minor) for budget, minor in allowed.draws]
    return ledger.Call(
        "ledger.post_award",
        (
            ledger.bucket(wish.award_id),
            wish.award_id,
            wish.member.wallet_id,
            house.asset.number,
            wish.partner_id,
            wish.kind,
            wish.reference,
            wish.subject,
            orjson.dumps(wish.detail, default=str).decode(),
            _fingerprint(wish),
            facts["facts_version"] if wish.definition.caps.member or wish.most else None,
            house.wallet_floor_minor,
            entries.rows(wish.award_id, _lots(wish, house, facts["at"], allowed)),
            entries.rows(wish.award_id, [_grant(wish, house, facts["at"], allowed)]),
            entries.rows(wish.award_id, draws),
            entries.rows(wish.award_id, _benefits(wish, house, facts["at"])),
            orjson.dumps(_document(wish, allowed), default=str).decode(),
            None,
            facts["at"],
            entries.rows(wish.award_id, _gifts(wish, facts["at"], allowed)),
        ),
    )


def _gifts(wish: Wish, at: datetime, allowed: awards.Allowed) -> list[entries.Gift]:
    return giving.gifts(
        wish.version, allowed.funders, cause_id=wish.award_id, due=clock.Due(at, "mature", None)
    )


def _lots(
    wish: Wish, house: programme.Programme, at: datetime, allowed: awards.Allowed
) -> list[entries.Lot]:
    """One lot for each funder; it is due at once, because whoever awards has waited already."""
    definition = wish.definition
    if isinstance(definition.give, Donation):
        return []
    days = definition.expiry_days or EXPIRES_DAYS
    return [
        entries.Lot(
            lot_id=entries.lot_id(wish.award_id, wish.version_id, funder_id),
            rule_id=wish.version_id,
            funder_id=funder_id,
            asset=money.asset(definition.asset).number,
            amount=amount,
            due_at=at,
            due_as="mature",
            expires_at=expiry.end_of_day(at, days, house.time_zone),
            notice_days=0,
            grace_days=GRACE_DAYS,
            breakage="operator",
            breakage_owner=house.operator_id,
            gives_to=None if definition.charity is None else definition.charity.charity_id,
            gives_minor=awards.charity_minor(definition, amount),
        )
        for funder_id, amount in allowed.funders
    ]


def _grant(
    wish: Wish, house: programme.Programme, at: datetime, allowed: awards.Allowed
) -> entries.Grant:
    return entries.Grant(
        line_no=LINE,
        version_id=wish.version_id,
        campaign_id=wish.campaign_id,
        asset=money.asset(wish.definition.asset).number,
        base_minor=0,
        desired_minor=wish.amount_minor,
        granted_minor=allowed.minor,
        day=_day(wish, house, at),
    )


def _day(wish: Wish, house: programme.Programme, at: datetime) -> date:
    return local.day(wish.happened_at or at, house.time_zone)


def _check_most(most: Most | None, used: Sequence[campaign_facts.Used], day: date) -> None:
    if most is None:
        return
    if campaign_facts.times_in(used, most.per, day) >= most.times:
        raise errors.ActivityLimit()


def _benefits(wish: Wish, house: programme.Programme, at: datetime) -> list[entries.Benefit]:
    if not wish.gives or not isinstance(wish.definition.give, MONEYLESS):
        return []
    benefit_id = ids.derived(wish.award_id, "benefit")
    return [giving.benefit(wish.version, benefit_id, at=at, zone=house.time_zone)]


def _document(wish: Wish, allowed: awards.Allowed) -> dict[str, Any]:
    """The explanation, in the shape that purchases have: facts, no words of a language."""
    definition = wish.definition
    given = outcome.matched(
        wish.version,
        [outcome.LineGrant(LINE, 0, None, wish.amount_minor, allowed.minor)],
        desired_minor=wish.amount_minor,
        granted_minor=allowed.minor,
        because=map(dict, wish.because),
        cuts=allowed.cuts,
        funders=allowed.funders,
        charity_minor=sum(awards.charity_minor(definition, part) for _, part in allowed.funders),
    )
    return {"matched": [given], "missed": [dict(one) for one in wish.missed]}
