"""The page for a shop's engineer, run from the top: its shell and its Python, against a server."""

import asyncio
import json
import os
import re
import shutil
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from api.identity import bearer, clients
from tests import serving
from tests.wallet import factories
from wallet import audit, database, ids, redeem

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "connect-shop.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 60
ANSWERS = re.compile(r"^\{.*\}$", re.MULTILINE)


def code(language: str) -> list[str]:
    return [text for name, text in FENCE.findall(PAGE) if name == language]


async def run(*command: str, folder: Path = ROOT, **variables: str) -> str:
    """Run a program; return what it printed."""
    process: Any = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS_MAX):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return str(out.decode())


async def program(db: database.Database, merchant_id: uuid.UUID, **more: Any) -> clients.Given:
    return await clients.register(
        db,
        key=ids.new(),
        kind="merchant",
        name="Rosa: tills",
        scopes=bearer.SCOPES["merchant"],
        merchant_id=merchant_id,
        actor=audit.SYSTEM,
        **more,
    )


async def test_every_command_of_the_page_does_what_the_page_says(db: database.Database) -> None:
    if any(shutil.which(tool) is None for tool in ("bash", "curl", "jq")):
        message = "bash, curl or jq is not installed"
        assert "CI" not in os.environ, message
        pytest.skip(message)
    coalition = await factories.open_coalition(db)
    merchant_id, member = await coalition.merchant(), await coalition.member()
    await coalition.fill(member, 2_000)
    given = await program(db, merchant_id)
    assert given.secret is not None
    shown = await redeem.code_issue(db, member_id=member.member_id, merchant_id=merchant_id)

    async with serving.serve(db) as house:
        out = await run(
            *("bash", "-euo", "pipefail", "-c", "\n".join(code("bash"))),
            WALLET=house.origin,
            CLIENT_ID=given.client.client_id,
            CLIENT_SECRET=given.secret,
            MEMBER_ID=ids.show("mem", member.member_id),
            CODE=shown.text,
        )

    answers = [json.loads(one)["data"] for one in ANSWERS.findall(out.replace("}{", "}\n{"))]
    preview, first, second, held, taken, statement = [next(iter(one.values())) for one in answers]
    assert preview["preview"]["credited"] == {"amount": "1.38", "currency": "EUR"}
    assert first["purchase"]["credited"] == preview["preview"]["credited"]
    assert [one["replayed"] for one in (first, second)] == [False, True]
    assert second["purchase"] == first["purchase"]
    assert (held["redemption"]["status"], taken["redemption"]["status"]) == ("HELD", "CAPTURED")
    assert taken["redemption"]["captured"] == {"amount": "0.30", "currency": "EUR"}
    assert given.secret not in out
    assert [one["errors"] for one in (preview, first, second, held, taken)] == [[]] * 5
    assert statement["net"]["currency"] == "EUR"


async def test_the_python_of_the_page_signs_what_is_taken_once(
    db: database.Database, tmp_path: Path
) -> None:
    make, sign = code("python")
    await run(sys.executable, "-c", make, folder=tmp_path)
    assert (tmp_path / "shop-private.json").stat().st_mode & 0o077 == 0
    public = json.loads((tmp_path / "shop-public.json").read_text(encoding="utf-8"))
    coalition = await factories.open_coalition(db)
    merchant_id = await coalition.merchant()
    given = await program(db, merchant_id, auth_method="private_key_jwt", jwks=public)

    async with serving.serve(db) as house:
        token = await run(
            *(sys.executable, "-c", sign),
            folder=tmp_path,
            WALLET=house.origin,
            CLIENT_ID=given.client.client_id,
        )
    found = await bearer.find(db, token.strip())

    assert found is not None
    assert (found.kind, found.principal_id) == ("merchant", merchant_id)


def test_no_example_of_the_page_holds_a_secret() -> None:
    assert not clients.SHAPE.search(PAGE)
    assert not bearer.SHAPE.search(PAGE)
