"""Tickets, spins and entries as GraphQL: what a member plays with, and what became of it.

Whoever holds one was allowed to load it: its member, or support.
"""

import datetime
import enum
import uuid
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from api.graphql import awards, context, scalars, shapes
from wallet import errors, ids, play_limits
from wallet.campaigns import earned
from wallet.draws import raffles, tickets, wheels
from wallet.progress import schemes as scheme_facts
from wallet.rules import play_limits as play_rules

if TYPE_CHECKING:
    from api.graphql.schemes import Scheme

# Schemes are published by the staff, who look at members, who have tickets: somebody must be last.
Published: TypeAlias = Annotated["Scheme", strawberry.lazy("api.graphql.schemes")]


@strawberry.enum(description="Where a ticket came from.")
class TicketSource(enum.Enum):
    """As wallet.draws.tickets.Source; a test compares both."""

    PURCHASE = strawberry.enum_value("purchase", description="A purchase that was kept.")
    MILESTONE = strawberry.enum_value("milestone", description="A milestone that was reached.")
    FREE = strawberry.enum_value("free", description="Asked for, without a purchase.")
    STAFF = strawberry.enum_value("staff", description="Given by hand.")


@strawberry.type(description="One try for a draw; it works once.")
class Ticket(shapes.Node):
    """As tickets.Ticket."""

    source: TicketSource = strawberry.field(description="Where it came from.")
    granted_at: scalars.DateTime = strawberry.field(description="When it was given.")
    expires_at: scalars.DateTime | None = strawberry.field(
        description="The first instant at which it can no longer be used; null if never."
    )
    used_at: scalars.DateTime | None = strawberry.field(
        description="When it was used; null while it is not."
    )
    withdrawn_at: scalars.DateTime | None = strawberry.field(
        description="When it went back with its purchase; null if it did not."
    )
    draw_key: strawberry.Private[uuid.UUID]
    key: strawberry.Private[uuid.UUID]
    at: strawberry.Private[datetime.datetime]

    @shapes.relation("scheme", "The draw that it is for.")
    async def scheme(self, info: context.Info) -> Published | None:
        """From memory."""
        return await _scheme(info, self.draw_key)


@strawberry.type(description="A ticket that was spun, and what it drew.")
class Spin(shapes.Node):
    """As wheels.Spin."""

    spun_at: scalars.DateTime = strawberry.field(description="When it was spun.")
    client_seed: str = strawberry.field(description="What the member added to the chance.")
    epoch: int | None = strawberry.field(
        description="The epoch of the seed; null while its turn is owed. The worker takes it soon."
    )
    number: int | None = strawberry.field(
        description="Its number in the epoch; null while its turn is owed."
    )
    prize: str | None = strawberry.field(
        description="What was won, by its name; null while its turn is owed."
    )
    note: str | None = strawberry.field(
        description="Why its campaign gave less or nothing: `cut` by a limit, `no_campaign`, or the"
        " code of a refusal; null if it gave all."
    )
    draw_key: strawberry.Private[uuid.UUID]
    ticket_key: strawberry.Private[uuid.UUID]
    award_key: strawberry.Private[uuid.UUID | None]
    key: strawberry.Private[uuid.UUID]
    at: strawberry.Private[datetime.datetime]

    @shapes.relation("scheme", "The wheel.")
    async def scheme(self, info: context.Info) -> Published | None:
        """From memory."""
        return await _scheme(info, self.draw_key)

    @shapes.relation("ticket", "The ticket that was spun.")
    async def ticket(self, info: context.Info) -> Ticket | None:
        """One round trip."""
        return show(await tickets.find(info.context.page, self.ticket_key))

    @shapes.resolved("award", "What its campaign gave; null if it gave nothing.")
    async def award(self, info: context.Info) -> awards.Award | None:
        """One round trip."""
        if self.award_key is None:
            return None
        return await awards.show(info, await earned.award(info.context.page, self.award_key))


@strawberry.type(description="A ticket that was entered into a raffle.")
class RaffleEntry(shapes.Node):
    """As raffles.Entry."""

    entered_at: scalars.DateTime = strawberry.field(description="When it was entered.")
    publish_name: bool = strawberry.field(
        description="True if the member's name may be published if it wins."
    )
    place: int | None = strawberry.field(
        description="Its place among those that were drawn; null before, and for the others."
    )
    prize: str | None = strawberry.field(description="What it won, by its name; null for nothing.")
    draw_key: strawberry.Private[uuid.UUID]
    ticket_key: strawberry.Private[uuid.UUID]
    key: strawberry.Private[uuid.UUID]
    at: strawberry.Private[datetime.datetime]

    @shapes.relation("scheme", "The raffle.")
    async def scheme(self, info: context.Info) -> Published | None:
        """From memory."""
        return await _scheme(info, self.draw_key)

    @shapes.relation("ticket", "The ticket that was entered.")
    async def ticket(self, info: context.Info) -> Ticket | None:
        """One round trip."""
        return show(await tickets.find(info.context.page, self.ticket_key))


@strawberry.type(description="A member's own most plays in each period; null for no limit.")
class PlayLimits:
    """As play_limits.Limits."""

    day: int | None = strawberry.field(description="In a day.")
    week: int | None = strawberry.field(description="In a week, from Monday on.")
    month: int | None = strawberry.field(description="In a calendar month.")


