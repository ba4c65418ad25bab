"""What the staff may do about draws: give tickets, freeze a raffle's list, and draw it.

The worker does the two last by their dates. They are here for public randomness, whose value
somebody has to bring, and for whoever does not want to wait.
"""

from typing import Annotated

import strawberry

from api.graphql import context, draws, permissions, refusals, scalars, shapes, staff
from wallet.draws import raffles, tickets


@strawberry.type(description="Outcome of giving tickets.")
class TicketGrantPayload:
    """What the member has now besides."""

    granted: int = strawberry.field(default=0, description="How many; 0 if refused.")
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type(description="Outcome of freezing or drawing a raffle.")
class RafflePayload:
    """Done once; whoever asks again gets the same."""

    frozen: draws.FrozenList | None = strawberry.field(
        default=None, description="The list as it stands; null if refused."
    )
    replayed: bool = strawberry.field(
        default=False, description="True if it had been done before, by whomever."
    )
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.input(description="Tickets for a member.")
class TicketGrantInput:
    """They end when the draw's own tickets would."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    member_id: strawberry.ID = strawberry.field(description="Whose they are to be.")
    draw_id: strawberry.ID = strawberry.field(description="For which draw: its scheme's id.")
    number: int = strawberry.field(description="How many, 1 to 100.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A raffle whose list is to be frozen.")
class RaffleFreezeInput:
    """Entries must be closed."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    draw_id: strawberry.ID = strawberry.field(description="Which raffle: its scheme's id.")
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.input(description="A raffle that is to be drawn.")
class RaffleDrawInput:
    """Its list must be frozen, and its hour come."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    draw_id: strawberry.ID = strawberry.field(description="Which raffle: its scheme's id.")
    randomness: str | None = strawberry.field(
        default=None,
        description="The value of the public randomness that its definition names; null for none.",
    )
    reason: str = strawberry.field(description=staff.REASON)


@strawberry.type
class Mutation:
    """Root fields for the staff."""

    @permissions.root("Mutation.ticketGrant", "Give a member tickets for a draw.")
    @refusals.answered(TicketGrantPayload)
    async def ticket_grant(
        self,
        info: context.Info,
        told: Annotated[
            TicketGrantInput, strawberry.argument(name="input", description="To whom, and why.")
        ],
    ) -> TicketGrantPayload | None:
        """Logged as ticket.grant; TICKET_LIMIT beyond a colleague's day."""
        granted = await tickets.give(
            info.context.db,
            member_id=shapes.key("mem", told.member_id, path=("member_id",)),
            draw_id=shapes.key("sch", told.draw_id, path=("draw_id",)),
            n=told.number,
            request_id=context.request(info, "ticketGrant", told.idempotency_key),
            reason=told.reason,
            actor=context.actor(info),
            staff=context.staff(info),
        )
        return TicketGrantPayload(granted=len(granted.ticket_ids), replayed=granted.replayed)

    @permissions.root(
        "Mutation.raffleFreeze",
        "Freeze the list of a raffle that has closed, and publish its hash.",
    )
    @refusals.answered(RafflePayload)
    async def raffle_freeze(
        self,
        info: context.Info,
        told: Annotated[
            RaffleFreezeInput, strawberry.argument(name="input", description="Which, and why.")
        ],
    ) -> RafflePayload | None:
        """Logged as draw.freeze."""
        done = await raffles.freeze_by_staff(
            info.context.db,
            draw_id=shapes.key("sch", told.draw_id, path=("draw_id",)),
            request_id=context.request(info, "raffleFreeze", told.idempotency_key),
            reason=told.reason,
            actor=context.actor(info),
        )
        return RafflePayload(frozen=draws.show_frozen(done.frozen), replayed=done.replayed)

    @permissions.root(
        "Mutation.raffleDraw",
        "Draw the winners of a raffle from its frozen list, and reveal its seed.",
    )
    @refusals.answered(RafflePayload)
    async def raffle_draw(
        self,
        info: context.Info,
        told: Annotated[
            RaffleDrawInput, strawberry.argument(name="input", description="Which, and why.")
        ],
    ) -> RafflePayload | None:
        """Logged as draw.draw."""
        done = await raffles.draw_by_staff(
            info.context.db,
            draw_id=shapes.key("sch", told.draw_id, path=("draw_id",)),
            randomness=told.randomness,
            request_id=context.request(info, "raffleDraw", told.idempotency_key),
            reason=told.reason,
            actor=context.actor(info),
        )
        return RafflePayload(frozen=draws.show_frozen(done.frozen), replayed=done.replayed)
