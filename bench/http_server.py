"""The API as it ships, and beside it the same verbs behind bare routes, in one process.

`python -m bench.http_server` reads one JSON document (the database), prints its port on loopback,
and serves until its standard input ends. The bare routes authenticate with the same tokens and call
the same verbs; what they leave out is GraphQL: documents, validation, resolvers and loaders.
"""

import asyncio
import dataclasses
import logging
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import app, settings
from api.identity import bearer
from wallet import ids, money, redeem, statements
from wallet.database import Database

EURO = money.asset("EUR")
MOVEMENTS = 20

Answer = Callable[[Database, bearer.Principal, dict[str, Any]], Awaitable[Any]]


async def page(db: Database, caller: bearer.Principal, _told: dict[str, Any]) -> Any:
    """Balances and twenty movements with their merchants."""
    assert caller.member is not None
    return await statements.page(db, caller.member.wallet_id, asset=EURO, first=MOVEMENTS)


async def code(db: Database, caller: bearer.Principal, told: dict[str, Any]) -> Any:
    """A one-time code for a merchant."""
    merchant_id = ids.parse("mer", told["merchantId"])
    return await redeem.code_issue(db, member_id=caller.principal_id, merchant_id=merchant_id)


async def hold(db: Database, caller: bearer.Principal, told: dict[str, Any]) -> Any:
    """A hold of one cent."""
    return await redeem.hold(
        db,
        merchant_id=caller.principal_id,
        request_id=ids.request(caller.principal_id, "hold", told["key"]),
        code=told["code"],
        amount_minor=told["amount_minor"],
        asset=EURO,
        order_reference=told["order"],
    )


async def capture(db: Database, caller: bearer.Principal, told: dict[str, Any]) -> Any:
    """The capture of a hold."""
    return await redeem.capture(
        db,
        merchant_id=caller.principal_id,
        request_id=ids.request(caller.principal_id, "capture", told["key"]),
        redemption_id=ids.parse("red", told["id"]),
    )


def bare(db: Database, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """A route that authenticates, calls and prints."""

    async def route(request: Request) -> Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        caller = await bearer.find(db, token)
        if caller is None:
            return Response(status_code=401)
        told = orjson.loads(await request.body())
        return Response(
            orjson.dumps(await answer(db, caller, told), default=_plain),
            media_type="application/json",
        )

    return route


async def serve(dsn: str) -> None:
    """Serve on a free port until standard input ends."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    db = await Database.connect(dsn)
    try:
        # One caller drives it as hard as it goes, with documents of its own.
        house = settings.Settings(documents="open", cost_per_minute=100_000_000)
        shipped = app.create_app(house, db)
        routes = [
            Route(f"/bare/{name}", bare(db, answer), methods=["POST"])
            for name, answer in (("page", page), ("code", code), ("hold", hold), ("cap", capture))
        ]
        config = uvicorn.Config(
            Starlette(routes=[*shipped.routes, *routes]),
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_level="warning",
            server_header=False,
        )
        listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving
    finally:
        await db.close()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def main() -> None:
    """Read the order and serve."""
    import uvloop

    uvloop.run(serve(orjson.loads(sys.stdin.readline())["dsn"]))


if __name__ == "__main__":
    main()
