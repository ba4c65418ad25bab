"""What support may ask and do about members. Every look-up and every act is in the audit log.

A look-up is written to the log before its answer is given, so what was seen is what was logged.
"""

from typing import Annotated, Final, TypeAlias

import strawberry

from api.graphql import (
    context,
    members,
    permissions,
    purchases,
    refusals,
    scalars,
    shapes,
)
from wallet import audit, credit, errors, ids
from wallet import members as member_verbs

REASON: Final = "Why, for the audit log."
REPLAYED: Final = f"{shapes.REPLAYED} False for an act without a key."

GoodwillError: TypeAlias = Annotated[
    refusals.GoodwillLimit | refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("GoodwillError", description="Why a credit was refused."),
]
StaffError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("StaffError", description="Why an act of the staff was refused."),
]


@strawberry.type(description="Outcome of a goodwill credit.")
class GoodwillCreditPayload:
    """The member as they stand after it."""

    credited: shapes.Money | None = strawberry.field(
        default=None, description="What was credited; null if refused."
    )
    member: members.Member | None = strawberry.field(
        default=None, description="Who was credited; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[GoodwillError] = shapes.refused()


@strawberry.type(description="Outcome of an act about a member.")
class MemberPayload:
    """The member as they stand after it."""

    member: members.Member | None = strawberry.field(
        default=None, description="As they stand now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=REPLAYED)
    errors: list[StaffError] = shapes.refused()


@strawberry.input(description="A credit out of the operator's pocket.")
class GoodwillCreditInput:
    """Within the limits of the agent's role."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    member_id: strawberry.ID = strawberry.field(description="Who gets it.")
    amount: shapes.MoneyInput = strawberry.field(description="How much.")
    reason: str = strawberry.field(description="Why, for the member and for the audit log.")


@strawberry.input(description="A new member.")
class MemberEnrolInput:
    """Opens the wallet too."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    email: str = strawberry.field(description="Where the member is written to.")
    display_name: str = strawberry.field(description="Shown name.")
    reason: str = strawberry.field(description=REASON)


@strawberry.input(description="A change of whether a member may earn and spend.")
class MemberStatusInput:
    """Repeating it changes nothing, so it needs no key."""

    member_id: strawberry.ID = strawberry.field(description="Which member.")
    reason: str = strawberry.field(description=REASON)


@strawberry.type
class Query:
    """Root fields for support."""

    @permissions.root("Query.member", "A member by id; null if there is none.")
    async def member(
        self,
        info: context.Info,
        shown: Annotated[
            strawberry.ID, strawberry.argument(name="id", description="The member's id.")
        ],
    ) -> members.Member | None:
        """Logged as member.find."""
        try:
            found = await member_verbs.find(info.context.db, ids.parse("mem", shown))
        except (ValueError, errors.NotFound):
            return None
        return await _looked_up(info, found)

    @permissions.root(
        "Query.memberByEmail",
        "A member by e-mail address, whatever its capitals; null if there is none.",
    )
    async def member_by_email(
        self,
        info: context.Info,
        email: Annotated[str, strawberry.argument(description="The address.")],
    ) -> members.Member | None:
        """Logged as member.find."""
        try:
            member_verbs.check_email(email)
            found = await member_verbs.find_by_email(info.context.db, email)
        except (errors.TextInvalid, errors.NotFound):
            return None
        return await _looked_up(info, found)

    @permissions.root(
        "Query.purchaseExplanation",
        "A purchase with the decision on each line; null if there is none.",
    )
    async def purchase_explanation(
        self,
        info: context.Info,
        shown: Annotated[
            strawberry.ID, strawberry.argument(name="id", description="The purchase's id.")
        ],
    ) -> purchases.Purchase | None:
        """Logged as purchase.find."""
        return await purchases.explained(info, shown)


@strawberry.type
class Mutation:
    """Root fields for support."""

    @permissions.root(
        "Mutation.goodwillCredit",
        "Credit a member out of the operator's pocket, with a reason, within limits.",
    )
    @refusals.answered(GoodwillCreditPayload)
    async def goodwill_credit(
        self,
        info: context.Info,
        told: Annotated[
            GoodwillCreditInput, strawberry.argument(name="input", description="The credit.")
        ],
    ) -> GoodwillCreditPayload | None:
        """Logged as credit.goodwill."""
        amount_minor, asset = shapes.amount(told.amount)
        member_id = shapes.key("mem", told.member_id, path=("member_id",))
        credited = await credit.credit_goodwill(
            info.context.db,
            staff=context.staff(info),
            actor=context.actor(info),
            request_id=context.request(info, "goodwillCredit", told.idempotency_key),
            member_id=member_id,
            amount_minor=amount_minor,
            asset=asset,
            reason=told.reason,
        )
        found = await member_verbs.find(info.context.db, member_id)
        return GoodwillCreditPayload(
            credited=shapes.show(credited.amount_minor, credited.asset),
            member=members.show(found),
            replayed=credited.replayed,
        )

    @permissions.root("Mutation.memberEnrol", "Enrol a member and open the wallet.")
    @refusals.answered(MemberPayload)
    async def member_enrol(
        self,
        info: context.Info,
        told: Annotated[
            MemberEnrolInput, strawberry.argument(name="input", description="The member.")
        ],
    ) -> MemberPayload | None:
        """Logged as member.enrol."""
        enrolled = await member_verbs.enrol(
            info.context.db,
            member_id=context.request(info, "memberEnrol", told.idempotency_key),
            email=told.email,
            display_name=told.display_name,
            actor=context.actor(info),
            reason=told.reason,
        )
        return MemberPayload(member=members.show(enrolled.member), replayed=enrolled.replayed)

    @permissions.root("Mutation.memberSuspend", "Stop a member from earning and spending.")
    @refusals.answered(MemberPayload)
    async def member_suspend(
        self,
        info: context.Info,
        told: Annotated[
            MemberStatusInput, strawberry.argument(name="input", description="Who, and why.")
        ],
    ) -> MemberPayload | None:
        """Logged as member.suspended."""
        suspended = await member_verbs.suspend(
            info.context.db,
            shapes.key("mem", told.member_id, path=("member_id",)),
            reason=told.reason,
            actor=context.actor(info),
        )
        return MemberPayload(member=members.show(suspended))

    @permissions.root("Mutation.memberReinstate", "Let a suspended member earn and spend again.")
    @refusals.answered(MemberPayload)
    async def member_reinstate(
        self,
        info: context.Info,
        told: Annotated[
            MemberStatusInput, strawberry.argument(name="input", description="Who, and why.")
        ],
    ) -> MemberPayload | None:
        """Logged as member.active."""
        reinstated = await member_verbs.reinstate(
            info.context.db,
            shapes.key("mem", told.member_id, path=("member_id",)),
            reason=told.reason,
            actor=context.actor(info),
        )
        return MemberPayload(member=members.show(reinstated))


async def _looked_up(info: context.Info, found: member_verbs.Member) -> members.Member:
    await audit.write(
        info.context.db, actor=context.actor(info), act="member.find", subject=found.member_id
    )
    return members.show(found)
