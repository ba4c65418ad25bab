"""Referrals as GraphQL: a member's code and what became of it, and what a supervisor has to judge.

A member sees of a friend only where the invitation stands, never who it is or what was bought. The
signs that the rule saw are for the staff alone: whoever knows them can avoid them.
"""

import datetime
import enum
import uuid
from typing import Annotated, TypeAlias

import strawberry

from api.graphql import context, cost, people, permissions, refusals, scalars, shapes
from wallet import ids
from wallet.campaigns import invitations
from wallet.campaigns import referrals as verbs
from wallet.rules import referrals as rules
from wallet.rules import suspicion


@strawberry.enum(description="Where an invitation stands.")
class ReferralState(enum.Enum):
    """As wallet.rules.referrals.State; a test compares both."""

    WAITING = strawberry.enum_value("waiting", description="The friend has not bought enough yet.")
    QUALIFIED = strawberry.enum_value(
        "qualified", description="The friend has bought; the time for returns runs."
    )
    QUARANTINED = strawberry.enum_value(
        "quarantined", description="A person looks at it before anything is given."
    )
    PAID = strawberry.enum_value("paid", description="Both have their reward.")
    REFUSED = strawberry.enum_value("refused", description="It counts for nothing.")
    REVERSED = strawberry.enum_value(
        "reversed", description="The purchase went back, and the rewards with it."
    )
    LAPSED = strawberry.enum_value("lapsed", description="The friend did not buy in time.")


@strawberry.enum(description="What a person decides on an invitation that was set aside.")
class ReferralDecision(enum.Enum):
    """As wallet.campaigns.referrals.Decision; a test compares both."""

    PAY = strawberry.enum_value("pay", description="It is in earnest: give both their rewards.")
    REFUSE = strawberry.enum_value("refuse", description="It is not: nobody gets anything.")


@strawberry.type(description="An invitation, as the two members may see it.")
class Invitation:
    """Without the other's name."""

    state: ReferralState = strawberry.field(description="Where it stands.")
    at: scalars.DateTime = strawberry.field(description="When the friend accepted it.")
    reward: shapes.Money | None = strawberry.field(
        description="What the member who asks was given for it; null until it is paid."
    )


@strawberry.type(description="How a member invites, and what became of it.")
class MemberReferral:
    """The member's own."""

    code: str = strawberry.field(description="The code to pass on; it never changes.")
    link: str = strawberry.field(description="An address with the code in it, to pass on.")
    invited: list[Invitation] = strawberry.field(
        description="Friends who accepted, newest first, at most 100.",
        directives=[cost.ListSize(assumed_size=20)],
    )
    accepted: Invitation | None = strawberry.field(
        description="The invitation by which the member came; null for none."
    )


@strawberry.type(description="One sign that an invitation may be none.")
class ReferralReason:
    """As it was found when it was judged."""

    name: str = strawberry.field(description="What kind of sign, such as `instrument`.")
    points: int = strawberry.field(description="How much it weighs.")
    counted: int = strawberry.field(description="How many of it, such as friends in an hour.")
    sentence: str = strawberry.field(description="The same for a person.")


@strawberry.type(description="An invitation that a friend accepted, with what makes it suspicious.")
class Referral(shapes.Node):
    """Shown to those who may decide."""

    state: ReferralState = strawberry.field(description="Where it stands.")
    friend_id: strawberry.ID = strawberry.field(description="Who came; ask `node` for the member.")
    referrer_id: strawberry.ID = strawberry.field(
        description="Who invited; ask `node` for the member."
    )
    purchase_id: strawberry.ID | None = strawberry.field(
        description="The purchase that it rests on; null until there is one."
    )
    accepted_at: scalars.DateTime = strawberry.field(description="When the friend accepted.")
    clears_at: scalars.DateTime | None = strawberry.field(
        description="When the purchase has stayed long enough; null until there is one."
    )
    decided_at: scalars.DateTime | None = strawberry.field(
        description="When it was decided, by a rule or a person; null until it is."
    )
    score: int | None = strawberry.field(
        description="Points of all signs; null until it is judged."
    )
    threshold: int = strawberry.field(description="From so many points on a person decides.")
    reasons: list[ReferralReason] = strawberry.field(
        description="The signs; empty if there are none, or until it is judged.",
        directives=[cost.ListSize(assumed_size=3)],
    )
    sentence: str | None = strawberry.field(
        description="Score and signs for a person; null until it is judged."
    )
    friend_reward: shapes.Money = strawberry.field(
        description="What the friend is given, or was; zero until it is decided."
    )
    referrer_reward: shapes.Money = strawberry.field(
        description="What who invited is given, or was; zero until it is decided."
    )
    facts: strawberry.Private[invitations.Referral]

    @shapes.resolved("decidedBy", "The person who decided; null for the rule, and until then.")
    async def decided_by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of invitations asks once."""
        return await people.load(info, self.facts.decided_by)


ReferralError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("ReferralError", description="Why an invitation was not taken or decided."),
]


@strawberry.type(description="Outcome of accepting an invitation.")
class ReferralAcceptPayload:
    """The invitation as it stands."""

    invitation: Invitation | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(
        default=False, description="True if this invitation had been accepted before."
    )
    errors: list[ReferralError] = shapes.refused()


@strawberry.type(description="Outcome of a decision on an invitation.")
class ReferralReviewPayload:
    """The invitation as it stands after it."""

    referral: Referral | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(
        default=False, description="True if the same person had decided so before."
    )
    errors: list[ReferralError] = shapes.refused()


@strawberry.input(description="The invitation by which a member came.")
class ReferralAcceptInput:
    """It costs nothing and gives nothing yet."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    code: str = strawberry.field(
        description="The friend's code, however it was typed; the link has it after `code=`."
    )


