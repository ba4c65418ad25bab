"""Sealing: the chain is what it says, grows without a gap, and never forks."""

import asyncio
import hashlib
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet.factories import Coalition
from tests.wallet.sealing import (
    EPOCH,
    FAR,
    MICROSECOND,
    NO_LAG,
    Books,
    forge,
    members_of,
    sealed_books,
)
from wallet import seal
from wallet.database import Database


@pytest.fixture
async def books(coalition: Coalition, owner: Connection) -> Books:
    return await sealed_books(coalition, owner)


def binary(name: str, value: Any) -> bytes:
    """A column as PostgreSQL sends it in a record: type, length, bytes."""
    if value is None:
        words = ("_id", "_owner", "fingerprint")
        return struct.pack(">ii", 2950 if name.endswith(words) else 20, -1)
    if isinstance(value, UUID):
        return struct.pack(">ii", 2950, 16) + value.bytes
    if isinstance(value, str):
        return struct.pack(">ii", 25, len(value)) + value.encode()
    if isinstance(value, datetime):
        since = (value - datetime(2000, 1, 1, tzinfo=UTC)) // MICROSECOND
        return struct.pack(">iiq", 1184, 8, since)
    if name in ("bucket", "asset"):
        return struct.pack(">iih", 21, 2, value)
    return struct.pack(">iiq", 20, 8, value)


def leaf(row: asyncpg.Record) -> bytes:
    """A leaf, made from a row without the help of the database."""
    columns = b"".join(binary(name, value) for name, value in row.items())
    digest = hashlib.sha256(struct.pack(">i", len(row)) + columns).digest()
    return bytes(row["transfer_id"].bytes + digest[:16])


