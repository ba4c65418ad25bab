"""The directory of charities as GraphQL: for everybody; agreements and steps for the staff.

Whoever holds a `CharityAgreement` or a `CharityStep` has the scope campaigns:read; what an
agreement tells the public is told to everybody.
"""

import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.explaining import reading
from api.graphql import (
    context,
    cost,
    failures,
    merchants,
    people,
    permissions,
    scalars,
    shapes,
    wording,
)
from wallet import ids
from wallet.charities import agreements, directory
from wallet.rules import charities as rules

READ: Final = "campaigns:read"
SOURCE: Final = "en"  # every statement is there in English


@strawberry.enum(description="What a charity works for.")
class CharityCategory(enum.Enum):
    """As charities.Category; a test compares both."""

    ANIMALS = strawberry.enum_value("animals", description="Animals.")
    ENVIRONMENT = strawberry.enum_value("environment", description="Nature and climate.")
    HEALTH = strawberry.enum_value("health", description="Health and care.")
    EDUCATION = strawberry.enum_value("education", description="Schools and learning.")
    POVERTY = strawberry.enum_value("poverty", description="People in need.")
    ARTS = strawberry.enum_value("arts", description="Arts and heritage.")
    DISASTER = strawberry.enum_value("disaster", description="Help after disasters.")
    OTHER = strawberry.enum_value("other", description="Anything else.")


@strawberry.enum(description="Whether somebody has made sure of a charity.")
class CharityState(enum.Enum):
    """As charities.State; a test compares both."""

    PROPOSED = strawberry.enum_value("proposed", description="Not yet; it receives nothing.")
    VERIFIED = strawberry.enum_value("verified", description="Yes; it receives.")
    SUSPENDED = strawberry.enum_value("suspended", description="It receives nothing new for now.")
    CLOSED = strawberry.enum_value("closed", description="It receives nothing new any more.")


@strawberry.enum(description="A step of a charity.")
class CharityAct(enum.Enum):
    """As charities.Act; a test compares both."""

    SAVE = strawberry.enum_value("save", description="It was proposed, or its facts corrected.")
    VERIFY = strawberry.enum_value("verify", description="Somebody made sure of it.")
    SUSPEND = strawberry.enum_value("suspend", description="It receives nothing new for now.")
    CLOSE = strawberry.enum_value("close", description="It receives nothing new any more.")


@strawberry.type(description="What who pays for gifts has agreed with a charity in writing.")
class CharityAgreement(shapes.Node):
    """Shown to staff with campaigns:read; it never changes."""

    reference: str = strawberry.field(description="The contract's own number.")
    statement: str = strawberry.field(
        description="What the public is told, in the language of the request where it is there."
    )
    valid_from: scalars.DateTime = strawberry.field(description="From when it holds.")
    valid_until: scalars.DateTime | None = strawberry.field(
        description="The first instant at which it no longer holds; null for no end."
    )
    reason: str = strawberry.field(description="Why it was recorded.")
    recorded_at: scalars.DateTime = strawberry.field(description="When it was recorded.")
    facts: strawberry.Private[agreements.Agreement]

    @shapes.resolved("merchant", "Which merchant pays; null for the operator.")
    async def merchant(self, info: context.Info) -> merchants.Merchant | None:
        """Read by the loader, so a page of agreements asks once."""
        return await merchants.load(info, self.facts.funder_id)

    @shapes.resolved("recordedBy", "Who recorded it; null for the wallet itself.")
    async def recorded_by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of agreements asks once."""
        return await _person(info, self.facts.actor_kind, self.facts.actor_id)


@strawberry.type(description="A step of a charity; it never changes.")
class CharityStep:
    """Shown to staff with campaigns:read."""

    act: CharityAct = strawberry.field(description="What was done.")
    state: CharityState = strawberry.field(description="Where the charity stood after it.")
    reason: str = strawberry.field(description="Why.")
    evidence: str | None = strawberry.field(
        description="What was looked at; null for all but verification."
    )
    happened_at: scalars.DateTime = strawberry.field(description="When.")
    facts: strawberry.Private[directory.Change]

    @shapes.resolved("by", "Who did it; null for the wallet itself.")
    async def by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of steps asks once."""
        return await _person(info, self.facts.actor_kind, self.facts.actor_id)


@strawberry.type(description="A charity of the directory.")
class Charity(shapes.Node):
    """Shown to everybody."""

    name: str = strawberry.field(description="Its name.")
    about: str = strawberry.field(description="What it does.")
    category: CharityCategory = strawberry.field(description="What it works for.")
    country: str = strawberry.field(description="Where it is registered: ISO 3166-1, two letters.")
    registrar: str = strawberry.field(description="Who keeps the register that it is in.")
    registration: str = strawberry.field(description="Its number there.")
    website: str = strawberry.field(description="Its own address.")
    state: CharityState = strawberry.field(description="Whether somebody has made sure of it.")
    key: strawberry.Private[uuid.UUID]


Which = Annotated[strawberry.ID, strawberry.argument(description="Which charity.")]
Category = Annotated[
    CharityCategory | None, strawberry.argument(description="Only these; null for all.")
]
Country = Annotated[
    str | None, strawberry.argument(description="Only of this country; null for all.")
]
State = Annotated[
    CharityState | None,
    strawberry.argument(description="Only in this state; null for every one."),
]


