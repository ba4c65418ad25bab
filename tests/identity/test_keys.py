"""The file of signing keys: made once, for its owner alone, and rotated by adding a key."""

import asyncio
import os
import stat
import sys
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from joserfc import jwk, jwt

from api import settings
from api.oauth import keys
from tests import serving
from tests.identity import relying
from wallet import database


def written(path: Path, *entries: dict[str, Any]) -> Path:
    path.write_bytes(orjson.dumps({"keys": list(entries)}))
    return path


def private(curve: str = "P-256", **more: Any) -> dict[str, Any]:
    key = jwk.ECKey.generate_key(curve)
    key.ensure_kid()
    return {**key.as_dict(private=True), **more}


def test_a_missing_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "signing-keys.json"

    made = keys.Ring(path).read()

    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [path] == list(path.parent.iterdir())
    assert made.kid == keys.Ring(path).read().kid


async def test_two_processes_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    path = tmp_path / "signing-keys.json"

    made = await asyncio.gather(
        *(asyncio.to_thread(lambda: keys.Ring(path).read().kid) for _ in range(8))
    )

    assert 1 == len(set(made))
    assert [path] == list(tmp_path.iterdir())


def test_the_first_key_signs_and_all_are_published_without_their_secret(tmp_path: Path) -> None:
    new, old = private(), private()
    read = keys.Ring(written(tmp_path / "keys.json", new, old)).read()

    assert new["kid"] == read.kid
    assert [new["kid"], old["kid"]] == [key["kid"] for key in read.published["keys"]]
    assert all("d" not in key for key in read.published["keys"])


def test_a_key_without_an_id_is_named_by_its_fingerprint(tmp_path: Path) -> None:
    nameless = private()
    fingerprint = nameless.pop("kid")

    assert fingerprint == keys.Ring(written(tmp_path / "keys.json", nameless)).read().kid


def test_adding_a_key_puts_it_first_and_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = keys.Ring(path)
    first = ring.read().kid

    second = keys.add(path)

    assert second == ring.read().kid
    assert [second, first] == [key["kid"] for key in ring.read().published["keys"]]
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    more = [keys.add(path) for _ in range(keys.KEYS_MAX + 2)]
    assert (more[-1], keys.KEYS_MAX) == (ring.read().kid, len(ring.read().published["keys"]))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"keys": []}',
        b'{"keys": 7}',
        b'{"keys": [7]}',
        b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        b'{"keys": [{"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "SECRET"}]}',
        orjson.dumps({"keys": [jwk.ECKey.generate_key("P-384").as_dict(private=True)]}),
        orjson.dumps({"keys": [jwk.ECKey.generate_key("P-256").as_dict(private=False)]}),
        orjson.dumps({"keys": [jwk.ECKey.generate_key("P-256").as_dict(private=True)] * 2}),
        orjson.dumps({"keys": [jwk.ECKey.generate_key("P-256").as_dict(private=True)] * 11}),
    ],
    ids=range(13),
)
def test_a_file_that_can_not_be_used_says_so_without_quoting_it(
    tmp_path: Path, text: bytes
) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(text)

    with pytest.raises(keys.Unusable, match="signing keys") as told:
        keys.Ring(path).read()

    assert "SECRET" not in str(told.value)


def test_a_change_that_can_not_be_read_leaves_the_keys_in_use(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    ring = keys.Ring(path)
    before = ring.read()

    path.write_bytes(b"half a fil")
    broken = ring.read()
    path.unlink()
    gone = ring.read()

    assert before == broken == gone
    assert not path.exists()


def test_the_file_lies_where_the_settings_say(tmp_path: Path) -> None:
    by_default = settings.Settings(_env_file=None, data_dir=tmp_path / "data")
    chosen = settings.Settings(_env_file=None, signing_keys=tmp_path / "own.json")

    keys.ring(by_default).read()
    keys.ring(chosen).read()

    assert (tmp_path / "data" / "signing-keys.json").exists()
    assert (tmp_path / "own.json").exists()


async def test_keys_are_rotated_while_people_sign_in(
    db: database.Database,
    house: serving.House,
    phone: relying.Browser,
    app_client: relying.Party,
    tmp_path: Path,
) -> None:
    before = await app_client.sign_in(phone)
    keys.add(tmp_path / "signing-keys.json")
    after = await app_client.sign_in(phone)
    async with httpx2.AsyncClient() as http:
        published = (await http.get(f"{house.origin}/oauth/jwks")).json()

    ring = jwk.KeySet.import_key_set(published)
    used = [jwt.decode(one["id_token"], ring, algorithms=["ES256"]) for one in (before, after)]
    assert [key["kid"] for key in published["keys"]] == [
        token.header["kid"] for token in reversed(used)
    ]


async def test_no_private_key_is_in_the_database(
    phone: relying.Browser, app_client: relying.Party, owner: Any, tmp_path: Path
) -> None:
    await app_client.sign_in(phone)
    (key,) = orjson.loads((tmp_path / "signing-keys.json").read_bytes())["keys"]
    tables = await owner.fetch(
        "select table_name from information_schema.tables where table_schema = 'identity'"
    )

    for table in tables:
        rows = await owner.fetch(f"select * from identity.{table['table_name']}")
        assert key["d"] not in str([dict(row) for row in rows])


async def rekey(tmp_path: Path) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", "rekey"),
        env={"PATH": os.environ["PATH"], "COMMONPURSE_DATA_DIR": str(tmp_path)},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    return process.returncode, said.decode()


async def test_the_operator_adds_a_key_by_a_command(tmp_path: Path) -> None:
    ring = keys.Ring(tmp_path / "signing-keys.json")
    first = ring.read().kid
    status, said = await rekey(tmp_path)
    second = ring.read().kid
    (tmp_path / "signing-keys.json").write_bytes(b"broken")
    refused, told = await rekey(tmp_path)

    assert 0 == status and second in said and second != first
    assert 1 == refused and "it is no JSON" in told
