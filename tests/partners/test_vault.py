"""Secrets at rest: sealed for one place, opened by the ring, sealed anew, unreadable without it."""

import asyncio
import base64
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from partners import keyfile, rewrap, vault
from tests.conftest import Connection
from wallet import database, ids

TOKEN = b"at_of_a_member_at_a_partner"
LINK = rewrap.Place("partner.link_here", "link_id", ("access", "refresh"))
COUNTED = rewrap.Place("partner.order_here", "order_id", ())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "partner-keys.json"


@pytest.fixture
def ring(path: Path) -> vault.Vault:
    return vault.Vault(path)


@pytest.fixture
async def links(owner: Connection) -> Connection:
    """A table as links will be, and one that only remembers which key made its codes."""
    await owner.execute(
        "create table partner.link_here (link_id uuid primary key, kid text not null,"
        " access bytea not null, refresh bytea);"
        "create table partner.order_here (order_id uuid primary key, kid text not null);"
        "grant select, insert, update on partner.link_here, partner.order_here to commonpurse_app"
    )
    return owner


async def put(db: database.Database, ring: vault.Vault, *, refresh: bool = True) -> UUID:
    """Add a row as whoever keeps tokens does."""
    link_id = ids.new()
    access = ring.seal(TOKEN, table=LINK.table, row=link_id, column="access")
    other = ring.seal(b"rt", table=LINK.table, row=link_id, column="refresh") if refresh else None
    await db.execute(
        "insert into partner.link_here values ($1, $2, $3, $4)",
        *(link_id, access.kid, access.text, other and other.text),
    )
    return link_id


async def get(db: database.Database, ring: vault.Vault, link_id: UUID) -> bytes:
    row = await db.fetchrow("select * from partner.link_here where link_id = $1", link_id)
    assert row is not None
    sealed = vault.Sealed(row["kid"], row["access"])
    return ring.open(sealed, table=LINK.table, row=link_id, column="access")


def test_what_is_sealed_opens_in_its_place(ring: vault.Vault) -> None:
    row = ids.new()
    sealed = ring.seal(TOKEN, table="partner.link", row=row, column="access")

    assert TOKEN == ring.open(sealed, table="partner.link", row=row, column="access")
    assert TOKEN not in sealed.text
    assert sealed != ring.seal(TOKEN, table="partner.link", row=row, column="access")


@pytest.mark.parametrize(
    "moved",
    [{"row": UUID(int=2)}, {"column": "refresh"}, {"table": "partner.secret"}],
    ids=["row", "column", "table"],
)
def test_a_text_that_was_moved_does_not_open(ring: vault.Vault, moved: dict[str, str]) -> None:
    place: dict[str, object] = {"table": "partner.link", "row": UUID(int=1), "column": "access"}
    sealed = ring.seal(TOKEN, **place)  # type: ignore[arg-type]

    with pytest.raises(vault.Unreadable):
        ring.open(sealed, **(place | moved))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        lambda sealed: vault.Sealed(sealed.kid, sealed.text[:-1]),
        lambda sealed: vault.Sealed(sealed.kid, sealed.text[:20]),
        lambda sealed: vault.Sealed(sealed.kid, b""),
        lambda sealed: vault.Sealed(sealed.kid, sealed.text[:-1] + bytes([sealed.text[-1] ^ 1])),
        lambda sealed: vault.Sealed("0" * 16, sealed.text),
    ],
    ids=["cut", "nothing left", "empty", "changed", "another key"],
)
def test_a_text_that_was_changed_does_not_open(
    ring: vault.Vault, change: Callable[[vault.Sealed], vault.Sealed]
) -> None:
    sealed = ring.seal(TOKEN, table="partner.link", row=UUID(int=1), column="access")

    with pytest.raises(vault.Unreadable) as told:
        ring.open(change(sealed), table="partner.link", row=UUID(int=1), column="access")

    assert TOKEN.decode() not in str(told.value)


def test_another_installation_cannot_open_it(ring: vault.Vault, tmp_path: Path) -> None:
    sealed = ring.seal(TOKEN, table="partner.link", row=UUID(int=1), column="access")
    other = vault.Vault(tmp_path / "other.json")

    with pytest.raises(vault.Unreadable):
        other.open(
            vault.Sealed(other.kid, sealed.text),
            table="partner.link",
            row=UUID(int=1),
            column="access",
        )


def test_a_new_key_seals_and_the_old_one_still_opens(ring: vault.Vault, path: Path) -> None:
    place: dict[str, object] = {"table": "partner.link", "row": UUID(int=1), "column": "access"}
    before = ring.seal(TOKEN, **place)  # type: ignore[arg-type]
    kid = vault.add(path)
    after = ring.seal(TOKEN, **place)  # type: ignore[arg-type]

    assert (kid, kid) == (after.kid, ring.kid)
    assert (kid, before.kid) == ring.kids
    assert TOKEN == ring.open(before, **place)  # type: ignore[arg-type]
    vault.remove(path, before.kid)
    with pytest.raises(vault.Unreadable):
        ring.open(before, **place)  # type: ignore[arg-type]


