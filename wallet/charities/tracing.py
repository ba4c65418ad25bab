"""What a payment to a charity is made of: the movements of its account since the payment before it.

That is its proof. It names who paid beside wallets, and no member.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import ledger, sql
from wallet.database import Database
from wallet.rules import remittances as rules


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement that a batch is made of, below zero for what went back. It names no member.

    `merchant_id` is who paid it beside wallets; None for members and the operator.
    """

    bucket: int
    version: int
    movement_id: UUID
    source: rules.Source
    amount_minor: int
    merchant_id: UUID | None
    happened_at: datetime


async def entries(
    db: Database, remittance_id: UUID, *, first: int, after: tuple[int, int] | None = None
) -> list[Entry]:
    """The movements that a batch is made of, by bucket and number; together they are its amount."""
    bucket, version = after or (-1, 0)
    rows = await db.fetch(
        sql.load("queries/remittance_entries"),
        *(ledger.ALL_BUCKETS, remittance_id, bucket, version, first),
    )
    return [
        Entry(
            bucket=row["bucket"],
            version=row["version"],
            movement_id=row["transfer_id"],
            source=rules.SOURCES[row["code"]],
            amount_minor=row["amount"],
            merchant_id=row["merchant_id"],
            happened_at=row["effective_at"],
        )
        for row in rows
    ]
