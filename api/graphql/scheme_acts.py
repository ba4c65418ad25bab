"""What the operator does with schemes: publishing the first or the next version, and ending it."""

import uuid
from typing import Annotated, Final

import strawberry

from api.graphql import context, permissions, refusals, scalars, schemes, shapes, staff
from wallet.progress import publishing
from wallet.progress import schemes as published

NOTE: Final = "What is new and why, for colleagues and the audit log."


@strawberry.type(description="Outcome of publishing or ending a scheme.")
class SchemePayload:
    """The scheme as it stands after it."""

    scheme: schemes.Scheme | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="The next version of a scheme, or the first of a new one.")
class SchemePublishInput:
    """It holds from now on, or from later; what was announced before is replaced by it."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    scheme_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose next version it is; null for a new scheme."
    )
    definition: scalars.Json = strawberry.field(description="All of it, as `schemeSchema` says.")
    from_at: scalars.DateTime | None = strawberry.field(
        default=None, description="From when, if not from now; never in the past."
    )
    note: str = strawberry.field(description=NOTE)


@strawberry.input(description="The end of a scheme.")
class SchemeEndInput:
    """What members have stays theirs."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    scheme_id: strawberry.ID = strawberry.field(description="Which scheme.")
    from_at: scalars.DateTime | None = strawberry.field(
        default=None, description="From when, if not from now; never in the past."
    )
    note: str = strawberry.field(description=NOTE)


@strawberry.type
class Mutation:
    """Root fields for the operator."""

    @permissions.root("Mutation.schemePublish", "Publish a scheme, or its next version.")
    @refusals.answered(SchemePayload)
    async def scheme_publish(
        self,
        info: context.Info,
        told: Annotated[
            SchemePublishInput, strawberry.argument(name="input", description="The version.")
        ],
    ) -> SchemePayload | None:
        """Logged as scheme.publish."""
        changed = await publishing.publish(
            info.context.db,
            request_id=context.request(info, "schemePublish", told.idempotency_key),
            scheme_id=_key(told.scheme_id),
            raw=told.definition,
            from_at=told.from_at,
            note=told.note,
            actor=context.actor(info),
        )
        return await _changed(info, changed)

    @permissions.root("Mutation.schemeEnd", "End a scheme; what members have stays theirs.")
    @refusals.answered(SchemePayload)
    async def scheme_end(
        self,
        info: context.Info,
        told: Annotated[
            SchemeEndInput, strawberry.argument(name="input", description="Which, and why.")
        ],
    ) -> SchemePayload | None:
        """Logged as scheme.end."""
        changed = await publishing.end(
            info.context.db,
            request_id=context.request(info, "schemeEnd", told.idempotency_key),
            scheme_id=shapes.key("sch", told.scheme_id, path=("scheme_id",)),
            from_at=told.from_at,
            note=told.note,
            actor=context.actor(info),
        )
        return await _changed(info, changed)


def _key(text: str | None) -> uuid.UUID | None:
    return None if text is None else shapes.key("sch", text, path=("scheme_id",))


async def _changed(info: context.Info, changed: publishing.Changed) -> SchemePayload:
    moment = await published.moment(info.context.db)
    entry = moment.book.entries[changed.entry.scheme_id]
    return SchemePayload(scheme=schemes.show(entry, moment), replayed=changed.replayed)
