"""What every caller with a token may ask: merchants, and any object by its id.

`node` answers null alike for what is not there and for what the caller may not see, after the same
look-up, so that ids of others tell nothing.
"""

import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import strawberry

from api.graphql import (
    agreements,
    approvals,
    awards,
    benefits,
    budgets,
    campaigns,
    charities,
    context,
    cost,
    experiments,
    failures,
    gift_cards,
    giving,
    links,
    members,
    memberships,
    merchants,
    milestones,
    partner_orders,
    partners,
    permissions,
    prepaid,
    purchases,
    redemptions,
    referrals,
    remittances,
    scalars,
    schemes,
    segments,
    shapes,
    spending,
    tickets,
    tiers,
    wallets,
)
from wallet import audit, errors, ids
from wallet import merchants as merchant_facts

NODES_MAX: Final = 50  # a client that holds more than a screen of ids has a list to ask instead


@strawberry.type
class Query:
    """Root fields for everyone."""

    @permissions.root("Query.node", "Any object by id; null if it is not there or not yours.")
    async def node(
        self,
        info: context.Info,
        shown: Annotated[strawberry.ID, strawberry.argument(name="id", description="Global id.")],
    ) -> shapes.Node | None:
        """Route by prefix."""
        return await find(info, shown)

    @permissions.root(
        "Query.nodes",
        "The same for many ids, in their order; at most 50.",
        shapes.SemanticNonNull(),
        cost.ListSize(slicing_arguments=["ids"]),
    )
    async def nodes(
        self,
        info: context.Info,
        shown: Annotated[
            list[strawberry.ID], strawberry.argument(name="ids", description="Global ids.")
        ],
    ) -> list[shapes.Node | None] | None:
        """One after the other: the bound keeps it short."""
        if len(shown) > NODES_MAX:
            raise failures.Failure("BAD_USER_INPUT", f"At most {NODES_MAX} ids at a time.")
        return [await find(info, one) for one in shown]

    @permissions.root(
        "Query.merchants",
        "Merchants of the coalition, by name.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def merchants_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[merchants.Merchant] | None:
        """One round trip; the rates are one more, for the whole page."""
        shapes.first_of(first)
        rows = await merchant_facts.page(
            info.context.db, first=first + 1, after=shapes.place_of(after, str)
        )
        return shapes.page(
            [merchants.show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.name, row.key),
        )


async def find(info: context.Info, text: str) -> shapes.Node | None:
    """Return the object of an id if this caller may see it."""
    prefix = text[:3]
    look_up = LOOK_UPS.get(prefix)
    if look_up is None:
        return None
    try:
        key = ids.parse(prefix, text)
        found = await look_up(info, key)
    except (ValueError, errors.NotFound):
        return None
    if found is not None and info.context.principal.kind == "staff":
        await audit.write(info.context.db, actor=context.actor(info), act="node.find", subject=key)
    return found


LookUp = Callable[[context.Info, uuid.UUID], Awaitable[shapes.Node | None]]

LOOK_UPS: Final[dict[str, LookUp]] = {
    "mem": members.node,
    "mer": merchants.load,
    "wal": wallets.node,
    "mov": wallets.movement_node,
    "lot": wallets.lot_node,
    "pur": purchases.node,
    "red": redemptions.node,
    "apr": approvals.node,
    "cam": campaigns.node,
    "ver": campaigns.version_node,
    "seg": segments.node,
    "sch": schemes.node,
    "tic": tickets.node,
    "spi": tickets.spin_node,
    "ent": tickets.entry_node,
    "tch": tiers.node,
    "com": milestones.node,
    "exp": experiments.node,
    "awd": awards.node,
    "cha": charities.node,
    "par": partners.node,
    "agr": charities.agreement_node,
    "don": giving.node,
    "ple": giving.pledge_node,
    "ben": benefits.node,
    "gca": gift_cards.node,
    "bud": budgets.node,
    "ref": referrals.node,
    "rev": spending.node,
    "ord": partner_orders.node,
    "rem": remittances.node,
    "doc": agreements.node,
    "lnk": links.node,
    "mbr": memberships.node,
    "sub": prepaid.node,
}

NODES: Final = (
    awards.Award,
    benefits.Benefit,
    gift_cards.GiftCard,
    budgets.Budget,
    agreements.TermsDocument,
    approvals.Approval,
    campaigns.Campaign,
    campaigns.CampaignVersion,
    charities.Charity,
    charities.CharityAgreement,
    experiments.Experiment,
    giving.Donation,
    giving.Pledge,
    links.PartnerLink,
    members.Member,
    memberships.Membership,
    prepaid.PrepaidSubscription,
    merchants.Merchant,
    milestones.Completion,
    partners.Partner,
    purchases.Purchase,
    redemptions.Redemption,
    partner_orders.PartnerOrder,
    remittances.Remittance,
    schemes.Scheme,
    segments.Segment,
    referrals.Referral,
    spending.SpendingReview,
    tickets.RaffleEntry,
    tickets.Spin,
    tickets.Ticket,
    tiers.TierChange,
    wallets.Lot,
    wallets.Movement,
    wallets.Wallet,
)
