"""Campaigns as GraphQL: for the staff with all versions and changes, for everybody what runs now.

Whoever holds a `Campaign` or a `CampaignVersion` has the scope campaigns:read, so what hangs below
them needs no further check. A definition is JSON as `campaignSchema` describes it.
"""

import datetime
import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.graphql import (
    agreements,
    budgets,
    charities,
    context,
    cost,
    merchants,
    people,
    permissions,
    scalars,
    shapes,
)
from wallet import ids
from wallet.campaigns import live, shelf, terms
from wallet.charities import agreements as agreed
from wallet.rules.campaigns import conditions, drafts, timeline
from wallet.rules.campaigns.definition import Definition

RUNNING_MAX: Final = 100  # an app shows a screen of them; the rest waits for a narrower question
STATEMENTS_MAX: Final = 10  # different words of different merchants; a member reads two of them
READ: Final = "campaigns:read"


@strawberry.enum(description="Where a campaign stands.")
class CampaignStatus(enum.Enum):
    """As timeline.Status; a test compares both."""

    DRAFT = strawberry.enum_value("draft", description="Saved, and never published.")
    SCHEDULED = strawberry.enum_value("scheduled", description="Published, and not begun.")
    LIVE = strawberry.enum_value("live", description="Decides purchases now.")
    PAUSED = strawberry.enum_value("paused", description="Stopped, until it is resumed.")
    ENDED = strawberry.enum_value("ended", description="Over: its end came, or somebody ended it.")
    ARCHIVED = strawberry.enum_value("archived", description="Put away.")


@strawberry.enum(description="A step in the life of a campaign.")
class CampaignAct(enum.Enum):
    """As timeline.Act; a test compares both."""

    PUBLISH = strawberry.enum_value("publish", description="A version decides from then on.")
    PAUSE = strawberry.enum_value("pause", description="It gives nothing until it is resumed.")
    RESUME = strawberry.enum_value("resume", description="It goes on.")
    END = strawberry.enum_value("end", description="It is over for ever.")
    ARCHIVE = strawberry.enum_value("archive", description="It is put away.")


