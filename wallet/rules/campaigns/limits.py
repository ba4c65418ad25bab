"""Cutting a grant to its limits, in a fixed order, and saying so: caps, budgets, the programme.

A limit never refuses: it takes away what is over it. Each cut is kept with both numbers. What is
left of budgets is counted down here, so that one purchase does not promise the same unit twice.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from wallet import money
from wallet.rules import contracts
from wallet.rules.campaigns import basket as baskets
from wallet.rules.campaigns import definition as d
from wallet.rules.campaigns import facts
from wallet.rules.campaigns.outcome import Cut

_NO_FUNDER: Final[tuple[tuple[uuid.UUID, int], ...]] = ()


@dataclass(slots=True)
class Till:
    """What one purchase may still take, counted down as its campaigns are asked."""

    room: dict[facts.Budget, int]
    programme_minor: int | None
    draws: dict[facts.Budget, int] = field(default_factory=dict)
    short: set[facts.Budget] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the limits leave of a wish, who pays it, and what was cut."""

    minor: int
    cuts: tuple[Cut, ...]
    funders: tuple[tuple[uuid.UUID, int], ...]


def allow(
    version: facts.Version, desired_minor: int, basket: baskets.Basket, till: Till
) -> Allowed:
    """Cut a campaign's wish to every limit, and take what is left out of the till."""
    definition = version.definition
    cuts: list[Cut] = []
    minor = _caps(version, desired_minor, basket, cuts)
    minor = _budgets(version, minor, basket, till, cuts)
    if till.programme_minor is not None and definition.asset == basket.purchase.asset:
        minor = _cut(cuts, "programme_cap", minor, till.programme_minor)
        till.programme_minor -= minor
    funders = split(definition, minor, basket.place)
    _take(version, minor, funders, basket, till)
    return Allowed(minor, tuple(cuts), funders)


def split(
    definition: d.Definition, minor: int, place: facts.Place
) -> tuple[tuple[uuid.UUID, int], ...]:
    """Share an amount over the funders by largest remainder; a funder with no part is left out."""
    if minor == 0:
        return _NO_FUNDER
    if len(definition.funding) == 1:
        return ((funder_of(definition.funding[0], place), minor),)
    parts = money.split(minor, [share.bps for share in definition.funding])
    owed: dict[uuid.UUID, int] = {}
    for share, part in zip(definition.funding, parts, strict=True):
        funder = funder_of(share, place)
        owed[funder] = owed.get(funder, 0) + part
    return tuple((funder, part) for funder, part in owed.items() if part > 0)


def funder_of(share: d.Share, place: facts.Place) -> uuid.UUID:
    """Say who a share of the cost belongs to at a place."""
    if share.funder == "merchant":
        return place.merchant_id
    return place.operator_id if share.funder == "operator" else uuid.UUID(share.funder)


def _caps(version: facts.Version, minor: int, basket: baskets.Basket, cuts: list[Cut]) -> int:
    caps = version.definition.caps
    if caps.purchase_minor is not None:
        minor = _cut(cuts, "purchase_cap", minor, caps.purchase_minor)
    if caps.member and basket.member is not None:
        used = basket.member.usage.get(version.campaign_id, ())
        for cap in caps.member:
            since = facts.period_start(cap.per, basket.local.date())
            left = max(0, cap.minor - facts.used_since(used, since))
            minor = _cut(cuts, "member_cap", minor, left, limit=cap.minor, per=cap.per)
    return minor


def _budgets(
    version: facts.Version,
    minor: int,
    basket: baskets.Basket,
    till: Till,
    cuts: list[Cut],
) -> int:
    if not till.room:
        return minor
    asset = version.definition.asset
    own: facts.Budget = ("campaign", version.campaign_id, asset)
    shop: facts.Budget = ("merchant", basket.place.merchant_id, asset)
    for by, budget in (("budget", own), ("merchant_budget", shop)):
        left = till.room.get(budget)
        if left is not None and left < minor:
            till.short.add(budget)
            minor = _cut(cuts, by, minor, left)
    return _funder_budgets(version, minor, basket, till, cuts)


def _funder_budgets(
    version: facts.Version,
    minor: int,
    basket: baskets.Basket,
    till: Till,
    cuts: list[Cut],
) -> int:
    definition = version.definition
    for share in definition.funding:
        funder = funder_of(share, basket.place)
        budget: facts.Budget = ("funder", funder, definition.asset)
        left = till.room.get(budget)
        if left is None or _part(definition, minor, basket.place, funder) <= left:
            continue
        till.short.add(budget)
        # About the most whose part still fits; a unit of remainder more or less is tried after.
        most = min(minor, money.divide(left * contracts.BPS, share.bps, money.Rounding.UP))
        while most > 0 and _part(definition, most, basket.place, funder) > left:
            most -= 1
        minor = _cut(cuts, "funder_budget", minor, most, limit=left)
    return minor


def _part(definition: d.Definition, minor: int, place: facts.Place, funder: uuid.UUID) -> int:
    return dict(split(definition, minor, place)).get(funder, 0)


def _take(
    version: facts.Version,
    minor: int,
    funders: Sequence[tuple[uuid.UUID, int]],
    basket: baskets.Basket,
    till: Till,
) -> None:
    if minor == 0 or not till.room:
        return
    asset = version.definition.asset
    wanted: list[tuple[facts.Budget, int]] = [
        (("campaign", version.campaign_id, asset), minor),
        (("merchant", basket.place.merchant_id, asset), minor),
        *((("funder", funder, asset), part) for funder, part in funders),
    ]
    for budget, part in wanted:
        if budget in till.room:
            till.room[budget] -= part
            till.draws[budget] = till.draws.get(budget, 0) + part


def _cut(
    cuts: list[Cut],
    by: str,
    minor: int,
    most: int,
    *,
    limit: int | None = None,
    per: str | None = None,
) -> int:
    if minor <= most:
        return minor
    cuts.append(Cut(by, minor, most, most if limit is None else limit, per))
    return most
