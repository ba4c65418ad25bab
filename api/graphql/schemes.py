"""Schemes as GraphQL: what members take part in, for everybody to read and the operator to publish.

Whoever may join reads the same definition that decides, so the programme can be shown before
anybody joins it; what only the operator may know, such as the answers of a quiz, is left out.
"""

import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.graphql import context, cost, people, permissions, refusals, scalars, shapes, staff
from wallet import errors, ids
from wallet.progress import schemes
from wallet.rules.schemes import kinds

SHOWN_MAX: Final = 200
"""Schemes that hold at once; a coalition has some dozens."""
NOTE: Final = "What is new and why, for colleagues and the audit log."


@strawberry.enum(description="What members can take part in.")
class SchemeKind(enum.Enum):
    """As wallet.rules.schemes.kinds.KINDS; a test compares both."""

    BOARD = strawberry.enum_value("board", description="Who has the most of something.")
    CONTEST = strawberry.enum_value("contest", description="Who enters is ranked, and may win.")
    GAME = strawberry.enum_value("game", description="Merchants report scores of it.")
    MILESTONE = strawberry.enum_value("milestone", description="A target with its reward.")
    QUIZ = strawberry.enum_value("quiz", description="Questions, answered against the clock.")


@strawberry.type(description="One published definition of a scheme.")
class SchemeVersion:
    """As schemes.Published; for the operator alone."""

    version: int = strawberry.field(description="Its number; the highest whose time came holds.")
    definition: scalars.Json | None = strawberry.field(
        description="All of it, hidden fields too; null for the end of the scheme."
    )
    valid_from: scalars.DateTime = strawberry.field(description="From when it holds.")
    note: str = strawberry.field(description="Why, in the words of whoever published it.")
    published_at: scalars.DateTime = strawberry.field(description="When it was published.")
    published_by_id: strawberry.Private[uuid.UUID]

    @shapes.relation("publishedBy", "Who published it.")
    async def published_by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a list of versions asks once."""
        return await people.load(info, self.published_by_id)


@strawberry.type(description="Something that members take part in, such as a milestone.")
class Scheme(shapes.Node):
    """As schemes.Entry."""

    kind: SchemeKind = strawberry.field(description="What it is.")
    name: str = strawberry.field(description="Its name.")
    about: str = strawberry.field(description="What it is about, for members; may be empty.")
    definition: scalars.Json | None = strawberry.field(
        description="How it works now, as `schemeSchema` says; null before it begins and after"
        " its end. What only the operator may know is left out."
    )
    valid_from: scalars.DateTime | None = strawberry.field(
        description="Since when it has worked so; null where `definition` is."
    )
    created_at: scalars.DateTime = strawberry.field(description="When it was first published.")


@strawberry.type(description="Outcome of publishing or ending a scheme.")
class SchemePayload:
    """The scheme as it stands after it."""

    scheme: Scheme | None = strawberry.field(
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
class Query:
    """Root fields for everybody, and one for whoever writes definitions."""

    @permissions.root(
        "Query.schemes",
        "What members can take part in now, in the order in which it was made; at most 200.",
        shapes.SemanticNonNull(),
        cost.ListSize(assumed_size=20),
    )
    async def schemes(
        self,
        info: context.Info,
        kind: Annotated[
            SchemeKind | None, strawberry.argument(description="Only these; null for all.")
        ] = None,
        all_of_them: Annotated[
            bool,
            strawberry.argument(
                name="all", description="True for those that have ended or wait, too."
            ),
        ] = False,
    ) -> list[Scheme] | None:
        """From memory, after one small question."""
        moment = await schemes.moment(info.context.db)
        found = [
            show(entry, moment)
            for entry in moment.book.entries.values()
            if (kind is None or entry.kind == shapes.value(kind))
            and (all_of_them or entry.at(moment.at) is not None)
        ]
        return found[:SHOWN_MAX]

    @permissions.root(
        "Query.schemeVersions",
        "Every version of a scheme, the oldest first; at most 200. Null for no scheme.",
        cost.ListSize(assumed_size=10),
    )
    async def scheme_versions(
        self,
        info: context.Info,
        shown: Annotated[
            strawberry.ID, strawberry.argument(name="id", description="The scheme's id.")
        ],
    ) -> list[SchemeVersion] | None:
        """From memory, hidden fields too."""
        try:
            entry = await schemes.find(info.context.db, ids.parse("sch", shown))
        except (ValueError, errors.NotFound):
            return None
        return [_version(one) for one in entry.versions]

    @permissions.root(
        "Query.schemeSchema",
        "The JSON Schema of a kind of scheme, for editors and forms.",
        shapes.SemanticNonNull(),
    )
    async def scheme_schema(
        self,
        kind: Annotated[SchemeKind, strawberry.argument(description="Which kind.")],
    ) -> scalars.Json | None:
        """As wallet.rules.schemes says."""
        return scalars.Json(kinds.json_schema(shapes.value(kind)))


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
        changed = await schemes.publish(
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
        changed = await schemes.end(
            info.context.db,
            request_id=context.request(info, "schemeEnd", told.idempotency_key),
            scheme_id=shapes.key("sch", told.scheme_id, path=("scheme_id",)),
            from_at=told.from_at,
            note=told.note,
            actor=context.actor(info),
        )
        return await _changed(info, changed)


def show(entry: schemes.Entry, moment: schemes.Moment) -> Scheme:
    """Return a scheme as GraphQL, as it stands at a moment."""
    held = entry.at(moment.at)
    said = entry.newest if held is None else held.definition
    assert said is not None
    return Scheme(
        id=strawberry.ID(ids.show("sch", entry.scheme_id)),
        kind=SchemeKind(entry.kind),
        name=said.name,
        about=said.about,
        definition=None if held is None else scalars.Json(said.shown()),
        valid_from=None if held is None else scalars.DateTime(held.valid_from),
        created_at=scalars.DateTime(entry.created_at),
    )


async def node(info: context.Info, scheme_id: uuid.UUID) -> Scheme | None:
    """Return a scheme to anybody: it is what the programme promises."""
    entry = await schemes.find(info.context.db, scheme_id)
    return show(entry, await schemes.moment(info.context.db))


def _version(row: schemes.Published) -> SchemeVersion:
    said = row.definition
    return SchemeVersion(
        version=row.version,
        definition=None if said is None else scalars.Json(kinds.dump(said)),
        valid_from=scalars.DateTime(row.valid_from),
        note=row.note,
        published_at=scalars.DateTime(row.published_at),
        published_by_id=row.published_by,
    )


def _key(text: str | None) -> uuid.UUID | None:
    return None if text is None else shapes.key("sch", text, path=("scheme_id",))


async def _changed(info: context.Info, changed: schemes.Changed) -> SchemePayload:
    moment = await schemes.moment(info.context.db)
    entry = moment.book.entries[changed.entry.scheme_id]
    return SchemePayload(scheme=show(entry, moment), replayed=changed.replayed)