@strawberry.type(description="One saved definition of a campaign; it never changes.")
class CampaignVersion(shapes.Node):
    """Shown to staff with campaigns:read."""

    version: int = strawberry.field(description="Its number, 1 for the first.")
    name: str = strawberry.field(description="What members read as its name.")
    starts_at: scalars.DateTime = strawberry.field(description="From when it may give.")
    ends_at: scalars.DateTime | None = strawberry.field(
        description="Until when it may give; null for no end."
    )
    currency: scalars.CurrencyCode = strawberry.field(description="What it gives.")
    group: str = strawberry.field(description="The stacking group that it stands in.")
    priority: int = strawberry.field(description="Its place in the group; lower comes first.")
    note: str = strawberry.field(description="Why it was saved.")
    saved_at: scalars.DateTime = strawberry.field(description="When it was saved.")
    facts: strawberry.Private[shelf.Version]

    @shapes.relation("definition", "All of it, as JSON.")
    async def definition(self) -> scalars.Json | None:
        """Written when it is asked for: it may name thousands of products."""
        return scalars.Json(drafts.dump(self.facts.definition))

    @shapes.relation("savedBy", "Who saved it; null for the wallet itself.")
    async def saved_by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of versions asks once."""
        return await people.load(info, self.facts.saved_by)

    @shapes.listed("terms", "Its terms in words, by language; at most 3.", size=2)
    async def terms(self) -> list[agreements.TermsDocument] | None:
        """As they were saved with it."""
        found = terms.documents(self.facts.campaign_id, self.facts.definition)
        return [agreements.show(one) for one in found]


@strawberry.type(description="A step in the life of a campaign; it never changes.")
class CampaignChange:
    """Shown to staff with campaigns:read."""

    act: CampaignAct = strawberry.field(description="What was done.")
    version: int | None = strawberry.field(
        description="The number of the version that was published; null for other steps."
    )
    replaced_version: int | None = strawberry.field(
        description="The number of the version that it takes over from; null for none."
    )
    effective_at: scalars.DateTime = strawberry.field(description="From when it holds.")
    recorded_at: scalars.DateTime = strawberry.field(description="When it was done.")
    reason: str = strawberry.field(description="Why.")
    facts: strawberry.Private[timeline.Change]

    @shapes.resolved("by", "Who did it; null for the wallet itself.")
    async def by(self, info: context.Info) -> people.StaffPerson | None:
        """Read by the loader, so a page of changes asks once."""
        if self.facts.actor_kind != "staff":
            return None
        return await people.load(info, self.facts.actor_id)


@strawberry.type(description="What the operator, or one merchant, gives on top of a contract.")
class Campaign(shapes.Node):
    """Shown to staff with campaigns:read."""

    name: str = strawberry.field(description="The name of its newest version.")
    status: CampaignStatus = strawberry.field(description="Where it stands.")
    created_at: scalars.DateTime = strawberry.field(description="When it was first saved.")
    facts: strawberry.Private[shelf.Campaign]
    steps: strawberry.Private[tuple[timeline.Change, ...]]

    @shapes.resolved("merchant", "Whose campaign it is; null for the operator's.")
    async def merchant(self, info: context.Info) -> merchants.Merchant | None:
        """Read by the loader, so a page of campaigns asks once."""
        if self.facts.merchant_id is None:
            return None
        return await merchants.load(info, self.facts.merchant_id)

    @shapes.resolved("budget", "The most that it may give, and how that stands; null for no limit.")
    async def budget(self, info: context.Info) -> budgets.Budget | None:
        """Read by the loader, so a page of campaigns asks once."""
        return await budgets.of_campaign(info, self.facts.campaign_id)

    @shapes.listed("versions", "Its versions, the newest first; at most 100.", size=5)
    async def versions(self, info: context.Info) -> list[CampaignVersion] | None:
        """Read by the loader, so a page of campaigns asks once."""
        found = await info.context.loaders.campaign_versions.load(self.facts.campaign_id)
        return [show_version(one) for one in found]

    @shapes.listed("changes", "What was done with it, in order; at most 200.", size=10)
    async def changes(self, info: context.Info) -> list[CampaignChange] | None:
        """From memory, but for the numbers of the versions."""
        found = await info.context.loaders.campaign_versions.load(self.facts.campaign_id)
        numbers = {one.version_id: one.version for one in found}
        return [_show_change(one, numbers) for one in self.steps]


@strawberry.type(description="A campaign that runs now, as members and merchants see it.")
class RunningCampaign:
    """It has no id of its own: what one may do is read its terms, and accept them."""

    name: str = strawberry.field(description="Its name.")
    ends_at: scalars.DateTime | None = strawberry.field(
        description="Until when it runs; null for no end."
    )
    terms: agreements.TermsDocument = strawberry.field(
        description="Its terms, in the language of the request where they have it."
    )
    needs_acceptance: bool = strawberry.field(
        description="True if only those who accept the terms get anything."
    )
    places: strawberry.Private[tuple[uuid.UUID, ...]]
    facts: strawberry.Private[Definition]

    @shapes.resolved("charity", "Who gets a part or all of what it gives; null for nobody.")
    async def charity(self, info: context.Info) -> charities.Charity | None:
        """Read by the loader, so a list of campaigns asks once."""
        receiver = self.facts.receiver
        return None if receiver is None else await charities.load(info, receiver.charity_id)

    @shapes.relation(
        "charityStatements",
        "How much goes to the charity, in the words that who pays has agreed with it; at most 10.",
        cost.Cost(weight="2"),
    )
    async def charity_statements(self, info: context.Info) -> list[str] | None:
        """In the language of the request where they are there."""
        found = await agreed.stating(info.context.db, self.facts)
        return list(dict.fromkeys(map(charities.statement, found)))[:STATEMENTS_MAX]

    @shapes.listed("merchants", "Where it runs; empty for everywhere. At most 500.", size=3)
    async def merchants(self, info: context.Info) -> list[merchants.Merchant] | None:
        """Read by the loader, so a list of campaigns asks once."""
        found = [await merchants.load(info, one) for one in self.places]
        return [one for one in found if one is not None]


Status = Annotated[
    CampaignStatus | None, strawberry.argument(description="Only these; null for all.")
]


@strawberry.type
class Query:
    """Root fields for the staff, and one for everybody."""

    @permissions.root(
        "Query.campaigns",
        "Campaigns, newest first.",
        shapes.SemanticNonNull(),
        *shapes.PAGED,
    )
    async def campaigns_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
        status: Status = None,
    ) -> shapes.Connection[Campaign] | None:
        """One round trip; where they stand is known from memory."""
        shapes.first_of(first)
        db = info.context.db
        rows = await shelf.page(
            db,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
            status=None if status is None else shapes.value(status),
        )
        moment = await live.moment(db)
        return shapes.page(
            [show(row, moment) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.facts.created_at, row.facts.campaign_id),
        )

    @permissions.root(
        "Query.campaignSchema",
        "The JSON Schema of a campaign's definition, for editors and forms.",
        shapes.SemanticNonNull(),
    )
    async def campaign_schema(self) -> scalars.Json | None:
        """As wallet.rules.campaigns.definition says."""
        return scalars.Json(drafts.json_schema())

    @permissions.root(
        "Query.runningCampaigns",
        "The campaigns that run now for everybody, in the order in which they were made; at most"
        " 100. What is for chosen members only is left out.",
        shapes.SemanticNonNull(),
        cost.ListSize(assumed_size=10),
        cost.Cost(weight="2"),
    )
    async def running_campaigns(self, info: context.Info) -> list[RunningCampaign] | None:
        """From memory; what a member is told, any merchant may know."""
        moment = await live.moment(info.context.db)
        return _running(moment)[:RUNNING_MAX]


def show(row: shelf.Campaign, moment: live.Moment) -> Campaign:
    """Return a campaign as GraphQL, as it stands at a moment."""
    return Campaign(
        id=strawberry.ID(ids.show("cam", row.campaign_id)),
        name=row.name,
        status=CampaignStatus(moment.book.status(row.campaign_id, moment.at)),
        created_at=scalars.DateTime(row.created_at),
        facts=row,
        steps=moment.book.changes_of(row.campaign_id),
    )


def show_version(row: shelf.Version) -> CampaignVersion:
    """Return a version as GraphQL."""
    said = row.definition
    return CampaignVersion(
        id=strawberry.ID(ids.show("ver", row.version_id)),
        version=row.version,
        name=said.name,
        starts_at=scalars.DateTime(said.starts_at),
        ends_at=scalars.instant(said.ends_at),
        currency=scalars.CurrencyCode(said.asset),
        group=said.stack.group,
        priority=said.stack.priority,
        note=row.note,
        saved_at=scalars.DateTime(row.saved_at),
        facts=row,
    )


async def node(info: context.Info, campaign_id: uuid.UUID) -> Campaign | None:
    """Return a campaign to staff with campaigns:read."""
    found = await shelf.find(info.context.db, campaign_id)
    if READ not in info.context.scopes:
        return None
    return show(found, await live.moment(info.context.db))


async def version_node(info: context.Info, version_id: uuid.UUID) -> CampaignVersion | None:
    """Return a version to staff with campaigns:read."""
    found = await shelf.find_version(info.context.db, version_id)
    return show_version(found) if READ in info.context.scopes else None


def _show_change(one: timeline.Change, numbers: dict[uuid.UUID, int]) -> CampaignChange:
    return CampaignChange(
        act=CampaignAct(one.act),
        version=None if one.version_id is None else numbers[one.version_id],
        replaced_version=None if one.replaced_id is None else numbers[one.replaced_id],
        effective_at=scalars.DateTime(one.effective_at),
        recorded_at=scalars.DateTime(one.recorded_at),
        reason=one.reason,
        facts=one,
    )


def _running(moment: live.Moment) -> list[RunningCampaign]:
    found = []
    for campaign_id, _, said in moment.book.versions_at(moment.at, known_at=moment.at):
        chosen = any(
            isinstance(one, conditions.Segment | conditions.InExperiment) for one in said.when
        )
        if chosen:
            continue
        found.append(
            RunningCampaign(
                name=said.name,
                ends_at=scalars.instant(said.ends_at),
                terms=agreements.best(terms.documents(campaign_id, said)),
                needs_acceptance=said.terms.acceptance,
                places=said.merchants,
                facts=said,
            )
        )
    return found
