"""The API process dies in the middle of a busy minute, and the shops send their requests again.

A real `commonpurse serve` is killed with SIGKILL during a burst of requests over HTTP. After its
restart the same keys get their answers: what was answered before is there, and nothing is double.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from api.identity import bearer
from tests.wallet.factories import AT_ONCE, Coalition
from wallet import ids, members

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ORDERS: Final = 60
WAIT_TRIES_MAX: Final = 300  # a tenth of a second each
REPORT = """
mutation Report($input: PurchaseReportInput!) { purchaseReport(input: $input) {
  replayed purchaseId errors { __typename ... on UserError { code } } } }
"""


@asynccontextmanager
async def served(dsn: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """A `commonpurse serve` that is ready to answer; killed at the end if it still runs."""
    environment = {**os.environ, "DATABASE_URL": dsn, "COMMONPURSE_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.cli", "serve"),
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            for _ in range(WAIT_TRIES_MAX):
                assert process.returncode is None
                try:
                    if (await http.get("/readyz")).is_success:
                        break
                except httpx2.HTTPError:
                    pass
                await asyncio.sleep(0.1)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def orders(ana: members.Member) -> list[dict[str, Any]]:
    """What the shop will report: each order once, each with a key of its own."""
    now = datetime.now(UTC).isoformat()
    return [
        {
            "idempotencyKey": f"order-{number}-{ids.new()}",
            "memberId": ids.show("mem", ana.member_id),
            "reference": f"web-{number}",
            "currency": "EUR",
            "channel": "ONLINE",
            "purchasedAt": now,
            "lines": [{"number": 1, "category": "food", "amount": "10.00"}],
        }
        for number in range(ORDERS)
    ]


async def send(http: httpx2.AsyncClient, token: str, order: dict[str, Any]) -> Any:
    """The outcome of one request, or None if no answer came."""
    try:
        answer = await http.post(
            "/graphql",
            json={"query": REPORT, "variables": {"input": order}},
            headers={"Authorization": f"Bearer {token}"},
        )
    except httpx2.HTTPError:
        return None
    return answer.json()["data"]["purchaseReport"] if answer.is_success else None


async def test_a_killed_api_server_loses_no_order_and_credits_none_twice(
    coalition: Coalition, dsn: str
) -> None:
    rosa, ana = await coalition.merchant(pending=AT_ONCE), await coalition.member()
    token = (await bearer.mint(coalition.db, kind="merchant", principal_id=rosa)).text
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sent = orders(ana)
    url = f"http://127.0.0.1:{port}"

    async with served(dsn, port) as process, httpx2.AsyncClient(base_url=url) as http:
        busy = [asyncio.create_task(send(http, token, order)) for order in sent]
        done: set[asyncio.Task[Any]] = set()
        while len(done) < ORDERS // 6:
            done, _ = await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED, timeout=0.01)
        process.send_signal(signal.SIGKILL)
        first = await asyncio.gather(*busy)
    there = await coalition.db.fetchval("select count(*) from ledger.purchase")
    async with served(dsn, port), httpx2.AsyncClient(base_url=url) as http:
        second = [await send(http, token, order) for order in sent]

    answered = [place for place, answer in enumerate(first) if answer is not None]
    assert 0 < len(answered) < ORDERS
    assert len(answered) <= there
    assert [[]] * ORDERS == [answer["errors"] for answer in second]
    assert all(second[place]["replayed"] for place in answered)
    assert there == sum(answer["replayed"] for answer in second)
    assert [first[place]["purchaseId"] for place in answered] == [
        second[place]["purchaseId"] for place in answered
    ]
    assert ORDERS == await coalition.db.fetchval("select count(*) from ledger.purchase")
    assert ORDERS * 50 == (await coalition.faces(ana)).pending
