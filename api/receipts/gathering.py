"""What a receipt says, read from the books: who gave, what, when, and who the charity was then.

The charity is named as the directory knew it on the day of the gift, so that a receipt never
changes when the charity does.
"""

import dataclasses
import datetime
import uuid
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Final

from wallet import database, errors, ids, members, money, programme
from wallet.campaigns import profiles
from wallet.charities import directory, donations
from wallet.rules import charities

YEAR_MIN: Final = 2000  # before any wallet of this kind; datetime itself ends at 9999
YEAR_MAX: Final = 9998


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """What one charity got: in one gift, or in all of a year."""

    charity: charities.Facts
    asset: money.Asset
    amount_minor: int
    times: int


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """All that is printed. `number` names it; `kind` is of one gift, `year` of a yearly one.

    `at` is the local time of the gift, or of the last one of the year.
    """

    number: str
    house: str
    member: str
    at: datetime.datetime
    rows: tuple[Row, ...]
    kind: donations.Kind | None = None
    year: int | None = None
    is_complete: bool = True
    """False for a year that is not over yet."""

    @property
    def totals(self) -> Mapping[money.Asset, int]:
        """What was given of each currency."""
        found: dict[money.Asset, int] = {}
        for row in self.rows:
            found[row.asset] = found.get(row.asset, 0) + row.amount_minor
        return found


async def of_gift(db: database.Database, member: members.Member, donation_id: uuid.UUID) -> Receipt:
    """The receipt of one gift; NOT_FOUND for one of somebody else."""
    gift = await donations.find(db, donation_id)
    if gift.wallet_id != member.wallet_id:
        raise errors.NotFound()
    house = await programme.of(db)
    facts = await directory.as_of(db, [gift.charity_id], gift.donated_at)
    return Receipt(
        number=ids.show("don", gift.donation_id),
        house=house.name,
        member=member.display_name,
        at=gift.donated_at.astimezone(zoneinfo.ZoneInfo(house.time_zone)),
        rows=(Row(_of(facts, gift.charity_id), gift.asset, gift.amount_minor, 1),),
        kind=gift.kind,
    )


async def of_year(
    db: database.Database, member: members.Member, year: int, *, now: datetime.datetime
) -> Receipt:
    """The receipt of a year of the programme's calendar; NOT_FOUND if nothing was given in it."""
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise errors.NotFound()
    house = await programme.of(db)
    zone = zoneinfo.ZoneInfo(house.time_zone)
    since, until = (datetime.datetime(one, 1, 1, tzinfo=zone) for one in (year, year + 1))
    found = await donations.totals(db, member.wallet_id, since=since, until=until)
    if not found:
        raise errors.NotFound()
    last = max(one.last_at for one in found)
    facts = await directory.as_of(db, [one.charity_id for one in found], last)
    return Receipt(
        number=f"{year}-{ids.show('mem', member.member_id)}",
        house=house.name,
        member=member.display_name,
        at=last.astimezone(zone),
        rows=tuple(_rows(found, facts)),
        year=year,
        is_complete=now >= until,
    )


async def language_of(db: database.Database, member: members.Member) -> str | None:
    """The language that a member chose; None without one."""
    return (await profiles.of(db, member.member_id)).language


def _rows(
    found: Sequence[donations.Total], facts: Mapping[uuid.UUID, charities.Facts]
) -> list[Row]:
    return [
        Row(_of(facts, one.charity_id), one.asset, one.amount_minor, one.times) for one in found
    ]


def _of(facts: Mapping[uuid.UUID, charities.Facts], charity_id: uuid.UUID) -> charities.Facts:
    """Who a charity was; gifts from before there was a directory name it by its id alone."""
    unknown = ids.show("cha", charity_id)
    return facts.get(charity_id) or charities.Facts(unknown, "", "other", "", "", "", "")
