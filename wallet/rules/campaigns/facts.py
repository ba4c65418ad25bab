"""What campaigns may have to know besides the purchase: of the member, of budgets, of the moment.

All of it are plain values that the books can give and a JSON document can keep: whoever has them
and the versions reaches the same decision again, years later.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from wallet.rules.campaigns import conditions
from wallet.rules.campaigns.definition import Definition

BIRTHDAY_AGAIN_DAYS: Final = 300
"""Days between two birthday gifts, whatever the date on file says meanwhile: the widest window
around a birthday ends 303 days before the next one begins."""

BudgetKind = Literal["campaign", "merchant", "funder"]
Budget: TypeAlias = tuple[BudgetKind, uuid.UUID, str]
"""Whose budget, and in which asset."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a campaign, as it was published."""

    campaign_id: uuid.UUID
    version_id: uuid.UUID
    definition: Definition


@dataclass(frozen=True, slots=True)
class Measure:
    """A question about the member's purchases: at these merchants (None: all), since an instant.

    It is about all that are in the books, also those that were bought later than the one that is
    decided: a first purchase that is reported late is no second first one. With `before`, only what
    was bought before it counts.
    """

    merchants: frozenset[uuid.UUID] | None
    since: datetime | None
    before: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """The answer: how many purchases of which something was kept, and what was kept of them."""

    purchases: int
    kept_minor: int


NOTHING: Final = Measured(0, 0)


@dataclass(frozen=True, slots=True)
class Used:
    """What a member got of a campaign on a local day, net of returns, in so many purchases."""

    day: date
    granted_minor: int
    times: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A personal rate for a category, and who worked it out why."""

    bps: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A member as campaigns see one, on the day of the purchase.

    `birthday_days` is how far this day lies behind the nearest birthday (below zero: before it),
    None if it is not known or more than a month away. `memberships` are the plans that they pay
    for. `offers` are by campaign and category. `coupons` are those that the purchase presents, by
    name. `accepted` are versions whose terms the member accepted. `tier` is that of the programme's
    ladder (or the word on the profile where it has none), `tiers` those by ladder.
    """

    joined_days: int = 0
    birthday_known: bool = False
    birthday_days: int | None = None
    segments: frozenset[str] = frozenset()
    tier: str | None = None
    memberships: frozenset[uuid.UUID] = frozenset()
    favourites: tuple[str, ...] = ()
    offers: Mapping[uuid.UUID, Mapping[str, Offer]] = field(default_factory=dict)
    accepted: frozenset[uuid.UUID] = frozenset()
    coupons: Mapping[str, uuid.UUID] = field(default_factory=dict)
    arms: Mapping[uuid.UUID, str] = field(default_factory=dict)
    measures: Mapping[Measure, Measured] = field(default_factory=dict)
    usage: Mapping[uuid.UUID, tuple[Used, ...]] = field(default_factory=dict)
    tiers: Mapping[uuid.UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where and by whom it is decided: the merchant, the operator, the programme's clock.

    `certified` holds (label, product) pairs with evidence on record for the day of the purchase.
    """

    merchant_id: uuid.UUID
    operator_id: uuid.UUID
    zone: str
    certified: frozenset[tuple[str, str]] = frozenset()
    names: Mapping[uuid.UUID, str] = field(default_factory=dict)


Room: TypeAlias = Mapping[Budget, int]
"""What is left of each budget that exists; a budget that is not there has no limit."""


def period_start(per: conditions.Period, day: date) -> date | None:
    """Say on which local day the period of `day` began; None for all of the campaign's life."""
    match per:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
        case "campaign":
            return None


def birthday_distance(birth: date | None, day: date) -> int | None:
    """Count the days from the nearest birthday to `day`; None if over a month away or unknown.

    Somebody born on 29 February has the 28th in other years.
    """
    if birth is None:
        return None
    distances = [
        (day - _birthday(birth, year)).days for year in (day.year - 1, day.year, day.year + 1)
    ]
    nearest = min(distances, key=abs)
    return nearest if abs(nearest) <= 31 else None


def used_since(used: tuple[Used, ...], since: date | None) -> int:
    """Add up what was granted from a local day on."""
    return sum(one.granted_minor for one in used if since is None or one.day >= since)


def times_in(used: Sequence[Used], per: conditions.Period, day: date) -> int:
    """Count how often something was had in the same period as a local day."""
    start = period_start(per, day)
    return sum(one.times for one in used if period_start(per, one.day) == start)


def _birthday(birth: date, year: int) -> date:
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
