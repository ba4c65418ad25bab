"""The audit log as GraphQL: who looked at or did what to a subject, for supervisors.

Reading it is an act too, and is written to the same log before the answer is given.
"""

import datetime
import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.graphql import context, cost, failures, people, permissions, scalars, shapes
from wallet import audit, ids


@strawberry.enum(description="Who acts.")
class ActorKind(enum.Enum):
    """As coalition.audit.actor_kind."""

    MEMBER = strawberry.enum_value("member", description="A member.")
    MERCHANT = strawberry.enum_value("merchant", description="A merchant's system.")
    STAFF = strawberry.enum_value("staff", description="A person of the operator's staff.")
    SYSTEM = strawberry.enum_value("system", description="The wallet itself, by a rule.")


ACTOR_IDS: Final = {"member": "mem", "merchant": "mer", "staff": "sta"}


@strawberry.type(description="One fact about an act.")
class AuditDetail:
    """Both as they were logged."""

    name: str = strawberry.field(description="What it is, such as `amount_minor`.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(description="One line of the audit log; it never changes.")
class AuditEntry:
    """One act."""

    id: strawberry.ID = strawberry.field(description="Opaque and permanent.")
    act: str = strawberry.field(description="What was done, such as `credit.goodwill`.")
    actor_kind: ActorKind = strawberry.field(description="What kind of caller did it.")
    actor_id: strawberry.ID | None = strawberry.field(
        description="Who did it; null for the wallet itself."
    )
    reason: str | None = strawberry.field(description="Why; null for an act without a reason.")
    details: list[AuditDetail] = strawberry.field(
        description="What else was logged, by name.",
        directives=[cost.ListSize(assumed_size=5)],
    )
    document_hash: str | None = strawberry.field(
        description="SHA-256 of the GraphQL document, in hex; null for what came by another door."
    )
    request_id: str | None = strawberry.field(
        description="The request, as in `X-Request-Id`; null for what came by another door."
    )
    happened_at: scalars.DateTime = strawberry.field(description="When it was logged.")
    facts: strawberry.Private[audit.Entry]

    @shapes.resolved("staff", "The person of the staff who did it; null for others.")
    async def staff(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of entries asks once."""
        if self.facts.actor_kind != "staff":
            return None
        return await people.load(info, self.facts.actor_id)


@strawberry.type
class Query:
    """Root fields for supervisors."""

    @permissions.root(
        "Query.auditTrail",
        "Who looked at or did what to a subject, and why, newest first.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def audit_trail(
        self,
        info: context.Info,
        subject_id: Annotated[
            strawberry.ID,
            strawberry.argument(description="The id of anything, such as a member's."),
        ],
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[AuditEntry] | None:
        """Logged as audit.read."""
        shapes.first_of(first)
        subject = _subject(subject_id)
        rows = await audit.trail(
            info.context.db,
            subject,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        await audit.write(
            info.context.db, actor=context.actor(info), act="audit.read", subject=subject
        )
        return shapes.page(
            [_show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.facts.happened_at, row.facts.audit_id),
        )


def _subject(text: str) -> uuid.UUID:
    try:
        return ids.parse(text.partition("_")[0], text)
    except ValueError:
        raise failures.Failure(
            "BAD_USER_INPUT", "`subjectId` is the id of something, such as `mem_01jd…`."
        ) from None


def _show(row: audit.Entry) -> AuditEntry:
    prefix = ACTOR_IDS.get(row.actor_kind)
    actor = ids.show(prefix, row.actor_id) if prefix and row.actor_id else None
    return AuditEntry(
        id=strawberry.ID(ids.show("aud", row.audit_id)),
        act=row.act,
        actor_kind=ActorKind(row.actor_kind),
        actor_id=None if actor is None else strawberry.ID(actor),
        reason=row.reason,
        details=[
            AuditDetail(name=name, value=str(value)) for name, value in sorted(row.detail.items())
        ],
        document_hash=row.document_hash.hex() if row.document_hash else None,
        request_id=row.request_id,
        happened_at=scalars.DateTime(row.happened_at),
        facts=row,
    )
