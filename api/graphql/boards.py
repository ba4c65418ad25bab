"""Boards as GraphQL: the best of a window, where the caller stands, and how a member is shown.

Nobody is told who somebody is: a row has the name that its member has chosen for boards, or none,
and no id at all.
"""

import asyncio
import enum
import uuid
from typing import Annotated, Final

import strawberry

from api.graphql import context, cost, permissions, refusals, scalars, shapes
from wallet import ids, programme
from wallet.progress import appearances, rankings, rounds, schemes
from wallet.rules.ranking import windows
from wallet.rules.schemes.boards import Ranked

BOARDS_MAX: Final = 50
"""Boards of which a member reads their places at once; a coalition has some few."""


@strawberry.enum(description="What a board counts.")
class BoardMetric(enum.Enum):
    """As wallet.rules.schemes.boards.Ranked.metric; a test compares both."""

    AMOUNT = strawberry.enum_value(
        "amount", description="What was bought and kept, in minor units, under the board's caps."
    )
    PURCHASES = strawberry.enum_value(
        "purchases", description="Purchases of which something was kept."
    )
    MERCHANTS = strawberry.enum_value("merchants", description="Different merchants bought at.")
    POINTS = strawberry.enum_value("points", description="Points of games and quizzes.")


@strawberry.type(description="One place of a board.")
class BoardRow:
    """As rankings.Row, without the wallet."""

    place: int = strawberry.field(description="From 1; no two members share one.")
    name: str | None = strawberry.field(
        description="The name this member has chosen for boards; null for none: say `a member`."
    )
    score: scalars.Decimal = strawberry.field(description="A whole number of what is counted.")
    reached_at: scalars.DateTime = strawberry.field(
        description="When this score was reached; of two equal ones the earlier is the better."
    )
    you: bool = strawberry.field(description="True for the member who asks.")


@strawberry.type(description="A board, or a contest, in one of its windows.")
class Leaderboard:
    """A version of a scheme, and a window of it."""

    scheme_id: strawberry.ID = strawberry.field(description="The scheme's id.")
    name: str = strawberry.field(description="Its name.")
    metric: BoardMetric = strawberry.field(description="What is counted.")
    period: str = strawberry.field(description="The window, such as `2026-W11`.")
    starts_at: scalars.DateTime = strawberry.field(description="The window's first instant.")
    ends_at: scalars.DateTime = strawberry.field(description="The first instant after it.")
    final_at: scalars.DateTime = strawberry.field(
        description="Until then returns still lower scores; from then on nothing changes."
    )
    board_id: strawberry.Private[uuid.UUID]

    @shapes.relation(
        "rows",
        "The best, in their order: who has more, who had it first, an opaque id. At most 100.",
        cost.ListSize(slicing_arguments=["first"]),
        cost.Cost(weight="2"),
    )
    async def rows(
        self, info: context.Info, first: shapes.First = shapes.FIRST_DEFAULT
    ) -> list[BoardRow] | None:
        """One round trip."""
        most = shapes.first_of(first, rankings.TOP_MAX)
        found = await rankings.top(info.context.db, self.board_id, self.period, first=most)
        return [row(info, one) for one in found]

    @shapes.listed(
        "around",
        "The member who asks, with two above and two below; empty for who is not ranked.",
        size=5,
    )
    async def around(self, info: context.Info) -> list[BoardRow] | None:
        """One round trip, however many stand above."""
        own = info.context.principal.member
        if own is None:
            return []
        found = await rankings.around(info.context.db, self.board_id, self.period, own.wallet_id)
        return [row(info, one) for one in found]


@strawberry.type(description="Where a member stands on one board now.")
class BoardRank:
    """As rankings.Rank."""

    scheme_id: strawberry.ID = strawberry.field(description="The board's id.")
    name: str = strawberry.field(description="The board's name.")
    metric: BoardMetric = strawberry.field(description="What is counted.")
    period: str = strawberry.field(description="The window, such as `2026-W11`.")
    place: int = strawberry.field(description="From 1.")
    score: scalars.Decimal = strawberry.field(description="A whole number of what is counted.")


@strawberry.type(description="How a member is shown on boards, and where they stand.")
class MemberBoards:
    """As appearances.Shown."""

    name: str | None = strawberry.field(description="The name that others see; null for none.")
    present: bool = strawberry.field(description="False for who has left all boards.")
    wallet_id: strawberry.Private[uuid.UUID]
    places: strawberry.Private[list[BoardRank] | None] = None

    @shapes.listed("ranks", "The place on each board of now that has one; at most 50.", size=5)
    async def ranks(self, info: context.Info) -> list[BoardRank] | None:
        """One round trip for all boards; a page brings them along."""
        return await _ranks(info, self.wallet_id) if self.places is None else self.places


@strawberry.type(description="Outcome of saying how one is shown on boards.")
class BoardAppearancePayload:
    """Repeating it changes nothing, so it needs no key."""

    boards: MemberBoards | None = strawberry.field(
        default=None, description="As it stands now; null if refused."
    )
    errors: list[refusals.Refusal] = shapes.refused()


@strawberry.input(description="By which name others see the member who asks.")
class BoardNameSetInput:
    """It is no idempotency key's business: the same name twice is the same name."""

    name: str | None = strawberry.field(
        description="2 to 24 letters; null for no name. Others see it, so leave your own out."
    )