@strawberry.input(description="A person's decision on an invitation that was set aside.")
class ReferralReviewInput:
    """The first decision stands, so it needs no key."""

    referral_id: strawberry.ID = strawberry.field(description="On which invitation.")
    decision: ReferralDecision = strawberry.field(description="Give the rewards, or do not.")
    reason: str = strawberry.field(description="Why, for the audit log.")


State = Annotated[
    ReferralState | None, strawberry.argument(description="Only these; null for all.")
]


@strawberry.type
class Query:
    """Root fields for those who decide."""

    @permissions.root(
        "Query.referrals",
        "Invitations that were accepted, newest first.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def referrals_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        state: State = None,
    ) -> shapes.Connection[Referral] | None:
        """One round trip, and one for the names of the people."""
        shapes.first_of(first)
        rows = await invitations.page(
            info.context.db,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
            state=None if state is None else shapes.value(state),
        )
        return shapes.page(
            [show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.facts.accepted_at, row.facts.referral_id),
        )


@strawberry.type
class Mutation:
    """Root fields for the newcomer and for the one who decides."""

    @permissions.root(
        "Mutation.referralAccept", "Say by whose invitation you came: once, as a newcomer."
    )
    @refusals.answered(ReferralAcceptPayload)
    async def referral_accept(
        self,
        info: context.Info,
        told: Annotated[
            ReferralAcceptInput, strawberry.argument(name="input", description="The invitation.")
        ],
    ) -> ReferralAcceptPayload | None:
        """Logged as referral.accept."""
        accepted = await verbs.accept(
            info.context.db,
            friend_id=info.context.principal.principal_id,
            code=told.code,
            request_id=context.request(info, "referralAccept", told.idempotency_key),
            actor=context.actor(info),
        )
        return ReferralAcceptPayload(
            invitation=_as_friend(accepted.referral), replayed=accepted.replayed
        )

    @permissions.root(
        "Mutation.referralReview", "Decide on an invitation that was set aside, with a reason."
    )
    @refusals.answered(ReferralReviewPayload)
    async def referral_review(
        self,
        info: context.Info,
        told: Annotated[
            ReferralReviewInput, strawberry.argument(name="input", description="The decision.")
        ],
    ) -> ReferralReviewPayload | None:
        """Logged as referral.approved or referral.refused."""
        reviewed = await verbs.review(
            info.context.db,
            referral_id=shapes.key("ref", told.referral_id, path=("referral_id",)),
            decision=shapes.value(told.decision),
            reason=told.reason,
            actor=context.actor(info),
        )
        return ReferralReviewPayload(referral=show(reviewed.referral), replayed=reviewed.replayed)


async def of_member(info: context.Info, member_id: uuid.UUID) -> MemberReferral:
    """Return how a member invites; the code is made when it is first asked for."""
    db = info.context.db
    code = await verbs.code_of(db, member_id)
    came = await invitations.of_friend(db, member_id)
    return MemberReferral(
        code=rules.show(code),
        link=f"{info.context.origin}/join?code={code}",
        invited=[_as_referrer(one) for one in await invitations.of_referrer(db, member_id)],
        accepted=None if came is None else _as_friend(came),
    )


async def node(info: context.Info, referral_id: uuid.UUID) -> Referral | None:
    """Return an invitation to those who may decide."""
    found = await invitations.find(info.context.db, referral_id)
    return show(found) if "support:approve" in info.context.principal.scopes else None


def show(row: invitations.Referral) -> Referral:
    """Return an invitation as the staff sees it."""
    return Referral(
        id=strawberry.ID(ids.show("ref", row.referral_id)),
        state=ReferralState(row.state),
        friend_id=strawberry.ID(ids.show("mem", row.friend_id)),
        referrer_id=strawberry.ID(ids.show("mem", row.referrer_id)),
        purchase_id=None
        if row.purchase_id is None
        else strawberry.ID(ids.show("pur", row.purchase_id)),
        accepted_at=scalars.DateTime(row.accepted_at),
        clears_at=scalars.instant(row.clears_at),
        decided_at=scalars.instant(row.decided_at),
        score=row.score,
        threshold=suspicion.THRESHOLD,
        reasons=[ReferralReason(**one) for one in row.reasons],
        sentence=None
        if row.score is None
        else suspicion.sentence(row.score, [one["sentence"] for one in row.reasons]),
        friend_reward=shapes.show(row.friend_minor, row.asset),
        referrer_reward=shapes.show(row.referrer_minor, row.asset),
        facts=row,
    )


def _as_friend(row: invitations.Referral) -> Invitation:
    return _invitation(row, row.friend_minor)


def _as_referrer(row: invitations.Referral) -> Invitation:
    return _invitation(row, row.referrer_minor)


def _invitation(row: invitations.Referral, given_minor: int) -> Invitation:
    given = row.state == "paid" and given_minor > 0
    return Invitation(
        state=ReferralState(row.state),
        at=scalars.DateTime(row.accepted_at),
        reward=shapes.show(given_minor, row.asset) if given else None,
    )
