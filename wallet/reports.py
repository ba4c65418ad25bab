"""What the operator may read across wallets: totals per merchant, sizes, and who could spend.

Reading only. Totals are sums over counters and facts, so they are true of the instant at which they
are asked, and they cost a scan: none of them belongs on the path of a write.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from wallet import ids, ledger, money, programme, sql
from wallet.database import Database


@dataclass(frozen=True, slots=True)
class MerchantTotals:
    """One merchant's totals in one asset, in minor units.

    `issued_minor` is what its cashback put into wallets for good, `honoured_minor` what it took as
    payment: it is owed the difference, `net_minor`, or owes it when that is negative.
    """

    merchant_id: UUID
    slug: str
    name: str
    industry: str
    purchases: int
    spent_minor: int
    promised_minor: int
    issued_minor: int
    honoured_minor: int

    @property
    def net_minor(self) -> int:
        """What the coalition owes this merchant; negative where the merchant owes."""
        return self.honoured_minor - self.issued_minor


@dataclass(frozen=True, slots=True)
class MerchantMonth:
    """What one merchant's accounts did in one month, in minor units; `month` is such as 2026-03.

    Cashback is promised when it is earned and cancelled when it comes to nothing. What becomes free
    to spend is issued, and what of it goes back with goods is taken back. What members spend here
    is honoured, less what is refunded. Breakage is what expired and fell back to the merchant.
    Given is what it gave to charities beside wallets, less what went back.
    """

    month: str
    promised_minor: int
    cancelled_minor: int
    issued_minor: int
    taken_back_minor: int
    honoured_minor: int
    refunded_minor: int
    breakage_minor: int
    given_minor: int

    @property
    def net_minor(self) -> int:
        """What the coalition owes this merchant for the month; negative where it owes."""
        owed = self.honoured_minor - self.refunded_minor + self.breakage_minor
        return owed - (self.issued_minor - self.taken_back_minor) - self.given_minor


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of each kind there are."""

    members: int
    purchases: int
    lines: int
    movements: int
    redemptions: int
    returns: int


async def merchants(db: Database, asset: money.Asset) -> list[MerchantTotals]:
    """Every merchant's totals, by name."""
    async with db.bulk_pool.acquire() as connection:
        rows = await connection.fetch(sql.load("reports/merchants"), asset.number)
    return [MerchantTotals(**dict(row)) for row in rows]


async def months(
    db: Database, merchant_id: UUID, *, since: datetime, until: datetime
) -> list[MerchantMonth]:
    """One merchant's months from `since` until before `until`; a month without movement is not in.

    The first and the last are cut where the period is.
    """
    house = await programme.of(db)
    async with db.bulk_pool.acquire() as connection:
        rows = await connection.fetch(
            sql.load("reports/merchant_months"),
            list(range(ids.BUCKETS)),
            merchant_id,
            house.asset.number,
            since,
            until,
            house.time_zone,
        )
    moved: dict[str, Counter[str]] = {}
    for row in rows:
        moved.setdefault(row["month"], Counter())[row["code"]] = row["amount_minor"]
    return [_month(month, by_code) for month, by_code in moved.items()]


def _month(month: str, by_code: Counter[str]) -> MerchantMonth:
    def summed(*codes: str) -> int:
        return sum(by_code[code] for code in codes)

    return MerchantMonth(
        month=month,
        promised_minor=summed("earn"),
        cancelled_minor=summed("lapse", "return_pending"),
        issued_minor=summed("fund"),
        taken_back_minor=summed(
            *("return", "loss", "unshare"),
            *("unexpire", "unexpire_merchant", "unexpire_charity"),
        ),
        honoured_minor=summed("capture"),
        refunded_minor=summed("refund"),
        breakage_minor=summed("expire_merchant") - summed("unexpire_merchant"),
        given_minor=summed("gift", "match") - summed("ungift"),
    )


async def counts(db: Database) -> Counts:
    """The size of the books."""
    async with db.bulk_pool.acquire() as connection:
        row = await connection.fetchrow(sql.load("reports/counts"))
    assert row is not None
    return Counts(**dict(row))


async def spendable(db: Database, asset: money.Asset, *, from_minor: int) -> dict[UUID, int]:
    """Which wallets have at least `from_minor` free, and how much."""
    rows = await db.fetch(sql.load("queries/spendable"), asset.number, from_minor)
    return {row["wallet_id"]: row["available_minor"] for row in rows}


async def funded(
    db: Database, asset: money.Asset, wallet_ids: Collection[UUID]
) -> dict[UUID, dict[UUID, int]]:
    """Who funded what is open in these wallets: wallet, funder, minor units."""
    ordered = list(wallet_ids)
    buckets = [ledger.bucket(wallet_id) for wallet_id in ordered]
    found: dict[UUID, dict[UUID, int]] = {wallet_id: {} for wallet_id in ordered}
    for row in await db.fetch(sql.load("queries/funded"), asset.number, buckets, ordered):
        found[row["wallet_id"]][row["funder_id"]] = row["open_minor"]
    return found


async def standing(db: Database, purchase_ids: Collection[UUID]) -> set[UUID]:
    """Which of these purchases are in the books."""
    ordered = list(purchase_ids)
    buckets = [ledger.bucket(purchase_id) for purchase_id in ordered]
    rows = await db.fetch(sql.load("queries/purchases_standing"), buckets, ordered)
    return {row["purchase_id"] for row in rows}


async def captured(db: Database, asset: money.Asset) -> dict[tuple[UUID, str], int]:
    """What was captured so far for each merchant's order reference, before refunds."""
    async with db.bulk_pool.acquire() as connection:
        rows = await connection.fetch(sql.load("queries/captured"), asset.number)
    return {(row["merchant_id"], row["order_reference"]): row["captured_minor"] for row in rows}


@dataclass(frozen=True, slots=True)
class Participation:
    """How members take part: standings by tier, changes of tier by why, and the rest counted."""

    tiers: dict[str, int]
    changes: dict[str, int]
    milestones: dict[UUID, int]
    taken_back: int
    tickets: int
    entries: int
    prizes: int
    donations: int


async def participation(db: Database) -> Participation:
    """Count what members take part in; a scan, for a summary."""
    async with db.bulk_pool.acquire() as connection:
        row = await connection.fetchrow(sql.load("reports/participation"))
    assert row is not None
    return Participation(
        tiers=orjson.loads(row["tiers"]),
        changes=orjson.loads(row["changes"]),
        milestones={UUID(key): n for key, n in orjson.loads(row["milestones"]).items()},
        taken_back=row["taken_back"],
        tickets=row["tickets"],
        entries=row["entries"],
        prizes=row["prizes"],
        donations=row["donations"],
    )
