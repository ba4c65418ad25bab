"""Tiers as GraphQL: where a member stands on each ladder, what is ahead, and how it came to that.

What purchases reach is counted apart from what may be spent, so nothing here is a balance.
"""

import dataclasses
import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.explaining import tiers as explained
from api.graphql import approvals, context, cost, permissions, refusals, scalars, shapes, wording
from wallet import errors, ids, members, money, programme, proposals
from wallet.progress import entitlements, schemes, standings
from wallet.rules.schemes.ladders import Ladder
from wallet.rules.tiers import facts

LADDERS_MAX: Final = 20
"""Ladders that hold at once: one of the programme, and some of merchants."""


@strawberry.enum(description="Why a tier changed.")
class TierChangeReason(enum.Enum):
    """As facts.Why; a test compares both."""

    BEGAN = strawberry.enum_value("began", description="The first look at the member.")
    UPGRADE = strawberry.enum_value("upgrade", description="A purchase reached it.")
    MILESTONE = strawberry.enum_value("milestone", description="A milestone reached it.")
    DOWNGRADE = strawberry.enum_value("downgrade", description="The time to stay had passed.")
    RETURN = strawberry.enum_value("return", description="Goods of a purchase came back.")
    OVERRIDE = strawberry.enum_value("override", description="Two of the staff gave it for a time.")
    OVERRIDE_ENDED = strawberry.enum_value(
        "override_ended", description="What the staff had given was over."
    )
    MEMBERSHIP = strawberry.enum_value(
        "membership", description="A plan that is paid for gives it."
    )
    MEMBERSHIP_ENDED = strawberry.enum_value(
        "membership_ended", description="What a plan had given was over."
    )
    LIFETIME = strawberry.enum_value("lifetime", description="The highest tier is kept for life.")
    EDITED = strawberry.enum_value("edited", description="The ladder was changed.")
    RESTATED = strawberry.enum_value(
        "restated", description="Something that had happened earlier was reported later."
    )


@strawberry.enum(description="What gives an entitlement.")
class EntitlementSource(enum.Enum):
    """As entitlements.Entitlement.source."""

    TIER = strawberry.enum_value("tier", description="A tier of a ladder.")
    BADGE = strawberry.enum_value("badge", description="A badge that holds.")
    MEMBERSHIP = strawberry.enum_value("membership", description="A plan that is paid for.")


@strawberry.type(description="A step of a ladder.")
class Tier:
    """As ladders.Tier; one that an edition left out keeps its word."""

    word: str = strawberry.field(description="For programs: it is compared, never translated.")
    name: str = strawberry.field(description="For people.")


@strawberry.type(description="So much of what a ladder counts: money, points, or purchases.")
class TierTotal:
    """One of the two is null."""

    amount: shapes.Money | None = strawberry.field(
        description="In the programme's currency or in points; null where purchases are counted."
    )
    purchases: int | None = strawberry.field(
        description="How many; null where an amount is counted."
    )


@strawberry.type(description="What is missing to reach a tier, or to stay in it.")
class TierGoal:
    """As facts.Goal, in the caller's language too."""

    tier: Tier = strawberry.field(description="Which tier it is about.")
    remaining: TierTotal = strawberry.field(description="How much more; zero if it is enough.")
    until: scalars.DateTime | None = strawberry.field(
        description="Before which instant; null if there is no end."
    )
    sentence: str = strawberry.field(description="All of it in a sentence.")


@strawberry.type(description="A change of a member's tier; it was told once and stays.")
class TierChange(shapes.Node):
    """As standings.Change."""

    from_tier: Tier | None = strawberry.field(
        name="from", description="The tier before; null for the first."
    )
    to: Tier = strawberry.field(description="The tier from then on.")
    reason: TierChangeReason = strawberry.field(description="Why.")
    total: TierTotal = strawberry.field(description="What counted in the window then.")
    opens_at: scalars.DateTime | None = strawberry.field(
        description="The first instant of that window; null for a rolling one."
    )
    closes_at: scalars.DateTime | None = strawberry.field(
        description="The first instant after that window; null for a rolling one."
    )
    effective_at: scalars.DateTime = strawberry.field(
        description="Since when; the purchase of that very instant had the tier before."
    )
    recorded_at: scalars.DateTime = strawberry.field(description="When it was written down.")
    causes: list[strawberry.ID] = strawberry.field(
        description="The ids of what caused it: purchases, awards of points, or a milestone that"
        " was reached; the newest at the end, at most 50."
    )
    facts: strawberry.Private[standings.Change]


