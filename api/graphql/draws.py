"""Draws as GraphQL: what can be played, at which odds, and what lets anybody check it later."""

import asyncio
import datetime
import json
from typing import Annotated, Final

import strawberry

from api import draws
from api.graphql import context, cost, permissions, scalars, schemes, shapes
from wallet import errors, ids
from wallet.draws import gathering, raffles, seeds, tickets
from wallet.progress import schemes as scheme_facts
from wallet.rules.draws import definition

SHOWN_MAX: Final = 50
"""Draws that are open at once; a coalition has a few."""


@strawberry.type(description="One prize of a draw.")
class DrawPrize:
    """As definition.Prize or definition.RafflePrize."""

    name: str = strawberry.field(description="Its name.")
    odds: str | None = strawberry.field(
        description="For a wheel: the exact chance of each spin, such as `30/100`."
    )
    stock: int | None = strawberry.field(
        description="For a wheel: how many there are in all, null for no end. For a raffle: how"
        " many win it."
    )


@strawberry.type(description="What is published of a seed before it is used.")
class Commitment:
    """As seeds.Seed."""

    epoch: int = strawberry.field(description="The epoch of the seed; 1 for the first.")
    sha256: str = strawberry.field(description="The SHA-256 of the seed, in hex.")
    committed_at: scalars.DateTime = strawberry.field(description="When it was published.")
    opened_at: scalars.DateTime | None = strawberry.field(
        description="Since when it is used; null while it waits."
    )


@strawberry.type(description="The list of a raffle, once nobody can enter any more.")
class FrozenList:
    """As raffles.Frozen."""

    count: int = strawberry.field(description="How many tickets it has; each wins by 1 in so many.")
    sha256: str = strawberry.field(description="The SHA-256 of the list, in hex.")
    frozen_at: scalars.DateTime = strawberry.field(description="When it was frozen.")
    drawn_at: scalars.DateTime | None = strawberry.field(
        description="When the winners were drawn; null before."
    )


@strawberry.type(description="A wheel or a raffle, and all that can be known before it is played.")
class Draw:
    """As a scheme of the kind `wheel` or `raffle`."""

    scheme: schemes.Scheme = strawberry.field(description="Its name, words and whole definition.")
    opens_at: scalars.DateTime = strawberry.field(description="From when it can be played.")
    closes_at: scalars.DateTime = strawberry.field(description="Until when it can be played.")
    draw_at: scalars.DateTime | None = strawberry.field(
        description="For a raffle: when the winners are drawn."
    )
    prizes: list[DrawPrize] = strawberry.field(
        description="The prizes, at most 50.", directives=[cost.ListSize(assumed_size=5)]
    )
    consolation: str | None = strawberry.field(
        description="For a wheel: the prize that takes the place of one that is gone."
    )
    age_min: int | None = strawberry.field(description="From which age on; null for any.")
    countries: list[str] | None = strawberry.field(
        description="In which countries (ISO 3166), at most 250; null for all."
    )
    free_entry: bool = strawberry.field(
        description="True if `ticketClaim` gives tickets without a purchase."
    )
    my_tickets: int | None = strawberry.field(
        description="How many tickets the member who asks can use, at most 100; null for others."
    )
    commitments: list[Commitment] = strawberry.field(
        description="The seed in use and the next one; none while it cannot be played.",
        directives=[cost.ListSize(assumed_size=2)],
    )
    frozen: FrozenList | None = strawberry.field(
        description="For a raffle: its list, once it is frozen."
    )


