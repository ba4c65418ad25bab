"""Segments and evidence as GraphQL: what campaigns ask of members and of goods."""

import uuid
from typing import Annotated

import strawberry

from api.graphql import context, permissions, refusals, scalars, shapes, staff
from wallet import ids
from wallet.campaigns import evidence, segments

READ = "campaigns:read"


@strawberry.type(description="A named group of members that campaigns may ask for.")
class Segment(shapes.Node):
    """Shown to staff with campaigns:read."""

    name: str = strawberry.field(description="Its name, which campaigns go by.")
    about: str = strawberry.field(description="Who belongs to it, in words.")
    created_at: scalars.DateTime = strawberry.field(description="When it was made.")
    key: strawberry.Private[uuid.UUID]

    @shapes.relation("size", "How many members belong to it now.")
    async def size(self, info: context.Info) -> int | None:
        """Read by the loader, so a page of segments asks once."""
        return await info.context.loaders.segment_sizes.load(self.key)


@strawberry.type(description="Outcome of making a segment.")
class SegmentPayload:
    """The segment as it is."""

    segment: Segment | None = strawberry.field(
        default=None, description="The segment; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type(description="Outcome of changing who belongs to a segment.")
class SegmentMembersPayload:
    """Those who belonged, or did not, before are not counted."""

    segment: Segment | None = strawberry.field(
        default=None, description="The segment after it; null if refused."
    )
    changed: int | None = strawberry.field(
        default=None, description="For how many members it changed; null if refused."
    )
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type(description="Outcome of putting evidence for a label on record.")
class LabelEvidencePayload:
    """It is never changed."""

    evidence_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the evidence; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="A new segment.")
class SegmentSaveInput:
    """Nobody belongs to it yet."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    name: str = strawberry.field(description="Its name, which campaigns go by; it never changes.")
    about: str = strawberry.field(description="Who belongs to it, in words.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A change of who belongs to a segment.")
class SegmentMembersInput:
    """Repeating it changes nothing, so it needs no key."""

    segment_id: strawberry.ID = strawberry.field(description="Which segment.")
    member_ids: list[strawberry.ID] = strawberry.field(
        description="Which members; at most 10,000 in one request."
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="What shows that a product bears a label by right.")
class LabelEvidenceRecordInput:
    """It counts for purchases of its days, both of them in, that are decided from now on."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    label: str = strawberry.field(description="The label, as the lines of purchases bear it.")
    merchant_id: strawberry.ID = strawberry.field(description="Whose product.")
    product: str = strawberry.field(description="The product's number, as the merchant writes it.")
    source: str = strawberry.field(description="Who certified it.")
    reference: str = strawberry.field(description="The number of the certificate.")
    valid_from: scalars.LocalDate = strawberry.field(description="Its first day.")
    valid_until: scalars.LocalDate = strawberry.field(description="Its last day.")
    reason: str = strawberry.field(description=staff.REASON)


Change = Annotated[
    SegmentMembersInput, strawberry.argument(name="input", description="Who, and why.")
]


@strawberry.type
class Query:
    """Root fields for the staff."""

    @permissions.root(
        "Query.segments",
        "The segments, by name.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def segments_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[Segment] | None:
        """One round trip, and one for their sizes."""
        shapes.first_of(first)
        rows = await segments.page(
            info.context.db, first=first + 1, after=shapes.place_of(after, str)
        )
        return shapes.page(
            [show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.name, row.key),
        )


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root("Mutation.segmentSave", "Make a segment.")
    @refusals.answered(SegmentPayload)
    async def segment_save(
        self,
        info: context.Info,
        told: Annotated[
            SegmentSaveInput, strawberry.argument(name="input", description="The segment.")
        ],
    ) -> SegmentPayload | None:
        """Logged as segment.create."""
        created = await segments.create(
            info.context.db,
            segment_id=context.request(info, "segmentSave", told.idempotency_key),
            name=told.name,
            about=told.about,
            reason=told.reason,
            actor=context.actor(info),
        )
        return SegmentPayload(segment=show(created.segment), replayed=created.replayed)

    @permissions.root("Mutation.segmentMembersAdd", "Let members belong to a segment from now on.")
    @refusals.answered(SegmentMembersPayload)
    async def segment_members_add(
        self, info: context.Info, told: Change
    ) -> SegmentMembersPayload | None:
        """Logged as segment.add."""
        segment_id, member_ids = _keys(told)
        changed = await segments.add(
            info.context.db,
            segment_id=segment_id,
            member_ids=member_ids,
            reason=told.reason,
            actor=context.actor(info),
        )
        return await _changed(info, segment_id, changed)

    @permissions.root("Mutation.segmentMembersRemove", "Let members no longer belong to a segment.")
    @refusals.answered(SegmentMembersPayload)
    async def segment_members_remove(
        self, info: context.Info, told: Change
    ) -> SegmentMembersPayload | None:
        """Logged as segment.remove."""
        segment_id, member_ids = _keys(told)
        changed = await segments.remove(
            info.context.db,
            segment_id=segment_id,
            member_ids=member_ids,
            reason=told.reason,
            actor=context.actor(info),
        )
        return await _changed(info, segment_id, changed)

    @permissions.root(
        "Mutation.labelEvidenceRecord",
        "Put on record what shows that a product bears a label by right.",
    )
    @refusals.answered(LabelEvidencePayload)
    async def label_evidence_record(
        self,
        info: context.Info,
        told: Annotated[
            LabelEvidenceRecordInput, strawberry.argument(name="input", description="It.")
        ],
    ) -> LabelEvidencePayload | None:
        """Logged as evidence.record."""
        recorded = await evidence.record(
            info.context.db,
            evidence_id=context.request(info, "labelEvidenceRecord", told.idempotency_key),
            label=told.label,
            merchant_id=shapes.key("mer", told.merchant_id, path=("merchant_id",)),
            product=told.product,
            source=told.source,
            reference=told.reference,
            valid_from=told.valid_from,
            valid_until=told.valid_until,
            reason=told.reason,
            actor=context.actor(info),
        )
        return LabelEvidencePayload(
            evidence_id=strawberry.ID(ids.show("evi", recorded.evidence.evidence_id)),
            replayed=recorded.replayed,
        )


def show(row: segments.Segment) -> Segment:
    """Return a segment as GraphQL."""
    return Segment(
        id=strawberry.ID(ids.show("seg", row.segment_id)),
        name=row.name,
        about=row.about,
        created_at=scalars.DateTime(row.created_at),
        key=row.segment_id,
    )


async def node(info: context.Info, segment_id: uuid.UUID) -> Segment | None:
    """Return a segment to staff with campaigns:read."""
    found = await segments.find(info.context.db, segment_id)
    return show(found) if READ in info.context.scopes else None


def _keys(told: SegmentMembersInput) -> tuple[uuid.UUID, list[uuid.UUID]]:
    segment_id = shapes.key("seg", told.segment_id, path=("segment_id",))
    return segment_id, [
        shapes.key("mem", one, path=("member_ids", str(place)))
        for place, one in enumerate(told.member_ids)
    ]


async def _changed(
    info: context.Info, segment_id: uuid.UUID, changed: int
) -> SegmentMembersPayload:
    found = await segments.find(info.context.db, segment_id)
    return SegmentMembersPayload(segment=show(found), changed=changed)
