"""The commands about partners, run as an operator runs them."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from api import partner_commands
from partners import credentials, directory
from partners import demo_partner as shops
from tests.partners import demo
from tests.wallet import factories
from wallet import database, ids
from wallet.rules import orders


async def run(dsn: str, folder: Path, *words: str, told: str = "", **more: str) -> tuple[Any, ...]:
    """Run a command; return its status, what it printed, and what it said beside."""
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": dsn, "COLUMNS": "200"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", *words),
        env={**environment, "COMMONPURSE_DATA_DIR": str(folder), **more},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await process.communicate(told.encode())
    return process.returncode, out.decode(), said.decode()


@pytest.mark.slow
async def test_a_partner_is_added_given_its_secret_and_checked(
    dsn: str, db: database.Database, tmp_path: Path, demo_partner: demo.Partner
) -> None:
    merchant = ids.show("mer", await (await factories.open_coalition(db)).merchant())
    private = {"COMMONPURSE_PARTNER_PRIVATE_HOSTS": demo_partner.host}
    why = ("--reason", "Signed today.")
    add = await run(
        *(dsn, tmp_path, "partner", "add", "corner", "--adapter", "demo", "--merchant", merchant),
        *("--name", "Corner", "--config", json.dumps(demo_partner.config()), *why),
        *("--offer", "gift_card:5.00:100.00:5.00"),
    )
    shut = await run(dsn, tmp_path, "partner", "check", "corner", **private)
    put = await run(
        dsn, tmp_path, "partner", "secret", "corner", "credential", *why, told=f"{shops.SECRET}\n"
    )
    opened = await run(dsn, tmp_path, "partner", "check", "corner", **private)
    listed = await run(dsn, tmp_path, "partner", "list")

    assert [0, 1, 0, 0, 0] == [one[0] for one in (add, shut, put, opened, listed)], add
    assert "the credentials were not taken" in shut[1]
    assert "It answers, and takes our credentials.\n" == opened[1]
    assert "corner  demo  active  gift_card 5.00 to 100.00 EUR  credential\n" == listed[1]
    found = await directory.of_slug(db, "corner")
    assert (orders.Offer("gift_card", 500, 10_000, 500),) == found.offers
    assert shops.SECRET not in "".join(one[1] + one[2] for one in (add, put, listed))


@pytest.mark.slow
async def test_a_shop_without_an_api_is_loaded_and_heard(
    dsn: str, db: database.Database, tmp_path: Path
) -> None:
    merchant = ids.show("mer", await (await factories.open_coalition(db)).merchant())
    codes, back = tmp_path / "codes.csv", tmp_path / "back.csv"
    codes.write_text("code,amount\nCORNER-1,5.00\n", encoding="utf-8")
    back.write_text("code,state\nCORNER-1,void\nCORNER-2,void\n", encoding="utf-8")
    why = ("--reason", "Their list.")
    await run(
        *(dsn, tmp_path, "partner", "add", "paper", "--adapter", "csv", "--merchant", merchant),
        *("--name", "Paper", "--offer", "gift_card:5.00:5.00", *why),
    )
    load = await run(dsn, tmp_path, "stock", "load", "paper", str(codes), *why)
    again = await run(dsn, tmp_path, "stock", "load", "paper", str(codes), *why)
    levels = await run(dsn, tmp_path, "stock", "levels", "paper")
    to_void = await run(dsn, tmp_path, "stock", "to-void", "paper", *why)
    heard = await run(dsn, tmp_path, "stock", "settle", "paper", str(back), *why)

    assert "1 codes are on the shelf.\n" == load[1]
    assert (1, True) == (again[0], "Line 2: this code was loaded before" in again[2])
    assert "gift_card  5.00 EUR  free  1\n" == levels[1]
    assert "code,amount,currency,order\n" == to_void[1]
    assert "0 codes changed.\n" == heard[1]
    assert "Lines with codes that are not ours: 3." in heard[2]
    assert "Lines with codes that were not given: 2." in heard[2]


async def test_adapters_are_listed_with_what_they_can_and_what_is_wrong(tmp_path: Path) -> None:
    allowed = {"COMMONPURSE_ADAPTERS": "demo, shopfy"}

    status, out, _ = await run("", tmp_path, "adapters", **allowed)

    assert 1 == status
    assert "KEYED" in out.upper() and "gift_card, store_credit, coupon" in out
    assert "shopfy  broken  No adapter shopfy is installed.\n" in out
    assert "demo-none  not_allowed" in out


def test_the_names_of_secrets_are_those_of_the_directory() -> None:
    assert list(get_args(credentials.Name)) == [one.value for one in partner_commands.SecretName]
