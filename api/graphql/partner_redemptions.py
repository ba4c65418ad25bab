"""Redeeming at partners as GraphQL: what is open to a member, an order, and what became of it."""

import enum
import uuid
from typing import Final

import strawberry

from api.explaining import eligibility as sentences
from api.explaining import tongue
from api.graphql import context, cost, partners, shapes, wording
from partners import codes, eligible, vault
from wallet import ids, money, orders
from wallet.rules import order_states


@strawberry.enum(description="Where an order at a partner stands, as its member sees it.")
class PartnerRedemptionStatus(enum.Enum):
    """What `STANDS` makes of the states of an order."""

    WAITING = strawberry.enum_value("waiting", description="The partner is being asked.")
    CONFIRMING = strawberry.enum_value(
        "confirming",
        description="It is being confirmed: the partner did not say whether it happened. The value"
        " stays set aside until it is known.",
    )
    ISSUED = strawberry.enum_value("issued", description="It is there: spend it at the partner.")
    RETURNED = strawberry.enum_value(
        "returned", description="It did not happen, and the value is back in the wallet."
    )
    TAKING_BACK = strawberry.enum_value(
        "taking_back", description="It is being taken back at the partner."
    )
    TAKEN_BACK = strawberry.enum_value(
        "taken_back", description="It was taken back, and the value is in the wallet again."
    )


STANDS: Final[dict[order_states.State, str]] = {
    "held": "waiting",
    "sending": "waiting",
    "unknown": "confirming",
    "captured": "issued",
    "released": "returned",
    "reversing": "taking_back",
    "reverse_unknown": "taking_back",
    "reversed": "taken_back",
}
"""What a member sees. What is late, in suspense or before a person is told by what the value is."""
WITH_CODE: Final = frozenset({"gift_card", "coupon"})
"""What is spent by showing a code; the rest lies on the linked account."""


@strawberry.enum(description="Why nothing of it can be redeemed.")
class RedemptionReasonCode(enum.Enum):
    """As eligibility.Reason; a test compares both."""

    MEMBER_SUSPENDED = strawberry.enum_value("member_suspended", description="The membership is.")
    SPEND_LOCKED = strawberry.enum_value("spend_locked", description="The wallet is locked.")
    PARTNER_CLOSED = strawberry.enum_value("partner_closed", description="It takes no orders.")
    NOT_ACCEPTED = strawberry.enum_value(
        "not_accepted", description="The coalition's rules leave the merchant out."
    )
    TERRITORY = strawberry.enum_value("territory", description="It is for other countries.")
    COUNTRY_UNKNOWN = strawberry.enum_value(
        "country_unknown", description="The profile does not say where the member lives."
    )
    LINK_NEEDED = strawberry.enum_value("link_needed", description="No account is connected.")
    LINK_AGAIN = strawberry.enum_value(
        "link_again", description="The account must be connected anew."
    )
    TOO_LITTLE = strawberry.enum_value("too_little", description="The wallet holds too little.")
    LIMIT = strawberry.enum_value(
        "limit", description="The least of it passes the coalition's limit of one spend."
    )


@strawberry.type(description="One reason why nothing can be redeemed, and what would change it.")
class RedemptionReason:
    """In the caller's language."""

    code: RedemptionReasonCode = strawberry.field(description="The reason, for programs.")
    sentence: str = strawberry.field(description="The same for a person.")


@strawberry.type(description="One kind at one partner, as this member stands to it.")
class RedemptionOption:
    """What can be redeemed now, or every reason why not."""

    partner_id: strawberry.ID = strawberry.field(description="Which partner.")
    partner_name: str = strawberry.field(description="Its name.")
    offer: partners.PartnerOffer = strawberry.field(description="What it gives, and how much.")
    eligible: bool = strawberry.field(description="True if something can be redeemed now.")
    most: shapes.Money | None = strawberry.field(
        description="The most that can be redeemed now; null for nothing."
    )
    reasons: list[RedemptionReason] = strawberry.field(
        description="Why not, in the order to mend it; empty if it can. At most ten.",
        directives=[cost.ListSize(assumed_size=2)],
    )


