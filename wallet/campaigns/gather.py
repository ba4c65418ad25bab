"""From a purchase to what campaigns give for it: the facts that they ask for, in one query.

Where no campaign of the merchant asks about the member or a budget, nothing is asked. What was
asked is kept beside the decision, so that it can be reached again.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final

import orjson

from wallet import errors, ledger, money
from wallet.campaigns import answers, arms, sets, terms
from wallet.database import Database
from wallet.rules import cashback, local, purchases
from wallet.rules.campaigns import decide, facts, needs, outcome, record
from wallet.rules.tiers import running

NOBODY: Final = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Asked:
    """A purchase that its contract has decided, and who bought; `wallet_id` None for nobody."""

    purchase_id: uuid.UUID
    wallet_id: uuid.UUID | None
    member_id: uuid.UUID | None
    purchase: purchases.Purchase
    contract: cashback.Decision
    ready: sets.Ready
    place: facts.Place
    in_arms: arms.Arms = field(default_factory=dict)
    ladders: Sequence[running.Running] = ()
    """Where campaigns ask for a tier: the ladders that a standing may be on."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What campaigns gave, and what it was decided from.

    `facts_version` is the state of the member that was seen, None where nothing of it was asked.
    `shares` is what the bucket's own share of each budget holds: drawing more needs an allotment.
    """

    outcome: outcome.Outcome
    record: record.Record | None
    facts_version: int | None
    shares: Mapping[facts.Budget, int]
    room: Mapping[facts.Budget, int]
    member: facts.Member | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the books said about one purchase."""

    member: facts.Member | None
    facts_version: int | None
    shares: dict[facts.Budget, int]
    room: dict[facts.Budget, int]


async def decide_all(
    db: Database,
    asked: Sequence[Asked],
    *,
    room: Mapping[facts.Budget, int] | None = None,
    look: answers.Look | None = None,
) -> list[Decided | errors.Refusal]:
    """Decide purchases of different wallets; `room` is what is known of budgets more exactly.

    COUPON_INVALID for a coupon that is shown and is not the member's, used or over. A tier is never
    late: where a standing no longer holds, `look` works it out before anything is decided by it.
    """
    known = await _known(db, asked, look)
    return [_decide(one, known[one.purchase_id], room or {}) for one in asked]


def _decide(
    one: Asked, known: _Known | errors.Refusal, exact: Mapping[facts.Budget, int]
) -> Decided | errors.Refusal:
    if isinstance(known, errors.Refusal):
        return known
    if not one.ready.set.versions:
        return Decided(outcome.NOTHING, None, None, {}, {}, None)
    room = {budget: exact.get(budget, left) for budget, left in known.room.items()}
    found = decide.decide(
        one.purchase,
        one.contract,
        one.ready.set,
        place=one.place,
        member=known.member,
        room=room,
    )
    kept = record.Record(
        versions=tuple(version.version_id for version in one.ready.set.versions),
        rules=one.ready.rules,
        place=one.place,
        member=known.member,
        room=room,
    )
    return Decided(found, kept, known.facts_version, known.shares, room, known.member)


def decide_again(one: Asked, before: Decided) -> outcome.Outcome:
    """Decide another basket by the facts of one that was decided, for what would be."""
    return decide.decide(
        one.purchase,
        one.contract,
        one.ready.set,
        place=one.place,
        member=before.member,
        room=before.room,
    )


async def _known(
    db: Database, asked: Sequence[Asked], look: answers.Look | None
) -> dict[uuid.UUID, _Known | errors.Refusal]:
    wanting = [one for one in asked if one.ready.set.versions or one.purchase.coupons]
    found: dict[uuid.UUID, _Known | errors.Refusal] = {
        one.purchase_id: _Known(None if one.member_id is None else facts.Member(), None, {}, {})
        for one in asked
    }
    if not wanting:
        return found
    questions = [_question(place, one) for place, one in enumerate(wanting)]
    rows = await answers.ask(
        db,
        [told for told, _ in questions],
        [(one.ladders, one.purchase.purchased_at) for one in wanting],
        look,
    )
    for one, (_, measures), row in zip(wanting, questions, rows, strict=True):
        try:
            found[one.purchase_id] = _read(one, measures, row)
        except errors.CouponInvalid as refusal:
            found[one.purchase_id] = refusal
    return found


def _question(place: int, one: Asked) -> tuple[dict[str, Any], list[facts.Measure]]:
    ready, zone = one.ready, one.place.zone
    at = one.purchase.purchased_at
    day = local.day(at, zone)
    measures: list[facts.Measure] = []
    usage: dict[uuid.UUID, date | None] = {}
    if one.member_id is not None:
        measures = [*ready.needs.measures(merchant_id=one.place.merchant_id, at=at, zone=zone)]
        usage = ready.needs.usage(day)
    bucket = 0 if one.wallet_id is None else ledger.bucket(one.wallet_id)
    return {
        "n": place,
        "bucket": bucket,
        "wallet": one.wallet_id,
        "member": one.member_id,
        "purchase": one.purchase_id,
        "at": at,
        "day": day,
        "asset": money.asset(one.purchase.asset).number,
        "segments": ready.needs.segments,
        "terms": ready.needs.acceptance,
        "favourites": ready.needs.favourites,
        "offers": ready.needs.offers,
        "standings": bool(one.ladders),
        "memberships": bool(ready.needs.plans),
        "measures": [
            {
                "merchants": None
                if measure.merchants is None
                else [str(merchant_id) for merchant_id in measure.merchants],
                "since": measure.since,
                "before": measure.before,
            }
            for measure in measures
        ],
        "usage": [
            {"campaign": campaign_id, "since": since} for campaign_id, since in usage.items()
        ],
        "coupons": one.purchase.coupons,
        "budgets": list(ready.budgets),
    }, measures


