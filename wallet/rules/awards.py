"""What an award comes to: a campaign's wish, cut to its caps and budgets, shared over its funders.

An award is for no purchase. An activity has a merchant who reported it, and who may pay for it like
for a purchase there; a referral has none, so only the operator and merchants that are named can pay
for one. A limit never refuses, it takes away what is over it, and
each cut is kept with both numbers.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from wallet import errors, money
from wallet.rules import contracts
from wallet.rules.campaigns import definition, facts, limits, outcome


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the limits leave of a wish, who pays which part, and what budgets give for it."""

    minor: int
    cuts: tuple[outcome.Cut, ...]
    funders: tuple[tuple[uuid.UUID, int], ...]
    draws: tuple[tuple[facts.Budget, int], ...]


def funders(
    version: definition.Definition,
    operator_id: uuid.UUID,
    merchant_id: uuid.UUID | None = None,
) -> list[uuid.UUID]:
    """Who pays each share, in their order; CAMPAIGN_INVALID for a merchant where there is none."""
    if merchant_id is None and any(share.funder == "merchant" for share in version.funding):
        raise errors.CampaignInvalid(
            "There is no purchase, so no merchant where it was made. Name the merchant who pays.",
            path=("funding",),
        )
    named = {"operator": operator_id, "merchant": merchant_id}
    return [named.get(share.funder) or uuid.UUID(share.funder) for share in version.funding]


def budgets(
    version: definition.Definition,
    campaign_id: uuid.UUID,
    operator_id: uuid.UUID,
    merchant_id: uuid.UUID | None = None,
) -> list[facts.Budget]:
    """The budgets that may limit an award: the campaign's, the merchant's, and each funder's."""
    who = dict.fromkeys(funders(version, operator_id, merchant_id))
    place: list[facts.Budget] = []
    if merchant_id is not None:
        place.append(("merchant", merchant_id, version.asset))
    return [
        ("campaign", campaign_id, version.asset),
        *place,
        *(("funder", one, version.asset) for one in who),
    ]


def allow(
    version: definition.Definition,
    desired_minor: int,
    *,
    campaign_id: uuid.UUID,
    operator_id: uuid.UUID,
    used: Sequence[facts.Used],
    day: date,
    room: facts.Room,
    merchant_id: uuid.UUID | None = None,
) -> Allowed:
    """Cut a wish to every limit; `room` holds what is left of the budgets that there are."""
    cuts: list[outcome.Cut] = []
    minor = limits.cut(cuts, "purchase_cap", desired_minor, version.caps.purchase_minor)
    for cap in version.caps.member:
        had = facts.used_since(tuple(used), facts.period_start(cap.per, day))
        left = max(0, cap.minor - had)
        minor = limits.cut(cuts, "member_cap", minor, left, limit=cap.minor, per=cap.per)
    shared = budgets(version, campaign_id, operator_id, merchant_id)
    common = [one for one in shared if one[0] != "funder"]
    for one in common:
        by = "budget" if one[0] == "campaign" else "merchant_budget"
        minor = limits.cut(cuts, by, minor, room.get(one))
    paying = funders(version, operator_id, merchant_id)
    minor, _ = limits.cut_to_funders(version, paying, minor, room, cuts)
    parts = limits.share_out(version, paying, minor)
    wanted: list[tuple[facts.Budget, int]] = [
        *((one, minor) for one in common),
        *((("funder", payer, version.asset), part) for payer, part in parts),
    ]
    draws = tuple((budget, part) for budget, part in wanted if budget in room and part > 0)
    return Allowed(minor, tuple(cuts), parts, draws)


def charity_minor(version: definition.Definition, minor: int) -> int:
    """The part of a funder's share that goes to the campaign's charity when it becomes free."""
    if version.charity is None:
        return 0
    return money.divide(minor * version.charity.bps, contracts.BPS, money.Rounding.DOWN)
