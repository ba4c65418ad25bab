"""What a member can redeem at a partner now, and every reason why not: a pure rule.

A member who is told no is told all of it at once, each with what would change it. The books check
again, under the wallet's lock, whatever of this they can know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from wallet.rules import orders, spending

Reason: TypeAlias = Literal[
    "member_suspended",
    "spend_locked",
    "partner_closed",
    "not_accepted",
    "territory",
    "country_unknown",
    "link_needed",
    "link_again",
    "too_little",
    "limit",
]
Link: TypeAlias = Literal["none", "active", "reauth_required"]


@dataclass(frozen=True, slots=True)
class Member:
    """Who wants to redeem: amounts in minor units, `country` None where it is not known.

    `one_most_minor` is the most of one spend that the coalition allows without a person's look.
    """

    available_minor: int
    active: bool = True
    locked: bool = False
    country: str | None = None
    one_most_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """Where: whether it is open to anybody, accepted by the coalition, and needs a link.

    `territories` are the partner's own, `coalition` those of the coalition's rules.
    """

    open: bool = True
    accepted: bool = True
    needs_link: bool = False
    link: Link = "none"
    territories: Sequence[str] = ()
    coalition: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Eligible:
    """What can be redeemed: the most of it now (None for nothing), or why not, all of it."""

    most_minor: int | None
    reasons: tuple[Reason, ...] = ()


def judge(member: Member, partner: Partner, offer: orders.Offer) -> Eligible:
    """Say how much of an offer a member can redeem now; reasons in the order to mend them."""
    reasons = (*_who(member), *_where(member, partner), *_how_much(member, offer))
    if reasons:
        return Eligible(None, reasons)
    return Eligible(orders.nearest(offer, _most(member)))


def _who(member: Member) -> list[Reason]:
    found: list[tuple[Reason, bool]] = [
        ("member_suspended", not member.active),
        ("spend_locked", member.locked),
    ]
    return [reason for reason, there in found if there]


def _where(member: Member, partner: Partner) -> list[Reason]:
    named = bool(partner.territories or partner.coalition)
    permitted = all(
        spending.permits(one, member.country) for one in (partner.territories, partner.coalition)
    )
    found: list[tuple[Reason, bool]] = [
        ("partner_closed", not partner.open),
        ("not_accepted", not partner.accepted),
        ("country_unknown", named and member.country is None),
        ("territory", member.country is not None and not permitted),
        ("link_needed", partner.needs_link and partner.link == "none"),
        ("link_again", partner.needs_link and partner.link == "reauth_required"),
    ]
    return [reason for reason, there in found if there]


def _how_much(member: Member, offer: orders.Offer) -> list[Reason]:
    if member.available_minor < offer.minimum_minor:
        return ["too_little"]
    return ["limit"] if _most(member) < offer.minimum_minor else []


def _most(member: Member) -> int:
    limits = [one for one in (member.available_minor, member.one_most_minor) if one is not None]
    return min(limits)