@strawberry.type(description="Where a member stands on a ladder.")
class TierStanding:
    """As standings.Held."""

    ladder_id: strawberry.ID = strawberry.field(
        description="The id of the ladder: `node` and `schemes` show its tiers and its rules."
    )
    ladder_name: str = strawberry.field(description="The name of the ladder.")
    tier: Tier = strawberry.field(description="The member's tier.")
    since: scalars.DateTime = strawberry.field(description="Since when.")
    earned: Tier = strawberry.field(
        description="The tier that purchases alone give: another one while a higher one is given."
    )
    override_until: scalars.DateTime | None = strawberry.field(
        description="When a tier that the staff gave ends; null if none is in force."
    )
    membership_until: scalars.DateTime | None = strawberry.field(
        description="When a tier that a plan gives ends, unless it is renewed; null if none does."
    )
    lifetime: bool = strawberry.field(description="True if the tier is kept for life.")
    total: TierTotal = strawberry.field(
        description="What counts in the window now, net of what came back. It is no balance:"
        " spending never lowers it."
    )
    opens_at: scalars.DateTime | None = strawberry.field(
        description="The first instant of the window; null for a rolling one."
    )
    closes_at: scalars.DateTime | None = strawberry.field(
        description="The first instant after the window; null for a rolling one."
    )
    next: TierGoal | None = strawberry.field(
        description="What is missing to reach the next tier; null at the top."
    )
    stay: TierGoal | None = strawberry.field(
        description="What is missing to stay; null where nothing has to be done for it."
    )
    falls_to: Tier | None = strawberry.field(
        description="The tier that follows if it is not done; null where `stay` is."
    )
    wallet_id: strawberry.Private[uuid.UUID]
    scheme_id: strawberry.Private[uuid.UUID]
    rules: strawberry.Private[Ladder]
    asset: strawberry.Private[money.Asset]

    @shapes.paged("changes", "How it came to that, newest first.")
    async def changes_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[TierChange] | None:
        """One round trip."""
        shapes.first_of(first)
        place = shapes.place_of(after, int)
        rows = await standings.changes(
            info.context.page,
            self.wallet_id,
            self.scheme_id,
            first=first + 1,
            before=None if place is None else place[0],
        )
        return shapes.page(
            [_change(row, self.rules, self.asset) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.facts.number, row.facts.change_id),
        )


@strawberry.type(description="Something that a member may have: free shipping, a gift, a queue.")
class Entitlement:
    """As entitlements.Entitlement."""

    word: str = strawberry.field(description="For programs, such as `free_shipping`.")
    text: str = strawberry.field(description="What it is, for people; may be empty.")
    source: EntitlementSource = strawberry.field(description="What gives it.")
    name: str = strawberry.field(
        description="The name of what gives it: the tier, the badge, the plan."
    )
    until: scalars.DateTime | None = strawberry.field(
        description="The instant at which it is known to end; null if none is known."
    )