@strawberry.type(description="What a member has said about their own games.")
class ResponsiblePlay:
    """As play_limits.Standing, at this instant."""

    limits: PlayLimits = strawberry.field(description="What holds now.")
    later: PlayLimits | None = strawberry.field(
        description="What will hold, being looser; null if nothing waits."
    )
    later_at: scalars.DateTime | None = strawberry.field(
        description="From when; null if nothing waits."
    )
    excluded: bool = strawberry.field(description="True while the member is shut out of games.")
    excluded_until: scalars.DateTime | None = strawberry.field(
        description="Until when; null if not excluded, or for ever."
    )


@strawberry.type
class Played:
    """What of a member has to do with draws; `members.Member` has it too."""

    wallet_id: strawberry.Private[uuid.UUID]

    @shapes.paged("tickets", "Tickets for draws, newest first.")
    async def tickets_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[Ticket] | None:
        """One round trip."""
        shapes.first_of(first)
        rows = await tickets.mine(
            info.context.page,
            self.wallet_id,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            [show(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.at, row.key),
        )

    @shapes.paged("spins", "What was spun, newest first.")
    async def spins_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[Spin] | None:
        """One round trip."""
        shapes.first_of(first)
        rows = await wheels.mine(
            info.context.page,
            self.wallet_id,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            [show_spin(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.at, row.key),
        )

    @shapes.paged("raffleEntries", "What was entered into raffles, newest first.")
    async def entries_page(
        self,
        info: context.Info,
        first: shapes.First = shapes.FIRST_DEFAULT,
        after: shapes.After = None,
    ) -> shapes.Connection[RaffleEntry] | None:
        """One round trip."""
        shapes.first_of(first)
        rows = await raffles.mine(
            info.context.page,
            self.wallet_id,
            first=first + 1,
            before=shapes.place_of(after, datetime.datetime),
        )
        return shapes.page(
            [show_entry(row) for row in rows],
            first=first,
            after=after,
            cursor=lambda row: scalars.cursor(row.at, row.key),
        )

    @shapes.relation("responsiblePlay", "What the member has said about their own games.")
    async def responsible_play(self, info: context.Info) -> ResponsiblePlay | None:
        """One round trip."""
        moment = await scheme_facts.moment(info.context.page)
        return show_play(await play_limits.of(info.context.page, self.wallet_id), moment.at)


def show(row: tickets.Ticket) -> Ticket:
    """Return a ticket as GraphQL."""
    return Ticket(
        id=strawberry.ID(ids.show("tic", row.ticket_id)),
        source=TicketSource(row.source),
        granted_at=scalars.DateTime(row.granted_at),
        expires_at=scalars.instant(row.expires_at),
        used_at=scalars.instant(row.used_at),
        withdrawn_at=scalars.instant(row.withdrawn_at),
        draw_key=row.draw_id,
        key=row.ticket_id,
        at=row.granted_at,
    )


def show_spin(row: wheels.Spin) -> Spin:
    """Return a spin as GraphQL."""
    return Spin(
        id=strawberry.ID(ids.show("spi", row.spin_id)),
        spun_at=scalars.DateTime(row.spun_at),
        client_seed=row.client_seed,
        epoch=row.epoch,
        number=row.number,
        prize=row.prize,
        note=row.note,
        draw_key=row.draw_id,
        ticket_key=row.ticket_id,
        award_key=row.award_id,
        key=row.spin_id,
        at=row.spun_at,
    )


def show_entry(row: raffles.Entry) -> RaffleEntry:
    """Return an entry as GraphQL."""
    return RaffleEntry(
        id=strawberry.ID(ids.show("ent", row.entry_id)),
        entered_at=scalars.DateTime(row.entered_at),
        publish_name=row.named,
        place=row.place,
        prize=row.prize,
        draw_key=row.draw_id,
        ticket_key=row.ticket_id,
        key=row.entry_id,
        at=row.entered_at,
    )


def show_play(standing: play_rules.Standing, at: datetime.datetime) -> ResponsiblePlay:
    """Return what a member said about games as GraphQL, as it stands at an instant."""
    held = standing.at(at)
    waits = standing.later_at is not None and at < standing.later_at
    excluded = standing.excluded(at)
    return ResponsiblePlay(
        limits=_limits(held),
        later=_limits(standing.later) if waits else None,
        later_at=scalars.instant(standing.later_at if waits else None),
        excluded=excluded,
        excluded_until=scalars.instant(standing.excluded_until if excluded else None),
    )


async def node(info: context.Info, ticket_id: uuid.UUID) -> Ticket | None:
    """Return a ticket to its member or support."""
    found = await tickets.find(info.context.page, ticket_id)
    return show(found) if context.may_see(info, wallet_id=found.wallet_id) else None


async def spin_node(info: context.Info, spin_id: uuid.UUID) -> Spin | None:
    """Return a spin to its member or support."""
    found = await wheels.find(info.context.db, spin_id)
    return show_spin(found) if context.may_see(info, wallet_id=found.wallet_id) else None


async def entry_node(info: context.Info, entry_id: uuid.UUID) -> RaffleEntry | None:
    """Return an entry to its member or support."""
    found = await raffles.find(info.context.db, entry_id)
    return show_entry(found) if context.may_see(info, wallet_id=found.wallet_id) else None


def _limits(limits: play_rules.Limits) -> PlayLimits:
    return PlayLimits(day=limits.day, week=limits.week, month=limits.month)


async def _scheme(info: context.Info, scheme_id: uuid.UUID) -> Published | None:
    from api.graphql import schemes

    try:
        return await schemes.node(info, scheme_id)
    except errors.NotFound:  # A ticket for what was never published is a mistake of its giver.
        return None