@strawberry.input(description="Whether the member who asks is on boards at all.")
class BoardPresenceSetInput:
    """Leaving takes effect at once, on every board and contest."""

    present: bool = strawberry.field(description="False to leave all boards, true to come back.")


@strawberry.type
class Query:
    """One root field for everybody."""

    @permissions.root(
        "Query.leaderboard",
        "A board or a contest in the window of now, or in another by its name; null for none.",
    )
    async def leaderboard(
        self,
        info: context.Info,
        shown: Annotated[
            strawberry.ID, strawberry.argument(name="id", description="The scheme's id.")
        ],
        period: Annotated[
            str | None,
            strawberry.argument(description="The window, such as `2026-W11`; null for now."),
        ] = None,
    ) -> Leaderboard | None:
        """From memory, after one small question; rows and places are read where asked for."""
        try:
            board_id = ids.parse("sch", shown)
        except ValueError:
            return None
        moment = await schemes.moment(info.context.db)
        entry = moment.book.entries.get(board_id)
        if entry is None:
            return None
        zone = (await programme.of(info.context.db)).time_zone
        if period is None:
            found = next(rounds.back(entry, Ranked, moment.at, zone), None)
        else:
            found = rounds.named(entry, Ranked, period, moment.at, zone)
        return None if found is None else _show(found)


@strawberry.type
class Mutation:
    """Root fields for members."""

    @permissions.root(
        "Mutation.boardNameSet", "Choose the name that others see on boards, or none."
    )
    @refusals.answered(BoardAppearancePayload)
    async def board_name_set(
        self,
        info: context.Info,
        told: Annotated[
            BoardNameSetInput, strawberry.argument(name="input", description="The name.")
        ],
    ) -> BoardAppearancePayload | None:
        """TEXT_INVALID for a name that cannot be shown."""
        own = context.member(info)
        shown = await appearances.set_name(info.context.db, own, told.name)
        return BoardAppearancePayload(boards=_boards(own.wallet_id, shown))

    @permissions.root("Mutation.boardPresenceSet", "Leave all boards, or come back.")
    @refusals.answered(BoardAppearancePayload)
    async def board_presence_set(
        self,
        info: context.Info,
        told: Annotated[
            BoardPresenceSetInput, strawberry.argument(name="input", description="Which.")
        ],
    ) -> BoardAppearancePayload | None:
        """Whoever leaves is on no board when this is answered."""
        own, db = context.member(info), info.context.db
        change = appearances.join if told.present else appearances.leave
        return BoardAppearancePayload(boards=_boards(own.wallet_id, await change(db, own)))


async def of_member(info: context.Info, wallet_id: uuid.UUID) -> MemberBoards:
    """How a member is shown and where they stand, for themselves and for support."""
    shown, places = await asyncio.gather(
        appearances.shown(info.context.page, wallet_id), _ranks(info, wallet_id)
    )
    return MemberBoards(name=shown.name, present=not shown.left, wallet_id=wallet_id, places=places)


def _boards(wallet_id: uuid.UUID, shown: appearances.Shown) -> MemberBoards:
    return MemberBoards(name=shown.name, present=not shown.left, wallet_id=wallet_id)


def _show(found: rounds.Round[Ranked]) -> Leaderboard:
    return Leaderboard(
        scheme_id=strawberry.ID(ids.show("sch", found.scheme_id)),
        name=found.definition.name,
        metric=BoardMetric(found.definition.metric),
        period=found.window.key,
        starts_at=scalars.DateTime(found.window.starts_at),
        ends_at=scalars.DateTime(found.window.ends_at),
        final_at=scalars.DateTime(found.final_at),
        board_id=found.scheme_id,
    )


def row(info: context.Info, found: rankings.Row) -> BoardRow:
    """Return a place as everybody may see it."""
    own = info.context.principal.member
    return BoardRow(
        place=found.place,
        name=found.name,
        score=scalars.Decimal(str(found.score)),
        reached_at=scalars.DateTime(found.reached_at),
        you=own is not None and own.wallet_id == found.wallet_id,
    )


async def _ranks(info: context.Info, wallet_id: uuid.UUID) -> list[BoardRank]:
    moment = await schemes.moment(info.context.page)
    zone = (await programme.of(info.context.page)).time_zone
    asked: dict[tuple[uuid.UUID, str], Ranked] = {}
    for entry in moment.book.entries.values():
        held = entry.at(moment.at)
        if held is None or not isinstance(held.definition, Ranked):
            continue
        window = windows.at(held.definition, moment.at, zone)
        if window is not None:
            asked[entry.scheme_id, window.key] = held.definition
    found = await rankings.ranks(info.context.page, wallet_id, list(asked)[:BOARDS_MAX])
    return [
        BoardRank(
            scheme_id=strawberry.ID(ids.show("sch", board_id)),
            name=definition.name,
            metric=BoardMetric(definition.metric),
            period=period,
            place=found[board_id, period].place,
            score=scalars.Decimal(str(found[board_id, period].score)),
        )
        for (board_id, period), definition in asked.items()
        if (board_id, period) in found
    ]
