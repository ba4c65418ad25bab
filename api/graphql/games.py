"""Games as GraphQL: a merchant's game server reports rounds, and members see what they played."""

import enum
import uuid
from typing import Annotated, TypeAlias

import strawberry

from api.graphql import awards, context, cost, permissions, refusals, scalars, shapes
from wallet import ids
from wallet.campaigns import earned
from wallet.progress import games as verbs
from wallet.progress import plays


@strawberry.enum(description="What was played.")
class PlayKind(enum.Enum):
    """As plays.Play.kind."""

    GAME = strawberry.enum_value("game", description="A round of a merchant's game.")
    QUIZ = strawberry.enum_value("quiz", description="A finished try at a quiz.")


@strawberry.type(description="A round of a game, or a finished quiz.")
class Play:
    """As plays.Play."""

    kind: PlayKind = strawberry.field(description="What it was.")
    scheme_id: strawberry.ID = strawberry.field(description="The id of the game's scheme.")
    points: int = strawberry.field(description="What was scored; it counts on boards.")
    units: int = strawberry.field(
        description="The steps of it that earn something, after the limits; 0 for none."
    )
    happened_at: scalars.DateTime = strawberry.field(description="When it was played.")


GameError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("GameError", description="Why a round was refused."),
]


@strawberry.type(description="Outcome of reporting a round.")
class GameScoreReportPayload:
    """The round, and what its campaign gave."""

    play: Play | None = strawberry.field(default=None, description="As it counts; null if refused.")
    awards_given: list[awards.Award] = strawberry.field(
        name="awards",
        default_factory=list,
        description="What was given for it; none where nothing was left of the limits.",
        directives=[cost.ListSize(assumed_size=1)],
    )
    replayed: bool = strawberry.field(default=False, description=shapes.REPLAYED)
    errors: list[GameError] = shapes.refused()


@strawberry.input(description="A round that a member played in your game.")
class GameScoreReportInput:
    """Becomes a verbs.Round."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    member_id: strawberry.ID = strawberry.field(description="Who played.")
    game_id: strawberry.ID = strawberry.field(description="The id of the game's scheme.")
    round_id: str = strawberry.field(
        description="Your own number of the round; each counts once, for one member."
    )
    points: int = strawberry.field(description="The score, from 0 to what the game allows.")
    happened_at: scalars.DateTime = strawberry.field(
        description="When it was played, at most a day ago."
    )


@strawberry.type
class Mutation:
    """Root fields for merchants."""

    @permissions.root(
        "Mutation.gameScoreReport",
        "Report a round of your game; full steps of the score are credited at once.",
    )
    @refusals.answered(GameScoreReportPayload)
    async def game_score_report(
        self,
        info: context.Info,
        told: Annotated[
            GameScoreReportInput, strawberry.argument(name="input", description="The round.")
        ],
    ) -> GameScoreReportPayload | None:
        """Once for each round."""
        db = info.context.db
        found = await verbs.report(
            db,
            merchant_id=context.merchant(info),
            request_id=context.request(info, "gameScoreReport", told.idempotency_key),
            member_id=shapes.key("mem", told.member_id, path=("member_id",)),
            told=verbs.Round(
                game_id=shapes.key("sch", told.game_id, path=("game_id",)),
                round_id=told.round_id,
                points=told.points,
                happened_at=told.happened_at,
            ),
        )
        given = await given_for(info, found.play)
        return GameScoreReportPayload(
            play=show(found.play), awards_given=given, replayed=found.replayed
        )


async def of_member(info: context.Info, wallet_id: uuid.UUID) -> list[Play]:
    """What a member played, for themselves and for support."""
    return [show(one) for one in await plays.newest(info.context.page, wallet_id)]


def show(row: plays.Play) -> Play:
    """Return a play as GraphQL."""
    return Play(
        kind=PlayKind(row.kind),
        scheme_id=strawberry.ID(ids.show("sch", row.scheme_id)),
        points=row.points,
        units=row.units,
        happened_at=scalars.DateTime(row.happened_at),
    )


async def given_for(info: context.Info, play: plays.Play) -> list[awards.Award]:
    """What was given for a play; nothing while nobody has paid it."""
    if play.outcome != "given":
        return []
    found = await earned.awards_by_id(info.context.db, [play.award_id])
    return await awards.show_all(info, list(found.values()))
