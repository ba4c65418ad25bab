"""Trusted documents: registered by the operator, sent by hash, and nothing else in production."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api import settings
from api.graphql import documents, failures, gate, schema, transport, trusted
from api.identity import bearer
from tests.api import client
from wallet import database

BALANCE = "query Balance { viewer { wallet { available { amount currency } } } }"
CODE = "mutation Code($m: ID!) { redemptionCodeCreate(merchantId: $m) { errors { code } } }"
EXPLAIN = 'query Explain { memberByEmail(email: "a@example.org") { id } }'
SCHEMA = schema.build()._schema


def named(text: str) -> dict[str, str]:
    return {"documentId": f"sha256:{documents.digest(text)}"}


def apollo(text: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": documents.digest(text)}}}


async def register(db: database.Database, *texts: str) -> None:
    seen = documents.Documents(SCHEMA)
    fitting = [trusted.fit(seen, text, cost_max=1_000) for text in texts]
    await trusted.register(db, fitting, app="tests")


@pytest.fixture
async def strict(ana: client.Client, db: database.Database) -> AsyncIterator[client.Client]:
    """A member in front of an installation as it is in production: the default."""
    async with client.door(db) as http:
        yield ana.at(http)


async def test_a_registered_document_is_sent_by_its_hash_in_either_way(
    strict: client.Client, db: database.Database
) -> None:
    await register(db, BALANCE)
    expected = {"viewer": {"wallet": {"available": {"amount": "20.00", "currency": "EUR"}}}}

    for body in (
        named(BALANCE),
        apollo(BALANCE),
        {**named(BALANCE), **apollo(BALANCE)},
        {**named(BALANCE), "query": BALANCE},
        {**named(BALANCE), "operationName": "Balance"},
    ):
        assert expected == (await strict.send(json=body)).data, body
    by_get = {"extensions": json.dumps(apollo(BALANCE)["extensions"])}
    for parameters in (named(BALANCE), by_get, {**named(BALANCE), "variables": "{}"}):
        assert expected == (await strict.send(method="GET", params=parameters)).data, parameters


async def test_a_hash_that_is_not_registered_gets_404_and_is_never_stored(
    strict: client.Client, db: database.Database
) -> None:
    for body in (named(BALANCE), apollo(BALANCE)):
        answer = await strict.send(json=body)
        assert (answer.status, answer.codes) == (404, ["PERSISTED_QUERY_NOT_FOUND"])
    # Apollo's automatic registration: the hash again, with its text.
    answer = await strict.send(json={**apollo(BALANCE), "query": BALANCE})
    assert (answer.status, answer.codes) == (422, ["TRUSTED_DOCUMENT_REQUIRED"])
    answer = await strict.send(json=apollo(BALANCE))
    assert (answer.status, answer.codes) == (404, ["PERSISTED_QUERY_NOT_FOUND"])

    assert 0 == await db.fetchval("select count(*) from identity.trusted_document")


async def test_a_members_app_sends_no_text_of_its_own(
    strict: client.Client, rosa: client.Client, support: client.Client, db: database.Database
) -> None:
    await register(db, BALANCE)
    for text in (BALANCE, "{ __typename }", "{ __schema { types { name } } }", "{", "{ a " * 999):
        answer = await strict.ask(text)
        legacy = await strict.ask(text, headers={"Accept": "application/json"})
        assert (answer.status, answer.codes) == (422, ["TRUSTED_DOCUMENT_REQUIRED"]), text
        assert (legacy.status, legacy.codes) == (200, ["TRUSTED_DOCUMENT_REQUIRED"]), text
        assert "data" not in answer.body
    for other in (rosa, support):
        assert (await other.at(strict.http).ask("{ __typename }")).status == 200


async def test_a_text_beside_a_hash_is_that_text_or_nothing_runs(
    strict: client.Client, rosa: client.Client, db: database.Database
) -> None:
    await register(db, BALANCE)
    for caller in (strict, rosa.at(strict.http)):
        answer = await caller.send(json={**named(BALANCE), "query": "{ __typename }"})
        assert (answer.status, answer.codes) == (422, ["BAD_REQUEST"])
    two = {**named(BALANCE), **apollo(CODE)}
    assert (await strict.send(json=two)).codes == ["BAD_REQUEST"]


async def test_a_hash_that_is_none_gets_422(strict: client.Client) -> None:
    digest = documents.digest(BALANCE)
    bodies: list[dict[str, Any]] = [
        {"documentId": digest},
        {"documentId": f"sha256:{digest.upper()}"},
        {"documentId": f"md5:{digest[:32]}"},
        {"documentId": f"sha256:{digest}0"},
        {"documentId": ""},
        {"documentId": 7},
        {"documentId": ["sha256:" + digest]},
        {"extensions": {"persistedQuery": {}}},
        {"extensions": {"persistedQuery": {"sha256Hash": "x'; drop table"}}},
        {"extensions": {"persistedQuery": "yes"}},
    ]
    for body in bodies:
        answer = await strict.send(json=body)
        assert (body, 422, ["BAD_REQUEST"]) == (body, answer.status, answer.codes)


async def test_a_registered_mutation_is_not_sent_by_get(
    strict: client.Client, db: database.Database
) -> None:
    await register(db, CODE)
    variables = {"m": "mer_x"}

    posted = await strict.send(json={**named(CODE), "variables": variables})
    got = await strict.send(
        method="GET", params={**named(CODE), "variables": json.dumps(variables)}
    )

    assert posted.data == {"redemptionCodeCreate": {"errors": [{"code": "NOT_FOUND"}]}}
    assert (got.status, got.codes) == (405, ["METHOD_NOT_ALLOWED"])


async def test_the_scopes_of_a_document_are_checked_before_any_of_it_runs(
    strict: client.Client, db: database.Database
) -> None:
    await register(db, EXPLAIN)

    answer = await strict.send(json=named(EXPLAIN))

    assert (answer.status, answer.codes) == (403, ["FORBIDDEN"])
    assert "data" not in answer.body


async def test_the_cost_of_a_registered_document_is_limited_too(
    ana: client.Client, db: database.Database
) -> None:
    text = "query Q($n: Int!) { merchants(first: $n) { edges { node { id } } } }"
    await register(db, text)
    async with client.door(db, cost_max=20) as http:
        ok = await ana.at(http).send(json={**named(text), "variables": {"n": 3}})
        over = await ana.at(http).send(json={**named(text), "variables": {"n": 90}})

    assert ok.status == 200
    assert "extensions" not in ok.body
    assert (over.status, over.codes) == (422, ["COST_EXCEEDED"])


async def test_an_open_installation_takes_any_text_and_says_so(
    ana: client.Client, db: database.Database
) -> None:
    for chosen in ({"documents": "open"}, {"development": True}):
        async with client.door(db, **chosen) as http:
            answer = await ana.at(http).ask("{ __typename }")
        assert (answer.status, answer.headers["commonpurse-documents"]) == (200, "open")
    async with client.door(db) as http:
        assert "commonpurse-documents" not in (await ana.at(http).ask("{ __typename }")).headers


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_a_document_is_looked_up_once_a_minute_and_an_unknown_hash_once_in_seconds(
    db: database.Database,
) -> None:
    clock = Clock()
    known = trusted.Trusted(db, documents.Documents(SCHEMA), now=clock)
    digest = documents.digest(BALANCE)

    assert await known.find(digest) is None
    await register(db, BALANCE)
    assert await known.find(digest) is None  # remembered, for seconds
    clock.now += trusted.UNKNOWN_SECONDS
    found = await known.find(digest)
    assert isinstance(found, documents.Prepared)

    assert await trusted.retire(db, digest) == "Balance"
    assert await trusted.retire(db, digest) is None
    clock.now += trusted.KNOWN_SECONDS - 1
    assert await known.find(digest) is found
    clock.now += 1
    assert await known.find(digest) is None


async def test_the_memory_of_hashes_is_bounded(db: database.Database) -> None:
    known = trusted.Trusted(db, documents.Documents(SCHEMA), now=Clock())
    await register(db, BALANCE)
    digest = documents.digest(BALANCE)
    found = await known.find(digest)

    for number in range(trusted.UNKNOWN_MAX + 50):
        assert await known.find(f"{number:064x}") is None

    assert known.sizes == (1, trusted.UNKNOWN_MAX)
    assert await known.find(digest) is found


async def test_a_request_that_is_known_asks_the_database_for_nothing_before_it_runs(
    ana: client.Client, db: database.Database, dsn: str
) -> None:
    await register(db, BALANCE)
    other = await database.Database.connect(dsn, size=1)
    principal = await bearer.find(db, ana.token)
    assert principal is not None
    door = gate.Gate(SCHEMA, other, settings.Settings(_env_file=None), development=False)
    call = transport.call(named(BALANCE))
    await door.admit(call, principal)
    await other.close()

    await door.arrive(principal)
    admitted = await door.admit(call, principal)

    assert admitted.trusted
    with pytest.raises(failures.Failure, match="registered"):
        await door.admit(transport.call({"query": BALANCE}), principal)


async def run(dsn: str, *arguments: str | Path) -> tuple[int, str, str]:
    """Run the command line; return its status, its output and what it said beside."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.cli",
        "documents",
        *map(str, arguments),
        env={**os.environ, "DATABASE_URL": dsn},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


