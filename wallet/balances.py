"""A member's balances, one for each asset: money and points, free, on its way, and set aside."""

from dataclasses import dataclass
from uuid import UUID

from wallet import ledger, money
from wallet.database import Database


@dataclass(frozen=True, slots=True)
class Balance:
    """What a wallet holds of one asset."""

    asset: money.Asset
    available_minor: int
    pending_minor: int
    held_minor: int


async def of(db: Database, wallet_id: UUID) -> list[Balance]:
    """The balances of a wallet: money before points, then by their numbers. One query."""
    rows = await db.fetch(
        "select asset, credited - debited - held as available, pending, held from ledger.wallet"
        " where bucket = $1 and wallet_id = $2 order by asset",
        ledger.bucket(wallet_id),
        wallet_id,
    )
    found = [
        Balance(money.asset_by_number(row["asset"]), row["available"], row["pending"], row["held"])
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.asset.kind != "money", one.asset.number))
