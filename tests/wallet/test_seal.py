"""Sealing: the chain is what it says, grows without a gap, and names what somebody touched."""

import asyncio
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.conftest import Connection
from tests.wallet.factories import Coalition
from wallet import ids, members, seal
from wallet.database import Database

NO_LAG = timedelta(0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FAR = datetime(2999, 1, 1, tzinfo=UTC)


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


@pytest.fixture
async def books(coalition: Coalition, owner: Connection) -> Books:
    for bucket in (7, 7, 200):
        await coalition.member(bucket=bucket)
    made = Books(coalition, coalition.db, owner)
    for _ in range(3):
        await made.move()
        await seal.seal(coalition.db, lag=NO_LAG)
    return made


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
        waiting = "select count(*) from pg_locks where not granted"
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


@pytest.mark.tampers
async def test_a_change_of_any_column_is_named(books: Books) -> None:
    row = await sealed_row(books)
    others: dict[str, Callable[[Any], Any]] = {
        "int": lambda value: (value or 0) + 1000,
        "uuid": lambda _: ids.new(),
        "text": lambda value: f"{value}x",
        "instant": lambda value: value + MICROSECOND,
    }
    types = await books.owner.fetch(
        "select attname as name, format_type(atttypid, null) as type from pg_attribute"
        " where attrelid = 'ledger.transfer'::regclass and attnum > 0 and not attisdropped"
    )
    await books.owner.execute("alter table ledger.transfer drop constraint transfer_charted")
    await books.owner.execute("alter table ledger.transfer drop constraint transfer_legs_numbered")

    kinds = {"smallint": "int", "bigint": "int", "timestamp with time zone": "instant"}
    found = {}
    for column in types:
        name = column["name"]
        if name not in ("bucket", "transfer_id"):
            change = f"update ledger.transfer set {name} = $1 where transfer_id = $2"
            value = others[kinds.get(column["type"], column["type"])](row[name])
            await books.tamper(change, value, row["transfer_id"])
            found[name] = await books.findings()
            await books.tamper(change, row[name], row["transfer_id"])

    altered = ("row_altered", 7, 1, row["transfer_id"])
    names = set(dict(row)) - {"bucket", "transfer_id"}
    assert {name: {altered} for name in names} == found
    assert set() == await books.findings()


@pytest.mark.tampers
async def test_an_edited_amount_is_told_in_a_sentence(books: Books) -> None:
    row = await sealed_row(books)
    await books.tamper(
        "update ledger.transfer set amount = amount + 1 where transfer_id = $1", row["transfer_id"]
    )
    found = await seal.verify(books.db)
    shown = ids.show("mov", row["transfer_id"])

    assert f"Transfer {shown} was changed after it was sealed." == found[0].sentence
    assert {"law"} == {finding.kind for finding in found[1:]}


@pytest.mark.tampers
async def test_a_removed_row_is_named(books: Books) -> None:
    gone = (await sealed_row(books))["transfer_id"]
    await books.tamper("delete from ledger.transfer where transfer_id = $1", gone)

    assert {("row_missing", 7, 1, gone)} == await books.findings()


@pytest.mark.tampers
async def test_a_row_under_another_id_or_in_another_bucket_is_named(books: Books) -> None:
    renamed, moved = await sealed_row(books), await sealed_row(books, nth=3)
    alias = ids.placed(ids.new(), 7)
    change = "update ledger.transfer set transfer_id = $1 where transfer_id = $2"
    await books.tamper(change, alias, renamed["transfer_id"])
    change = "update ledger.transfer set bucket = 8 where transfer_id = $1"
    await books.tamper(change, moved["transfer_id"])

    assert {
        ("row_missing", 7, 1, renamed["transfer_id"]),
        ("row_added", 7, 1, alias),
        ("row_missing", 7, 1, moved["transfer_id"]),
        ("row_added", 8, None, moved["transfer_id"]),
    } == await books.findings()


@pytest.mark.tampers
async def test_a_forged_row_in_a_sealed_range_is_named(books: Books) -> None:
    row = await sealed_row(books)
    beside = await forge(books.owner, row, posted_at=row["posted_at"] + MICROSECOND)
    early = await forge(books.owner, row, posted_at=EPOCH - MICROSECOND, wallet_version=1001,
                        debit_version=None, debit_owner=None)  # fmt: skip

    assert {("row_added", 7, 1, beside), ("row_added", 7, 1, early)} == await books.findings()


@pytest.mark.tampers
async def test_a_forged_row_in_a_range_where_its_bucket_slept_is_named(books: Books) -> None:
    row = await sealed_row(books)
    start = (await books.seals(7))[1]["sealed_from"]
    forged = await forge(books.owner, row, bucket=99, posted_at=start)

    assert {("row_added", 99, None, forged)} == await books.findings()


@pytest.mark.tampers
async def test_two_rows_that_changed_places_are_both_named(books: Books) -> None:
    one, other = await sealed_row(books, nth=1), await sealed_row(books, nth=3)
    change = "update ledger.transfer set posted_at = $1 where transfer_id = $2"
    await books.tamper(change, other["posted_at"], one["transfer_id"])
    await books.tamper(change, one["posted_at"], other["transfer_id"])

    assert {
        ("row_altered", 7, 1, one["transfer_id"]),
        ("row_altered", 7, 1, other["transfer_id"]),
    } == await books.findings()


@pytest.mark.tampers
async def test_a_row_moved_in_time_is_named_where_it_was_and_where_it_is(books: Books) -> None:
    later, unsealed = await sealed_row(books, nth=1), await sealed_row(books, nth=3)
    change = "update ledger.transfer set posted_at = $1 where transfer_id = $2"
    third = (await books.seals(7))[2]["sealed_from"]
    await books.tamper(change, third, later["transfer_id"])
    await books.tamper(change, FAR, unsealed["transfer_id"])

    assert {
        ("row_moved", 7, 1, later["transfer_id"]),
        ("row_added", 7, 3, later["transfer_id"]),
        ("row_moved", 7, 1, unsealed["transfer_id"]),
    } == await books.findings()


@pytest.mark.tampers
async def test_an_edited_seal_is_named_and_only_that_one(books: Books) -> None:
    changes = {
        "head": "head = sha256(head)",
        "rows": "rows = rows + 1",
        "order": "leaves = substr(leaves, 33, 32) || substr(leaves, 1, 32) || substr(leaves, 65)",
    }
    whole = (await books.seals(7))[1]
    seen = {}
    for name, change in changes.items():
        where = "where bucket = 7 and number = 2"
        await books.tamper(f"update ledger.seal set {change} {where}")
        seen[name] = await books.findings()
        await books.tamper(
            f"update ledger.seal set head = $1, rows = $2, leaves = $3 {where}",
            *(whole["head"], whole["rows"], whole["leaves"]),
        )

    assert {name: {("seal_broken", 7, 2, None)} for name in changes} == seen
    assert set() == await books.findings()


@pytest.mark.tampers
async def test_an_edited_leaf_names_its_seal_and_its_row(books: Books) -> None:
    row = (await books.seals(200))[1]["leaves"][:16]
    await books.tamper(
        "update ledger.seal set leaves = set_byte(leaves, 16, get_byte(leaves, 16) # 1)"
        " where bucket = 200 and number = 2"
    )

    assert {
        ("seal_broken", 200, 2, None),
        ("row_altered", 200, 2, UUID(bytes=row)),
    } == await books.findings()


@pytest.mark.tampers
async def test_a_removed_seal_is_named_with_the_rows_it_covered(books: Books) -> None:
    second = (await books.seals(7))[1]
    await books.tamper("delete from ledger.seal where bucket = 7 and number = 2")
    left = [UUID(bytes=second["leaves"][at : at + 16]) for at in range(0, second["rows"] * 32, 32)]

    assert {
        ("seal_missing", 7, 2, None),
        *(("row_added", 7, None, transfer_id) for transfer_id in left),
    } == await books.findings()


@pytest.mark.tampers
async def test_the_removed_beginning_of_a_chain_is_named(books: Books) -> None:
    await books.tamper("delete from ledger.seal where number < 3")
    found = await books.findings()

    assert {(bucket, number) for bucket in (7, 200) for number in (1, 2)} == {
        (bucket, number) for kind, bucket, number, _ in found if kind == "seal_missing"
    }
    assert 2 * 5 * 3 == sum(kind == "row_added" for kind, *_ in found)


@pytest.mark.tampers
async def test_a_gap_between_two_ranges_is_named(books: Books) -> None:
    await books.tamper(
        "update ledger.seal set sealed_from = sealed_from + interval '1 microsecond'"
        " where bucket = 7 and number = 3"
    )

    assert {("seal_gap", 7, 3, None), ("seal_broken", 7, 3, None)} == await books.findings()


@pytest.mark.tampers
async def test_a_seal_moved_past_its_followers_is_named(books: Books) -> None:
    await books.tamper(
        "update ledger.seal set sealed_until = $1 where bucket = 7 and number = 2", FAR
    )
    found = {(kind, number) for kind, _, number, _ in await books.findings() if number}

    assert {("seal_missing", 2), ("seal_broken", 2)} <= found


@pytest.mark.tampers
async def test_what_a_rebuilt_chain_hides_is_found_by_a_printed_root(books: Books) -> None:
    printed = await seal.root(books.db)
    assert printed is not None
    await books.tamper(
        "update ledger.transfer set partner_id = $1 where transfer_id = $2",
        *(ids.new(), (await sealed_row(books))["transfer_id"]),
    )
    ends = {sealed["sealed_until"] for sealed in await books.seals(7)}
    await books.tamper("delete from ledger.seal")
    for end in sorted(ends):
        await seal.seal(books.db, now=end, lag=NO_LAG)

    assert [] == await seal.verify(books.db)
    (found,) = await seal.verify(books.db, printed=[printed])
    assert "root" == found.kind
    assert printed.sealed_until.isoformat() in found.sentence


@pytest.mark.tampers
async def test_a_removed_end_of_the_chain_is_found_by_a_printed_root(books: Books) -> None:
    printed = await seal.root(books.db)
    assert printed is not None
    await books.tamper("delete from ledger.seal where number = 3")
    found = await seal.verify(books.db, printed=[printed])

    assert ["root"] == [finding.kind for finding in found]


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


async def test_heads_are_the_ends_of_the_chains(books: Books) -> None:
    last = {bucket: (await books.seals(bucket))[-1] for bucket in (7, 200)}

    assert {
        bucket: (sealed["number"], sealed["head"].hex()) for bucket, sealed in last.items()
    } == await seal.heads(books.db)


@pytest.mark.tampers
async def test_a_row_that_is_not_sealed_yet_is_guarded_by_the_laws(books: Books) -> None:
    await books.move()
    newest = (await books.transfers())[-1]
    await books.tamper("delete from ledger.transfer where transfer_id = $1", newest["transfer_id"])
    found = await seal.verify(books.db)

    assert {"law"} == {finding.kind for finding in found}
    assert any("wallets are their transfers" in finding.sentence for finding in found)


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
