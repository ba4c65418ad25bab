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
        minor = cut(cuts, "programme_cap", minor, till.programme_minor)
        till.programme_minor -= minor
    funders = split(definition, minor, basket.place)
    _take(version, minor, funders, basket, till)
    return Allowed(minor, tuple(cuts), funders)


def split(
    definition: d.Definition, minor: int, place: facts.Place
) -> tuple[tuple[uuid.UUID, int], ...]:
    """Share what was granted at a place over its funders."""
    return share_out(definition, payers(definition, place), minor)


def payers(definition: d.Definition, place: facts.Place) -> list[uuid.UUID]:
    """Say who pays each share at a place, in their order; one may pay several."""
    return [funder_of(share, place) for share in definition.funding]


def share_out(
    definition: d.Definition, paying: Sequence[uuid.UUID], minor: int
) -> tuple[tuple[uuid.UUID, int], ...]:
    """Share an amount over who pays by largest remainder; who has no part is left out."""
    if minor == 0:
        return _NO_FUNDER
    if len(paying) == 1:
        return ((paying[0], minor),)
    parts = money.split(minor, [share.bps for share in definition.funding])
    owed: dict[uuid.UUID, int] = {}
    for funder, part in zip(paying, parts, strict=True):
        owed[funder] = owed.get(funder, 0) + part
    return tuple((funder, part) for funder, part in owed.items() if part > 0)


def cut_to_funders(
    definition: d.Definition,
    paying: Sequence[uuid.UUID],
    minor: int,
    room: facts.Room,
    cuts: list[Cut],
) -> tuple[int, list[facts.Budget]]:
    """Cut an amount until each funder's part fits into its budget; also which budgets cut it."""
    short: list[facts.Budget] = []
    for funder in dict.fromkeys(paying):
        budget: facts.Budget = ("funder", funder, definition.asset)
        left = room.get(budget)
        if left is None or _part(definition, paying, minor, funder) <= left:
            continue
        short.append(budget)
        shares = zip(definition.funding, paying, strict=True)
        bps = sum(share.bps for share, one in shares if one == funder)
        # About the most whose part still fits; a unit of remainder more or less is tried after.
        most = min(minor, money.divide(left * contracts.BPS, bps, money.Rounding.UP))
        while most > 0 and _part(definition, paying, most, funder) > left:
            most -= 1
        minor = cut(cuts, "funder_budget", minor, most, limit=left)
    return minor, short


def funder_of(share: d.Share, place: facts.Place) -> uuid.UUID:
    """Say who a share of the cost belongs to at a place."""
    if share.funder == "merchant":
        return place.merchant_id
    return place.operator_id if share.funder == "operator" else uuid.UUID(share.funder)


def cut(
    cuts: list[Cut],
    by: str,
    minor: int,
    most: int | None,
    *,
    limit: int | None = None,
    per: str | None = None,
) -> int:
    """Cut an amount to the most that a limit leaves (None: there is no such limit), and keep it."""
    if most is None or minor <= most:
        return minor
    cuts.append(Cut(by, minor, most, most if limit is None else limit, per))
    return most


def _caps(version: facts.Version, minor: int, basket: baskets.Basket, cuts: list[Cut]) -> int:
    caps = version.definition.caps
    if caps.purchase_minor is not None:
        minor = cut(cuts, "purchase_cap", minor, caps.purchase_minor)
    if caps.member and basket.member is not None:
        used = basket.member.usage.get(version.campaign_id, ())
        for cap in caps.member:
            since = facts.period_start(cap.per, basket.local.date())
            left = max(0, cap.minor - facts.used_since(used, since))
            minor = cut(cuts, "member_cap", minor, left, limit=cap.minor, per=cap.per)
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
            minor = cut(cuts, by, minor, left)
    paying = payers(version.definition, basket.place)
    minor, short = cut_to_funders(version.definition, paying, minor, till.room, cuts)
    till.short.update(short)
    return minor


def _part(
    definition: d.Definition, paying: Sequence[uuid.UUID], minor: int, funder: uuid.UUID
) -> int:
    return dict(share_out(definition, paying, minor)).get(funder, 0)


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
