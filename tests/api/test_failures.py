"""What a caller is told when something is wrong on our side."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from api import app, settings
from tests.api import client
from wallet import database

BALANCE = "{ viewer { id wallet { version } } }"


@pytest.fixture
async def hurried(ana: client.Client, db: database.Database) -> AsyncIterator[client.Client]:
    """A member whose requests may take a second."""
    house = settings.Settings(_env_file=None, documents="open", request_seconds_max=1)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app.create_app(house, db)),
        base_url="http://commonpurse.test",
    ) as opened:
        yield client.Client(opened, ana.token, ana.principal_id)


@pytest.mark.tampers
async def test_the_text_of_a_bug_is_logged_and_never_told(
    ana: client.Client, owner: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    await owner.execute("alter table ledger.wallet rename column held to secret_column")

    answer = await ana.ask(BALANCE)

    assert (answer.status, answer.codes) == (294, ["INTERNAL"])
    (error,) = answer.body["errors"]
    assert error["path"] == ["viewer", "wallet"]
    assert "held" not in str(answer.body)
    assert answer.body["data"]["viewer"]["wallet"] is None
    logged = capsys.readouterr().out
    assert error["extensions"]["requestId"] in logged
    assert "held" in logged


@pytest.mark.tampers
async def test_a_bug_before_graphql_begins_is_masked_too(ana: client.Client, owner: Any) -> None:
    await owner.execute("alter table identity.token rename column scopes to secret_column")

    answer = await ana.ask(BALANCE)

    assert (answer.status, answer.codes) == (500, ["INTERNAL"])
    assert "scopes" not in str(answer.body)


async def test_a_request_that_takes_too_long_is_stopped_and_may_be_sent_again(
    hurried: client.Client, owner: Any
) -> None:
    async with owner.transaction():
        await owner.execute("lock table ledger.wallet in access exclusive mode")
        slow = await hurried.ask(BALANCE)

    assert (slow.status, slow.codes) == (504, ["TIMEOUT"])
    assert "data" not in slow.body
    assert (await hurried.ask(BALANCE)).data["viewer"]["wallet"]["version"] == 2


async def test_the_log_names_the_caller_the_operation_and_the_refusal_and_no_input(
    ana: client.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    query = "mutation Spend($at: ID!) { redemptionCodeCreate(merchantId: $at) { __typename } }"

    answer = await ana.ask(query, {"at": "mer_secret_of_the_caller"})

    logged = capsys.readouterr().out
    assert answer.status == 200
    for told in ("name=Spend", "caller=member", "NOT_FOUND", answer.headers["x-request-id"]):
        assert told in logged
    assert "secret_of_the_caller" not in logged
    assert ana.token not in logged
