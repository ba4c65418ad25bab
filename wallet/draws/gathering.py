"""What must be known before a member plays: the draw, its dates, their profile, and how often."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import errors, members, programme
from wallet.database import Database
from wallet.progress import schemes
from wallet.rules import play_limits
from wallet.rules.draws import definition, gates


@dataclass(frozen=True, slots=True)
class Facts:
    """A draw as a member meets it. `gate` is the code of what keeps them out; `starts`, `most` and
    `since` are for the limits that the books ask again.
    """

    draw: definition.Draw
    zone: str
    asset: int
    gate: str | None
    starts: tuple[datetime, datetime, datetime]
    most: int | None
    since: datetime


async def gather(
    db: Database, member: members.Member, draw_id: UUID, moment: schemes.Moment
) -> Facts:
    """Read the facts in one query. NOT_FOUND for no draw.

    A draw without a published commitment is closed, whatever its dates say: nobody could check it.
    """
    house = await programme.of(db)
    row = await db.fetchrow(
        "select p.birth_date, p.country, s.version_id from (select 1) one"
        " left join coalition.profile p on p.member_id = $1"
        " left join lateral (select true as there, version_id from coalition.draw_seed"
        "  where draw_id = $2 and closed_at is null order by epoch limit 1) s on true"
        " where s.there is not null",
        member.member_id,
        draw_id,
    )
    draw = draw_of(moment, draw_id)
    entry = moment.book.entries[draw_id]
    held = entry.at(moment.at)
    gate: str | None = "draw_closed"
    if row is not None and held is not None:
        # A raffle goes by the version that it was begun with.
        if isinstance(draw, definition.Raffle):
            begun = entry.version(row["version_id"]) or held
            assert isinstance(begun.definition, definition.Raffle)
            draw = begun.definition
        gate = gates.refusal(
            draw,
            moment.at,
            zone=house.time_zone,
            birth_date=row["birth_date"],
            country=row["country"],
        )
    most = draw.most
    return Facts(
        draw=draw,
        zone=house.time_zone,
        asset=house.asset.number,
        gate=gate,
        starts=play_limits.starts(moment.at, house.time_zone),
        most=None if most is None else most.times,
        since=draw.opens_at
        if most is None
        else gates.since(most.per, draw, moment.at, house.time_zone),
    )


def draw_of(moment: schemes.Moment, draw_id: UUID) -> definition.Draw:
    """The draw with this id as it is now, or was when it ended. NOT_FOUND for none."""
    entry = moment.book.entries.get(draw_id)
    if entry is None or not isinstance(entry.newest, definition.Draw):
        raise errors.NotFound()
    begun = entry.begun(moment.at)
    found = entry.newest if begun is None else begun.definition
    assert isinstance(found, definition.Draw)
    return found
