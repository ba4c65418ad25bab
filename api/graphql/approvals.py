"""Acts of the staff that need two people: what is proposed, and what a second person decides.

The maker and the checker are the persons of two tokens; the wallet and a CHECK of the table see to
it that they differ. A decision needs no key: the approval's own id is the key of what it does.
"""

import datetime
import enum
import uuid
from typing import Annotated, Any, TypeAlias

import strawberry

from api.graphql import context, people, permissions, refusals, scalars, shapes
from wallet import approvals, ids, money, proposals


@strawberry.enum(description="What is done when an approval is approved.")
class ApprovalAct(enum.Enum):
    """As wallet.approvals.ACTS; a test compares both."""

    GOODWILL_CREDIT = strawberry.enum_value(
        "credit.goodwill", description="A member is credited out of the operator's pocket."
    )
    REMITTANCE_SENDING = strawberry.enum_value(
        "remittance.send", description="A charity was paid what was due to it."
    )
    ORDER_RESOLUTION = strawberry.enum_value(
        "order.resolve", description="An order at a partner that nobody could tell of is decided."
    )
    REDEMPTION_SETTLEMENT = strawberry.enum_value(
        "redemption.settle", description="A hold that its merchant left open is settled."
    )
    TIER_OVERRIDE = strawberry.enum_value(
        "tier.override", description="A member is given a tier for a time."
    )


@strawberry.enum(description="Where an approval stands.")
class ApprovalStatus(enum.Enum):
    """As wallet.approvals.Status; a test compares both."""

    OPEN = strawberry.enum_value("open", description="Waits for a second person.")
    APPROVED = strawberry.enum_value("approved", description="Approved, and done.")
    DECLINED = strawberry.enum_value("declined", description="Declined; nothing was done.")
    EXPIRED = strawberry.enum_value(
        "expired", description="Nobody decided within seven days; nothing was done."
    )


@strawberry.enum(description="What a second person says to a proposal.")
class ApprovalDecision(enum.Enum):
    """As wallet.approvals.Decision; a test compares both."""

    APPROVED = strawberry.enum_value("approved", description="Do it.")
    DECLINED = strawberry.enum_value("declined", description="Do not do it.")


@strawberry.enum(description="How a hold that was left open really ended.")
class RedemptionOutcome(enum.Enum):
    """As wallet.approvals.Outcome; a test compares both."""

    CAPTURED = strawberry.enum_value(
        "captured", description="The member left with the goods: all of the hold is spent."
    )
    RELEASED = strawberry.enum_value(
        "released", description="There was no sale: all of the hold goes back to the member."
    )


@strawberry.enum(description="What people found out of an order that nobody could tell of.")
class PartnerOrderOutcome(enum.Enum):
    """As wallet.orders.Found; a test compares both."""

    ISSUED = strawberry.enum_value("issued", description="Its value stands at the partner.")
    ABSENT = strawberry.enum_value("absent", description="Its value does not stand there.")


