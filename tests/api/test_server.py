"""The same application behind the real server and a real socket."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
import uvicorn

from api import app, settings
from tests.api import client
from wallet import database


@pytest.fixture
async def served(ana: client.Client, db: database.Database) -> AsyncIterator[client.Client]:
    """A member's client whose requests go through a socket."""
    house = settings.Settings(_env_file=None, documents="open")
    server = uvicorn.Server(
        uvicorn.Config(
            app.create_app(house, db), port=0, http="httptools", lifespan="off", log_level="warning"
        )
    )
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server tells by this flag only
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as opened:
        yield client.Client(opened, ana.token, ana.principal_id)
    server.should_exit = True
    await task


async def test_the_status_of_a_partial_answer_passes_the_real_server(
    served: client.Client,
) -> None:
    answer = await served.ask('{ viewer { displayName } member(id: "mem_x") { id } }')

    assert (answer.status, answer.codes) == (294, ["FORBIDDEN"])
    assert answer.body["data"]["viewer"] == {"displayName": "Ana"}


async def test_a_body_beyond_its_limit_is_answered_and_the_next_request_is_served(
    served: client.Client,
) -> None:
    large = await served.ask("{ __typename }", {"unused": "x" * 200_000})
    next_one = await served.ask("{ __typename }")

    assert (large.status, large.codes) == (413, ["PAYLOAD_TOO_LARGE"])
    assert next_one.data == {"__typename": "Query"}


async def test_many_requests_at_once_are_each_answered_for_their_own_caller(
    served: client.Client, ben: client.Client
) -> None:
    other = client.Client(served.http, ben.token, ben.principal_id)
    query = "{ viewer { id wallet { available { amount } } } }"

    answers = await asyncio.gather(
        *(caller.ask(query) for _ in range(30) for caller in (served, other))
    )

    amounts = [answer.data["viewer"]["wallet"]["available"]["amount"] for answer in answers]
    assert amounts == ["20.00", "0.00"] * 30
