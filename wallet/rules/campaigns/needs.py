"""What has to be asked of the books before a purchase can be decided, worked out from the versions.

Most campaigns ask nothing about the past. Where one does, the answer is a handful of sums, so the
questions are collected first and asked together.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns import facts
from wallet.rules.campaigns.definition import Multiplier, Personal


@dataclass(frozen=True, slots=True)
class Needs:
    """What these versions ask. `usage` says since which local day (None: ever) by campaign."""

    measures: frozenset[facts.Measure]
    usage: dict[uuid.UUID, date | None]
    experiments: frozenset[uuid.UUID]
    acceptance: bool
    coupons: bool
    favourites: bool
    offers: bool

    @property
    def stateful(self) -> bool:
        """True if the decision depends on what the member did or got before."""
        return bool(self.measures or self.usage or self.coupons)


def of(
    versions: Iterable[facts.Version], *, merchant_id: uuid.UUID, at: datetime, zone: str
) -> Needs:
    """Collect what versions ask about a purchase at a merchant at an instant."""
    day = facts.local_day(at, zone)
    measures: set[facts.Measure] = set()
    usage: dict[uuid.UUID, date | None] = {}
    experiments: set[uuid.UUID] = set()
    acceptance = coupons = favourites = offers = False
    for version in versions:
        definition = version.definition
        acceptance = acceptance or definition.terms.acceptance
        offers = offers or isinstance(definition.give, Personal)
        favourites = favourites or any(isinstance(one, c.OfFavourite) for one in definition.lines)
        for one in definition.when:
            measure = measure_of(one, version, merchant_id=merchant_id, at=at, zone=zone)
            if measure is not None:
                measures.add(measure)
            if isinstance(one, c.InExperiment):
                experiments.add(one.experiment_id)
            coupons = coupons or isinstance(one, c.Coupon)
        starts = _usage_starts(version, day)
        if starts:
            known = [start for start in starts if start is not None]
            usage[version.campaign_id] = min(known) if len(known) == len(starts) else None
    return Needs(
        frozenset(measures), usage, frozenset(experiments), acceptance, coupons, favourites, offers
    )


def measure_of(
    condition: c.BasketCondition,
    version: facts.Version,
    *,
    merchant_id: uuid.UUID,
    at: datetime,
    zone: str,
) -> facts.Measure | None:
    """Say which sum a condition asks about, None if none."""
    match condition:
        case c.Nth(scope=scope, within_days=days):
            since = None if days is None else _days_back(at, days, zone)
            return facts.Measure(_merchants(scope, version, merchant_id), since)
        case c.Spent(scope=scope, per=per):
            start = facts.period_start(per, facts.local_day(at, zone))
            since = version.definition.starts_at if start is None else facts.midnight(start, zone)
            return facts.Measure(_merchants(scope, version, merchant_id), since)
        case c.BoughtAt(any_of=merchants, within_days=days):
            return facts.Measure(frozenset(merchants), _days_back(at, days, zone))
        case _:
            return None


def _days_back(at: datetime, days: int, zone: str) -> datetime:
    return facts.midnight(facts.local_day(at, zone) - timedelta(days=days), zone)


def _merchants(
    scope: c.Scope, version: facts.Version, merchant_id: uuid.UUID
) -> frozenset[uuid.UUID] | None:
    match scope:
        case "merchant":
            return frozenset({merchant_id})
        case "campaign":
            return frozenset(version.definition.merchants) or None
        case "coalition":
            return None


def _usage_starts(version: facts.Version, day: date) -> list[date | None]:
    """Since when the member's use of the campaign matters, to each who asks (None: ever)."""
    starts = [facts.period_start(cap.per, day) for cap in version.definition.caps.member]
    if any(isinstance(one, c.Birthday) for one in version.definition.when):
        starts.append(day - timedelta(days=facts.BIRTHDAY_AGAIN_DAYS))
    return starts


def is_multiplier(version: facts.Version) -> bool:
    """Say whether it multiplies what others give, and so has to come after them."""
    return isinstance(version.definition.give, Multiplier)
