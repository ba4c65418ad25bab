"""What is paid out to charities, as GraphQL: batches, what they are made of, and their steps.

Whoever holds a `Remittance` has the scope campaigns:read. A batch is sent by two people: sending is
proposed here and decided where all approvals are.
"""

import datetime
import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.graphql import (
    approvals,
    charities,
    context,
    impact,
    people,
    permissions,
    refusals,
    scalars,
    shapes,
    staff,
)
from wallet import ids, money, proposals
from wallet.charities import remittances, tracing
from wallet.rules import remittances as rules

READ: Final = "campaigns:read"


@strawberry.enum(description="Where a batch stands.")
class RemittanceState(enum.Enum):
    """As rules.remittances.State; a test compares both."""

    PREPARING = strawberry.enum_value("preparing", description="It is being made up.")
    PREPARED = strawberry.enum_value("prepared", description="Made up, and to be sent.")
    SENT = strawberry.enum_value("sent", description="Sent, with proof.")
    CONFIRMED = strawberry.enum_value("confirmed", description="The charity says it has it.")
    CANCELLING = strawberry.enum_value("cancelling", description="It is being put back.")
    CANCELLED = strawberry.enum_value("cancelled", description="Not sent: all is due again.")


@strawberry.enum(description="What something that came to a charity is, or went back of.")
class RemittanceSource(enum.Enum):
    """As rules.remittances.Source; a test compares both."""

    DONATION = strawberry.enum_value("donation", description="A member gave it.")
    SHARE = strawberry.enum_value(
        "share", description="The part of cashback that its campaign gives."
    )
    GIFT = strawberry.enum_value("gift", description="Given for a purchase or an activity.")
    MATCH = strawberry.enum_value("match", description="Given because a member gave.")
    EXPIRED = strawberry.enum_value("expired", description="It expired and fell to the charity.")


@strawberry.type(description="One movement that a batch is made of. It names no member.")
class RemittanceEntry:
    """All entries of a batch add up to its amount."""

    movement_id: strawberry.ID = strawberry.field(description="The movement in the books.")
    source: RemittanceSource = strawberry.field(description="What it is.")
    amount: shapes.Money = strawberry.field(description="How much; below zero for what went back.")
    funder_id: strawberry.ID | None = strawberry.field(
        description="The merchant who paid it, beside wallets; null for members and the operator."
    )
    happened_at: scalars.DateTime = strawberry.field(description="When.")
    place: strawberry.Private[scalars.Cursor]


@strawberry.type(description="A batch that pays a charity what was due to it.")
class Remittance(shapes.Node):
    """Shown to staff with campaigns:read."""

    state: RemittanceState = strawberry.field(description="Where it stands.")
    amount: shapes.Money | None = strawberry.field(
        description="How much; null while it is being made up."
    )
    note: str = strawberry.field(description="What it is for.")
    prepared_at: scalars.DateTime = strawberry.field(description="When it was made up.")
    bank_reference: str | None = strawberry.field(description="The bank's number of the payment.")
    proof_reference: str | None = strawberry.field(description="Which document proves it.")
    proof_sha256: str | None = strawberry.field(
        name="proofSha256", description="The SHA-256 of that document, if it was told."
    )
    value_date: scalars.LocalDate | None = strawberry.field(description="When it was paid.")
    sent_at: scalars.DateTime | None = strawberry.field(description="When it was put on record.")
    acknowledgement: str | None = strawberry.field(description="What the charity said.")
    confirmed_at: scalars.DateTime | None = strawberry.field(description="When it said so.")
    cancelled_at: scalars.DateTime | None = strawberry.field(description="When it was put back.")
    facts: strawberry.Private[remittances.Remittance]

    @shapes.resolved("charity", "Whom it pays.")
    async def charity(self, info: context.Info) -> charities.Charity | None:
        """Read by the loader, so a page of batches asks once."""
        return await charities.load(info, self.facts.charity_id)

    @shapes.resolved("preparedBy", "Who made it up; null for the system.")
    async def prepared_by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of batches asks once."""
        return await people.load(info, self.facts.prepared_by)

    @shapes.resolved("sentBy", "Who proposed to send it; null until it is sent.")
    async def sent_by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader."""
        return await people.load(info, self.facts.sent_by)

    @shapes.resolved("approvedBy", "Who approved that; null until it is sent.")
    async def approved_by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader."""
        return await people.load(info, self.facts.approved_by)

    @shapes.paged("entries", "Every gift in it, and what went back; they add up to its amount.")
    async def entries(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[RemittanceEntry] | None:
        """One round trip: the proof of a batch, page by page."""
        shapes.first_of(first)
        place = shapes.place_of(after, int)
        rows = await tracing.entries(
            info.context.db,
            self.facts.remittance_id,
            first=first + 1,
            after=None if place is None else (ids.bucket_of(place[1]), place[0]),
        )
        return shapes.page(
            [_entry(row, self.facts.asset) for row in rows],
            first=first,
            after=after,
            cursor=lambda one: one.place,
        )


@strawberry.type(description="Outcome of a step of a batch.")
class RemittancePayload:
    """The batch as it stands after it."""

    remittance: Remittance | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="A batch of all that is due to a charity.")
class RemittancePrepareInput:
    """Sent again, it goes on where it was interrupted."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    charity_id: strawberry.ID = strawberry.field(description="Which charity.")
    currency: str = strawberry.field(description="In which currency, such as EUR.")
    note: str = strawberry.field(description="What it is for, for the records and the audit log.")


