"""graphql-transport-ws over a real socket: what opens it, what closes it, and what it bears."""

import asyncio
import contextlib
import datetime
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import websockets

from api.graphql import documents, hub, patience, schema, sockets, trusted
from api.identity import bearer
from tests import node, serving
from tests.api import client, following
from tests.conftest import ROOT
from tests.wallet import factories
from wallet import database, members

PAYLOAD = {"query": following.FOLLOW}
QUERY = "{ viewer { displayName } }"


@pytest.fixture
async def house(db: database.Database) -> AsyncIterator[serving.House]:
    """A served installation where any document may be sent."""
    async with serving.serve(db, documents="open") as served:
        yield served


async def test_a_socket_brings_every_change_until_it_is_told_to_stop(
    house: serving.House, coalition: factories.Coalition, ana: client.Client
) -> None:
    member = await members.find(coalition.db, ana.principal_id)
    async with following.connect(house) as opened:
        assert opened.connection.subprotocol == following.PROTOCOL
        await opened.init(ana.token)
        start = (await ana.ask(following.STANDING)).data["viewer"]["wallet"]["cursor"]
        await opened.subscribe("one", after=start)
        await coalition.fill(member, 100)
        kinds = [(await opened.change("one"))["movement"]["kind"] for _ in range(2)]
        await opened.say("complete", id="one")
        await coalition.fill(member, 100)
        await opened.say("ping")

        assert ["EARN", "MATURE"] == kinds
        assert {"type": "pong"} == await opened.hear()


async def test_a_token_may_stand_alone_and_the_name_of_the_header_in_any_case(
    house: serving.House, ana: client.Client
) -> None:
    for payload in ({"token": ana.token}, {"authorization": f"bearer {ana.token}"}):
        async with following.connect(house) as opened:
            await opened.say("connection_init", payload=payload)

            assert {"type": "connection_ack"} == await opened.hear()


async def test_a_query_is_answered_and_completed_and_its_id_is_free_again(
    house: serving.House, ana: client.Client
) -> None:
    async with following.connect(house) as opened:
        await opened.init(ana.token)
        for _ in range(3):
            await opened.subscribe("one", QUERY)
            answer, end = await opened.hear(), await opened.hear()

            assert answer["payload"] == {"data": {"viewer": {"displayName": "Ana"}}}
            assert end == {"type": "complete", "id": "one"}


async def test_what_is_wrong_with_an_operation_ends_it_and_not_the_socket(
    house: serving.House, ana: client.Client, ben: client.Client, rosa: client.Client
) -> None:
    foreign = (await ben.ask(following.STANDING)).data["viewer"]["wallet"]["cursor"]
    mutation = 'mutation { redemptionCodeCreate(merchantId: "mer_x") { errors { code } } }'
    cases: tuple[tuple[str, Any, str], ...] = (
        ("subscription { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", {}, "GRAPHQL_PARSE_FAILED"),
        (following.FOLLOW, {"after": foreign}, "BAD_USER_INPUT"),
        (following.FOLLOW, {"after": 7}, "BAD_USER_INPUT"),
        (mutation, {}, "METHOD_NOT_ALLOWED"),
        ("{ __schema { types { name } } }", {}, "GRAPHQL_VALIDATION_FAILED"),
    )
    async with following.connect(house) as opened:
        await opened.init(ana.token)
        for query, variables, code in cases:
            await opened.subscribe("one", query, **variables)

            assert (query, {code}) == (query, set(await opened.refused("one")))
    async with following.connect(house) as opened:
        await opened.init(rosa.token)
        await opened.subscribe("one")

        assert ["FORBIDDEN"] == await opened.refused("one")


async def test_a_sixth_operation_is_refused_until_one_is_completed(
    house: serving.House, ana: client.Client
) -> None:
    async with following.connect(house) as opened:
        await opened.init(ana.token)
        for number in range(sockets.OPERATIONS_MAX):
            await opened.subscribe(f"op-{number}")
        await opened.subscribe("sixth")
        refused = await opened.refused("sixth")
        await opened.say("complete", id="op-0")
        await opened.subscribe("sixth", QUERY)

        assert ["RATE_LIMITED"] == refused
        assert "next" == (await opened.hear())["type"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ([{"type": "subscribe", "id": "1", "payload": PAYLOAD}], 4401),
        ([{"type": "connection_init", "payload": {"token": "cp_at_wrong"}}], 4403),
        ([{"type": "connection_init"}], 4403),
        ([{"type": "connection_init", "payload": ["token"]}], 4403),
        (["init", {"type": "connection_init", "payload": {}}], 4429),
        (["init", *[{"type": "subscribe", "id": "1", "payload": PAYLOAD}] * 2], 4409),
        (["init", {"type": "subscribe", "id": "", "payload": PAYLOAD}], 4400),
        (["init", {"type": "subscribe", "id": "x" * 65, "payload": PAYLOAD}], 4400),
        (["init", {"type": "subscribe", "id": 1, "payload": PAYLOAD}], 4400),
        (["init", {"type": "subscribe", "id": "1"}], 4400),
        (["init", {"type": "complete"}], 4400),
        (["init", {"type": "start"}], 4400),
        (["init", {"id": "1"}], 4400),
        (["init", []], 4400),
        (["init", "not json"], 4400),
        (["init", b"bytes"], 4400),
        (["init", {"type": "ping", "payload": "x" * 70_000}], 1009),
    ],
)
async def test_who_breaks_the_protocol_is_sent_away_with_its_code(
    house: serving.House, ana: client.Client, said: list[Any], code: int
) -> None:
    async with following.connect(house) as opened:
        for one in said:
            if one == "init":
                await opened.init(ana.token)
            elif isinstance(one, str | bytes):
                await opened.connection.send(one)
            else:
                await opened.connection.send(json.dumps(one))

        assert code == (await opened.closed())[0]


