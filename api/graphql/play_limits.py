"""Playing: what members may do with draws, and what they may say about their own games."""

from typing import Annotated, TypeAlias

import strawberry

from api.graphql import context, cost, permissions, refusals, scalars, shapes, tickets
from wallet import play_limits
from wallet.draws import raffles, wheels
from wallet.draws import tickets as ticket_verbs
from wallet.progress import schemes
from wallet.rules import play_limits as rules

PlayError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("PlayError", description="Why nothing was played."),
]


@strawberry.type(description="Outcome of a spin.")
class WheelSpinPayload:
    """The spin as it stands."""

    spin: tickets.Spin | None = strawberry.field(
        default=None, description="What it drew; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[PlayError] = shapes.refused()


@strawberry.type(description="Outcome of entering a raffle.")
class RaffleEnterPayload:
    """The entry as it stands."""

    entry: tickets.RaffleEntry | None = strawberry.field(
        default=None, description="The entry; null if refused."
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[PlayError] = shapes.refused()


@strawberry.type(description="Outcome of asking for free tickets.")
class TicketClaimPayload:
    """The tickets of this period, so asking again gives the same ones."""

    claimed: list[tickets.Ticket] = strawberry.field(
        name="tickets",
        default_factory=list,
        description="Those of this period; empty if refused.",
        directives=[cost.ListSize(assumed_size=2)],
    )
    replayed: bool = strawberry.field(
        default=False, description="True if they had been given before."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.type(description="Outcome of saying something about one's own games.")
class ResponsiblePlayPayload:
    """What the member has said, as it stands after it."""

    responsible_play: tickets.ResponsiblePlay | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.input(description="A ticket to spin.")
class WheelSpinInput:
    """It is used whatever comes of it."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    draw_id: strawberry.ID = strawberry.field(description="Which wheel: the id of its scheme.")
    ticket_id: strawberry.ID = strawberry.field(description="Which ticket.")
    client_seed: str = strawberry.field(
        description="What you add to the chance, so that nobody else can foresee it: 1 to 64"
        " letters, digits, _ or -, new for each spin."
    )


@strawberry.input(description="A ticket to enter into a raffle.")
class RaffleEnterInput:
    """It is used whatever comes of it."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    draw_id: strawberry.ID = strawberry.field(description="Which raffle: the id of its scheme.")
    ticket_id: strawberry.ID = strawberry.field(description="Which ticket.")
    publish_name: bool = strawberry.field(
        default=False, description="True if your name may be published if it wins."
    )


@strawberry.input(description="A draw to have free tickets for.")
class TicketClaimInput:
    """There is one grant in each period, so it needs no key."""

    draw_id: strawberry.ID = strawberry.field(description="Which draw: the id of its scheme.")


@strawberry.input(description="Your own most plays in each period; null for no limit.")
class PlayLimitsSetInput:
    """Repeating it changes nothing, so it needs no key."""

    day: int | None = strawberry.field(default=None, description="In a day, 0 to 1000.")
    week: int | None = strawberry.field(default=None, description="In a week, from Monday on.")
    month: int | None = strawberry.field(default=None, description="In a calendar month.")


@strawberry.input(description="How long you want to be shut out of games.")
class SelfExcludeInput:
    """Repeating it changes nothing, so it needs no key."""

    until: scalars.DateTime | None = strawberry.field(
        description="Until when; null for ever. It can be made longer, never shorter."
    )


@strawberry.type
class Mutation:
    """Root fields for members."""

    @permissions.root("Mutation.wheelSpin", "Spin a ticket; it works once.")
    @refusals.answered(WheelSpinPayload)
    async def wheel_spin(
        self,
        info: context.Info,
        told: Annotated[
            WheelSpinInput, strawberry.argument(name="input", description="Which ticket.")
        ],
    ) -> WheelSpinPayload | None:
        """What it drew is paid before it is answered."""
        spun = await wheels.spin(
            info.context.db,
            member=context.member(info),
            request_id=context.request(info, "wheelSpin", told.idempotency_key),
            draw_id=shapes.key("sch", told.draw_id, path=("draw_id",)),
            ticket_id=shapes.key("tic", told.ticket_id, path=("ticket_id",)),
            client_seed=told.client_seed,
        )
        return WheelSpinPayload(spin=tickets.show_spin(spun.spin), replayed=spun.replayed)

    @permissions.root("Mutation.raffleEnter", "Enter a ticket into a raffle; it works once.")
    @refusals.answered(RaffleEnterPayload)
    async def raffle_enter(
        self,
        info: context.Info,
        told: Annotated[
            RaffleEnterInput, strawberry.argument(name="input", description="Which ticket.")
        ],
    ) -> RaffleEnterPayload | None:
        """An entry stands until it is drawn."""
        entered = await raffles.enter(
            info.context.db,
            member=context.member(info),
            request_id=context.request(info, "raffleEnter", told.idempotency_key),
            draw_id=shapes.key("sch", told.draw_id, path=("draw_id",)),
            ticket_id=shapes.key("tic", told.ticket_id, path=("ticket_id",)),
            named=told.publish_name,
        )
        return RaffleEnterPayload(
            entry=tickets.show_entry(entered.entry), replayed=entered.replayed
        )

    @permissions.root(
        "Mutation.ticketClaim", "Take the free tickets of this period; nothing needs to be bought."
    )
    @refusals.answered(TicketClaimPayload)
    async def ticket_claim(
        self,
        info: context.Info,
        told: Annotated[
            TicketClaimInput, strawberry.argument(name="input", description="Which draw.")
        ],
    ) -> TicketClaimPayload | None:
        """Once in each period, however often it is asked."""
        db = info.context.db
        claimed = await ticket_verbs.claim(
            db,
            member=context.member(info),
            draw_id=shapes.key("sch", told.draw_id, path=("draw_id",)),
        )
        return TicketClaimPayload(
            claimed=[tickets.show(await ticket_verbs.find(db, one)) for one in claimed.ticket_ids],
            replayed=claimed.replayed,
        )

    @permissions.root(
        "Mutation.playLimitsSet",
        "Limit your own games. A tighter limit holds at once, a looser one after 24 hours.",
    )
    @refusals.answered(ResponsiblePlayPayload)
    async def play_limits_set(
        self,
        info: context.Info,
        told: Annotated[
            PlayLimitsSetInput, strawberry.argument(name="input", description="The limits.")
        ],
    ) -> ResponsiblePlayPayload | None:
        """Logged as play_limits.limit."""
        said = await play_limits.set_limits(
            info.context.db,
            member=context.member(info),
            limits=rules.Limits(told.day, told.week, told.month),
            actor=context.actor(info),
        )
        return await _said(info, said)

    @permissions.root(
        "Mutation.selfExclude",
        "Shut yourself out of games, until a day or for ever. Nobody can end it sooner.",
    )
    @refusals.answered(ResponsiblePlayPayload)
    async def self_exclude(
        self,
        info: context.Info,
        told: Annotated[
            SelfExcludeInput, strawberry.argument(name="input", description="Until when.")
        ],
    ) -> ResponsiblePlayPayload | None:
        """Logged as play_limits.exclude."""
        said = await play_limits.exclude(
            info.context.db,
            member=context.member(info),
            until=told.until,
            actor=context.actor(info),
        )
        return await _said(info, said)


async def _said(info: context.Info, said: rules.Standing) -> ResponsiblePlayPayload:
    moment = await schemes.moment(info.context.db)
    return ResponsiblePlayPayload(responsible_play=tickets.show_play(said, moment.at))
