"""The impact counters for everybody, without signing in: one small JSON document, kept for a while.

It says what charities were given and where it is, summed up over the books at one instant. One
question is asked in a minute, however many read the answer.
"""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from wallet import database, errors, ids, money, programme
from wallet.charities import impact

KEPT_SECONDS: Final = 60
"""How old an answer may be: gifts are counted in days, and the sum is over all of them."""
HEADERS: Final = {"Cache-Control": f"public, max-age={KEPT_SECONDS}"}


def routes(db: database.Database) -> list[BaseRoute]:
    """Return the address of the counters over an open database."""
    lock = asyncio.Lock()
    kept: dict[str, Any] = {"until": 0.0, "body": b""}

    async def counters(_request: Request) -> Response:
        try:
            async with lock:
                if time.monotonic() >= kept["until"]:
                    kept["body"] = orjson.dumps(await document(db))
                    kept["until"] = time.monotonic() + KEPT_SECONDS
        except errors.Unavailable:
            away = {"Cache-Control": "no-store"}
            return JSONResponse({"status": "unavailable"}, status_code=503, headers=away)
        return Response(kept["body"], media_type="application/json", headers=HEADERS)

    return [Route("/impact.json", counters)]


async def document(db: database.Database) -> dict[str, Any]:
    """Return the counters as plain JSON: amounts as decimals in words, as everywhere."""
    try:
        name = (await programme.of(db)).name
    except errors.NotFound:
        return {"programme": None, "asOf": None, "charities": []}
    return {
        "programme": name,
        "asOf": datetime.now(UTC).isoformat(timespec="seconds"),
        "charities": [_counter(one) for one in await impact.of(db)],
    }


def _counter(one: impact.Impact) -> dict[str, Any]:
    amounts = {
        "given": one.given_minor,
        "byMembers": one.members_minor,
        "byShares": one.shares_minor,
        "byMerchants": one.merchants_minor,
        "byOperator": one.operator_minor,
        "matched": one.matched_minor,
        "fromExpired": one.expired_minor,
        "due": one.due_minor,
        "prepared": one.prepared_minor,
        "sent": one.sent_minor,
        "confirmed": one.confirmed_minor,
    }
    return {
        "charityId": ids.show("cha", one.charity_id),
        "charityName": one.name,
        "currency": one.asset.code,
        **{name: money.show(minor, one.asset) for name, minor in amounts.items()},
        "inKind": [{"name": kind.name, "units": kind.units} for kind in one.in_kind],
    }