def written(folder: Path, name: str, manifest: object) -> Path:
    file = folder / name
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return file


async def test_the_operator_registers_lists_checks_and_retires_documents(
    tmp_path: Path, dsn: str, db: database.Database, strict: client.Client
) -> None:
    operations = [{"id": documents.digest(CODE), "name": "Code", "type": "mutation", "body": CODE}]
    of_apollo = written(
        tmp_path,
        "apollo.json",
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations},
    )
    of_relay = written(tmp_path, "relay.json", {documents.digest(BALANCE): BALANCE})

    for _ in range(2):
        status, out, err = await run(dsn, "register", of_apollo, of_relay, "--app", "iOS 4.2")
        assert (status, out, err) == (0, "2 documents are registered.\n", "")
    _, listed, _ = await run(dsn, "list")
    assert [line.split() for line in listed.splitlines()] == [
        [documents.digest(BALANCE), "3", "query", "Balance", "(member)", "iOS", "4.2"],
        [documents.digest(CODE), "12", "mutation", "Code", "(member)", "iOS", "4.2"],
    ]
    assert (await strict.send(json=named(BALANCE))).status == 200
    assert (await run(dsn, "check"))[:2] == (0, "All 2 registered documents fit the schema.\n")

    assert (await run(dsn, "retire", documents.digest(CODE)))[:2] == (0, "Code is retired.\n")
    status, _, err = await run(dsn, "retire", documents.digest(CODE))
    assert (status, err) == (1, f"{documents.digest(CODE)} is not registered.\n")
    assert len((await run(dsn, "list"))[1].splitlines()) == 1
    acts = await db.fetch("select act from coalition.audit where act like 'documents.%'")
    assert [row["act"] for row in acts].count("documents.retire") == 1


