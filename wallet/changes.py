"""What changed in a wallet after a version, and which of many wallets have changed at all.

A version is given out under the wallet's lock, which is held until the movement is committed. So
movements become visible in the order of their versions and without gaps: whoever has read up to a
version and asks for what is above it misses nothing, whenever and however often it asks.
"""

from collections.abc import Sequence
from uuid import UUID

from wallet import errors, ledger, money, sql, statements
from wallet.database import Database

PAGE_MAX = 100
"""Movements read at a time: a page stays in memory while a slow reader takes it."""


async def version(db: Database, wallet_id: UUID, *, asset: money.Asset) -> int:
    """How many movements a wallet has had, or NOT_FOUND."""
    found: int | None = await db.fetchval(
        "select version from ledger.wallet where bucket = $1 and wallet_id = $2 and asset = $3",
        ledger.bucket(wallet_id),
        wallet_id,
        asset.number,
    )
    if found is None:
        raise errors.NotFound()
    return found


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


async def moved(
    db: Database, known: Sequence[tuple[UUID, int]], *, asset: money.Asset
) -> dict[UUID, int]:
    """The versions of those wallets that have moved past the version beside them."""
    rows = await db.fetch(
        sql.load("queries/wallets_moved"),
        [ledger.bucket(wallet_id) for wallet_id, _ in known],
        [wallet_id for wallet_id, _ in known],
        [seen for _, seen in known],
        asset.number,
    )
    return {row["wallet_id"]: row["version"] for row in rows}
