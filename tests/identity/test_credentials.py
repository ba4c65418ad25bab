"""The commands about tokens and clients, run as an operator runs them."""

import asyncio
import json
import os
import sys
from pathlib import Path

from joserfc import jwk

from api.identity import bearer, clients
from tests.conftest import Connection
from tests.wallet import factories
from wallet import database, ids


async def run(dsn: str, *words: str, told: str = "") -> tuple[int | None, str, str]:
    """Run a command; return its status, what it printed, and what it said beside."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", *words),
        env={"PATH": os.environ["PATH"], "DATABASE_URL": dsn, "COLUMNS": "200"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await process.communicate(told.encode())
    return process.returncode, out.decode(), said.decode()


async def test_a_client_lives_from_its_registration_to_its_suspension(
    dsn: str, db: database.Database, owner: Connection
) -> None:
    merchant = ids.show("mer", await (await factories.open_coalition(db)).merchant())
    status, out, _ = await run(
        dsn,
        *("client", "add", "merchant", "Rosa: tills", "--merchant", merchant),
        *("--scope", "purchases:report", "--rate", "500"),
    )
    client_id, first = out.split()
    _, second, _ = await run(dsn, "client", "rotate", client_id, "--reason", "yearly")
    refused = await run(dsn, "client", "rotate", client_id, "--reason", "again")
    _, listed, _ = await run(dsn, "client", "list", "--merchant", merchant)
    checked = [await clients.check_secret(db, client_id, one) for one in (first, second.strip())]
    retired = await run(dsn, "client", "retire", client_id, "--reason", "moved")
    suspended = await run(dsn, "client", "suspend", client_id, "--reason", "a leak")

    found = await clients.known(db, client_id)
    assert (status, refused[0], retired[0], suspended[0]) == (0, 1, 0, 0)
    assert (found.scopes, found.rate_per_minute) == (frozenset({"purchases:report"}), 500)
    assert not found.active
    assert checked == [True, True]
    assert "two live secrets" in refused[2]
    assert client_id in listed and listed.count("secret of") == 2
    assert first not in listed and second.strip() not in listed
    assert not await clients.check_secret(db, client_id, first)
    assert await clients.check_secret(db, client_id, second.strip())
    acts = await owner.fetch(
        "select act, actor_kind, reason from coalition.audit where subject_id = $1"
        " order by happened_at",
        ids.parse("cli", client_id),
    )
    assert [tuple(row) for row in acts] == [
        ("client.register", "system", None),
        ("client.secret.add", "system", "yearly"),
        ("client.secret.revoke", "system", "moved"),
        ("client.suspended", "system", "a leak"),
    ]


async def test_a_client_of_keys_gets_no_secret_and_its_keys_are_replaced(
    dsn: str, db: database.Database, tmp_path: Path
) -> None:
    merchant = ids.show("mer", await (await factories.open_coalition(db)).merchant())
    files = {name: tmp_path / f"{name}.json" for name in ("old", "new", "private")}
    pairs = {name: jwk.generate_key("EC", "P-256") for name in ("old", "new")}
    for name, pair in pairs.items():
        files[name].write_text(json.dumps({"keys": [pair.as_dict(private=False)]}))
    files["private"].write_text(json.dumps({"keys": [pairs["new"].as_dict(private=True)]}))
    add = ("client", "add", "merchant", "Rosa: web", "--merchant", merchant, "--keys")

    wrong = await run(dsn, *add, str(files["private"]))
    _, out, _ = await run(dsn, *add, str(files["old"]))
    client_id = out.strip()
    replaced = await run(dsn, "client", "keys", client_id, str(files["new"]), "--reason", "yearly")

    found = await clients.known(db, client_id)
    assert wrong[0] == 1
    assert str(pairs["new"].as_dict(private=True)["d"]) not in str(wrong)
    assert replaced[0] == 0 and found.auth_method == "private_key_jwt" and found.jwks is not None
    assert [key["kid"] for key in found.jwks["keys"]] == [pairs["new"].thumbprint()]


async def test_an_app_is_registered_with_its_addresses_and_a_wrong_one_is_said(
    dsn: str, db: database.Database
) -> None:
    good = ("--redirect", "https://app.example/back", "--redirect", "com.example.app:/back")
    wrong = await run(dsn, "client", "add", "app", "Purse", "--redirect", "http://app.example/")
    status, out, _ = await run(dsn, "client", "add", "app", "Purse", *good)

    found = await clients.known(db, out.strip())
    assert (wrong[0], status) == (1, 0)
    assert "begin with https://" in wrong[2]
    assert found.redirect_uris == good[1::2]
    assert "member" in found.scopes


async def test_a_token_is_closed_by_its_id_its_label_or_its_text(
    dsn: str, db: database.Database, owner: Connection
) -> None:
    async def mint(label: str = "") -> bearer.Minted:
        return await bearer.mint(db, kind="merchant", principal_id=ids.new(), label=label)

    by_id, by_text, kept = await mint(), await mint(), await mint()
    labelled = [await mint("till 4"), await mint("till 4")]

    closed = [
        await run(dsn, "revoke", ids.show("tok", by_id.token_id)),
        await run(dsn, "revoke", "-", told=f"{by_text.text}\n"),
        await run(dsn, "revoke", "--label", "till 4"),
        await run(dsn, "revoke", "-", told=f"{by_text.text}\n"),
    ]

    assert [status for status, *_ in closed] == [0, 0, 0, 1]
    assert by_text.text not in str(closed)
    for one in (by_id, by_text, *labelled):
        assert await bearer.find(db, one.text) is None
    assert await bearer.find(db, kept.text) is not None
    assert 4 == await owner.fetchval(
        "select count(*) from coalition.audit where act = 'token.revoke'"
    )


async def test_a_new_token_is_alone_on_the_output_and_its_id_beside_it(
    dsn: str, db: database.Database
) -> None:
    merchant = ids.show("mer", await (await factories.open_coalition(db)).merchant())

    _, out, said = await run(dsn, "token", merchant, "--label", "till 4")

    found = await bearer.find(db, out.strip())
    assert found is not None
    assert ids.show("tok", found.token_id) in said
    assert out.strip() not in said
