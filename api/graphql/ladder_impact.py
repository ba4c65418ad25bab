"""The impact of an edit: how many members a ladder would move, before it is published."""

from typing import Annotated, Final

import strawberry

from api.graphql import context, cost, permissions, refusals, scalars, shapes, staff
from api.simulation import deadline
from wallet import audit, programme
from wallet.progress import impact

SECONDS: Final = 4  # a request is cut off after five, with nothing
WEIGHT: Final = cost.Cost(weight="50")  # it keeps a core busy


@strawberry.type(description="How many members would go from one tier to another.")
class TierMove:
    """Numbers only: nobody is named."""

    from_tier: str | None = strawberry.field(
        name="from", description="The word of the tier now; null for who is on no ladder yet."
    )
    to: str = strawberry.field(description="The word of the tier then.")
    members: int = strawberry.field(description="How many.")


@strawberry.type(description="What a definition would do if it were published now.")
class LadderImpact:
    """As impact.Impact."""

    at: scalars.DateTime = strawberry.field(description="As of when.")
    members: int = strawberry.field(description="How many members there are.")
    looked_at: int = strawberry.field(description="How many of them were considered.")
    complete: bool = strawberry.field(
        description="False if time ran out: the rest was left out of all numbers."
    )
    moves: list[TierMove] = strawberry.field(
        description="Who would move at once; at most 420 pairs of tiers.",
        directives=[cost.ListSize(assumed_size=20)],
    )
    kept: list[TierMove] = strawberry.field(
        description="Who would keep a tier until the end of their window, though what counts now is"
        " not enough for it: from that tier to the one it is enough for.",
        directives=[cost.ListSize(assumed_size=20)],
    )


@strawberry.type(description="Outcome of trying a ladder out.")
class LadderImpactPayload:
    """Nothing is written but that somebody looked."""

    impact: LadderImpact | None = strawberry.field(
        default=None, description="What it would do; null if refused."
    )
    errors: list[staff.StaffError] = shapes.refused()


@strawberry.type
class Query:
    """Root fields for whoever writes definitions."""

    @permissions.root(
        "Query.ladderImpact",
        "How many members would move, from which tier to which, if this ladder were published now."
        " It ends after four seconds with what it has.",
        WEIGHT,
    )
    @refusals.answered(LadderImpactPayload)
    async def ladder_impact(
        self,
        info: context.Info,
        definition: Annotated[
            scalars.Json, strawberry.argument(description="All of it, as `schemeSchema` says.")
        ],
        ladder_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Whose next version it is; null for a new ladder."),
        ] = None,
    ) -> LadderImpactPayload | None:
        """Logged as ladder.impact, like every look of the staff at what members did."""
        db = info.context.db
        key = None if ladder_id is None else shapes.key("sch", ladder_id, path=("ladder_id",))
        subject = key or (await programme.of(db)).operator_id
        await audit.write(db, actor=context.actor(info), act="ladder.impact", subject=subject)
        found = await impact.of(db, raw=definition, scheme_id=key, late=deadline.after(SECONDS))
        return LadderImpactPayload(
            impact=LadderImpact(
                at=scalars.DateTime(found.at),
                members=found.members,
                looked_at=found.looked_at,
                complete=found.complete,
                moves=_moves(found.moves),
                kept=_moves(found.kept),
            )
        )


def _moves(moves: impact.Moves) -> list[TierMove]:
    ordered = sorted(moves.items(), key=lambda one: (-one[1], one[0][0] or "", one[0][1]))
    return [TierMove(from_tier=was, to=to, members=count) for (was, to), count in ordered]
