"""Memberships for the staff: the operator's own plans, and how all plans do.

What a merchant sells is its own to report; the operator's plans are reported here, with a reason.
"""

import enum
from typing import Annotated, Final

import strawberry

from api.graphql import (
    context,
    cost,
    membership_acts,
    permissions,
    refusals,
    scalars,
    shapes,
    staff,
)
from wallet import audit, errors, ids, programme
from wallet.progress import membership_acts as acts
from wallet.progress import memberships as verbs
from wallet.progress import plans

MONTHS_SHOWN_MAX: Final = 1_000
"""Plans times months: 40 plans in two years."""


@strawberry.enum(description="What the staff reports of a plan that the operator sells.")
class MembershipReport(enum.Enum):
    """Which verb."""

    START = strawberry.enum_value("start", description="A first payment: who, plan, payment.")
    RENEW = strawberry.enum_value("renew", description="A further payment: membership, payment.")
    CHANGE = strawberry.enum_value(
        "change", description="Another plan: membership, plan, what was due."
    )
    CANCEL = strawberry.enum_value("cancel", description="The end: membership.")


@strawberry.type(description="A plan with its members.")
class MembershipCount:
    """As plans.Counts."""

    plan_id: strawberry.ID = strawberry.field(description="Which plan.")
    members: int = strawberry.field(description="Who is let in now.")
    ends_within_30_days: int = strawberry.field(
        name="endsWithin30Days", description="Of them, what is paid for ends within 30 days."
    )
    ends_within_60_days: int = strawberry.field(
        name="endsWithin60Days", description="The same for 60 days."
    )
    ends_within_90_days: int = strawberry.field(
        name="endsWithin90Days", description="The same for 90 days."
    )


@strawberry.type(description="Who came and who went in a month.")
class MembershipMonth:
    """As plans.Month."""

    plan_id: strawberry.ID = strawberry.field(description="Which plan.")
    month: str = strawberry.field(description="A month of the programme, such as 2026-03.")
    joined: int = strawberry.field(description="Who joined, came back, or came from another plan.")
    ended: int = strawberry.field(description="Whose time ended, or who went to another plan.")


@strawberry.type(description="Members of paid plans, now and by month.")
class MembershipCounts:
    """As plans.counts."""

    plans: list[MembershipCount] = strawberry.field(
        description="Plans that have members now; at most 500.",
        directives=[cost.ListSize(assumed_size=5)],
    )
    months: list[MembershipMonth] = strawberry.field(
        description="Two years, the newest first, each plan by itself; at most 1,000.",
        directives=[cost.ListSize(assumed_size=50)],
    )


@strawberry.input(description="What happened to a membership in a plan that the operator sells.")
class MembershipRecordInput:
    """One of the four reports, with why."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    report: MembershipReport = strawberry.field(description="What is reported.")
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who joins; for START."
    )
    membership_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which membership; for all but START."
    )
    plan_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which plan; for START and CHANGE."
    )
    reference: str | None = strawberry.field(default=None, description=membership_acts.REFERENCE)
    paid: shapes.MoneyInput | None = strawberry.field(
        default=None, description="What was paid; for all but CANCEL."
    )
    paid_at: scalars.DateTime | None = strawberry.field(
        default=None, description=membership_acts.PAID_AT
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.type
class Query:
    """Root fields for the operator."""

    @permissions.root(
        "Query.membershipCounts",
        "How many members plans have, who came and who went, and whose end is near.",
        shapes.SemanticNonNull(),
    )
    async def membership_counts(self, info: context.Info) -> MembershipCounts | None:
        """Two scans of memberships: for planning, not for a page that many look at."""
        standing, months = await plans.counts(info.context.db)
        return MembershipCounts(
            plans=[
                MembershipCount(
                    plan_id=strawberry.ID(ids.show("sch", one.plan_id)),
                    members=one.members,
                    ends_within_30_days=one.ends_30,
                    ends_within_60_days=one.ends_60,
                    ends_within_90_days=one.ends_90,
                )
                for one in standing
            ],
            months=[
                MembershipMonth(
                    plan_id=strawberry.ID(ids.show("sch", one.plan_id)),
                    month=one.month,
                    joined=one.joined,
                    ended=one.ended,
                )
                for one in months[:MONTHS_SHOWN_MAX]
            ],
        )


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root(
        "Mutation.membershipRecord",
        "Report a payment for a plan that the operator sells, or the end of one.",
    )
    @refusals.answered(membership_acts.MembershipPayload)
    async def membership_record(
        self,
        info: context.Info,
        told: Annotated[
            MembershipRecordInput, strawberry.argument(name="input", description="What, and why.")
        ],
    ) -> membership_acts.MembershipPayload | None:
        """Logged as membership.started and so on."""
        audit.check_reason(told.reason)
        return await membership_acts.payload(info, await _record(info, told))


async def _record(info: context.Info, told: MembershipRecordInput) -> acts.Acted:
    db, actor = info.context.db, context.actor(info)
    seller_id = (await programme.of(db)).operator_id
    request_id = context.request(info, "membershipRecord", told.idempotency_key)
    if told.report is MembershipReport.CANCEL:
        return await verbs.cancel(
            db,
            seller_id=seller_id,
            request_id=request_id,
            membership_id=shapes.key("mbr", told.membership_id or "", path=("membership_id",)),
            reason=told.reason,
            actor=actor,
        )
    if told.reference is None or told.paid is None or told.paid_at is None:
        raise errors.MembershipInvalid(
            "A payment has a reference, an amount and a time. Fill them in.", path=("reference",)
        )
    payment = membership_acts.payment_of(told.reference, told.paid, told.paid_at)
    if told.report is MembershipReport.START:
        return await verbs.start(
            db,
            seller_id=seller_id,
            request_id=request_id,
            member_id=shapes.key("mem", told.member_id or "", path=("member_id",)),
            plan_id=shapes.key("sch", told.plan_id or "", path=("plan_id",)),
            payment=payment,
            actor=actor,
            reason=told.reason,
        )
    membership_id = shapes.key("mbr", told.membership_id or "", path=("membership_id",))
    if told.report is MembershipReport.RENEW:
        return await verbs.renew(
            db,
            seller_id=seller_id,
            request_id=request_id,
            membership_id=membership_id,
            payment=payment,
            actor=actor,
            reason=told.reason,
        )
    return await verbs.change(
        db,
        seller_id=seller_id,
        request_id=request_id,
        membership_id=membership_id,
        plan_id=shapes.key("sch", told.plan_id or "", path=("plan_id",)),
        payment=payment,
        actor=actor,
        reason=told.reason,
    )