async def test_a_request_of_a_wrong_shape_ends_its_operation(
    house: serving.House, ana: client.Client
) -> None:
    deep: Any = {}
    for _ in range(40):
        deep = {"deeper": deep}
    async with following.connect(house) as opened:
        await opened.init(ana.token)
        for payload in ({}, {"query": 1}, {"query": QUERY, "variables": []}, {"variables": deep}):
            await opened.say("subscribe", id="one", payload=payload)

            assert ["BAD_REQUEST"] == await opened.refused("one")


async def test_only_the_newer_protocol_is_spoken(house: serving.House) -> None:
    for protocols in (("graphql-ws",), ()):
        async with following.connect(house, protocols=protocols) as opened:
            assert (4406, "Subprotocol not acceptable") == await opened.closed()
    async with following.connect(house, protocols=("graphql-ws", following.PROTOCOL)) as opened:
        assert opened.connection.subprotocol == following.PROTOCOL


async def test_a_foreign_page_cannot_open_a_socket_and_a_cookie_opens_nothing(
    house: serving.House, ana: client.Client
) -> None:
    for origin in ("https://evil.example", "null", house.origin.replace("localhost", "127.0.0.1")):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with following.connect(house, origin=origin):
                pass
        assert 403 == refused.value.response.status_code
    async with following.connect(house, origin=house.origin) as opened:
        await opened.init(ana.token)
    cookie = {"Cookie": f"commonpurse={'x' * 43}", "Authorization": f"Bearer {ana.token}"}
    async with following.connect(house, additional_headers=cookie) as opened:
        await opened.say("connection_init")

        assert (4403, "Forbidden") == await opened.closed()


async def test_a_socket_is_closed_when_its_token_expires(
    house: serving.House, db: database.Database, ana: client.Client
) -> None:
    short = await bearer.mint(
        db, kind="member", principal_id=ana.principal_id, life=datetime.timedelta(seconds=2)
    )
    async with following.connect(house) as opened:
        await opened.init(short.text)
        await opened.subscribe("one")

        assert (4403, "Forbidden") == await opened.closed()


async def test_a_revoked_token_begins_nothing_more(
    house: serving.House, db: database.Database, ana: client.Client
) -> None:
    token = await bearer.mint(db, kind="member", principal_id=ana.principal_id)
    async with following.connect(house) as opened:
        await opened.init(token.text)
        await bearer.revoke(db, token.token_id)
        await opened.subscribe("one", QUERY)

        assert (4403, "Forbidden") == await opened.closed()


async def test_silence_closes_a_socket_and_revocation_an_idle_one(
    db: database.Database, ana: client.Client
) -> None:
    token = await bearer.mint(db, kind="member", principal_id=ana.principal_id)
    clock = asyncio.get_running_loop().time
    waits = patience.Patience(init=1.0, check=2.0)
    async with (
        serving.serve(db, documents="open", waits=waits) as house,
        following.connect(house) as silent,
        following.connect(house) as idle,
    ):
        await idle.init(token.text)
        await bearer.revoke(db, token.token_id)
        began = clock()
        late = await silent.closed()
        waited = clock() - began
        revoked = await idle.closed()

    assert (4408, "Connection initialisation timeout") == late
    assert 0.5 < waited < 10
    assert (4403, "Forbidden") == revoked
    assert clock() - began < 20


