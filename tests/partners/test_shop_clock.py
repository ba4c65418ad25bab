"""The clock of the reference shop, which stands where whoever replays another time puts it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from partners.reference_shop import app, faults, shop

WINTER = datetime(2017, 1, 2, 11, tzinfo=UTC)


@pytest.fixture
def opened() -> shop.Shop:
    return shop.open_shop("http://shop.example", partner=shop.Partner())


@pytest.fixture
async def http(opened: shop.Shop) -> AsyncIterator[httpx2.AsyncClient]:
    setting = faults.Setting(
        rates_bps={"slow_before": faults.WHOLE_BPS}, on=("reverse",), slow_ms=60
    )
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app.create_app(opened, setting)), base_url=opened.origin
    ) as client:
        yield client


def by(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def put(http: httpx2.AsyncClient, at: shop.Shop, now: datetime | None) -> httpx2.Response:
    told = {"now": None if now is None else now.isoformat()}
    return await http.post("/clock", json=told, headers=by(at.keys.admin))


async def issue(http: httpx2.AsyncClient, at: shop.Shop, key: str) -> Any:
    answer = await http.post(
        f"{shop.PROTOCOL}/redemptions",
        headers=by(at.keys.credential) | {"Idempotency-Key": key},
        json={"kind": "gift_card", "amount_minor": 500, "currency": "USD"},
    )
    return answer.json()["issued_at"]


async def test_what_is_issued_has_the_time_that_the_shop_was_told(
    http: httpx2.AsyncClient, opened: shop.Shop
) -> None:
    await put(http, opened, WINTER)
    first = await issue(http, opened, "a" * 16)
    await put(http, opened, WINTER - timedelta(days=1))
    second = await issue(http, opened, "b" * 16)
    await put(http, opened, None)
    third = await issue(http, opened, "c" * 16)

    # Its list is in the order of time, so nothing is issued before what was issued last.
    assert [WINTER.isoformat()] * 2 == [first, second]
    assert datetime.fromisoformat(third) > datetime.now(UTC) - timedelta(minutes=1)


async def test_time_does_not_leap_over_what_is_under_way(
    http: httpx2.AsyncClient, opened: shop.Shop
) -> None:
    await put(http, opened, WINTER)
    await issue(http, opened, "a" * 16)
    slow = asyncio.create_task(
        http.post(
            f"{shop.PROTOCOL}/redemptions/{'a' * 16}/reversal",
            headers=by(opened.keys.credential),
            json={},
        )
    )
    await asyncio.sleep(0.02)
    moved = await put(http, opened, WINTER + timedelta(days=30))
    await slow
    taken = opened.book.find("a" * 16)

    assert 200 == moved.status_code
    assert taken is not None
    assert WINTER == taken.reversed_at


async def test_only_whoever_runs_the_shop_tells_it_the_time(
    http: httpx2.AsyncClient, opened: shop.Shop
) -> None:
    answer = await http.post(
        "/clock", json={"now": WINTER.isoformat()}, headers=by(opened.keys.credential)
    )
    without_zone = await http.post(
        "/clock", json={"now": "2017-01-02T11:00:00"}, headers=by(opened.keys.admin)
    )

    assert [401, 400] == [answer.status_code, without_zone.status_code]
