"""Tampering: whatever somebody with all rights does to sealed books, `verify` names it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

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
    sealed_books,
    sealed_row,
)
from wallet import ids, seal

pytestmark = pytest.mark.tampers


@pytest.fixture
async def books(coalition: Coalition, owner: Connection) -> Books:
    return await sealed_books(coalition, owner)


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


async def test_an_edited_amount_is_told_in_a_sentence(books: Books) -> None:
    row = await sealed_row(books)
    await books.tamper(
        "update ledger.transfer set amount = amount + 1 where transfer_id = $1", row["transfer_id"]
    )
    found = await seal.verify(books.db)
    shown = ids.show("mov", row["transfer_id"])

    assert f"Transfer {shown} was changed after it was sealed." == found[0].sentence
    assert {"law"} == {finding.kind for finding in found[1:]}


async def test_a_removed_row_is_named(books: Books) -> None:
    gone = (await sealed_row(books))["transfer_id"]
    await books.tamper("delete from ledger.transfer where transfer_id = $1", gone)

    assert {("row_missing", 7, 1, gone)} == await books.findings()


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


async def test_a_forged_row_in_a_sealed_range_is_named(books: Books) -> None:
    row = await sealed_row(books)
    beside = await forge(books.owner, row, posted_at=row["posted_at"] + MICROSECOND)
    early = await forge(books.owner, row, posted_at=EPOCH - MICROSECOND, wallet_version=1001,
                        debit_version=None, debit_owner=None)  # fmt: skip

    assert {("row_added", 7, 1, beside), ("row_added", 7, 1, early)} == await books.findings()


async def test_a_forged_row_in_a_range_where_its_bucket_slept_is_named(books: Books) -> None:
    row = await sealed_row(books)
    start = (await books.seals(7))[1]["sealed_from"]
    forged = await forge(books.owner, row, bucket=99, posted_at=start)

    assert {("row_added", 99, None, forged)} == await books.findings()


async def test_two_rows_that_changed_places_are_both_named(books: Books) -> None:
    one, other = await sealed_row(books, nth=1), await sealed_row(books, nth=3)
    change = "update ledger.transfer set posted_at = $1 where transfer_id = $2"
    await books.tamper(change, other["posted_at"], one["transfer_id"])
    await books.tamper(change, one["posted_at"], other["transfer_id"])

    assert {
        ("row_altered", 7, 1, one["transfer_id"]),
        ("row_altered", 7, 1, other["transfer_id"]),
    } == await books.findings()


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


async def test_a_removed_seal_is_named_with_the_rows_it_covered(books: Books) -> None:
    second = (await books.seals(7))[1]
    await books.tamper("delete from ledger.seal where bucket = 7 and number = 2")
    left = [UUID(bytes=second["leaves"][at : at + 16]) for at in range(0, second["rows"] * 32, 32)]

    assert {
        ("seal_missing", 7, 2, None),
        *(("row_added", 7, None, transfer_id) for transfer_id in left),
    } == await books.findings()


async def test_the_removed_beginning_of_a_chain_is_named(books: Books) -> None:
    await books.tamper("delete from ledger.seal where number < 3")
    found = await books.findings()

    assert {(bucket, number) for bucket in (7, 200) for number in (1, 2)} == {
        (bucket, number) for kind, bucket, number, _ in found if kind == "seal_missing"
    }
    assert 2 * 5 * 3 == sum(kind == "row_added" for kind, *_ in found)


async def test_a_gap_between_two_ranges_is_named(books: Books) -> None:
    await books.tamper(
        "update ledger.seal set sealed_from = sealed_from + interval '1 microsecond'"
        " where bucket = 7 and number = 3"
    )

    assert {("seal_gap", 7, 3, None), ("seal_broken", 7, 3, None)} == await books.findings()


async def test_a_seal_moved_past_its_followers_is_named(books: Books) -> None:
    await books.tamper(
        "update ledger.seal set sealed_until = $1 where bucket = 7 and number = 2", FAR
    )
    found = {(kind, number) for kind, _, number, _ in await books.findings() if number}

    assert {("seal_missing", 2), ("seal_broken", 2)} <= found


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


async def test_a_removed_end_of_the_chain_is_found_by_a_printed_root(books: Books) -> None:
    printed = await seal.root(books.db)
    assert printed is not None
    await books.tamper("delete from ledger.seal where number = 3")
    found = await seal.verify(books.db, printed=[printed])

    assert ["root"] == [finding.kind for finding in found]


async def test_a_row_that_is_not_sealed_yet_is_guarded_by_the_laws(books: Books) -> None:
    await books.move()
    newest = (await books.transfers())[-1]
    await books.tamper("delete from ledger.transfer where transfer_id = $1", newest["transfer_id"])
    found = await seal.verify(books.db)

    assert {"law"} == {finding.kind for finding in found}
    assert any("wallets are their transfers" in finding.sentence for finding in found)
