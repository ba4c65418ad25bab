"""Members as GraphQL: a person, the wallet, and the lists that belong to it.

Whoever holds a `Member` object was allowed to load it (the member, or support), so what hangs below
it needs no further check: lists are read by that member's wallet and nothing else.
"""

import datetime
import enum
import uuid

import strawberry

from api.graphql import (
    agreements,
    awards,
    benefits,
    boards,
    context,
    games,
    gift_cards,
    giving,
    impact,
    links,
    memberships,
    milestones,
    offers,
    partner_redemptions,
    prepaid,
    profiles,
    purchases,
    redemptions,
    referrals,
    scalars,
    schemes,
    shapes,
    spend_locks,
    tickets,
    tiers,
    wallets,
)
from wallet import balances, ids, members, notices, statements, subscriptions
from wallet.campaigns import consents, earned
from wallet.campaigns import profiles as profile_facts
from wallet.charities import donations, pledges
from wallet.progress import completions, entitlements, plans
from wallet.rules import favourites
from wallet.rules import offers as offer_rules


@strawberry.enum(description="Whether a member may spend.")
class MemberStatus(enum.Enum):
    """As coalition.member.status."""

    ACTIVE = strawberry.enum_value("active", description="Earns and spends.")
    SUSPENDED = strawberry.enum_value("suspended", description="Support has stopped the wallet.")


@strawberry.type(description="Something the member was told.")
class Notice:
    """A sentence, and what it is about."""

    id: strawberry.ID = strawberry.field(description="Opaque and permanent.")
    topic: str = strawberry.field(description="What it is about, such as `lot.expiring`.")
    sentence: str = strawberry.field(description="What was said.")
    happened_at: scalars.DateTime = strawberry.field(description="When it was said.")
    key: strawberry.Private[uuid.UUID]