@strawberry.type
class Query:
    """Root fields for everybody, and for the staff what stands behind a charity."""

    @permissions.root(
        "Query.charities",
        "The charities of the directory by name; those that receive, unless asked otherwise.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def charities_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        category: Category = None,
        country: Country = None,
        state: State = CharityState.VERIFIED,
    ) -> shapes.Connection[Charity] | None:
        """One round trip."""
        shapes.first_of(first)
        if country is not None and country not in rules.COUNTRIES:
            raise failures.Failure("BAD_USER_INPUT", "A country has two letters by ISO 3166-1.")
        rows = await directory.page(
            info.context.db,
            first=first + 1,
            after=shapes.place_of(after, str),
            category=None if category is None else shapes.value(category),
            country=country,
            state=None if state is None else shapes.value(state),
        )
        return shapes.page(
            [show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.name, row.key),
        )

    @permissions.root(
        "Query.charityAgreements",
        "What a charity has agreed with who pays for gifts, by the beginning; at most 500.",
        shapes.SemanticNonNull(),
        cost.ListSize(assumed_size=10),
        cost.Cost(weight="2"),
    )
    async def charity_agreements(
        self, info: context.Info, charity_id: Which
    ) -> list[CharityAgreement] | None:
        """One round trip; none for what is no charity's id."""
        keys = _keys(charity_id)
        found = await agreements.of(info.context.db, keys)
        return [show_agreement(one) for key in keys for one in found[key]]

    @permissions.root(
        "Query.charitySteps",
        "What was done with a charity, in order; at most 200.",
        shapes.SemanticNonNull(),
        cost.ListSize(assumed_size=10),
        cost.Cost(weight="2"),
    )
    async def charity_steps(
        self, info: context.Info, charity_id: Which
    ) -> list[CharityStep] | None:
        """One round trip; none for what is no charity's id."""
        keys = _keys(charity_id)
        found = await directory.changes(info.context.db, keys)
        return [_show_step(one) for key in keys for one in found[key]]


def show(row: directory.Charity) -> Charity:
    """Return a charity as GraphQL."""
    return Charity(
        id=strawberry.ID(ids.show("cha", row.charity_id)),
        name=row.name,
        about=row.facts.about,
        category=CharityCategory(row.facts.category),
        country=row.facts.country,
        registrar=row.facts.registrar,
        registration=row.facts.registration,
        website=row.facts.website,
        state=CharityState(row.state),
        key=row.charity_id,
    )


def show_agreement(row: agreements.Agreement) -> CharityAgreement:
    """Return an agreement as GraphQL."""
    return CharityAgreement(
        id=strawberry.ID(ids.show("agr", row.agreement_id)),
        reference=row.reference,
        statement=statement(row),
        valid_from=scalars.DateTime(row.valid_from),
        valid_until=scalars.instant(row.valid_until),
        reason=row.reason,
        recorded_at=scalars.DateTime(row.recorded_at),
        facts=row,
    )


def statement(row: agreements.Agreement) -> str:
    """What an agreement tells the public, in the language of the request or in English."""
    words = {str(language): said for language, said in row.statement.items()}
    return words.get(wording.language()) or words[SOURCE]


async def load(info: context.Info, charity_id: uuid.UUID) -> Charity | None:
    """Return a charity that a row names; null for what was never in the directory."""
    found = await info.context.loaders.charities.load(charity_id)
    return None if found is None else show(found)


async def node(info: context.Info, charity_id: uuid.UUID) -> Charity | None:
    """Return a charity to everybody."""
    return await load(info, charity_id)


async def agreement_node(info: context.Info, agreement_id: uuid.UUID) -> CharityAgreement | None:
    """Return an agreement to staff with campaigns:read."""
    found = await agreements.find(info.context.db, agreement_id)
    return show_agreement(found) if READ in info.context.scopes else None


async def names(info: context.Info, *documents: object) -> dict[uuid.UUID, str]:
    """Return the names of the charities that stored explanations mention, and of who gave there."""
    grants = [one for document in documents for one in _grants(document)]
    keys = list({key for key in map(_charity, grants) if key is not None})
    if not keys:
        return {}
    loaders = info.context.loaders
    found = await loaders.charities.load_many(keys)
    givers = await loaders.merchants.load_many(
        list({key for one in grants for key in _givers(one)})
    )
    return {one.charity_id: one.name for one in found if one is not None} | {
        one.merchant_id: one.name for one in givers if one is not None
    }


def _keys(text: str) -> list[uuid.UUID]:
    try:
        return [ids.parse("cha", text)]
    except ValueError:
        return []


def _grants(document: object) -> list[reading.Part]:
    # What is stored may be of an older shape, so it is looked at before it is trusted.
    try:
        return reading.Part(document).parts("matched")
    except reading.Unreadable:
        return []


def _givers(grant: reading.Part) -> list[uuid.UUID]:
    """Who pays a gift that goes past the member's wallet."""
    try:
        if grant.part("effect").text("give") != "donation":
            return []
        return [one.key("funder") for one in grant.parts("funders")]
    except reading.Unreadable:
        return []


def _charity(grant: reading.Part) -> uuid.UUID | None:
    try:
        return grant.part("charity").key("charity")
    except reading.Unreadable:
        return None


async def _person(
    info: context.Info, kind: str, actor_id: uuid.UUID | None
) -> people.StaffPerson | None:
    return await people.load(info, actor_id) if kind == "staff" else None


def _show_step(row: directory.Change) -> CharityStep:
    return CharityStep(
        act=CharityAct(row.act),
        state=CharityState(row.state),
        reason=row.reason,
        evidence=row.evidence,
        happened_at=scalars.DateTime(row.happened_at),
        facts=row,
    )
