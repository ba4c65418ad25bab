"""What has to be asked of the books before a purchase can be decided, worked out from the versions.

Most campaigns ask nothing about the past. Where one does, the answer is a handful of sums, so the
questions are collected first and asked together.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from wallet.rules import local
from wallet.rules.campaigns import conditions as c
from wallet.rules.campaigns import facts
from wallet.rules.campaigns.definition import Multiplier, Personal


@dataclass(frozen=True, slots=True)
class Needs:
    """What these versions ask of the past and of the member; worked out once for a set.

    `asking` are the conditions that want a sum over earlier purchases, `using` the versions that
    want to know what the member got of them.
    """

    asking: tuple[tuple[c.BasketCondition, facts.Version], ...]
    using: tuple[facts.Version, ...]
    experiments: frozenset[uuid.UUID]
    segments: bool
    profile: bool
    acceptance: bool
    coupons: bool
    favourites: bool
    offers: bool
    tiers: bool = False
    """A tier follows from what the member bought before, so it may change with each purchase."""
    merchants: frozenset[uuid.UUID] = frozenset()
    """Of whom a condition speaks by name."""
    plans: frozenset[uuid.UUID] = frozenset()
    """The paid memberships that a condition asks for."""

    @property
    def stateful(self) -> bool:
        """True if the decision depends on what the member did or got before."""
        return bool(self.asking or self.using or self.coupons or self.tiers or self.plans)

    @property
    def personal(self) -> bool:
        """True if the decision depends on who the member is, or on what they did."""
        return self.stateful or bool(
            self.experiments
            or self.segments
            or self.profile
            or self.acceptance
            or self.favourites
            or self.offers
        )

    def measures(self, *, merchant_id: uuid.UUID, at: datetime, zone: str) -> set[facts.Measure]:
        """Say which sums are wanted for a purchase at a merchant at an instant."""
        found = {
            measure_of(condition, version, merchant_id=merchant_id, at=at, zone=zone)
            for condition, version in self.asking
        }
        return {measure for measure in found if measure is not None}

    def usage(self, day: date) -> dict[uuid.UUID, date | None]:
        """Say of which campaigns it matters what the member got, since when (None: ever)."""
        found: dict[uuid.UUID, date | None] = {}
        for version in self.using:
            starts = _usage_starts(version, day)
            known = [start for start in starts if start is not None]
            found[version.campaign_id] = min(known) if len(known) == len(starts) else None
        return found


_PAST: Final = (c.Nth, c.Spent, c.BoughtAt)
_PROFILE: Final = (c.Birthday, c.Tier, c.Joined)


def of(versions: Sequence[facts.Version]) -> Needs:
    """Collect what versions ask."""
    pairs = [(one, version) for version in versions for one in version.definition.when]
    kinds = {type(condition) for condition, _ in pairs}
    on_lines = {type(one) for version in versions for one in version.definition.lines}
    return Needs(
        asking=tuple(pair for pair in pairs if isinstance(pair[0], _PAST)),
        using=tuple(one for one in versions if _uses(one)),
        experiments=frozenset(
            condition.experiment_id
            for condition, _ in pairs
            if isinstance(condition, c.InExperiment)
        ),
        segments=c.Segment in kinds,
        profile=not kinds.isdisjoint(_PROFILE),
        acceptance=any(one.definition.terms.acceptance for one in versions),
        coupons=c.Coupon in kinds,
        favourites=c.OfFavourite in on_lines,
        offers=any(isinstance(one.definition.give, Personal) for one in versions),
        tiers=c.Tier in kinds,
        merchants=frozenset(
            merchant_id
            for condition, _ in pairs
            if isinstance(condition, c.BoughtAt)
            for merchant_id in condition.any_of
        ),
        plans=frozenset(
            plan_id
            for condition, _ in pairs
            if isinstance(condition, c.Membership)
            for plan_id in condition.any_of
        ),
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
            start = facts.period_start(per, local.day(at, zone))
            since = version.definition.starts_at if start is None else local.midnight(start, zone)
            return facts.Measure(_merchants(scope, version, merchant_id), since)
        case c.BoughtAt(any_of=merchants, within_days=days):
            return facts.Measure(frozenset(merchants), _days_back(at, days, zone), before=True)
        case _:
            return None


def _days_back(at: datetime, days: int, zone: str) -> datetime:
    return local.midnight(local.day(at, zone) - timedelta(days=days), zone)


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


def _uses(version: facts.Version) -> bool:
    definition = version.definition
    return bool(definition.caps.member) or any(
        isinstance(one, c.Birthday) for one in definition.when
    )


def _usage_starts(version: facts.Version, day: date) -> list[date | None]:
    """Since when the member's use of the campaign matters, to each who asks (None: ever)."""
    starts = [facts.period_start(cap.per, day) for cap in version.definition.caps.member]
    if any(isinstance(one, c.Birthday) for one in version.definition.when):
        starts.append(day - timedelta(days=facts.BIRTHDAY_AGAIN_DAYS))
    return starts


def is_multiplier(version: facts.Version) -> bool:
    """Say whether it multiplies what others give, and so has to come after them."""
    return isinstance(version.definition.give, Multiplier)
