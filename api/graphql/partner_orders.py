"""Orders at partners for the staff: where each stands, its story, and how two people decide one.

An order has the id of its redemption. What a partner could not tell is proposed here and decided
where all approvals are; until then the member's value stays held.
"""

import datetime
import enum
import uuid
from typing import Annotated

import strawberry

from api.graphql import approvals, context, partners, permissions, refusals, scalars, shapes
from wallet import ids, orders, proposals

ATTEMPTS_USUAL = 3


@strawberry.enum(description="Where an order at a partner stands.")
class PartnerOrderStatus(enum.Enum):
    """As order_states.STATES; a test compares both."""

    HELD = strawberry.enum_value(
        "held", description="Set aside; the partner was not asked yet, or provably not reached."
    )
    SENDING = strawberry.enum_value("sending", description="The partner is being asked.")
    UNKNOWN = strawberry.enum_value(
        "unknown", description="Nobody knows whether it happened; the value stays held, we look."
    )
    CAPTURED = strawberry.enum_value("captured", description="Issued at the partner, and spent.")
    RELEASED = strawberry.enum_value("released", description="Not issued; the value is free again.")
    REVERSING = strawberry.enum_value("reversing", description="It is being taken back there.")
    REVERSE_UNKNOWN = strawberry.enum_value(
        "reverse_unknown", description="Nobody knows whether it was taken back; we look."
    )
    REVERSED = strawberry.enum_value(
        "reversed", description="Taken back there; the lots that paid have their value again."
    )
    LATE = strawberry.enum_value(
        "late", description="Value turned up there that nobody pays for; it is taken back."
    )
    SUSPENSE = strawberry.enum_value(
        "suspense", description="Value stands there that nobody pays for; it is booked as open."
    )
    ATTENTION = strawberry.enum_value(
        "attention", description="Nobody could tell: two people have to decide, with evidence."
    )


@strawberry.enum(description="What an order wants of its partner.")
class PartnerOrderAim(enum.Enum):
    """As order_states.Aim; a test compares both."""

    ISSUE = strawberry.enum_value("issue", description="To issue the value.")
    REVERSE = strawberry.enum_value("reverse", description="To take it back, as was asked.")
    UNDO = strawberry.enum_value("undo", description="To take back what nobody pays for.")


@strawberry.enum(description="What was asked, or who told.")
class PartnerOrderAsked(enum.Enum):
    """As the check of ledger.partner_attempt; a test compares both."""

    ISSUE = strawberry.enum_value("issue", description="We asked to issue it.")
    FIND = strawberry.enum_value("find", description="We looked.")
    REVERSE = strawberry.enum_value("reverse", description="We asked to take it back.")
    EVENT = strawberry.enum_value("event", description="The partner told of it by itself.")
    STAFF = strawberry.enum_value("staff", description="Two people decided.")
    CLOCK = strawberry.enum_value("clock", description="Its time had run out.")


@strawberry.enum(description="What was known after an attempt.")
class PartnerOrderSaid(enum.Enum):
    """As the check of ledger.partner_attempt; a test compares both."""

    LIVE = strawberry.enum_value("live", description="It stands there, unspent.")
    SPENT = strawberry.enum_value("spent", description="It stands there, and was used.")
    VOID = strawberry.enum_value("void", description="It was taken back there.")
    ABSENT = strawberry.enum_value("absent", description="There is no such thing there.")
    DIFFERS = strawberry.enum_value("differs", description="Something else stands there.")
    REFUSED = strawberry.enum_value("refused", description="The partner said no.")
    NOT_SENT = strawberry.enum_value("not_sent", description="Provably nothing happened.")
    UNKNOWN = strawberry.enum_value("unknown", description="Nobody knows.")
    OVERDUE = strawberry.enum_value("overdue", description="It was too late to go on.")


@strawberry.type(description="One thing that was asked or told of an order.")
class PartnerAttempt:
    """Numbered without gaps."""

    number: int = strawberry.field(description="Which one, from 1.")
    asked: PartnerOrderAsked = strawberry.field(description="What was asked, or who told.")
    said: PartnerOrderSaid = strawberry.field(description="What was known after it.")
    status: PartnerOrderStatus = strawberry.field(description="Where the order went by it.")
    reason: str | None = strawberry.field(
        description="In the partner's words, cut short and without codes; null if it had none."
    )
    took_ms: int = strawberry.field(description="How long the partner took, in milliseconds.")
    ended_at: scalars.DateTime = strawberry.field(description="When it was put down.")