def _read(one: Asked, measures: Sequence[facts.Measure], row: Any) -> _Known:
    room: dict[facts.Budget, int] = {}
    shares: dict[facts.Budget, int] = {}
    for budget_id, share, pool in orjson.loads(row["room"] or "[]"):
        budget = one.ready.budgets[uuid.UUID(budget_id)]
        shares[budget], room[budget] = share, share + pool
    if one.member_id is None:
        return _Known(None, None, shares, room)
    version = row["facts"] if one.ready.needs.stateful else None
    return _Known(_member(one, measures, row), version, shares, room)


def _member(one: Asked, measures: Sequence[facts.Measure], row: Any) -> facts.Member:
    zone = one.place.zone
    day = local.day(one.purchase.purchased_at, zone)
    answers = [facts.Measured(*found) for found in orjson.loads(row["measures"] or "[]")]
    assert one.member_id is not None
    plain = member(
        row,
        one.ready.needs,
        one.ready.set.versions,
        day=day,
        zone=zone,
        treated=arms.treated(one.in_arms),
        ladders=one.ladders,
        at=one.purchase.purchased_at,
    )
    return replace(
        plain,
        favourites=tuple(row["favourites"] or ()),
        offers=_offers(orjson.loads(row["offers"] or "[]")),
        coupons=_coupons(one.purchase.coupons, orjson.loads(row["coupons"] or "[]")),
        measures=dict(zip(measures, answers, strict=True)),
    )


def member(
    row: Any,
    asked: needs.Needs,
    versions: Sequence[facts.Version],
    *,
    day: date,
    zone: str,
    treated: Mapping[uuid.UUID, str],
    ladders: Sequence[running.Running],
    at: datetime,
) -> facts.Member:
    """Who a member is on a local day, as far as versions ask: all but what a purchase needs.

    `row` is one of `queries/campaign_facts`.
    """
    joined: datetime = row["joined_at"]
    held = answers.standings(row) if ladders else {}
    tiers = {
        one.scheme_id: tier
        for one in ladders
        if (tier := running.tier_at(one, held.get(one.scheme_id), at)) is not None
    }
    house = running.house(ladders, at)
    return facts.Member(
        joined_days=max(0, (day - local.day(joined, zone)).days) if asked.profile else 0,
        birthday_known=asked.profile and row["birth_date"] is not None,
        birthday_days=facts.birthday_distance(row["birth_date"], day) if asked.profile else None,
        segments=frozenset(row["segments"] or ()),
        tier=tiers[house.scheme_id] if house else row["tier"] if asked.profile else None,
        tiers=tiers,
        memberships=frozenset(row["memberships"] or ()),
        accepted=_accepted(versions, frozenset(row["accepted"] or ())),
        arms=treated,
        usage=_usage(orjson.loads(row["usage"] or "[]")),
    )


def _accepted(
    versions: Sequence[facts.Version], documents: frozenset[uuid.UUID]
) -> frozenset[uuid.UUID]:
    """The versions whose terms are among the documents that the member accepted."""
    return frozenset(
        version.version_id
        for version in versions
        if version.definition.terms.acceptance
        and terms.bind(version.campaign_id, version.definition, documents)
    )


def _coupons(shown: Sequence[uuid.UUID], rows: Sequence[Any]) -> dict[str, uuid.UUID]:
    valid = {uuid.UUID(key): name for key, name, valid in rows if valid}
    for place, coupon in enumerate(shown):
        if coupon not in valid:
            raise errors.CouponInvalid(path=("coupons", str(place)))
    return {valid[coupon]: coupon for coupon in shown}


def _offers(rows: Sequence[Any]) -> dict[uuid.UUID, dict[str, facts.Offer]]:
    found: dict[uuid.UUID, dict[str, facts.Offer]] = {}
    for campaign_id, category, bps, scorer in rows:
        found.setdefault(uuid.UUID(campaign_id), {})[category] = facts.Offer(bps, scorer)
    return found


def _usage(rows: Sequence[Any]) -> dict[uuid.UUID, tuple[facts.Used, ...]]:
    found: dict[uuid.UUID, list[facts.Used]] = {}
    for campaign_id, day, granted_minor, times in rows:
        used = facts.Used(date.fromisoformat(day), granted_minor, times)
        found.setdefault(uuid.UUID(campaign_id), []).append(used)
    return {key: tuple(used) for key, used in found.items()}