@strawberry.type(description="A person of the coalition.")
class Member(shapes.Node, tickets.Played, links.Linked, partner_redemptions.Redeems):
    """One member, loaded by someone who may."""

    display_name: str = strawberry.field(description="Shown name.")
    email: str = strawberry.field(description="Where the member is written to.")
    status: MemberStatus = strawberry.field(description="Whether the member may spend.")
    created_at: scalars.DateTime = strawberry.field(description="When the member joined.")
    wallet_id: strawberry.Private[uuid.UUID]
    key: strawberry.Private[uuid.UUID]

    @shapes.relation("profile", "What campaigns may know besides the purchases.")
    async def profile(self, info: context.Info) -> profiles.Profile | None:
        """One round trip."""
        return profiles.show(await profile_facts.of(info.context.page, self.key))

    @shapes.listed(
        "termsToAccept",
        "The terms in force that the member is to accept, and has not in any language; the"
        " programme's come first. At most 100.",
        size=3,
    )
    async def terms_to_accept(self, info: context.Info) -> list[agreements.TermsDocument] | None:
        """A few small questions; most members have none left to answer."""
        found = await consents.waiting(info.context.page, self.key)
        return [agreements.best(one) for one in found]

    @shapes.relation("spendLock", "Whether the wallet is locked for spending.")
    async def spend_lock(self, info: context.Info) -> spend_locks.SpendLock | None:
        """One round trip."""
        return await spend_locks.lock_of(info, self.wallet_id)

    @shapes.relation("wallet", "What the member may spend at any merchant.")
    async def wallet(self, info: context.Info) -> wallets.Wallet | None:
        """One round trip, which brings the first movements along."""
        return await wallets.load(info, self.wallet_id)

    @shapes.listed("balances", "What the wallet holds: money first, then points.", size=2)
    async def balances_list(self, info: context.Info) -> list[wallets.Balance] | None:
        """One round trip."""
        found = await balances.of(info.context.page, self.wallet_id)
        return [wallets.balance(one) for one in found]

    @shapes.listed(
        "benefits",
        "Coupons and what else is no money: what can be used first; at most 100.",
        size=10,
    )
    async def benefits_list(self, info: context.Info) -> list[benefits.Benefit] | None:
        """One round trip."""
        found = await earned.benefits(info.context.page, self.wallet_id)
        return [benefits.show(one) for one in found]

    @shapes.listed(
        "tiers",
        "Where the member stands on every ladder that holds now; at most 20.",
        size=2,
    )
    async def tiers_list(self, info: context.Info) -> list[tiers.TierStanding] | None:
        """One round trip; one look more where the wallet moved since the last one."""
        return await tiers.of(info, self.wallet_id)

    @shapes.listed(
        "entitlements",
        "What the member may have now, from tiers, badges and plans; at most 200.",
        size=10,
    )
    async def entitlements_list(self, info: context.Info) -> list[tiers.Entitlement] | None:
        """A round trip for each source."""
        found = await entitlements.of(info.context.page, self.wallet_id)
        return [tiers.entitlement(one) for one in found]

    @shapes.listed(
        "impact",
        "What the member gave to charities, and what others gave because of it; at most 500.",
        size=3,
    )
    async def impact_list(self, info: context.Info) -> list[impact.OwnImpact] | None:
        """One round trip."""
        return await impact.of_member(info, self.wallet_id)

    @shapes.relation("boards", "How the member is shown on boards, and where they stand.")
    async def boards_shown(self, info: context.Info) -> boards.MemberBoards | None:
        """One round trip, and one more for the places."""
        return await boards.of_member(info, self.wallet_id)

    @shapes.listed(
        "plays", "Rounds and quizzes that were played, newest first; at most 100.", size=20
    )
    async def plays_list(self, info: context.Info) -> list[games.Play] | None:
        """One round trip."""
        return await games.of_member(info, self.wallet_id)

    @shapes.paged("awards", "What was given for something other than a purchase, newest first.")
    async def awards_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[awards.Award] | None:
        """One round trip."""
        shapes.first_of(first)
        rows = await earned.awards(
            info.context.page,
            self.wallet_id,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            await awards.show_all(info, rows),
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.awarded_at, row.key),
        )

    @shapes.listed(
        "milestones",
        "How the member stands in each milestone that runs, what can be reached next first; at"
        " most 200.",
        size=10,
    )
    async def milestones_list(
        self, info: context.Info
    ) -> list[milestones.MilestoneProgress] | None:
        """Three round trips, none of them longer for more milestones."""
        return (await milestones.of_member(info, self.wallet_id))[: schemes.SHOWN_MAX]

    @shapes.paged("completions", "Milestones that were reached, newest first.")
    async def completions_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[milestones.Completion] | None:
        """Two round trips, one of them small."""
        shapes.first_of(first)
        rows = await completions.page(
            info.context.page,
            self.wallet_id,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            await milestones.shown_all(info, rows),
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.reached_at, row.key),
        )

    @shapes.listed(
        "favourites",
        "What the member buys again and again, the dearest first; none for who wants none.",
        size=favourites.PLACES_MAX,
    )
    async def favourites_list(self, info: context.Info) -> list[offers.Favourite] | None:
        """One round trip, however many members are asked about."""
        found = await info.context.loaders.favourites.load(self.key)
        return [offers.show_favourite(one) for one in found]

    @shapes.listed(
        "offers",
        "The member's own rates that hold now, the best first; none for who wants none.",
        size=offer_rules.OFFERS_MAX,
    )
    async def offers_list(self, info: context.Info) -> list[offers.Offer] | None:
        """One round trip, however many members are asked about."""
        found = await info.context.loaders.offers.load(self.key)
        return [offers.show_offer(one) for one in found]

    @shapes.listed(
        "memberships",
        "Plans that the member pays for or has paid for: what goes on first; at most 50.",
        size=3,
    )
    async def memberships_list(self, info: context.Info) -> list[memberships.Membership] | None:
        """One round trip, and one for the time."""
        return await memberships.show_all(info, await plans.of(info.context.page, self.wallet_id))

    @shapes.paged("subscriptions", "What was paid for in advance, newest first.")
    async def subscriptions_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[prepaid.PrepaidSubscription] | None:
        """One round trip."""
        shapes.first_of(first)
        rows = await subscriptions.page(
            info.context.page,
            self.wallet_id,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            [prepaid.show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.opened_at, row.key),
        )

    @shapes.resolved("referral", "How the member invites friends; null to all but the member.")
    async def referral(self, info: context.Info) -> referrals.MemberReferral | None:
        """Makes the code when it is first asked for, so nobody else's look may do it."""
        own = info.context.principal.member
        if own is None or own.wallet_id != self.wallet_id:
            return None
        return await referrals.of_member(info, own.member_id)

    @shapes.paged("donations", "What was given to charities, newest first.")
    async def donations_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[giving.Donation] | None:
        """One round trip, and one for their charities."""
        shapes.first_of(first)
        rows = await donations.page(
            info.context.page,
            self.wallet_id,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            [giving.show(info, row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.given_at, row.key),
        )

    @shapes.listed(
        "pledges", "The standing instructions to give, the oldest first; at most 10.", size=2
    )
    async def pledges_list(self, info: context.Info) -> list[giving.Pledge] | None:
        """One round trip, and one for their charities."""
        found = await pledges.standing(info.context.page, self.wallet_id)
        return [giving.show_pledge(one) for one in found]

    @shapes.paged("purchases", "What was bought, newest first.")
    async def purchases_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[purchases.Purchase] | None:
        """One round trip; lines and returns are read for those whose lines are asked for."""
        shapes.first_of(first)
        rows = await statements.purchases(
            info.context.page,
            self.wallet_id,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            [purchases.show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.facts.purchased_at, row.facts.purchase_id),
        )

    @shapes.paged("redemptions", "What was spent, newest first.")
    async def redemptions_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[redemptions.Redemption] | None:
        """One round trip."""
        return await redemptions.page(info, self.wallet_id, first=first, after=after)

    @shapes.paged("giftCards", "Gift cards for merchants' web shops, newest first, ended ones too.")
    async def gift_cards_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[gift_cards.GiftCard] | None:
        """One round trip."""
        return await gift_cards.page(info, self.wallet_id, first=first, after=after)

    @shapes.paged("notices", "What the member was told, newest first.")
    async def notices_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[Notice] | None:
        """One round trip."""
        shapes.first_of(first)
        rows = await notices.page(
            info.context.page,
            self.wallet_id,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            [_notice(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.happened_at, row.key),
        )


def show(member: members.Member) -> Member:
    """Return a member as GraphQL."""
    return Member(
        id=strawberry.ID(ids.show("mem", member.member_id)),
        display_name=member.display_name,
        email=member.email,
        status=MemberStatus(member.status),
        created_at=scalars.DateTime(member.created_at),
        wallet_id=member.wallet_id,
        key=member.member_id,
    )


async def node(info: context.Info, member_id: uuid.UUID) -> Member | None:
    """Return a member to themselves or support."""
    found = await members.find(info.context.page, member_id)
    return show(found) if context.may_see(info, wallet_id=found.wallet_id) else None


def _notice(row: notices.Notice) -> Notice:
    return Notice(
        id=strawberry.ID(ids.show("not", row.notice_id)),
        topic=row.topic,
        sentence=row.sentence,
        happened_at=scalars.DateTime(row.happened_at),
        key=row.notice_id,
    )
