"""What changed in a wallet since a moment, and which of many wallets have changed at all.

A version is given out under the wallet's lock, which is held until the movement is committed. So
movements become visible in the order of their versions and without gaps: whoever has read up to a
version and asks for what is above it misses nothing, whenever and however often it asks. What
happens to a member besides, such as a milestone, has numbers of its own, given out likewise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import errors, ledger, money, sql, statements
from wallet.database import Database

PAGE_MAX = 100
"""Movements read at a time: a page stays in memory while a slow reader takes it."""


@dataclass(frozen=True, slots=True)
class Known:
    """How far somebody knows a wallet: its movements, and what happened besides."""

    version: int
    happenings: int = 0

    @property
    def mark(self) -> int:
        """One number that grows with either."""
        return self.version + self.happenings


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened besides movements, and what it is about."""

    n: int
    topic: str
    subject_id: UUID
    happened_at: datetime


async def known(db: Database, wallet_id: UUID, *, asset: money.Asset) -> Known:
    """How many movements and happenings a wallet has had, or NOT_FOUND."""
    row = await db.fetchrow(
        "select w.version, (select coalesce(max(n), 0) from ledger.happening"
        " where bucket = $1 and wallet_id = $2) as happenings"
        " from ledger.wallet w where w.bucket = $1 and w.wallet_id = $2 and w.asset = $3",
        ledger.bucket(wallet_id),
        wallet_id,
        asset.number,
    )
    if row is None:
        raise errors.NotFound()
    return Known(**dict(row))


async def page(
    db: Database,
    wallet_id: UUID,
    *,
    asset: money.Asset,
    after: int,
    first: int = PAGE_MAX,
) -> list[statements.Movement]:
    """The movements of a wallet above version `after`, the oldest first."""
    assert 1 <= first <= PAGE_MAX
    rows = await db.fetch(
        sql.load("queries/changes_page"),
        ledger.bucket(wallet_id),
        wallet_id,
        asset.number,
        after,
        first,
    )
    return [statements.read(dict(row)) for row in rows]


async def happenings(
    db: Database, wallet_id: UUID, *, after: int, first: int = PAGE_MAX
) -> list[Happening]:
    """What happened to a member besides movements above number `after`, the oldest first."""
    assert 1 <= first <= PAGE_MAX
    rows = await db.fetch(
        sql.load("queries/happenings_page"), ledger.bucket(wallet_id), wallet_id, after, first
    )
    return [Happening(**dict(row)) for row in rows]


async def moved(
    db: Database, marks: Sequence[tuple[UUID, int]], *, asset: money.Asset
) -> dict[UUID, int]:
    """The marks of those wallets that have moved past the mark beside them."""
    rows = await db.fetch(
        sql.load("queries/wallets_moved"),
        [ledger.bucket(wallet_id) for wallet_id, _ in marks],
        [wallet_id for wallet_id, _ in marks],
        [mark for _, mark in marks],
        asset.number,
    )
    return {row["wallet_id"]: row["mark"] for row in rows}
