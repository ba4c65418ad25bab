"""Server-sent events over a real socket: the head, the end, and what ends a stream early."""

import asyncio
import contextlib
import datetime
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.graphql import documents, hub, patience, schema, trusted
from api.identity import bearer
from tests import node, serving
from tests.api import client, following
from tests.wallet import factories
from wallet import database, members

HEADERS = {"Accept": following.EVENTS}
COST_MAX = 1_000


@pytest.fixture
async def house(db: database.Database) -> AsyncIterator[serving.House]:
    """A served installation where any document may be sent."""
    async with serving.serve(db, documents="open") as served:
        yield served


async def test_the_head_tells_proxies_not_to_collect_or_keep_the_stream(
    house: serving.House, ana: client.Client
) -> None:
    async with following.follow(house, ana.token) as events:
        head = events.response.headers

    assert events.response.status_code == 200
    assert head["content-type"] == "text/event-stream"
    assert head["x-accel-buffering"] == "no"
    assert head["cache-control"] == "no-store"
    assert head["x-request-id"].startswith("req_")


async def test_a_query_is_answered_as_a_stream_of_one(
    house: serving.House, ana: client.Client
) -> None:
    async with following.follow(house, ana.token, "{ viewer { displayName } }") as events:
        assert await events.next() == {"data": {"viewer": {"displayName": "Ana"}}}
        assert await events.next() == "complete"
        assert await events.next() is None


async def test_what_is_wrong_before_the_stream_is_answered_without_one(
    house: serving.House, ana: client.Client
) -> None:
    cases = (
        ("cp_at_" + "x" * 43, following.FOLLOW, 401, "UNAUTHENTICATED"),
        (ana.token, "subscription { nothing }", 422, "GRAPHQL_VALIDATION_FAILED"),
        (ana.token, "subscription {", 400, "GRAPHQL_PARSE_FAILED"),
        (ana.token, TWO_FIELDS, 422, "GRAPHQL_VALIDATION_FAILED"),
        (ana.token, SKIPPED, 422, "GRAPHQL_VALIDATION_FAILED"),
        (ana.token, 'subscription { walletChanged(after: "x") { cursor } }', 422, None),
    )
    for token, query, status, code in cases:
        async with following.follow(house, token, query) as events:
            await events.response.aread()
        (error,) = events.response.json()["errors"][:1]

        assert (query, status) == (query, events.response.status_code)
        assert code in {None, error["extensions"]["code"]}
        assert events.response.headers["content-type"].startswith(client.GRAPHQL)


SKIPPED = "subscription { walletChanged @skip(if: true) { cursor } }"
TWO_FIELDS = "subscription { a: walletChanged { cursor } b: walletChanged { cursor } }"


async def test_a_subscription_for_who_takes_no_stream_is_not_acceptable(
    house: serving.House, ana: client.Client
) -> None:
    async with httpx2.AsyncClient(base_url=house.origin) as http:
        answer = await client.Client(http, ana.token, ana.principal_id).ask(following.FOLLOW)

    assert (406, ["NOT_ACCEPTABLE"]) == (answer.status, answer.codes)


async def test_who_takes_both_gets_a_stream_for_a_subscription_only(
    house: serving.House, ana: client.Client
) -> None:
    accept = {"Accept": "application/json, text/event-stream"}
    async with httpx2.AsyncClient(base_url=house.origin) as http:
        caller = client.Client(http, ana.token, ana.principal_id)
        answer = await caller.ask("{ viewer { displayName } }", headers=accept)
        body = {"query": following.FOLLOW}
        head = {"Authorization": f"Bearer {ana.token}", **accept}
        async with http.stream("POST", "/graphql", json=body, headers=head) as response:
            kind = response.headers["content-type"]

    assert answer.headers["content-type"].startswith("application/json")
    assert kind == "text/event-stream"


async def test_members_apps_follow_by_registered_documents_only(
    db: database.Database, coalition: factories.Coalition, ana: client.Client
) -> None:
    seen = documents.Documents(schema.build()._schema)
    fit = trusted.fit(seen, following.FOLLOW, cost_max=COST_MAX)
    await trusted.register(db, [fit], app="app")
    digest = hashlib.sha256(following.FOLLOW.encode()).hexdigest()
    member = await members.find(db, ana.principal_id)
    head = {"Authorization": f"Bearer {ana.token}", **HEADERS}
    async with (
        serving.serve(db) as house,
        httpx2.AsyncClient(base_url=house.origin, timeout=30) as http,
    ):
        text = await http.post("/graphql", json={"query": following.FOLLOW}, headers=head)
        unknown = await http.post("/graphql", json=_named("0" * 64), headers=head)
        asked: tuple[tuple[str, dict[str, Any]], ...] = (
            ("POST", {"json": _named(digest)}),
            ("GET", {"params": _named(digest)}),
        )
        for method, request in asked:
            async with http.stream(method, "/graphql", headers=head, **request) as response:
                events = following.Events(response, response.aiter_lines())
                await coalition.fill(member, 100)

                assert response.status_code == 200
                assert (await events.change())["movement"]["kind"] == "EARN"

    assert (422, "TRUSTED_DOCUMENT_REQUIRED") == (text.status_code, _code(text))
    assert (404, "PERSISTED_QUERY_NOT_FOUND") == (unknown.status_code, _code(unknown))