async def test_a_seal_can_be_recomputed_by_anybody_who_has_the_rows(books: Books) -> None:
    transfers = await books.transfers()

    for bucket in (7, 200):
        head = hashlib.sha256(b"commonpurse seal 1").digest()
        start = EPOCH
        for number, sealed in enumerate(await books.seals(bucket), start=1):
            rows = [
                row
                for row in transfers
                if row["bucket"] == bucket and start <= row["posted_at"] < sealed["sealed_until"]
            ]
            rows.sort(key=lambda row: (row["posted_at"], row["transfer_id"].bytes))
            leaves = b"".join(map(leaf, rows))
            edges = [(edge - EPOCH) // MICROSECOND for edge in (start, sealed["sealed_until"])]
            facts = struct.pack(">hqqqq", bucket, number, *edges, len(rows))
            head = hashlib.sha256(head + facts + leaves).digest()

            assert (number, start) == (sealed["number"], sealed["sealed_from"])
            assert (len(rows), leaves) == (sealed["rows"], sealed["leaves"])
            assert head == sealed["head"]
            start = sealed["sealed_until"]


async def test_sealed_books_that_nobody_touched_verify(books: Books) -> None:
    told: list[int] = []

    assert [] == await seal.verify(books.db, progress=told.append)
    assert [] == await seal.verify(books.owner)
    assert 3 == len(told) and told == sorted(told)
    assert len(await books.transfers()) == told[-1]


async def test_sealing_again_adds_nothing_and_new_rows_extend_the_chain(books: Books) -> None:
    before = await books.seals(7)
    again = await seal.seal(books.db, lag=NO_LAG)
    same = await books.seals(7)
    await books.coalition.fill((await members_of(books.coalition))[0], 50)
    more = await seal.seal(books.db, lag=NO_LAG)

    assert (0, before) == (again, same)
    assert 3 == more  # earn, mature and fund
    assert before == (await books.seals(7))[:3]
    assert [1, 2, 3, 4] == [sealed["number"] for sealed in await books.seals(7)]


async def test_ranges_join_without_a_gap_however_short_they_are(books: Books) -> None:
    await books.move()
    await books.move()

    assert 2 * 5 * 3 == await seal.seal(books.db, lag=NO_LAG, limit=4)
    seals = await books.seals(7)
    assert 6 < len(seals)
    assert all(one["sealed_until"] == next_["sealed_from"] for one, next_ in pairwise(seals))
    assert [] == await seal.verify(books.db)


async def test_a_bucket_without_rows_gets_no_seal(books: Books) -> None:
    await books.coalition.fill((await members_of(books.coalition))[0], 50)
    await seal.seal(books.db, lag=NO_LAG)
    numbers = {bucket: number for bucket, (number, _) in (await seal.heads(books.db)).items()}

    assert {7: 4, 200: 3} == numbers or {7: 3, 200: 4} == numbers


async def test_nothing_younger_than_the_lag_is_touched(coalition: Coalition) -> None:
    await coalition.fill(await coalition.member(), 1000)

    assert 0 == await seal.seal(coalition.db)
    assert 0 == await seal.seal(coalition.db, lag=timedelta(seconds=30))
    assert {} == await seal.heads(coalition.db)
    assert await seal.root(coalition.db) is None


async def test_a_clock_that_runs_ahead_seals_no_future(books: Books) -> None:
    await books.move()
    await seal.seal(books.db, now=FAR, lag=NO_LAG)
    await books.move()
    await seal.seal(books.db, lag=NO_LAG)

    assert [] == await seal.verify(books.db)


async def test_books_without_a_row_are_sealed_and_verified(db: Database) -> None:
    assert 0 == await seal.seal(db, lag=NO_LAG)
    assert [] == await seal.verify(db)


@pytest.mark.tampers
async def test_a_writer_under_way_is_waited_for(books: Books, dsn: str) -> None:
    writer = await asyncpg.connect(dsn)
    writing = writer.transaction()
    await writing.start()
    forged = await forge(writer, (await books.transfers())[0])
    sealing = asyncio.create_task(seal.seal(books.db, lag=NO_LAG))
    await asyncio.sleep(0.3)
    waited = not sealing.done()
    await writing.commit()
    await writer.close()

    assert waited
    assert 1 == await sealing
    assert forged.bytes == (await books.seals(7))[-1]["leaves"][:16]


async def test_of_two_sealers_at_once_one_goes_on_empty_handed(books: Books, dsn: str) -> None:
    await books.move()
    other = await Database.connect(dsn)
    watcher = await asyncpg.connect(dsn)
    async with books.owner.transaction():
        # Both have read where the chain ends and what comes next; neither can write yet.
        await books.owner.execute("lock table ledger.seal in share mode")
        sealers = [asyncio.create_task(seal.seal(one, lag=NO_LAG)) for one in (books.db, other)]
        waiting = (
            "select count(*) from pg_locks where not granted and relation = 'ledger.seal'::regclass"
        )
        for _ in range(1000):
            if await watcher.fetchval(waiting) == 2:
                break
            await asyncio.sleep(0.01)
    sealed = sorted(await asyncio.gather(*sealers))
    await other.close()
    await watcher.close()

    assert 0 == sealed[0] < sealed[1]
    assert [1, 2, 3, 4] == [one["number"] for one in await books.seals(7)]
    assert [] == await seal.verify(books.db)


async def test_many_sealers_never_fork_the_chain(books: Books, dsn: str) -> None:
    others = [await Database.connect(dsn) for _ in range(3)]
    sealed = 0
    for _ in range(4):
        counts = await asyncio.gather(
            books.move(), *(seal.seal(one, lag=NO_LAG, limit=3) for one in others)
        )
        sealed += sum(count for count in counts if count)
    sealed += await seal.seal(books.db, lag=NO_LAG)
    for one in others:
        await one.close()

    assert 4 * 5 * 3 == sealed
    assert [] == await seal.verify(books.db)


async def test_heads_are_the_ends_of_the_chains(books: Books) -> None:
    last = {bucket: (await books.seals(bucket))[-1] for bucket in (7, 200)}

    assert {
        bucket: (sealed["number"], sealed["head"].hex()) for bucket, sealed in last.items()
    } == await seal.heads(books.db)


async def test_printed_roots_stay_true_while_the_books_go_on(books: Books) -> None:
    first = await seal.root(books.db)
    await books.move()
    await seal.seal(books.db, lag=NO_LAG)
    second = await seal.root(books.db)
    assert first is not None and second is not None

    assert first.digest != second.digest
    assert [] == await seal.verify(books.db, printed=[first, second])
    assert ["root"] == [
        finding.kind
        for finding in await seal.verify(books.db, printed=[replace(first, digest="0" * 64)])
    ]


async def test_no_setting_of_a_session_changes_a_digest(books: Books) -> None:
    for setting in (
        "timezone = 'America/Sao_Paulo'",
        "datestyle = 'German'",
        "bytea_output = 'escape'",
        "intervalstyle = 'iso_8601'",
        "extra_float_digits = -15",
    ):
        await books.owner.execute(f"set {setting}")

    assert [] == await seal.verify(books.owner)


async def test_a_seal_can_not_be_changed_not_even_by_the_owner(books: Books) -> None:
    for source in (books.db, books.owner):
        for change in ("update ledger.seal set rows = 0", "delete from ledger.seal"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await source.execute(change)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await books.owner.execute("truncate ledger.seal")


async def test_the_index_of_posting_times_is_summed_up_without_a_vacuum(owner: Connection) -> None:
    options = await owner.fetchval(
        "select reloptions from pg_class where oid = 'ledger.transfer_posted'::regclass"
    )

    assert ["autosummarize=on"] == options