def test_the_key_that_seals_cannot_be_removed_and_a_full_ring_takes_no_more(
    ring: vault.Vault, path: Path
) -> None:
    with pytest.raises(ValueError, match="this key seals"):
        vault.remove(path, ring.kid)
    for _ in range(keyfile.KEYS_MAX - 1):
        vault.add(path)
    with pytest.raises(keyfile.Unusable, match="remove those that seal nothing"):
        vault.add(path)


def test_the_file_is_for_its_owner_alone(ring: vault.Vault, path: Path) -> None:
    first = ring.kid
    made = stat.S_IMODE(path.stat().st_mode)
    vault.add(path)

    assert (0o600, 0o600) == (made, stat.S_IMODE(path.stat().st_mode))
    assert [path.name] == [one.name for one in path.parent.iterdir()]
    assert first == vault.Vault(path).kids[1]


@pytest.mark.parametrize(
    "entries",
    [[], [7], [{"kid": "x", "key": "c2hvcnQ="}], [{"kid": "x", "key": "?"}], "SECRET"],
    ids=range(5),
)
def test_a_ring_that_can_not_be_used_says_so(path: Path, entries: object) -> None:
    path.parent.mkdir()
    path.write_bytes(orjson.dumps({"keys": entries}))

    with pytest.raises(keyfile.Unusable, match="keys of partners") as told:
        vault.Vault(path).kids  # noqa: B018 - it is read here

    assert "SECRET" not in str(told.value)


def test_a_key_cannot_go_by_the_name_of_another(ring: vault.Vault, path: Path) -> None:
    kid = ring.kid
    other = base64.urlsafe_b64encode(b"7" * 32).decode()
    path.write_bytes(orjson.dumps({"keys": [{"kid": kid, "key": other}]}))

    with pytest.raises(keyfile.Unusable, match="not that of its key"):
        vault.Vault(path).kids  # noqa: B018 - it is read here


def test_a_code_is_the_same_as_long_as_its_key_is_kept(ring: vault.Vault, path: Path) -> None:
    kid, code = ring.mac("gift card", b"order 7")
    vault.add(path)

    assert (kid, code) == ring.mac("gift card", b"order 7", kid)
    assert code not in (
        ring.mac("gift card", b"order 7")[1],
        ring.mac("gift card", b"order 8", kid)[1],
        ring.mac("coupon", b"order 7", kid)[1],
    )
    with pytest.raises(vault.Unreadable):
        ring.mac("gift card", b"order 7", "0" * 16)


async def test_rows_are_sealed_anew_until_the_old_key_is_needed_nowhere(
    db: database.Database, ring: vault.Vault, path: Path, links: Connection
) -> None:
    rows = [await put(db, ring, refresh=number % 2 == 0) for number in range(5)]
    old = ring.kid
    new = vault.add(path)
    before = await rewrap.counts(db, [LINK])

    turns = [(await rewrap.rewrap(db, ring, [LINK], limit=2)).rows for _ in range(4)]

    assert {old: 5} == before
    assert [2, 2, 1, 0] == turns
    assert {new: 5} == await rewrap.counts(db, [LINK])
    vault.remove(path, old)
    assert [TOKEN] * 5 == [await get(db, ring, row) for row in rows]


async def test_a_row_that_does_not_open_is_told_and_left(
    db: database.Database, ring: vault.Vault, path: Path, links: Connection
) -> None:
    rows = [await put(db, ring) for _ in range(3)]
    old = ring.kid
    broken = rows[1]
    await db.execute("update partner.link_here set access = 'x' where link_id = $1", broken)
    vault.add(path)

    done = await rewrap.rewrap(db, ring, [LINK, COUNTED])

    assert rewrap.Done(2, (broken,)) == done
    assert 1 == (await rewrap.counts(db, [LINK, COUNTED]))[old]


async def test_a_key_that_made_a_code_counts_as_needed(
    db: database.Database, ring: vault.Vault, path: Path, links: Connection
) -> None:
    kid, _ = ring.mac("gift card", b"order 7")
    await db.execute("insert into partner.order_here values ($1, $2)", ids.new(), kid)
    vault.add(path)
    await rewrap.rewrap(db, ring, [COUNTED])

    assert {kid: 1} == await rewrap.counts(db, [COUNTED])


async def test_a_token_that_is_replaced_meanwhile_stays(
    db: database.Database, ring: vault.Vault, path: Path, links: Connection
) -> None:
    row = await put(db, ring)
    vault.add(path)
    fresh = ring.seal(b"fresh", table=LINK.table, row=row, column="access")

    async def replace() -> None:
        await db.execute(
            "update partner.link_here set access = $2, kid = $3, refresh = null where link_id = $1",
            *(row, fresh.text, fresh.kid),
        )

    await asyncio.gather(replace(), *(rewrap.rewrap(db, ring, [LINK]) for _ in range(4)))

    assert b"fresh" == await get(db, ring, row)


async def test_the_operator_adds_looks_at_and_prunes_keys_by_commands(
    dsn: str, db: database.Database, ring: vault.Vault, path: Path
) -> None:
    first = ring.kid

    async def command(*words: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "api.cli", *words),
            env={"DATABASE_URL": dsn, "COMMONPURSE_PARTNER_KEYS": str(path)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert 0 == process.returncode, said
        return said.decode()

    await command("rekey", "--partners")
    looked = await command("keyring", "--prune")

    assert first not in ring.kids
    assert looked.splitlines() == [f"{ring.kid} 0", f"{first} 0 removed"]
