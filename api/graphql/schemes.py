"""Schemes as GraphQL: what members take part in, for everybody to read before they join.

Whoever may join reads the same definition that decides, so the programme can be shown before
anybody joins it; what only the operator may know, such as the answers of a quiz, is left out.
"""

import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.graphql import context, cost, people, permissions, scalars, shapes
from wallet import errors, ids
from wallet.progress import schemes
from wallet.rules.schemes import kinds

SHOWN_MAX: Final = 200
"""Schemes that hold at once; a coalition has some dozens."""


@strawberry.enum(description="What members can take part in.")
class SchemeKind(enum.Enum):
    """As wallet.rules.schemes.kinds.KINDS; a test compares both."""

    LADDER = strawberry.enum_value("ladder", description="Tiers, and how they are reached.")
    MEMBERSHIP = strawberry.enum_value("membership", description="A plan that members pay for.")
    MATCH = strawberry.enum_value(
        "match", description="What a funder gives on top of members' gifts to charities."
    )
    BOARD = strawberry.enum_value("board", description="Who has the most of something.")
    CONTEST = strawberry.enum_value("contest", description="Who enters is ranked, and may win.")
    GAME = strawberry.enum_value("game", description="Merchants report scores of it.")
    MILESTONE = strawberry.enum_value("milestone", description="A target with its reward.")
    QUIZ = strawberry.enum_value("quiz", description="Questions, answered against the clock.")
    WHEEL = strawberry.enum_value("wheel", description="A spin wheel that anybody can check.")
    RAFFLE = strawberry.enum_value("raffle", description="A raffle that anybody can check.")


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
        return found[-SHOWN_MAX:]

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
    moment = await schemes.moment(info.context.page)
    entry = moment.book.entries.get(scheme_id)
    if entry is None:
        raise errors.NotFound()
    return show(entry, moment)


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
