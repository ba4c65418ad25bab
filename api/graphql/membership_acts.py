"""What merchants report of plans that they sell: payments, changes of plan, and ends.

Nobody's money is taken here: the seller has taken it, or has to pay back what the answer says.
What the operator sells is reported in membership_staff.py.
"""

from typing import Annotated, Final, TypeAlias

import strawberry

from api.graphql import context, memberships, permissions, refusals, scalars, shapes
from wallet.progress import membership_acts as acts
from wallet.progress import memberships as verbs

REFERENCE: Final = "Your own number of the payment; each counts once."
PAID_AT: Final = "When it was paid, at most 7 days ago."

MembershipError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("MembershipError", description="Why a report on a membership was refused."),
]


@strawberry.type(description="Outcome of a report on a membership.")
class MembershipPayload:
    """The membership as it stands after it, and what was done."""

    membership: memberships.Membership | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    act: memberships.MembershipAct | None = strawberry.field(
        default=None, description="What was done; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[MembershipError] = shapes.refused()


@strawberry.type(description="What a change of plan or an end would come to now.")
class MembershipQuotePayload:
    """Nothing is changed by asking."""

    act: memberships.MembershipAct | None = strawberry.field(
        default=None, description="What it would be today; null if refused."
    )
    errors: list[MembershipError] = shapes.refused()


@strawberry.input(description="The first payment of a member for a plan of yours.")
class MembershipStartInput:
    """Becomes a payment."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    member_id: strawberry.ID = strawberry.field(description="Who joins.")
    plan_id: strawberry.ID = strawberry.field(description="The plan, a scheme of yours.")
    reference: str = strawberry.field(description=REFERENCE)
    paid: shapes.MoneyInput = strawberry.field(description="What was paid, at most the price.")
    paid_at: scalars.DateTime = strawberry.field(description=PAID_AT)


@strawberry.input(description="A further payment.")
class MembershipRenewInput:
    """Becomes a payment."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    membership_id: strawberry.ID = strawberry.field(description="Which membership.")
    reference: str = strawberry.field(description=REFERENCE)
    paid: shapes.MoneyInput = strawberry.field(description="What was paid, at most the price.")
    paid_at: scalars.DateTime = strawberry.field(description=PAID_AT)


@strawberry.input(description="Another plan of yours instead of the one that a member has.")
class MembershipChangeInput:
    """Becomes a payment."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    membership_id: strawberry.ID = strawberry.field(description="Which membership.")
    plan_id: strawberry.ID = strawberry.field(description="The plan that it becomes.")
    reference: str = strawberry.field(description=REFERENCE)
    paid: shapes.MoneyInput = strawberry.field(
        description="What was paid: just what `membershipQuote` says is due, zero if nothing is."
    )
    paid_at: scalars.DateTime = strawberry.field(description=PAID_AT)


@strawberry.input(description="The end of a membership.")
class MembershipCancelInput:
    """The answer says what to pay back."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    membership_id: strawberry.ID = strawberry.field(description="Which membership.")
    reason: str = strawberry.field(description="Why, for the member and for you.")


@strawberry.type
class Query:
    """Root fields for whoever sells plans."""

    @permissions.root(
        "Query.membershipQuote",
        "What another plan would cost now, or what an end would give back; nothing is changed.",
    )
    @refusals.answered(MembershipQuotePayload)
    async def membership_quote(
        self,
        info: context.Info,
        membership_id: Annotated[
            strawberry.ID, strawberry.argument(description="A membership in a plan of yours.")
        ],
        plan_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The plan that it would become; null for its end."),
        ] = None,
    ) -> MembershipQuotePayload | None:
        """By the rule that decides."""
        quoted = await verbs.quote(
            info.context.db,
            seller_id=context.merchant(info),
            membership_id=shapes.key("mbr", membership_id, path=("membership_id",)),
            plan_id=None if plan_id is None else shapes.key("sch", plan_id, path=("plan_id",)),
        )
        return MembershipQuotePayload(act=await memberships.show_quote(info, quoted))


