"""Secrets stay where they belong: one walk through every door leaves none behind.

A member recovers, signs in, lets an app in and spends at a merchant; tokens are renewed, stolen and
refused, and our own bugs are provoked while secrets are under way. Afterwards each secret that was
seen is looked for in all that was logged at DEBUG, in every row of every table, in every failure
that was answered and in the files of the installation. Only letters may hold one.
"""

import logging
import re
from pathlib import Path
from typing import Final

import asyncpg
import httpx2
import pytest
import structlog

from api import terminal
from tests import serving
from tests.conftest import Connection
from tests.walking import Walk, go
from wallet import database

# Whatever begins like this is a secret of ours, also one that the walk did not look at.
SHAPES: Final = re.compile(r"cp_(?:at|rt|cs)_[A-Za-z0-9_-]+|whsec_[A-Za-z0-9+/]{20,}")


async def rows(owner: Connection) -> str:
    """Every row of every table, as text."""
    tables = await owner.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema')"
    )
    texts = [
        f"{table['name']}: {row[0]}"
        for table in tables
        for row in await owner.fetch(f"select t::text from {table['name']} t")
    ]
    return "\n".join(texts)


def files(folder: Path) -> str:
    """What the installation wrote, but for letters."""
    return "\n".join(
        path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "letters" not in path.relative_to(folder).parts
    )


def leaks(walk: Walk, **places: str) -> list[str]:
    """Where which secret was found, with what stands around it."""
    found = []
    for place, text in places.items():
        for name, secret in walk.secrets.items():
            # A column of bytes shows its hexadecimal digits.
            for spelled in (secret, secret.encode().hex()):
                at = text.find(spelled)
                if at >= 0:
                    around = text[max(0, at - 300) : at + len(spelled) + 50]
                    found.append(f"{name} in {place}: {around!r}")
        found += [f"{one} in {place}" for one in SHAPES.findall(text)]
    return found


async def looked_at(walk: Walk, owner: Connection, logged: str) -> list[str]:
    """All leaks, after asserting that the walk saw what it was sent to see."""
    assert {
        *("letter", "password", "cookie", "verifier", "code", "access_token", "refresh_token"),
        *("id_token", "client secret", "redemption code", "card number", "webhook secret"),
    } == {name.rpartition(" ")[0] for name in walk.secrets}
    said = "\n".join(walk.failures)
    for code in ("INTERNAL", "BAD_USER_INPUT", "UNAUTHENTICATED", "GRAPHQL_PARSE_FAILED"):
        assert code in said, f"no failure {code} was provoked"
    assert "invalid_grant" in said
    assert "UndefinedTable" in logged, "no bug was logged"
    return leaks(
        walk,
        failures=said,
        log=logged,
        rows=await rows(owner),
        files=files(walk.house.settings.data_dir),
    )


@pytest.mark.slow
async def test_the_real_process_at_its_most_talkative_leaks_nothing(
    db: database.Database, dsn: str, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    folder = tmp_path / "installation"
    folder.mkdir()
    async with (
        serving.process(dsn, folder, documents="open", log_level="debug") as house,
        httpx2.AsyncClient() as http,
    ):
        walk = Walk(http, house, owner)
        await go(walk, db)

    logged = folder.with_suffix(".log").read_text(encoding="utf-8")
    assert [] == await looked_at(walk, owner, logged)


@pytest.mark.slow
async def test_the_libraries_at_debug_leak_nothing(
    db: database.Database,
    owner: asyncpg.Connection,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    """As by `commonpurse serve`, but with the root of logging turned up for every library."""
    async with (
        serving.serve(db, data_dir=tmp_path, documents="open", log_level="debug") as house,
        httpx2.AsyncClient() as http,
    ):
        terminal.set_up_logs(house.settings)
        request.addfinalizer(structlog.reset_defaults)
        caplog.set_level(logging.DEBUG)
        logging.getLogger("a.library").debug("heard")
        walk = Walk(http, house, owner)
        await go(walk, db)

    # The walker's own client is not ours; it logs the addresses that it opens.
    said = [
        f"{record.name}: {record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if record.name.partition(".")[0] not in {"httpx2", "httpcore2"}
    ]
    assert "a.library: heard " in said
    printed = capfd.readouterr()
    assert [] == await looked_at(walk, owner, "\n".join([*said, printed.out, printed.err]))


async def test_a_leak_is_found_wherever_it_is(
    db: database.Database, owner: asyncpg.Connection
) -> None:
    async with httpx2.AsyncClient() as http, serving.serve(db) as house:
        walk = Walk(http, house, owner)
        secret = walk.keep("code", "a-code-of-a-walk")
        await owner.execute(
            "insert into identity.throttle (key_hash, empty_at) values ($1, now())", secret.encode()
        )

        found = leaks(
            walk, log=f"... {secret} ...", rows=await rows(owner), files="cp_rt_of_others"
        )

    assert ["code 0 in log", "code 0 in rows", "cp_rt_of_others in files"] == [
        one.partition(":")[0] for one in found
    ]
