"""The page for an app's engineer: its curl and its TypeScript, run against an installation.

The installation takes registered documents only; what is registered is the manifest that
graphql-codegen wrote for the documents of the page.
"""

import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.identity import clients
from tests import node, serving
from tests.api.test_apollo import register
from tests.api.test_codegen import PAGE, TYPESCRIPT, compiled
from tests.api.test_connect_shop import run
from tests.identity import relying
from tests.wallet import factories
from wallet import database, ids, members

TOOLS = ("bash", "curl", "jq", "openssl")
CURL = re.compile(r"^## By hand, with curl\n(.*?)^## ", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
async def coalition(db: database.Database) -> factories.Coalition:
    return await factories.open_coalition(db)


@pytest.fixture
async def ana(coalition: factories.Coalition) -> members.Member:
    """A member with 20.00 EUR to spend."""
    member = await coalition.member()
    await coalition.fill(member, 2_000)
    return member


@pytest.fixture
async def built(dsn: str, tmp_path: Path) -> Path:
    """The folder of an app that was built from the page, its documents registered."""
    await node.run("codegen.mjs", str(tmp_path))
    (tmp_path / "node_modules").symlink_to(node.CLIENTS / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    code = "\n".join(TYPESCRIPT.findall(PAGE.read_text(encoding="utf-8")))
    (tmp_path / "app.ts").write_text(code, encoding="utf-8")
    assert "" == await compiled(tmp_path, "app.ts")
    await register(dsn, tmp_path / "wallet" / "persisted-documents.json")
    return tmp_path


@pytest.fixture
async def house(db: database.Database) -> AsyncIterator[serving.House]:
    async with serving.serve(db) as served:
        yield served


@pytest.fixture
async def app(db: database.Database) -> clients.Given:
    redirects = ["http://127.0.0.1/signed-in"]
    return await relying.register(db, redirect_uris=redirects)


@pytest.fixture
async def session(db: database.Database, ana: members.Member) -> str:
    """The secret of a browser in which the member has signed in just now."""
    return (await relying.open_session(db, ana.member_id)).secret


async def test_the_program_of_the_page_signs_in_and_asks(
    built: Path,
    house: serving.House,
    app: clients.Given,
    session: str,
    coalition: factories.Coalition,
) -> None:
    ((cookie, secret),) = relying.signed_in(house, session).items()
    facts = {
        "built": str(built / "built"),
        "issuer": house.origin,
        "clientId": app.client.client_id,
        "cookie": f"{cookie}={secret}",
        "merchantId": ids.show("mer", await coalition.merchant()),
    }

    told: dict[str, Any] = json.loads(await node.run("app.mjs", json.dumps(facts)))

    shown = told.pop("code")
    assert re.fullmatch(r"[0-9A-Z]{4,}", shown.replace("-", "")), shown
    assert {
        "renewals": 1,
        "fresh": True,
        "page": "20.00 EUR",
        "refusal": "There is nothing here with this id that you may use. Check the id.",
    } == told


async def test_the_lines_of_the_page_for_curl_go_all_the_way(
    built: Path, house: serving.House, app: clients.Given, session: str
) -> None:
    if any(shutil.which(tool) is None for tool in TOOLS):
        message = f"one of {', '.join(TOOLS)} is not installed"
        assert "CI" not in os.environ, message
        pytest.skip(message)
    section = CURL.search(PAGE.read_text(encoding="utf-8"))
    assert section is not None
    begin, redeem, ask = SHELL.findall(section[1])
    begin = begin.replace("http://localhost:8000", house.origin)
    begin = begin.replace("cli_...", app.client.client_id)
    manifest = json.loads((built / "wallet" / "persisted-documents.json").read_text())
    (wallet,) = (digest for digest, body in manifest.items() if body.startswith("query Wallet "))

    async def shell(*lines: str) -> list[str]:
        told = await run("bash", "-euo", "pipefail", "-c", "\n".join(lines), folder=built)
        return told.strip().splitlines()

    # One shell would wait for the code; so the second begins with what the first had made.
    *_, verifier, page = await shell(begin.replace("challenge=", 'echo "$verifier"\nchallenge=', 1))
    async with httpx2.AsyncClient(cookies=relying.signed_in(house, session)) as http:
        browser = relying.Browser(http, house)
        answered = await browser.answer(await browser.get(page))
    code = relying.returned(answered, "http://127.0.0.1:8765/signed-in")["code"]
    given = f"issuer={house.origin} client={app.client.client_id} verifier={verifier}"
    redirect = "redirect=http://127.0.0.1:8765/signed-in"
    told = await shell(
        f"{given} {redirect}".replace(" ", "\n"),
        redeem.replace("code=...", f"code={code}"),
        "echo",
        ask.replace("sha256:...", wallet).replace("\ncurl", "\necho; curl"),
    )

    keys = ["access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"]
    assert keys == json.loads("".join(told[: told.index("]") + 1]))
    answer, renewed = (json.loads(line) for line in told if line.startswith("{"))
    assert answer["data"]["viewer"]["wallet"]["available"] == {
        "__typename": "Money",
        "amount": "20.00",
        "currency": "EUR",
    }
    assert set(keys) == set(renewed) | {"id_token"}