@strawberry.type
class Mutation:
    """Root fields for whoever sells plans."""

    @permissions.root(
        "Mutation.membershipStart", "Report the first payment of a member for a plan of yours."
    )
    @refusals.answered(MembershipPayload)
    async def membership_start(
        self,
        info: context.Info,
        told: Annotated[
            MembershipStartInput, strawberry.argument(name="input", description="The payment.")
        ],
    ) -> MembershipPayload | None:
        """Once for each reference."""
        acted = await verbs.start(
            info.context.db,
            seller_id=context.merchant(info),
            request_id=context.request(info, "membershipStart", told.idempotency_key),
            member_id=shapes.key("mem", told.member_id, path=("member_id",)),
            plan_id=shapes.key("sch", told.plan_id, path=("plan_id",)),
            payment=payment_of(told.reference, told.paid, told.paid_at),
            actor=context.actor(info),
        )
        return await payload(info, acted)

    @permissions.root(
        "Mutation.membershipRenew", "Report a further payment; it adds a term, or reinstates."
    )
    @refusals.answered(MembershipPayload)
    async def membership_renew(
        self,
        info: context.Info,
        told: Annotated[
            MembershipRenewInput, strawberry.argument(name="input", description="The payment.")
        ],
    ) -> MembershipPayload | None:
        """Once for each reference."""
        acted = await verbs.renew(
            info.context.db,
            seller_id=context.merchant(info),
            request_id=context.request(info, "membershipRenew", told.idempotency_key),
            membership_id=shapes.key("mbr", told.membership_id, path=("membership_id",)),
            payment=payment_of(told.reference, told.paid, told.paid_at),
            actor=context.actor(info),
        )
        return await payload(info, acted)

    @permissions.root(
        "Mutation.membershipChange", "Report that a member goes over to another plan of yours."
    )
    @refusals.answered(MembershipPayload)
    async def membership_change(
        self,
        info: context.Info,
        told: Annotated[
            MembershipChangeInput, strawberry.argument(name="input", description="The change.")
        ],
    ) -> MembershipPayload | None:
        """The act says what is left over, if anything is."""
        acted = await verbs.change(
            info.context.db,
            seller_id=context.merchant(info),
            request_id=context.request(info, "membershipChange", told.idempotency_key),
            membership_id=shapes.key("mbr", told.membership_id, path=("membership_id",)),
            plan_id=shapes.key("sch", told.plan_id, path=("plan_id",)),
            payment=payment_of(told.reference, told.paid, told.paid_at),
            actor=context.actor(info),
        )
        return await payload(info, acted)

    @permissions.root(
        "Mutation.membershipCancel", "End a membership; the act says what to pay back, and why."
    )
    @refusals.answered(MembershipPayload)
    async def membership_cancel(
        self,
        info: context.Info,
        told: Annotated[
            MembershipCancelInput, strawberry.argument(name="input", description="Which, and why.")
        ],
    ) -> MembershipPayload | None:
        """Once, and for good."""
        acted = await verbs.cancel(
            info.context.db,
            seller_id=context.merchant(info),
            request_id=context.request(info, "membershipCancel", told.idempotency_key),
            membership_id=shapes.key("mbr", told.membership_id, path=("membership_id",)),
            reason=told.reason,
            actor=context.actor(info),
        )
        return await payload(info, acted)


async def payload(info: context.Info, acted: acts.Acted) -> MembershipPayload:
    """Return what was done as the payload of a report."""
    return MembershipPayload(
        membership=await memberships.show(info, acted.membership),
        act=await memberships.show_act(info, acted),
        replayed=acted.replayed,
    )


def payment_of(reference: str, told: shapes.MoneyInput, paid_at: scalars.DateTime) -> acts.Payment:
    """Return a payment as the wallet takes it."""
    asset = shapes.asset(told.currency, path=("paid", "currency"))
    minor = shapes.minor(told.amount, asset, path=("paid", "amount"))
    return acts.Payment(reference, paid_at, minor, asset)
