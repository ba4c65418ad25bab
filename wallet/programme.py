"""The programme: who operates this coalition, in which time zone, in which asset, with what limits.

There is one per installation. It hardly ever changes, so a process reads it once.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from wallet import errors, ids, money
from wallet.database import Database

WALLET_FLOOR_MINOR: Final = -10_000
"""How far below zero returns may take a wallet: enough for one large return, never a debt trap."""


@dataclass(frozen=True, slots=True)
class Programme:
    """The programme's facts; `time_zone` decides where a day ends."""

    operator_id: UUID
    name: str
    time_zone: str
    asset: money.Asset
    wallet_floor_minor: int


async def create(db: Database, *, operator_id: UUID, name: str, time_zone: str, asset: str) -> None:
    """Create the programme; a second call changes nothing."""
    ZoneInfo(time_zone)
    await db.execute(
        "insert into coalition.programme"
        " (one, operator_id, name, time_zone, asset, wallet_floor_minor, buckets)"
        " values (true, $1, $2, $3, $4, $5, $6) on conflict do nothing",
        operator_id,
        name,
        time_zone,
        money.asset(asset).number,
        WALLET_FLOOR_MINOR,
        ids.BUCKETS,
    )


async def of(db: Database) -> Programme:
    """The programme of this database. NOT_FOUND before it was created."""
    known = db.known.get("programme")
    if isinstance(known, Programme):
        return known
    row = await db.fetchrow(
        "select operator_id, name, time_zone, asset, wallet_floor_minor, buckets"
        " from coalition.programme"
    )
    if row is None:
        raise errors.NotFound("There is no programme yet. Run `commonpurse up` or create one.")
    assert row["buckets"] == ids.BUCKETS, "the books were made with another number of buckets"
    found = Programme(
        operator_id=row["operator_id"],
        name=row["name"],
        time_zone=row["time_zone"],
        asset=money.asset_by_number(row["asset"]),
        wallet_floor_minor=row["wallet_floor_minor"],
    )
    db.known["programme"] = found
    return found