def _named(digest: str) -> dict[str, str]:
    return {"documentId": f"sha256:{digest}"}


def _code(response: httpx2.Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


async def test_a_stream_ends_when_its_token_expires(
    house: serving.House, db: database.Database, ana: client.Client
) -> None:
    short = await bearer.mint(
        db, kind="member", principal_id=ana.principal_id, life=datetime.timedelta(seconds=2)
    )
    async with following.follow(house, short.text) as events:
        last, end = await events.next(), await events.next()

    assert isinstance(last, dict)
    assert ["UNAUTHENTICATED"] == [one["extensions"]["code"] for one in last["errors"]]
    assert end == "complete"


def test_streams_are_as_patient_as_phones_and_proxies_need() -> None:
    waits = patience.PATIENCE

    assert waits.keep_alive < 15  # the shortest time after which a proxy cuts off what is silent
    assert (10, 20, 30) == (waits.init, waits.send, waits.check)


async def test_an_idle_stream_is_kept_alive_and_ends_soon_after_its_token_is_revoked(
    db: database.Database, ana: client.Client
) -> None:
    token = await bearer.mint(db, kind="member", principal_id=ana.principal_id)
    waits = patience.Patience(keep_alive=0.4, check=1.0)
    async with (
        serving.serve(db, documents="open", waits=waits) as house,
        following.follow(house, token.text) as events,
    ):
        await bearer.revoke(db, token.token_id)
        async with asyncio.timeout(30):
            lines = [line async for line in events.lines]

    assert lines.count(":") >= 3  # at once, and twice before the token is looked at again
    assert "UNAUTHENTICATED" in lines[-5]
    assert lines[-3:-1] == ["event: complete", "data:"]


async def test_a_caller_has_a_bounded_number_of_streams_and_gets_closed_ones_back(
    house: serving.House, ana: client.Client, ben: client.Client
) -> None:
    open_: list[asyncio.Task[None]] = []
    ready = asyncio.Semaphore(0)

    async def hold() -> None:
        async with following.follow(house, ana.token) as events:
            assert events.response.status_code == 200
            ready.release()
            await asyncio.sleep(60)

    for _ in range(hub.STREAMS_PER_CALLER_MAX):
        open_.append(asyncio.create_task(hold()))
        await ready.acquire()
    async with following.follow(house, ana.token) as events:
        await events.response.aread()
    async with following.follow(house, ben.token) as other:
        pass
    open_.pop().cancel()
    async with asyncio.timeout(10):
        while True:
            async with following.follow(house, ana.token) as again:
                pass
            if again.response.status_code == 200:
                break
            await asyncio.sleep(0.05)
    for one in open_:
        one.cancel()

    assert (429, "RATE_LIMITED") == (events.response.status_code, _code(events.response))
    assert other.response.status_code == 200


async def test_a_server_that_stops_cuts_streams_off_at_once_so_that_clients_come_back(
    db: database.Database, coalition: factories.Coalition, ana: client.Client
) -> None:
    member = await members.find(db, ana.principal_id)
    clock = asyncio.get_running_loop().time
    stack = contextlib.AsyncExitStack()
    house = await stack.enter_async_context(serving.serve(db, documents="open"))
    async with following.follow(house, ana.token) as events:
        await coalition.fill(member, 100)
        cursor = (await events.change())["cursor"]
        assert 4 == await events.version()
        began = clock()
        stopping = asyncio.create_task(stack.aclose())
        cut_off = await events.next()
        await stopping
        took = clock() - began
    await coalition.fill(member, 100)
    async with (
        serving.serve(db, documents="open") as house,
        following.follow(house, ana.token, after=cursor) as events,
    ):
        missed = [await events.version() for _ in range(3)]

    assert cut_off is None
    assert took < 3
    assert [4, 5, 6] == missed


async def test_the_client_graphql_sse_follows_through_a_restart(
    db: database.Database, coalition: factories.Coalition, ben: client.Client, tmp_path: Path
) -> None:
    member = await members.find(db, ben.principal_id)
    start = (await ben.ask(following.STANDING)).data["viewer"]["wallet"]["cursor"]
    (tmp_path / "token").write_text(ben.token)
    async with serving.serve(db, documents="open") as house:
        told = asyncio.create_task(
            node.run("sse.mjs", f"{house.origin}/graphql", str(tmp_path), start, "12")
        )
        await following.let_in(tmp_path, 1)
        await _post(coalition, member)
    async with serving.serve(db, port=house.settings.port, documents="open"):
        await _post(coalition, member)
        await following.let_in(tmp_path, 2)
        found = json.loads(await told)

    assert list(range(1, 13)) == found["versions"]
    assert found["connected"] >= 2


async def _post(coalition: factories.Coalition, member: members.Member) -> None:
    for _ in range(3):
        await coalition.fill(member, 100)
        await asyncio.sleep(0.1)