@strawberry.type(description="A redemption at a partner: what it was asked to issue, and became.")
class PartnerOrder(shapes.Node):
    """Shown to staff."""

    status: PartnerOrderStatus = strawberry.field(description="Where it stands.")
    aim: PartnerOrderAim = strawberry.field(description="What it wants of the partner.")
    kind: partners.PartnerOfferKind = strawberry.field(description="What is issued.")
    amount: shapes.Money = strawberry.field(description="For how much.")
    partner_id: strawberry.ID = strawberry.field(description="Which partner.")
    redemption_id: strawberry.ID = strawberry.field(
        description="The redemption that holds the value; ask `node` for it."
    )
    order_key: str = strawberry.field(description="What the partner knows it by.")
    reference: str | None = strawberry.field(
        description="What the partner calls what it issued; null while that is not known."
    )
    reason: str | None = strawberry.field(description="The partner's last word; null for none.")
    evidence: str | None = strawberry.field(
        description="What two people decided it by; null if nobody had to."
    )
    next_at: scalars.DateTime | None = strawberry.field(
        description="When the partner is asked next; null if it is not."
    )
    created_at: scalars.DateTime = strawberry.field(description="When it was begun.")
    changed_at: scalars.DateTime = strawberry.field(description="When it last changed.")
    facts: strawberry.Private[orders.Order]

    @shapes.relation("partnerName", "What members call the partner.")
    async def partner_name(self, info: context.Info) -> str | None:
        """Read by the loader, so a page of orders asks once."""
        return await info.context.loaders.partner_names.load(self.facts.partner_id)

    @shapes.listed("attempts", "Its story, in order; two hundred at most.", size=ATTEMPTS_USUAL)
    async def attempts(self, info: context.Info) -> list[PartnerAttempt] | None:
        """Read by the loader, so a page of orders asks once."""
        found = await info.context.loaders.order_stories.load(self.facts.redemption_id)
        return [_attempt(one) for one in found]


@strawberry.input(description="What became of an order that nobody could tell of.")
class PartnerOrderResolveProposeInput:
    """Nothing moves until a second person approves."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    order_id: strawberry.ID = strawberry.field(description="Which order.")
    outcome: approvals.PartnerOrderOutcome = strawberry.field(description="What was found out.")
    reason: str = strawberry.field(description="Why it has to be decided, for the audit log.")
    evidence: str = strawberry.field(
        description="What shows it, such as a letter of the partner or a number of its system."
    )


Status = Annotated[
    PartnerOrderStatus | None, strawberry.argument(description="Only these; null for all.")
]
Partner = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only this partner's; null for all.")
]


@strawberry.type
class Query:
    """Root fields for the staff."""

    @permissions.root(
        "Query.partnerOrders",
        "Redemptions at partners, newest first.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def partner_orders(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        status: Status = None,
        partner_id: Partner = None,
    ) -> shapes.Connection[PartnerOrder] | None:
        """One round trip, and one each for names and stories."""
        shapes.first_of(first)
        rows = await orders.page(
            info.context.db,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
            state=None if status is None else shapes.value(status),
            partner_id=None if partner_id is None else _partner(partner_id),
        )
        return shapes.page(
            [show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda one: scalars.cursor(one.facts.created_at, one.facts.redemption_id),
        )


@strawberry.type
class Mutation:
    """Root fields for the first of two people."""

    @permissions.root(
        "Mutation.partnerOrderResolvePropose",
        "Propose what became of an order that nobody could tell of; a supervisor decides.",
    )
    @refusals.answered(approvals.ApprovalPayload)
    async def partner_order_resolve_propose(
        self,
        info: context.Info,
        told: Annotated[
            PartnerOrderResolveProposeInput,
            strawberry.argument(name="input", description="What was found out."),
        ],
    ) -> approvals.ApprovalPayload | None:
        """Logged as approval.propose."""
        proposed = await proposals.order(
            info.context.db,
            staff_id=context.staff(info).staff_id,
            actor=context.actor(info),
            request_id=context.request(info, "partnerOrderResolvePropose", told.idempotency_key),
            redemption_id=shapes.key("ord", told.order_id, path=("order_id",)),
            outcome=shapes.value(told.outcome),
            reason=told.reason,
            evidence=told.evidence,
        )
        return approvals.ApprovalPayload(
            approval=approvals.show(proposed.approval), replayed=proposed.replayed
        )


def _partner(text: str) -> uuid.UUID:
    """The partner that a text names; what is no partner's id is like one that is not there."""
    try:
        return ids.parse("par", text)
    except ValueError:
        return uuid.UUID(int=0)


def show(row: orders.Order) -> PartnerOrder:
    """Return an order as GraphQL."""
    return PartnerOrder(
        id=strawberry.ID(ids.show("ord", row.redemption_id)),
        status=PartnerOrderStatus(row.state),
        aim=PartnerOrderAim(row.facts.aim),
        kind=partners.PartnerOfferKind(row.kind),
        amount=shapes.show(row.amount_minor, row.asset),
        partner_id=strawberry.ID(ids.show("par", row.partner_id)),
        redemption_id=strawberry.ID(ids.show("red", row.redemption_id)),
        order_key=row.key,
        reference=row.reference,
        reason=row.reason,
        evidence=row.evidence,
        next_at=scalars.instant(row.due_at),
        created_at=scalars.DateTime(row.created_at),
        changed_at=scalars.DateTime(row.changed_at),
        facts=row,
    )


def _attempt(row: orders.Attempt) -> PartnerAttempt:
    return PartnerAttempt(
        number=row.number,
        asked=PartnerOrderAsked(row.asked),
        said=PartnerOrderSaid(row.said),
        status=PartnerOrderStatus(row.state),
        reason=row.reason,
        took_ms=row.took_ms,
        ended_at=scalars.DateTime(row.ended_at),
    )


async def node(info: context.Info, order_id: uuid.UUID) -> PartnerOrder | None:
    """Return an order to the staff."""
    principal = info.context.principal
    if principal.kind != "staff" or "support:read" not in principal.scopes:
        return None
    return show(await orders.find(info.context.db, order_id))