@strawberry.input(description="The proof that a batch was paid.")
class RemittanceSendInput:
    """It is on record once a second person approves."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    remittance_id: strawberry.ID = strawberry.field(description="Which batch.")
    bank_reference: str = strawberry.field(description="The bank's number of the payment.")
    proof_reference: str = strawberry.field(description="Which document proves it.")
    proof_sha256: str | None = strawberry.field(
        name="proofSha256", default=None, description="The SHA-256 of that document, in hex."
    )
    value_date: scalars.LocalDate = strawberry.field(description="When it was paid.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="That a charity has what was sent.")
class RemittanceConfirmInput:
    """The last step of a batch."""

    remittance_id: strawberry.ID = strawberry.field(description="Which batch.")
    acknowledgement: str = strawberry.field(description="What the charity said, or its number.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="That a batch is not sent after all.")
class RemittanceCancelInput:
    """All of it is due again."""

    remittance_id: strawberry.ID = strawberry.field(description="Which batch.")
    reason: str = strawberry.field(description=staff.REASON)


State = Annotated[
    RemittanceState | None, strawberry.argument(description="Only these; null for all.")
]
Charity = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only this charity's; null for all.")
]


@strawberry.type
class Query:
    """Root fields for those who pay charities out."""

    @permissions.root(
        "Query.remittances",
        "Batches that pay charities out, newest first.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def remittances_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        charity_id: Charity = None,
        state: State = None,
    ) -> shapes.Connection[Remittance] | None:
        """One round trip, and one for the names of the people."""
        shapes.first_of(first)
        rows = await remittances.page(
            info.context.db,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
            charity_id=impact.charity(charity_id),
            state=None if state is None else shapes.value(state),
        )
        return shapes.page(
            [show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda one: scalars.cursor(one.facts.prepared_at, one.facts.remittance_id),
        )


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root(
        "Mutation.remittancePrepare", "Make up a batch of all that is due to a charity."
    )
    @refusals.answered(RemittancePayload)
    async def remittance_prepare(
        self,
        info: context.Info,
        told: Annotated[
            RemittancePrepareInput, strawberry.argument(name="input", description="The batch.")
        ],
    ) -> RemittancePayload | None:
        """Logged as remittance.prepare."""
        done = await remittances.prepare(
            info.context.db,
            request_id=context.request(info, "remittancePrepare", told.idempotency_key),
            charity_id=shapes.key("cha", told.charity_id, path=("charity_id",)),
            asset=shapes.asset(told.currency, path=("currency",)),
            note=told.note,
            actor=context.actor(info),
        )
        return RemittancePayload(remittance=show(done.remittance), replayed=done.replayed)

    @permissions.root(
        "Mutation.remittanceSend", "Propose to put on record that a batch was sent, with its proof."
    )
    @refusals.answered(approvals.ApprovalPayload)
    async def remittance_send(
        self,
        info: context.Info,
        told: Annotated[
            RemittanceSendInput, strawberry.argument(name="input", description="The proof.")
        ],
    ) -> approvals.ApprovalPayload | None:
        """Logged as approval.propose; a second person decides."""
        proposed = await proposals.remittance(
            info.context.db,
            staff_id=context.staff(info).staff_id,
            actor=context.actor(info),
            request_id=context.request(info, "remittanceSend", told.idempotency_key),
            remittance_id=shapes.key("rem", told.remittance_id, path=("remittance_id",)),
            proof=rules.Proof(
                told.bank_reference, told.proof_reference, told.proof_sha256, told.value_date
            ),
            reason=told.reason,
        )
        return approvals.ApprovalPayload(
            approval=approvals.show(proposed.approval), replayed=proposed.replayed
        )

    @permissions.root(
        "Mutation.remittanceConfirm", "Put on record that the charity has what was sent."
    )
    @refusals.answered(RemittancePayload)
    async def remittance_confirm(
        self,
        info: context.Info,
        told: Annotated[
            RemittanceConfirmInput, strawberry.argument(name="input", description="Its words.")
        ],
    ) -> RemittancePayload | None:
        """Logged as remittance.confirm."""
        done = await remittances.confirm(
            info.context.db,
            remittance_id=shapes.key("rem", told.remittance_id, path=("remittance_id",)),
            acknowledgement=told.acknowledgement,
            reason=told.reason,
            actor=context.actor(info),
        )
        return RemittancePayload(remittance=show(done.remittance), replayed=done.replayed)

    @permissions.root("Mutation.remittanceCancel", "Put a batch back that is not sent.")
    @refusals.answered(RemittancePayload)
    async def remittance_cancel(
        self,
        info: context.Info,
        told: Annotated[
            RemittanceCancelInput, strawberry.argument(name="input", description="Which, and why.")
        ],
    ) -> RemittancePayload | None:
        """Logged as remittance.cancel."""
        done = await remittances.cancel(
            info.context.db,
            remittance_id=shapes.key("rem", told.remittance_id, path=("remittance_id",)),
            reason=told.reason,
            actor=context.actor(info),
        )
        return RemittancePayload(remittance=show(done.remittance), replayed=done.replayed)


def show(row: remittances.Remittance) -> Remittance:
    """Return a batch as GraphQL."""
    return Remittance(
        id=strawberry.ID(ids.show("rem", row.remittance_id)),
        state=RemittanceState(row.state),
        amount=None if row.amount_minor is None else shapes.show(row.amount_minor, row.asset),
        note=row.note,
        prepared_at=scalars.DateTime(row.prepared_at),
        bank_reference=row.bank_reference,
        proof_reference=row.proof_reference,
        proof_sha256=row.proof_sha256,
        value_date=scalars.day(row.value_date),
        sent_at=scalars.instant(row.sent_at),
        acknowledgement=row.acknowledgement,
        confirmed_at=scalars.instant(row.confirmed_at),
        cancelled_at=scalars.instant(row.cancelled_at),
        facts=row,
    )


async def node(info: context.Info, remittance_id: uuid.UUID) -> Remittance | None:
    """Return a batch to staff with campaigns:read."""
    found = await remittances.find(info.context.db, remittance_id)
    return show(found) if READ in info.context.scopes else None


def _entry(row: tracing.Entry, asset: money.Asset) -> RemittanceEntry:
    funder = None if row.merchant_id is None else ids.show("mer", row.merchant_id)
    return RemittanceEntry(
        movement_id=strawberry.ID(ids.show("mov", row.movement_id)),
        source=RemittanceSource(row.source),
        amount=shapes.show(row.amount_minor, asset),
        funder_id=None if funder is None else strawberry.ID(funder),
        happened_at=scalars.DateTime(row.happened_at),
        place=scalars.cursor(row.version, row.movement_id),
    )
