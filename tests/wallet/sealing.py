"""Sealed books to test with, and the hand that tampers with them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tests.conftest import Connection
from tests.wallet.factories import Coalition
from wallet import ids, members, seal
from wallet.database import Database

NO_LAG = timedelta(0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = datetime(2999, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Books:
    """A coalition with three members in two buckets, sealed three times."""

    coalition: Coalition
    db: Database
    owner: Connection

    async def transfers(self) -> list[asyncpg.Record]:
        return await self.owner.fetch("select * from ledger.transfer order by posted_at")

    async def seals(self, bucket: int) -> list[asyncpg.Record]:
        return await self.owner.fetch(
            "select * from ledger.seal where bucket = $1 order by number", bucket
        )

    async def move(self) -> None:
        """Let every member earn and spend."""
        for member in await members_of(self.coalition):
            await self.coalition.fill(member, 1000)
            await self.coalition.spend(member, self.coalition.mint, 300)

    async def tamper(self, statement: str, *arguments: object) -> None:
        """Do what only a superuser can who switches the triggers off."""
        await self.owner.execute("set session_replication_role = replica")
        try:
            assert "0" != (await self.owner.execute(statement, *arguments)).split()[-1]
        finally:
            await self.owner.execute("reset session_replication_role")

    async def findings(self) -> set[tuple[str, int | None, int | None, UUID | None]]:
        """What verify finds but for the laws, whose own tests are elsewhere."""
        return {
            (finding.kind, finding.bucket, finding.number, finding.transfer_id)
            for finding in await seal.verify(self.db)
            if finding.kind != "law"
        }


async def members_of(coalition: Coalition) -> list[members.Member]:
    rows = await coalition.db.fetch("select member_id from coalition.member order by member_id")
    return [await members.find(coalition.db, row["member_id"]) for row in rows]


async def sealed_books(coalition: Coalition, owner: Connection) -> Books:
    """Enrol the members, and let them earn, spend and be sealed three times."""
    for bucket in (7, 7, 200):
        await coalition.member(bucket=bucket)
    made = Books(coalition, coalition.db, owner)
    for _ in range(3):
        await made.move()
        await seal.seal(coalition.db, lag=NO_LAG)
    return made


async def forge(owner: Connection, row: asyncpg.Record, **changes: Any) -> UUID:
    """Insert a copy of a row under another id, with the next version of its wallet."""
    forged = {
        **row,
        "transfer_id": ids.placed(ids.new(), row["bucket"]),
        "wallet_version": 1000,
        "debit_version": None if row["debit_owner"] is None else 1000,
        "credit_version": None if row["credit_owner"] is None else 1000,
        "posted_at": await owner.fetchval("select clock_timestamp()"),
        **changes,
    }
    places = ", ".join(f"${place}" for place in range(1, len(forged) + 1))
    await owner.execute(
        f"insert into ledger.transfer ({', '.join(forged)}) values ({places})", *forged.values()
    )
    return UUID(int=forged["transfer_id"].int)


async def sealed_row(books: Books, *, nth: int = 2) -> asyncpg.Record:
    """A row of the first range of bucket 7."""
    return [row for row in await books.transfers() if row["bucket"] == 7][nth]