@strawberry.type
class Query:
    """Root fields for everybody."""

    @permissions.root(
        "Query.draws",
        "Wheels and raffles that can be played now or soon, or wait to be drawn; at most 50.",
        shapes.SemanticNonNull(),
        cost.ListSize(assumed_size=5),
        cost.Cost(weight="4"),
    )
    async def draws(self, info: context.Info) -> list[Draw] | None:
        """A few small questions for each draw."""
        moment = await scheme_facts.moment(info.context.db)
        found: list[scheme_facts.Entry] = []
        late: list[scheme_facts.Entry] = []
        for entry in moment.book.entries.values():
            held = entry.at(moment.at)
            said = None if held is None else held.definition
            if isinstance(said, definition.Draw) and moment.at < _ends(said):
                found.append(entry)
            elif isinstance(said, definition.Raffle) and said.randomness is not None:
                late.append(entry)  # the staff draws it when its public randomness is there
        late = late[-SHOWN_MAX:]
        lists = await asyncio.gather(
            *(raffles.frozen(info.context.page, one.scheme_id) for one in late)
        )
        found.extend(
            one
            for one, frozen in zip(late, lists, strict=True)
            if frozen is None or frozen.drawn_at is None
        )
        shown = [_show(info, moment, entry) for entry in found[:SHOWN_MAX]]
        return list(await asyncio.gather(*shown))

    @permissions.root(
        "Query.drawExport",
        "All that is published of a draw, for anybody to check: the same as `/draws/<id>.json`."
        " Null for no draw, or before its first commitment.",
        cost.Cost(weight="100"),
    )
    async def draw_export(
        self,
        info: context.Info,
        shown: Annotated[
            strawberry.ID, strawberry.argument(name="id", description="The draw's id.")
        ],
    ) -> scalars.Json | None:
        """As wallet.rules.draws.record says; nothing in it is personal."""
        try:
            key = ids.parse("sch", shown)
            return scalars.Json(json.loads(await draws.kept_by(info.context.db).of(key)))
        except (ValueError, errors.NotFound, errors.TooMany):
            return None


def _ends(draw: definition.Draw) -> datetime.datetime:
    return draw.draw_at if isinstance(draw, definition.Raffle) else draw.closes_at


async def _show(info: context.Info, moment: scheme_facts.Moment, entry: scheme_facts.Entry) -> Draw:
    db, draw_id = info.context.page, entry.scheme_id
    waiting = await seeds.latest(db, draw_id)
    draw = gathering.draw_of(moment, draw_id)
    if waiting and waiting[0].version_id is not None:
        # What is played now goes by the version of its epoch, whatever was published since.
        draw = seeds.definition_of(moment.book, draw_id, waiting[0].version_id) or draw
    member = info.context.principal.member
    usable = None
    if member is not None:
        usable = len(await tickets.usable(db, member.wallet_id, draw_id, at=moment.at))
    raffle = draw if isinstance(draw, definition.Raffle) else None
    frozen = None if raffle is None else await raffles.frozen(db, draw_id)
    countries = draw.gates.countries
    return Draw(
        scheme=schemes.show(entry, moment),
        opens_at=scalars.DateTime(draw.opens_at),
        closes_at=scalars.DateTime(draw.closes_at),
        draw_at=None if raffle is None else scalars.DateTime(raffle.draw_at),
        prizes=_prizes(draw),
        consolation=draw.consolation if isinstance(draw, definition.Wheel) else None,
        age_min=draw.gates.age_min,
        countries=None if countries is None else list(countries),
        free_entry=draw.tickets.free_entry is not None,
        my_tickets=usable,
        commitments=[
            Commitment(
                epoch=one.epoch,
                sha256=one.commitment.hex(),
                committed_at=scalars.DateTime(one.committed_at),
                opened_at=scalars.instant(one.opened_at),
            )
            for one in waiting
        ],
        frozen=None if frozen is None else show_frozen(frozen),
    )


def show_frozen(row: raffles.Frozen) -> FrozenList:
    """Return a frozen list as GraphQL."""
    return FrozenList(
        count=row.count,
        sha256=row.sha256.hex(),
        frozen_at=scalars.DateTime(row.frozen_at),
        drawn_at=scalars.instant(row.drawn_at),
    )


def _prizes(draw: definition.Draw) -> list[DrawPrize]:
    if isinstance(draw, definition.Raffle):
        return [DrawPrize(name=one.name, odds=None, stock=one.winners) for one in draw.prizes]
    return [
        DrawPrize(name=one.name, odds=f"{weight}/{total}", stock=one.stock)
        for one, (_, weight, total) in zip(draw.prizes, definition.odds(draw), strict=True)
    ]
