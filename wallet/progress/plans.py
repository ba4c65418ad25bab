"""Memberships as they stand: read for whoever may, with what is in their plans.

Whether somebody is entitled is a matter of instants: it never waits for the worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import errors, ledger, money, programme, sql
from wallet.database import Database
from wallet.progress import schemes
from wallet.rules import local
from wallet.rules.progress import memberships as rules
from wallet.rules.schemes.memberships import Membership as Plan

HELD_MAX: Final = 50
"""Memberships of one member that are shown, those that run first: nobody joins as many."""
MONTHS_MAX: Final = 24
"""Months of joining and leaving that the operator sees: two of each season."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A membership as its acts left it, with the plan's version that was bought last."""

    membership_id: UUID
    wallet_id: UUID
    plan_id: UUID
    version_id: UUID
    plan: Plan
    seller_id: UUID
    seller_name: str
    asset: money.Asset
    closed: rules.Closed | None
    anchor: date
    until_day: date
    entitled_until: datetime
    paid_minor: int
    refunded_minor: int
    version: int
    started_at: datetime
    last_at: datetime
    reminded_day: date | None
    first_version: UUID
    terms: tuple[rules.Paid, ...]

    @property
    def standing(self) -> rules.Standing:
        """What the rules need to know of it."""
        return rules.Standing(
            self.closed, self.last_at, self.anchor, self.entitled_until, self.terms
        )

    def state(self, now: datetime, zone: str) -> rules.State:
        """How it stands at an instant."""
        return rules.state(self.closed, self.until_day, self.entitled_until, now=now, zone=zone)

    def entitled(self, now: datetime) -> bool:
        """Whether the member is let in at an instant."""
        return self.started_at <= now < self.entitled_until


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happened to a membership."""

    act_id: UUID
    membership_id: UUID
    number: int
    wallet_id: UUID
    kind: rules.Kind
    scheme_id: UUID
    version_id: UUID
    from_day: date | None
    until_day: date
    entitled_until: datetime
    worth_minor: int
    paid_minor: int
    refund_minor: int
    credit_minor: int
    why: rules.Why | None
    reference: str | None
    reason: str | None
    fingerprint: UUID
    effective_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """A plan with its members now, and how many of them are paid for until 30, 60, 90 days on."""

    plan_id: UUID
    members: int
    ends_30: int
    ends_60: int
    ends_90: int


@dataclass(frozen=True, slots=True)
class Month:
    """Who joined a plan and who left it in a local month such as 2026-03."""

    plan_id: UUID
    month: str
    joined: int
    ended: int


async def find(db: Database, membership_id: UUID) -> Membership:
    """The membership with this id, or NOT_FOUND."""
    found = await _read(db, ledger.bucket(membership_id), None, membership_id)
    if not found:
        raise errors.NotFound()
    return found[0]


async def of(db: Database, wallet_id: UUID) -> list[Membership]:
    """A member's memberships: what goes on first, then the newest."""
    return await _read(db, ledger.bucket(wallet_id), wallet_id, None)


async def act(db: Database, act_id: UUID) -> Act | None:
    """What a request did, None if nothing."""
    row = await db.fetchrow(sql.load("queries/membership_act"), ledger.bucket(act_id), act_id)
    return None if row is None else Act(**dict(row))


async def counts(db: Database, *, now: datetime | None = None) -> tuple[list[Counts], list[Month]]:
    """How many members each plan has, and how they came and went; it costs a scan."""
    house = await programme.of(db)
    held = await schemes.moment(db, now)
    first = local.day(held.at, house.time_zone).replace(day=1)
    for _ in range(MONTHS_MAX - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    standing = await db.fetch(sql.load("reports/membership_counts"), held.at, house.time_zone)
    months = await db.fetch(
        sql.load("reports/membership_months"),
        *(held.at, house.time_zone, local.midnight(first, house.time_zone)),
    )
    return (
        [Counts(*row) for row in standing],
        [Month(*row) for row in months],
    )


async def _read(
    db: Database, bucket: int, wallet_id: UUID | None, membership_id: UUID | None
) -> list[Membership]:
    rows: Sequence[Any] = await db.fetch(
        sql.load("queries/memberships"), bucket, wallet_id, membership_id, HELD_MAX
    )
    if not rows:
        return []
    book = await schemes.book(db, epoch=rows[0]["epoch"])
    return [_membership(row, book) for row in rows]


def _membership(row: Any, book: schemes.Book) -> Membership:
    return Membership(
        plan_id=row["scheme_id"],
        plan=book.definition(Plan, row["scheme_id"], row["version_id"]),
        asset=money.asset_by_number(row["asset"]),
        terms=tuple(
            rules.Paid(date.fromisoformat(since), date.fromisoformat(until), worth)
            for since, until, worth in orjson.loads(row["terms"])
        ),
        **{
            name: row[name]
            for name in (
                *("membership_id", "wallet_id", "version_id", "seller_id", "seller_name", "closed"),
                *("anchor", "until_day", "entitled_until", "paid_minor", "refunded_minor"),
                *("version", "started_at", "last_at", "reminded_day", "first_version"),
            )
        },
    )