async def test_members_apps_follow_by_registered_documents_only(
    db: database.Database, coalition: factories.Coalition, ana: client.Client
) -> None:
    fit = trusted.fit(documents.Documents(schema.build()._schema), following.FOLLOW, cost_max=1_000)
    await trusted.register(db, [fit], app="app")
    digest = hashlib.sha256(following.FOLLOW.encode()).hexdigest()
    persisted = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}
    member = await members.find(db, ana.principal_id)
    async with serving.serve(db) as house, following.connect(house) as opened:
        await opened.init(ana.token)
        await opened.subscribe("text")
        text = await opened.refused("text")
        await opened.say("subscribe", id="unknown", payload={"documentId": f"sha256:{'0' * 64}"})
        unknown = await opened.refused("unknown")
        start = (await ana.ask(following.STANDING)).data["viewer"]["wallet"]["cursor"]
        await coalition.fill(member, 100)
        for key, named in ("id", {"documentId": f"sha256:{digest}"}), ("hash", persisted):
            payload = {**named, "variables": {"after": start}}
            await opened.say("subscribe", id=key, payload=payload)

            assert ["EARN", "MATURE"] == [
                (await opened.change(key))["movement"]["kind"] for _ in range(2)
            ]
    assert ["TRUSTED_DOCUMENT_REQUIRED"] == text
    assert ["PERSISTED_QUERY_NOT_FOUND"] == unknown


async def test_a_flood_of_operations_is_answered_in_bounded_time_while_others_are_served(
    db: database.Database, ana: client.Client, ben: client.Client
) -> None:
    async with (
        serving.serve(db, documents="open", cost_per_minute=200) as house,
        following.connect(house) as opened,
    ):
        await opened.init(ana.token)
        for number in range(2_000):
            await opened.subscribe(f"op-{number}", QUERY)
        codes = [await _outcome(opened) for _ in range(2_000)]
        async with httpx2.AsyncClient(base_url=house.origin) as http:
            other = await client.Client(http, ben.token, ben.principal_id).ask(QUERY)

    assert other.data == {"viewer": {"displayName": "Ana"}}
    assert 2_000 == len(codes)
    assert codes.count("next") <= 110  # 200 points, at two a query
    assert {"next", "RATE_LIMITED"} == set(codes)


async def _outcome(opened: following.Socket) -> str:
    message = await opened.hear()
    while message["type"] == "complete":
        message = await opened.hear()
    if message["type"] == "next":
        return "next"
    return str(message["payload"][0]["extensions"]["code"])


async def test_a_caller_has_a_bounded_number_of_sockets(
    house: serving.House, ana: client.Client
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(hub.STREAMS_PER_CALLER_MAX):
            opened = await stack.enter_async_context(following.connect(house))
            await opened.init(ana.token)
        one_more = await stack.enter_async_context(following.connect(house))
        await one_more.say("connection_init", payload={"token": ana.token})

        assert 1013 == (await one_more.closed())[0]


async def test_a_server_that_stops_says_so_to_every_socket(
    db: database.Database, ana: client.Client
) -> None:
    clock = asyncio.get_running_loop().time
    stack = contextlib.AsyncExitStack()
    house = await stack.enter_async_context(serving.serve(db, documents="open"))
    async with following.connect(house) as busy, following.connect(house) as idle:
        await busy.init(ana.token)
        await busy.subscribe("one")
        await busy.say("ping")
        await busy.hear()
        await idle.init(ana.token)
        began = clock()
        stopping = asyncio.create_task(stack.aclose())
        codes = [(await one.closed())[0] for one in (busy, idle)]
        await stopping

    assert [1012, 1012] == codes
    assert clock() - began < 3


class Served:
    """`commonpurse serve` as a process of its own, which a test may kill."""

    def __init__(self, dsn: str, port: int, log: Path) -> None:
        environment = {
            name: value for name, value in os.environ.items() if "COMMONPURSE" not in name
        }
        environment |= {
            "DATABASE_URL": dsn,
            "COMMONPURSE_PORT": str(port),
            "COMMONPURSE_DOCUMENTS": "open",
            "COMMONPURSE_DATA_DIR": str(log.parent),
        }
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve"],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=out,
            )

    def kill(self) -> None:
        """End it without a last word."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def port() -> int:
    """A free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
    return found


@pytest.mark.slow
async def test_the_client_graphql_ws_follows_although_the_server_is_killed(
    dsn: str, coalition: factories.Coalition, ben: client.Client, port: int, tmp_path: Path
) -> None:
    member = await members.find(coalition.db, ben.principal_id)
    start = (await ben.ask(following.STANDING)).data["viewer"]["wallet"]["cursor"]
    (tmp_path / "token").write_text(ben.token)
    served = Served(dsn, port, tmp_path / "log")
    address = f"http://localhost:{port}/graphql"
    told = asyncio.create_task(node.run("ws.mjs", address, str(tmp_path), start, "30"))
    try:
        for times in (1, 2, 3):
            await following.let_in(tmp_path, times)
            for _ in range(5):
                await coalition.fill(member, 100)
                await asyncio.sleep(0.1)
            if times < 3:
                served.kill()
                served = Served(dsn, port, tmp_path / "log")
        found = json.loads(await told)
    finally:
        served.kill()

    assert list(range(1, 31)) == found["versions"]
    assert found["connected"] >= 3
