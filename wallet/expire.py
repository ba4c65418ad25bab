"""Expiry: members are told first where the contract asks for it; only then does value expire."""

from dataclasses import dataclass
from datetime import datetime

from wallet import ledger, programme
from wallet.database import Database


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did: lots with a new notice on record, and lots that expired."""

    noticed: int
    expired: int


async def sweep(db: Database, *, now: datetime | None = None, limit: int = 1000) -> Swept:
    """Record due notices and expire what may expire, at most `limit` lots of each."""
    house = await programme.of(db)
    noticed = await db.bulk(
        "select ledger.notice_expiry($1, $2, $3, $4)",
        ledger.ALL_BUCKETS,
        limit,
        house.time_zone,
        now,
    )
    answer = await db.bulk("select ledger.expire($1, $2, $3)", ledger.ALL_BUCKETS, limit, now)
    return Swept(int(noticed["noticed"]), int(answer["expired"]))