async def test_a_manifest_is_registered_whole_or_not_at_all(
    tmp_path: Path, dsn: str, db: database.Database
) -> None:
    wrong = "query Wrong { viewer { nothing } }"
    pages = " ".join(
        f"a{n}: merchants(first: 100) {{ edges {{ node {{ name }} }} }}" for n in range(6)
    )
    dear = f"query Dear {{ {pages} }}"
    file = written(
        tmp_path,
        "manifest.json",
        {documents.digest(text): text for text in (BALANCE, wrong, dear, "{ __typename }")},
    )

    status, out, err = await run(dsn, "register", file)

    assert (status, out) == (1, "")
    assert "Cannot query field 'nothing' on type 'Member'." in err
    assert "It costs 1218 points; a request may cost 1000." in err
    assert "The operation of a trusted document has a name." in err
    assert err.endswith("Nothing was registered.\n")
    assert 0 == await db.fetchval("select count(*) from identity.trusted_document")


async def test_a_document_that_the_schema_no_longer_serves_is_named_before_it_is_missed(
    dsn: str, db: database.Database, strict: client.Client
) -> None:
    await register(db, BALANCE)
    gone = "query OldBalance { viewer { wallet { points } } }"  # a field that was taken away
    await db.execute(
        "insert into identity.trusted_document (document_hash, body, name, kind, scopes, app)"
        " values ($1, $2, 'OldBalance', 'query', '{member}', 'Android 1.0')",
        bytes.fromhex(documents.digest(gone)),
        gone,
    )

    status, _, err = await run(dsn, "check")

    assert status == 1
    assert f"OldBalance of Android 1.0 ({documents.digest(gone)})" in err
    assert "Cannot query field 'points' on type 'Wallet'." in err
    answer = await strict.send(json=named(gone))
    assert (answer.status, answer.codes) == (422, ["GRAPHQL_VALIDATION_FAILED"])
