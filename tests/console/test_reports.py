"""Reports of what the policy stopped: read, counted, logged without secrets, and never a flood."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import structlog
from starlette.applications import Starlette
from starlette.routing import Route

from api.console import reports

OLD = {
    "csp-report": {
        "document-uri": "https://wallet.example/console?code=SECRET#SECRET",
        "violated-directive": "script-src-elem",
        "blocked-uri": "https://SECRET:SECRET@evil.example/x.js?SECRET",
        "source-file": "https://wallet.example/console",
        "script-sample": "SECRET",
    }
}
NEW = [
    {
        "type": "csp-violation",
        "url": "https://wallet.example/console?SECRET",
        "body": {
            "documentURL": "https://wallet.example/console?SECRET",
            "effectiveDirective": "script-src-elem",
            "blockedURL": "inline",
            "sample": "SECRET",
        },
    }
]


@contextlib.asynccontextmanager
async def door(taken: reports.Reports) -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(routes=[Route("/csp", taken.take, methods=["POST"])])
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://commonpurse.test"
    ) as client:
        yield client


async def send(
    client: httpx2.AsyncClient, body: Any, media: str = "application/csp-report"
) -> httpx2.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await client.post("/csp", content=raw, headers={"Content-Type": media})


async def test_both_forms_are_logged_without_what_may_be_secret() -> None:
    taken = reports.Reports()
    with structlog.testing.capture_logs() as logs:
        async with door(taken) as client:
            first = await send(client, OLD)
            second = await send(client, NEW, "application/reports+json")

    assert [204, 204] == [first.status_code, second.status_code]
    assert 2 == taken.taken
    assert ["https://evil.example/x.js", "inline"] == [one["blocked"] for one in logs]
    assert ["script-src-elem"] * 2 == [one["directive"] for one in logs]
    assert "SECRET" not in json.dumps(logs)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"7", b'"x"', b'[1, null, {"type": "other"}]', b"\xff"]
)
async def test_nonsense_is_taken_and_counts_for_nothing(body: bytes) -> None:
    taken = reports.Reports()
    async with door(taken) as client:
        answer = await send(client, body, "application/reports+json")

    assert 204 == answer.status_code
    assert 0 == taken.taken


async def test_a_report_cannot_write_lines_of_its_own() -> None:
    told = {"csp-report": {"violated-directive": "x\n2026 forged\x1b[2J", "blocked-uri": ["no"]}}
    with structlog.testing.capture_logs() as logs:
        async with door(reports.Reports()) as client:
            await send(client, told)

    assert "x2026 forged[2J" == logs[0]["directive"]
    assert "" == logs[0]["blocked"]


async def test_a_report_is_small() -> None:
    async with door(reports.Reports()) as client:
        large = await send(client, b" " * (reports.BYTES_MAX + 1))

    assert 413 == large.status_code


async def test_other_media_are_refused() -> None:
    async with door(reports.Reports()) as client:
        form = await send(client, OLD, "application/x-www-form-urlencoded")

    assert 415 == form.status_code


async def test_a_flood_is_held_back_until_the_next_minute() -> None:
    now = 100.0
    taken = reports.Reports(clock=lambda: now)
    with structlog.testing.capture_logs() as logs:
        async with door(taken) as client:
            codes = [(await send(client, OLD)).status_code for _ in range(reports.PER_MINUTE + 5)]
            now += 60
            later = await send(client, OLD)

    assert [204] * reports.PER_MINUTE + [429] * 5 == codes
    assert 204 == later.status_code
    assert reports.PER_MINUTE + 1 == len(logs) == taken.taken
