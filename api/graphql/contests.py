"""Contests as GraphQL: what runs, whether the member who asks is in, who has won, and entering.

The ranking while it runs is a board: `leaderboard` with the contest's id. Here is what is final.
"""

import enum
from typing import Annotated, Final, TypeAlias

import strawberry

from api.graphql import boards, context, cost, permissions, refusals, scalars, shapes
from wallet import ids, programme
from wallet.progress import contests as verbs
from wallet.progress import rankings, rounds, schemes
from wallet.rules.schemes.contests import Contest as Definition

CONTESTS_MAX: Final = 100
"""Contests that are shown at once; a coalition runs some few."""


@strawberry.enum(description="How far a contest is.")
class ContestState(enum.Enum):
    """What the instants of a round say."""

    WAITING = strawberry.enum_value("waiting", description="It has not begun.")
    OPEN = strawberry.enum_value("open", description="It runs, and can be entered.")
    SETTLING = strawberry.enum_value(
        "settling", description="It is over, and returns may still change its ranking."
    )
    FINAL = strawberry.enum_value("final", description="Its ranking is frozen for good.")


@strawberry.type(description="A contest in one of its windows.")
class Contest:
    """As verbs.Round."""

    scheme_id: strawberry.ID = strawberry.field(description="The scheme's id.")
    name: str = strawberry.field(description="Its name.")
    about: str = strawberry.field(description="What it is about, for members; may be empty.")
    metric: boards.BoardMetric = strawberry.field(description="What is counted.")
    period: str = strawberry.field(description="The window, such as `2026-03`.")
    starts_at: scalars.DateTime = strawberry.field(description="From when it can be entered.")
    ends_at: scalars.DateTime = strawberry.field(description="The first instant at which not.")
    final_at: scalars.DateTime = strawberry.field(
        description="When its ranking is frozen; returns count until then, and not after."
    )
    round: strawberry.Private[verbs.Round]
    begun: strawberry.Private[bool]
    over: strawberry.Private[bool]

    @shapes.relation("state", "How far it is.")
    async def state(self, info: context.Info) -> ContestState | None:
        """One round trip once it is over."""
        if not self.over:
            return ContestState.OPEN if self.begun else ContestState.WAITING
        standing = await self._standing(info)
        return ContestState.FINAL if standing.frozen else ContestState.SETTLING

    @shapes.resolved("entered", "Whether the member who asks is in it; null for who is no member.")
    async def entered(self, info: context.Info) -> bool | None:
        """One round trip."""
        if info.context.principal.member is None:
            return None
        return (await self._standing(info)).entered

    @shapes.listed("results", "The final places, at most 100; empty before it is final.", size=10)
    async def results(self, info: context.Info) -> list[boards.BoardRow] | None:
        """One round trip."""
        rows = await verbs.results(info.context.page, self.round, first=rankings.TOP_MAX)
        return [boards.row(info, one) for one in rows]

    async def _standing(self, info: context.Info) -> verbs.Standing:
        """One question for both, and one statement for all contests of a page."""
        own = info.context.principal.member
        wallet_id = None if own is None else own.wallet_id
        return await verbs.standing(info.context.page, self.round, wallet_id)


ContestError: TypeAlias = Annotated[
    refusals.IdempotencyKeyReused | refusals.Refusal,
    strawberry.union("ContestError", description="Why a contest was not entered."),
]


@strawberry.type(description="Outcome of entering a contest.")
class ContestEnterPayload:
    """The contest as it stands after it."""

    contest: Contest | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    replayed: bool = strawberry.field(
        default=False, description="True if the member was in it before."
    )
    errors: list[ContestError] = shapes.refused()


@strawberry.input(description="A contest that the member who asks wants to be in.")
class ContestEnterInput:
    """Its window of now."""

    idempotency_key: scalars.IdempotencyKey = strawberry.field(description=shapes.KEY)
    contest_id: strawberry.ID = strawberry.field(description="The id of its scheme.")


@strawberry.type
class Query:
    """Root fields for everybody."""

    @permissions.root(
        "Query.contests",
        "Each contest in its window of now, or in the last one; at most 100.",
        shapes.SemanticNonNull(),
        cost.ListSize(assumed_size=5),
    )
    async def contests(self, info: context.Info) -> list[Contest] | None:
        """From memory, after one small question."""
        moment = await schemes.moment(info.context.db)
        zone = (await programme.of(info.context.db)).time_zone
        found = [_of(entry, moment, zone, None) for entry in moment.book.entries.values()]
        return [one for one in found if one is not None][-CONTESTS_MAX:]

    @permissions.root(
        "Query.contest", "A contest in the window of now, or in another by its name; null for none."
    )
    async def contest(
        self,
        info: context.Info,
        shown: Annotated[
            strawberry.ID, strawberry.argument(name="id", description="The scheme's id.")
        ],
        period: Annotated[
            str | None,
            strawberry.argument(description="The window, such as `2026-03`; null for now."),
        ] = None,
    ) -> Contest | None:
        """From memory, after one small question."""
        try:
            contest_id = ids.parse("sch", shown)
        except ValueError:
            return None
        moment = await schemes.moment(info.context.db)
        entry = moment.book.entries.get(contest_id)
        zone = (await programme.of(info.context.db)).time_zone
        return None if entry is None else _of(entry, moment, zone, period)


@strawberry.type
class Mutation:
    """Root fields for members."""

    @permissions.root("Mutation.contestEnter", "Enter the contest of now, once.")
    @refusals.answered(ContestEnterPayload)
    async def contest_enter(
        self,
        info: context.Info,
        told: Annotated[
            ContestEnterInput, strawberry.argument(name="input", description="Which contest.")
        ],
    ) -> ContestEnterPayload | None:
        """What is known of the member at this moment decides, and is kept with the entry."""
        entered = await verbs.enter(
            info.context.db,
            member=context.member(info),
            contest_id=shapes.key("sch", told.contest_id, path=("contest_id",)),
            request_id=context.request(info, "contestEnter", told.idempotency_key),
        )
        moment = await schemes.moment(info.context.db)
        return ContestEnterPayload(contest=_show(entered.round, moment), replayed=entered.replayed)


def _of(
    entry: schemes.Entry, moment: schemes.Moment, zone: str, period: str | None
) -> Contest | None:
    if period is None:
        found = rounds.shown(entry, Definition, moment.at, zone)
    else:
        found = rounds.named(entry, Definition, period, moment.at, zone)
    return None if found is None else _show(found, moment)


def _show(found: verbs.Round, moment: schemes.Moment) -> Contest:
    return Contest(
        scheme_id=strawberry.ID(ids.show("sch", found.scheme_id)),
        name=found.definition.name,
        about=found.definition.about,
        metric=boards.BoardMetric(found.definition.metric),
        period=found.window.key,
        starts_at=scalars.DateTime(found.window.starts_at),
        ends_at=scalars.DateTime(found.window.ends_at),
        final_at=scalars.DateTime(found.final_at),
        round=found,
        begun=found.window.starts_at <= moment.at,
        over=found.window.ends_at <= moment.at,
    )