@strawberry.input(description="A tier that a member is to have for a time.")
class MemberTierProposeInput:
    """Nothing changes until a second person approves."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    member_id: strawberry.ID = strawberry.field(description="Who is to have it.")
    ladder_id: strawberry.ID = strawberry.field(description="On which ladder.")
    tier: str = strawberry.field(description="The word of the tier.")
    until: scalars.DateTime = strawberry.field(
        description="When it ends, within a year; the member then stands where purchases say."
    )
    reason: str = strawberry.field(description="Why, for the checker and the audit log.")


@strawberry.type
class Query:
    """Root fields for merchants."""

    @permissions.root(
        "Query.entitlements",
        "What a member may have at your shops now, from tiers, badges and plans; null for nobody."
        " At most 200.",
        cost.ListSize(assumed_size=20),
    )
    async def entitlements_of(
        self,
        info: context.Info,
        member_id: Annotated[
            strawberry.ID, strawberry.argument(description="The member who stands before you.")
        ],
    ) -> list[Entitlement] | None:
        """A till names the member, as it does for a purchase; nothing else of them is shown."""
        try:
            member = await members.find(info.context.db, ids.parse("mem", member_id))
        except (ValueError, errors.NotFound):
            return None
        if member.status != "active":
            return []
        found = await entitlements.of(
            info.context.db, member.wallet_id, merchant_id=context.merchant(info)
        )
        return [entitlement(one) for one in found]


@strawberry.type
class Mutation:
    """Root fields for the staff."""

    @permissions.root(
        "Mutation.memberTierPropose",
        "Propose to give a member a tier for a time; a supervisor approves or declines it.",
    )
    @refusals.answered(approvals.ApprovalPayload)
    async def member_tier_propose(
        self,
        info: context.Info,
        told: Annotated[
            MemberTierProposeInput, strawberry.argument(name="input", description="The tier.")
        ],
    ) -> approvals.ApprovalPayload | None:
        """Logged as approval.propose."""
        proposed = await proposals.tier(
            info.context.db,
            staff_id=context.staff(info).staff_id,
            actor=context.actor(info),
            request_id=context.request(info, "memberTierPropose", told.idempotency_key),
            member_id=shapes.key("mem", told.member_id, path=("member_id",)),
            scheme_id=shapes.key("sch", told.ladder_id, path=("ladder_id",)),
            tier=told.tier,
            until=told.until,
            reason=told.reason,
        )
        return approvals.ApprovalPayload(
            approval=approvals.show(proposed.approval), replayed=proposed.replayed
        )


async def of(info: context.Info, wallet_id: uuid.UUID) -> list[TierStanding]:
    """Return where a member stands; whoever asks may see the member."""
    house = await programme.of(info.context.page)
    found = await standings.of(info.context.page, wallet_id)
    said = _Said(house.asset, house.time_zone, wording.language())
    return [_standing(one, wallet_id, said) for one in found.held[:LADDERS_MAX]]


def entitlement(one: entitlements.Entitlement) -> Entitlement:
    """Return an entitlement as GraphQL."""
    return Entitlement(
        word=one.word,
        text=one.text,
        source=EntitlementSource(one.source),
        name=one.name,
        until=scalars.instant(one.until),
    )


async def node(info: context.Info, change_id: uuid.UUID) -> TierChange | None:
    """Return a change to its member or support."""
    found = await standings.change(info.context.db, change_id)
    if found is None or not context.may_see(info, wallet_id=found.wallet_id):
        return None
    entry = await schemes.find(info.context.db, found.scheme_id)
    assert isinstance(entry.newest, Ladder)
    return _change(found, entry.newest, (await programme.of(info.context.db)).asset)


@dataclasses.dataclass(frozen=True, slots=True)
class _Said:
    """How amounts and days are said to the caller."""

    asset: money.Asset
    zone: str
    language: str


def _standing(held: standings.Held, wallet_id: uuid.UUID, said: _Said) -> TierStanding:
    ladder = held.ladder
    return TierStanding(
        ladder_id=strawberry.ID(ids.show("sch", held.scheme_id)),
        ladder_name=ladder.name,
        tier=_tier(ladder, held.tier),
        since=scalars.DateTime(held.since),
        earned=_tier(ladder, held.earned),
        override_until=_given(held, "override"),
        membership_until=_given(held, "membership"),
        lifetime=held.lifetime,
        total=_total(held.qualifying, ladder, said.asset),
        opens_at=scalars.instant(held.opens_at),
        closes_at=scalars.instant(held.closes_at),
        next=_goal(held.next, held, said, stay=False),
        stay=_goal(held.stay, held, said, stay=True),
        falls_to=None if held.falls_to is None else _tier(ladder, held.falls_to),
        wallet_id=wallet_id,
        scheme_id=held.scheme_id,
        rules=ladder,
        asset=said.asset,
    )


def _given(held: standings.Held, by: facts.GivenBy) -> scalars.DateTime | None:
    return scalars.instant(held.given_until) if held.given_by == by else None


def _goal(
    goal: facts.Goal | None, held: standings.Held, said: _Said, *, stay: bool
) -> TierGoal | None:
    if goal is None:
        return None
    ladder = held.ladder
    tier = _tier(ladder, goal.tier)
    aim = explained.Aim(tier.name, goal.remaining, goal.until, ladder.metric, said.asset, said.zone)
    falls_to = None if held.falls_to is None else _tier(ladder, held.falls_to).name
    return TierGoal(
        tier=tier,
        remaining=_total(goal.remaining, ladder, said.asset),
        until=scalars.instant(goal.until),
        sentence=explained.to_stay(aim, said.language, falls_to=falls_to)
        if stay
        else explained.to_rise(aim, said.language),
    )


def _change(row: standings.Change, ladder: Ladder, asset: money.Asset) -> TierChange:
    return TierChange(
        id=strawberry.ID(ids.show("tch", row.change_id)),
        from_tier=None if row.from_tier is None else _tier(ladder, row.from_tier),
        to=_tier(ladder, row.to_tier),
        reason=TierChangeReason(row.why),
        total=_total(row.qualifying, ladder, asset),
        opens_at=scalars.instant(row.opens_at),
        closes_at=scalars.instant(row.closes_at),
        effective_at=scalars.DateTime(row.effective_at),
        recorded_at=scalars.DateTime(row.recorded_at),
        causes=[
            strawberry.ID(ids.show("awd" if one in row.awards else "pur", one))
            if one not in row.completions
            else strawberry.ID(ids.show("com", one))
            for one in row.causes
        ],
        facts=row,
    )


def _tier(ladder: Ladder, word: str) -> Tier:
    place = ladder.place(word)
    return Tier(word=word, name=word if place is None else ladder.tiers[place].name)


def _total(total: int, ladder: Ladder, asset: money.Asset) -> TierTotal:
    if ladder.metric == "purchases":
        return TierTotal(amount=None, purchases=total)
    of_it = money.PTS if ladder.metric == "points" else asset
    return TierTotal(amount=shapes.show(total, of_it), purchases=None)