@strawberry.type(description="An act that one person proposed and another has to decide.")
class Approval(shapes.Node):
    """Shown to those who may decide, and to the person who proposed it."""

    act: ApprovalAct = strawberry.field(description="What is done when it is approved.")
    status: ApprovalStatus = strawberry.field(description="Where it stands.")
    subject_id: strawberry.ID = strawberry.field(
        description="The member, redemption, order or batch it is about; ask `node` for it."
    )
    amount: shapes.Money | None = strawberry.field(
        description="How much is credited or was paid; null if it is about neither."
    )
    outcome: RedemptionOutcome | None = strawberry.field(
        description="How the hold ends; null if it is about no hold."
    )
    order_outcome: PartnerOrderOutcome | None = strawberry.field(
        description="What became of the order; null if it is about none."
    )
    tier: str | None = strawberry.field(
        description="The word of the tier that is given; null if it is about no tier."
    )
    until: scalars.DateTime | None = strawberry.field(
        description="When that tier ends; null if it is about no tier."
    )
    evidence: str | None = strawberry.field(
        description="What shows that a hold or an order ended so, or a charity was paid; else null."
    )
    reason: str = strawberry.field(description="Why it was proposed.")
    checker_reason: str | None = strawberry.field(
        description="Why it was decided so; null until it is."
    )
    created_at: scalars.DateTime = strawberry.field(description="When it was proposed.")
    expires_at: scalars.DateTime = strawberry.field(
        description="From this instant on it can no longer be decided."
    )
    decided_at: scalars.DateTime | None = strawberry.field(
        description="When it was decided; null until it is."
    )
    facts: strawberry.Private[approvals.Approval]

    @shapes.relation("maker", "Who proposed it.")
    async def maker(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of approvals asks once."""
        return await people.load(info, self.facts.maker_id)

    @shapes.resolved("checker", "Who decided it; null until somebody has.")
    async def checker(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of approvals asks once."""
        return await people.load(info, self.facts.checker_id)


ApprovalError: TypeAlias = Annotated[
    refusals.GoodwillLimit | refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("ApprovalError", description="Why it was not proposed or not decided."),
]


@strawberry.type(description="Outcome of a proposal, or of a decision on one.")
class ApprovalPayload:
    """The approval as it stands after it."""

    approval: Approval | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(
        default=False,
        description="True if this had been proposed or decided so before by the same person.",
    )
    errors: list[ApprovalError] = shapes.refused()


@strawberry.input(description="A credit beyond what you may give yourself.")
class GoodwillCreditProposeInput:
    """Nothing is credited until a second person approves."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    member_id: strawberry.ID = strawberry.field(description="Who is to get it.")
    amount: shapes.MoneyInput = strawberry.field(description="How much.")
    reason: str = strawberry.field(
        description="Why, for the member, the checker and the audit log."
    )


@strawberry.input(description="How a hold really ended that its merchant left open.")
class RedemptionResolveInput:
    """Nothing is settled until a second person approves."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    redemption_id: strawberry.ID = strawberry.field(description="Which hold.")
    outcome: RedemptionOutcome = strawberry.field(description="How it ended.")
    reason: str = strawberry.field(
        description="Why the merchant cannot settle it, for the audit log."
    )
    evidence: str = strawberry.field(
        description="What shows that it ended so, such as the number of the till's receipt."
    )


@strawberry.input(description="A second person's decision.")
class ApprovalDecideInput:
    """The first decision stands."""

    approval_id: strawberry.ID = strawberry.field(description="On which proposal.")
    decision: ApprovalDecision = strawberry.field(description="Do it, or do it not.")
    reason: str = strawberry.field(description="Why, for the audit log.")


Status = Annotated[
    ApprovalStatus | None, strawberry.argument(description="Only these; null for all.")
]


@strawberry.type
class Query:
    """Root fields for those who decide."""

    @permissions.root(
        "Query.approvals",
        "What was proposed, newest first.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def approvals_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        status: Status = None,
    ) -> shapes.Connection[Approval] | None:
        """One round trip, and one for the names of the people."""
        shapes.first_of(first)
        rows = await approvals.page(
            info.context.db,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
            status=None if status is None else shapes.value(status),
        )
        return shapes.page(
            [show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.facts.created_at, row.facts.approval_id),
        )


@strawberry.type
class Mutation:
    """Root fields for the two people."""

    @permissions.root(
        "Mutation.goodwillCreditPropose",
        "Propose a credit beyond your limit; a supervisor approves or declines it.",
    )
    @refusals.answered(ApprovalPayload)
    async def goodwill_credit_propose(
        self,
        info: context.Info,
        told: Annotated[
            GoodwillCreditProposeInput,
            strawberry.argument(name="input", description="The credit."),
        ],
    ) -> ApprovalPayload | None:
        """Logged as approval.propose."""
        amount_minor, asset = shapes.amount(told.amount)
        proposed = await proposals.goodwill(
            info.context.db,
            staff_id=context.staff(info).staff_id,
            actor=context.actor(info),
            request_id=context.request(info, "goodwillCreditPropose", told.idempotency_key),
            member_id=shapes.key("mem", told.member_id, path=("member_id",)),
            amount_minor=amount_minor,
            asset=asset,
            reason=told.reason,
        )
        return ApprovalPayload(approval=show(proposed.approval), replayed=proposed.replayed)

    @permissions.root(
        "Mutation.redemptionResolve",
        "Propose how a hold ended that its merchant left open; a supervisor decides.",
    )
    @refusals.answered(ApprovalPayload)
    async def redemption_resolve(
        self,
        info: context.Info,
        told: Annotated[
            RedemptionResolveInput, strawberry.argument(name="input", description="The end.")
        ],
    ) -> ApprovalPayload | None:
        """Logged as approval.propose."""
        proposed = await proposals.settlement(
            info.context.db,
            staff_id=context.staff(info).staff_id,
            actor=context.actor(info),
            request_id=context.request(info, "redemptionResolve", told.idempotency_key),
            redemption_id=shapes.key("red", told.redemption_id, path=("redemption_id",)),
            outcome=shapes.value(told.outcome),
            reason=told.reason,
            evidence=told.evidence,
        )
        return ApprovalPayload(approval=show(proposed.approval), replayed=proposed.replayed)

    @permissions.root(
        "Mutation.approvalDecide",
        "Approve or decline what a colleague proposed; approving does it, exactly once.",
    )
    @refusals.answered(ApprovalPayload)
    async def approval_decide(
        self,
        info: context.Info,
        told: Annotated[
            ApprovalDecideInput, strawberry.argument(name="input", description="The decision.")
        ],
    ) -> ApprovalPayload | None:
        """Logged as approval.approved or approval.declined."""
        decided = await approvals.decide(
            info.context.db,
            approval_id=shapes.key("apr", told.approval_id, path=("approval_id",)),
            checker=context.staff(info),
            actor=context.actor(info),
            decision=shapes.value(told.decision),
            reason=told.reason,
        )
        return ApprovalPayload(approval=show(decided.approval), replayed=decided.replayed)


SUBJECTS = {
    approvals.GOODWILL: "mem",
    approvals.SETTLEMENT: "red",
    approvals.TIER_OVERRIDE: "mem",
    approvals.REMITTANCE: "rem",
    approvals.ORDER: "ord",
}


def show(row: approvals.Approval) -> Approval:
    """Return an approval as GraphQL."""
    amount, outcome = row.detail.get("amount_minor"), row.detail.get("outcome")
    until, of_order = row.detail.get("until"), row.act == approvals.ORDER
    return Approval(
        id=strawberry.ID(ids.show("apr", row.approval_id)),
        act=ApprovalAct(row.act),
        status=ApprovalStatus(row.status),
        subject_id=strawberry.ID(ids.show(SUBJECTS[row.act], row.subject_id)),
        amount=None if amount is None else shapes.show(amount, money.asset(row.detail["asset"])),
        outcome=None if outcome is None or of_order else RedemptionOutcome(outcome),
        order_outcome=PartnerOrderOutcome(outcome) if of_order else None,
        tier=row.detail.get("tier"),
        until=None if until is None else scalars.DateTime(datetime.datetime.fromisoformat(until)),
        evidence=_evidence(row.detail),
        reason=row.reason,
        checker_reason=row.checker_reason,
        created_at=scalars.DateTime(row.created_at),
        expires_at=scalars.DateTime(row.expires_at),
        decided_at=scalars.instant(row.decided_at),
        facts=row,
    )


def _evidence(detail: dict[str, Any]) -> str | None:
    if "bank_reference" not in detail:
        return detail.get("evidence")
    return f"{detail['bank_reference']}, {detail['proof_reference']}, {detail['value_date']}"


async def node(info: context.Info, approval_id: uuid.UUID) -> Approval | None:
    """Return an approval to those who may decide, and to the person who proposed it."""
    found = await approvals.find(info.context.db, approval_id)
    principal = info.context.principal
    if principal.kind != "staff":
        return None
    own = found.maker_id == principal.principal_id and "support:read" in principal.scopes
    return show(found) if own or "support:approve" in principal.scopes else None
