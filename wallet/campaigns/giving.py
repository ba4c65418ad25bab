"""What campaigns decided, as entries of the books: lots and gifts by funder, grants by line.

Each funder of a campaign's grant opens a lot of its own, so that every unit names who paid it. All
lots of a purchase wait for the contract's clock; how long they live then may differ.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import orjson

from wallet import entries, ids, money
from wallet.campaigns import budgets, gather
from wallet.rules import clock, contracts, expiry, local
from wallet.rules.campaigns import facts, outcome, record
from wallet.rules.campaigns.definition import Badge, Benefit, Donation, GiveCoupon


def given(
    decided: gather.Decided,
    *,
    cause_id: UUID,
    terms: contracts.Terms,
    due: clock.Due,
    at: datetime,
) -> entries.Given:
    """The entries of one decided purchase; nothing where no campaign was asked."""
    found = decided.outcome
    if decided.record is None:
        return entries.NOTHING
    place = decided.record.place
    day = local.day(at, place.zone)
    return entries.Given(
        lots=tuple(
            lot
            for one in found.granted
            if not one.is_gift
            for lot in _lots(one, cause_id=cause_id, place=place, terms=terms, due=due)
        ),
        gifts=tuple(
            gift
            for one in found.granted
            for gift in gifts(one.version, one.funders, cause_id=cause_id, due=due)
        ),
        grants=(
            *(entry for one in found.granted for entry in _grants(one, day)),
            *(entry for one in found.given for entry in _had(one, day)),
        ),
        draws=tuple(
            entries.Draw(budget_of(budget), minor) for budget, minor in found.draws.items()
        ),
        benefits=tuple(
            benefit(
                one.version,
                ids.derived(cause_id, f"benefit {one.version.version_id}"),
                at=at,
                zone=place.zone,
            )
            for one in found.given
        ),
        coupons=found.coupons,
        facts_version=decided.facts_version,
        explanation=orjson.dumps(outcome.document(found)).decode(),
        facts=orjson.dumps(record.dump(decided.record)).decode(),
    )


def gifts(
    version: facts.Version,
    funders: Sequence[tuple[UUID, int]],
    *,
    cause_id: UUID,
    due: clock.Due,
) -> list[entries.Gift]:
    """What each funder gives to a charity by a version; nothing where it gives to the member."""
    give = version.definition.give
    if not isinstance(give, Donation):
        return []
    return [
        entries.Gift(
            gift_id=entries.gift_id(cause_id, version.version_id, funder_id),
            rule_id=version.version_id,
            charity_id=give.charity_id,
            funder_id=funder_id,
            asset=money.asset(version.definition.asset).number,
            amount=minor,
            due_at=due.due_at,
            due_as=due.due_as,
            in_kind=give.in_kind,
            unit_minor=give.minor,
        )
        for funder_id, minor in funders
    ]


def budget_of(budget: facts.Budget) -> UUID:
    """The id of a budget."""
    kind, subject_id, asset = budget
    return budgets.budget_id(kind, subject_id, money.asset(asset))


def _lots(
    one: outcome.Granted,
    *,
    cause_id: UUID,
    place: facts.Place,
    terms: contracts.Terms,
    due: clock.Due,
) -> list[entries.Lot]:
    definition = one.version.definition
    expires_at = due.expires_at
    if definition.expiry_days is not None and due.due_as == "mature":
        expires_at = expiry.end_of_day(due.due_at, definition.expiry_days, place.zone)
    gives = money.split(one.charity_minor, [minor for _, minor in one.funders])
    charity_id = None if definition.charity is None else definition.charity.charity_id
    found = []
    for (funder_id, minor), gives_minor in zip(one.funders, gives, strict=True):
        breakage, owner = _breakage(terms, funder_id, place)
        found.append(
            entries.Lot(
                lot_id=entries.lot_id(cause_id, one.version.version_id, funder_id),
                rule_id=one.version.version_id,
                funder_id=funder_id,
                asset=money.asset(definition.asset).number,
                amount=minor,
                due_at=due.due_at,
                due_as=due.due_as,
                expires_at=expires_at,
                notice_days=terms.expiry.notice_days if expires_at is not None else 0,
                grace_days=terms.expiry.grace_days,
                breakage=breakage,
                breakage_owner=owner,
                gives_to=charity_id if gives_minor else None,
                gives_minor=gives_minor,
            )
        )
    return found


def _breakage(terms: contracts.Terms, funder_id: UUID, place: facts.Place) -> tuple[str, UUID]:
    """Whom what expires falls to: where the contract says the merchant, the one who funded it."""
    if terms.breakage == "charity" and terms.charity_id is not None:
        return "charity", terms.charity_id
    if terms.breakage == "merchant" and funder_id != place.operator_id:
        return "merchant", funder_id
    return "operator", place.operator_id


def _grants(one: outcome.Granted, day: date) -> list[entries.Grant]:
    return _entries(one.version, one.lines, day)


def _had(one: outcome.Given, day: date) -> list[entries.Grant]:
    # Without money, yet the member has had it: a birthday's gift is given once.
    lines = [outcome.LineGrant(number, 0, None, 0, 0) for number in one.lines[:1]]
    return _entries(one.version, lines, day)


def _entries(
    version: facts.Version, lines: Sequence[outcome.LineGrant], day: date
) -> list[entries.Grant]:
    asset = money.asset(version.definition.asset).number
    return [
        entries.Grant(
            line_no=line.number,
            version_id=version.version_id,
            campaign_id=version.campaign_id,
            asset=asset,
            base_minor=line.base_minor,
            desired_minor=line.desired_minor,
            granted_minor=line.granted_minor,
            day=day,
        )
        for line in lines
    ]


def benefit(
    version: facts.Version, benefit_id: UUID, *, at: datetime, zone: str
) -> entries.Benefit:
    """What a version gives that is no money, as an entry: until the end of its last day."""
    give = version.definition.give
    kind: entries.BenefitKind
    match give:
        case GiveCoupon():
            kind, about = "coupon", version.definition.name
        case Benefit():
            kind, about = "benefit", give.about
        case Badge():
            kind, about = "badge_once" if give.single_use else "badge", give.about
        case _:
            raise AssertionError(give)
    return entries.Benefit(
        benefit_id=benefit_id,
        version_id=version.version_id,
        campaign_id=version.campaign_id,
        kind=kind,
        name=give.name,
        about=about,
        expires_at=None if give.days is None else expiry.end_of_day(at, give.days, zone),
    )
