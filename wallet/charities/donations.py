"""What members gave: read one by one, page by page, or a whole year for a receipt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

import asyncpg

from wallet import errors, ledger, money
from wallet.database import Database

Kind: TypeAlias = Literal["once", "share", "round_up", "expiring"]

PAGE_MAX: Final = 100
YEARS_MAX: Final = 50
"""Years in one list: longer than any wallet lives."""

_SELECT: Final = (
    "select donation_id, wallet_id, asset, charity_id, amount, kind, pledge_id, cause_id,"
    " donated_at from ledger.donation"
)
_YEAR: Final = (
    "select asset, charity_id, sum(amount)::bigint as amount, count(*) as times,"
    " max(donated_at) as last_at from ledger.donation"
    " where bucket = $1 and wallet_id = $2 and donated_at >= $3 and donated_at < $4"
    " group by asset, charity_id order by asset, amount desc, charity_id"
)


@dataclass(frozen=True, slots=True)
class Donation:
    """One gift; its id is that of its movement. `cause_id` is the lot or redemption behind it."""

    donation_id: UUID
    wallet_id: UUID
    asset: money.Asset
    charity_id: UUID
    amount_minor: int
    kind: Kind
    pledge_id: UUID | None
    cause_id: UUID | None
    donated_at: datetime


@dataclass(frozen=True, slots=True)
class Total:
    """What a charity got of a wallet in a time, in how many gifts."""

    asset: money.Asset
    charity_id: UUID
    amount_minor: int
    times: int
    last_at: datetime


async def find(db: Database, donation_id: UUID) -> Donation:
    """The gift with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        f"{_SELECT} where bucket = $1 and donation_id = $2", ledger.bucket(donation_id), donation_id
    )
    if row is None:
        raise errors.NotFound()
    return _donation(row)


async def page(
    db: Database, wallet_id: UUID, *, first: int, before: tuple[datetime, UUID] | None = None
) -> list[Donation]:
    """What a member gave, the newest first; `before` is the last one seen."""
    assert 0 < first <= PAGE_MAX + 1
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_SELECT} where bucket = $1 and wallet_id = $2"
        " and ($3::timestamptz is null or (donated_at, donation_id) < ($3, $4::uuid))"
        " order by donated_at desc, donation_id desc limit $5",
        *(ledger.bucket(wallet_id), wallet_id, at, last, first),
    )
    return [_donation(row) for row in rows]


async def totals(db: Database, wallet_id: UUID, *, since: datetime, until: datetime) -> list[Total]:
    """What each charity got of a wallet in a time, by asset, the most first; `until` is out."""
    rows = await db.fetch(_YEAR, ledger.bucket(wallet_id), wallet_id, since, until)
    return [
        Total(
            asset=money.asset_by_number(row["asset"]),
            charity_id=row["charity_id"],
            amount_minor=row["amount"],
            times=row["times"],
            last_at=row["last_at"],
        )
        for row in rows
    ]


async def years(db: Database, wallet_id: UUID, *, zone: str) -> list[int]:
    """The years of a local calendar in which a member gave something, the newest first."""
    rows = await db.fetch(
        "select distinct extract(year from donated_at at time zone $3)::int as year"
        " from ledger.donation where bucket = $1 and wallet_id = $2 order by year desc limit $4",
        *(ledger.bucket(wallet_id), wallet_id, zone, YEARS_MAX),
    )
    return [row["year"] for row in rows]


async def is_known(db: Database, wallet_id: UUID, charity_id: UUID) -> tuple[bool, datetime]:
    """Whether a wallet ever gave to a charity, and the time by the books' own clock."""
    row = await db.fetchrow(
        "select exists (select 1 from ledger.donation where bucket = $1 and wallet_id = $2"
        " and charity_id = $3) as known, clock_timestamp() as now",
        *(ledger.bucket(wallet_id), wallet_id, charity_id),
    )
    assert row is not None
    return row["known"], row["now"]


def _donation(row: asyncpg.Record) -> Donation:
    return Donation(
        donation_id=row["donation_id"],
        wallet_id=row["wallet_id"],
        asset=money.asset_by_number(row["asset"]),
        charity_id=row["charity_id"],
        amount_minor=row["amount"],
        kind=row["kind"],
        pledge_id=row["pledge_id"],
        cause_id=row["cause_id"],
        donated_at=row["donated_at"],
    )