@strawberry.type(description="What was redeemed at a partner, and where it stands.")
class PartnerRedemption:
    """Part of a redemption; its member alone sees the code."""

    status: PartnerRedemptionStatus = strawberry.field(description="Where it stands.")
    kind: partners.PartnerOfferKind = strawberry.field(description="What was redeemed.")
    partner_id: strawberry.ID = strawberry.field(description="Where.")
    spent: bool = strawberry.field(
        description="True once the partner says that it was used up there."
    )
    reference: str | None = strawberry.field(
        description="The partner's own number of it, for its support; null until it is issued."
    )
    code: str | None = strawberry.field(
        description="The code to spend there; null to all but the member, before it is issued, and"
        " for what lies on a linked account."
    )


@strawberry.type
class Redeems:
    """What a member can redeem; part of `Member`."""

    key: strawberry.Private[uuid.UUID]
    wallet_id: strawberry.Private[uuid.UUID]

    @shapes.listed(
        "redemptionOptions",
        "What can be redeemed at partners now, or why not, by the partner's name; at most 800.",
        size=20,
    )
    async def options(self, info: context.Info) -> list[RedemptionOption] | None:
        """One round trip."""
        who = eligible.Who(self.key, self.wallet_id)
        found = await eligible.of(info.context.db, info.context.adapters, who)
        return [option(one) for one in found]


def option(row: eligible.Option) -> RedemptionOption:
    """Return one option, with its reasons in the caller's language."""
    told = tongue.of(wording.language())
    asset = row.asset
    return RedemptionOption(
        partner_id=strawberry.ID(ids.show("par", row.partner_id)),
        partner_name=row.name,
        offer=partners.offer(row.offer, asset, needs_link=row.needs_link),
        eligible=row.found.most_minor is not None,
        most=_money(row.found.most_minor, asset),
        reasons=[
            RedemptionReason(
                code=RedemptionReasonCode(one),
                sentence=sentences.reason(one, row.offer, told, asset=asset),
            )
            for one in row.found.reasons
        ],
    )


async def of(info: context.Info, redemption_id: uuid.UUID) -> PartnerRedemption | None:
    """Return the order of a redemption; None for one at a till. One look for a whole page."""
    found = await info.context.loaders.orders.load(redemption_id)
    return None if found is None else await _shown(info, found)


async def _shown(info: context.Info, order: orders.Order) -> PartnerRedemption:
    return PartnerRedemption(
        status=PartnerRedemptionStatus(stands(order)),
        kind=partners.PartnerOfferKind(order.kind),
        partner_id=strawberry.ID(ids.show("par", order.partner_id)),
        spent=order.facts.there == "spent",
        reference=order.reference,
        code=await _code(info, order),
    )


def stands(order: orders.Order) -> str:
    """Where an order stands for its member; what a person has to look at is not known yet."""
    found = STANDS.get(order.state)
    if found is not None:
        return found
    if order.state == "attention" and order.facts.aim != "undo":
        return "confirming" if order.facts.aim == "issue" else "taking_back"
    return "taken_back" if order.facts.settled == "reversed" else "returned"


async def _code(info: context.Info, order: orders.Order) -> str | None:
    """The code, to the member whose wallet paid for it, once it exists."""
    own = info.context.principal.member
    if own is None or own.wallet_id != order.wallet_id or order.state != "captured":
        return None
    if order.kind not in WITH_CODE:
        return None
    try:
        return await codes.of(info.context.db, info.context.vault, order)
    except vault.Unreadable:
        return None


def _money(minor: int | None, asset: money.Asset) -> shapes.Money | None:
    return None if minor is None else shapes.show(minor, asset)
