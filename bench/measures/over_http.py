"""Over HTTP, with GraphQL and without: the wallet page, and a redemption.

One server process has both doors: GraphQL as it ships, and bare routes that check the same tokens
and call the same verbs. A wallet page is the balances and twenty movements with their merchants; a
redemption is three requests, the member's code, the till's hold and its capture. The clients, the
server and the database share the machine. Pages are counted by checked answers, redemptions by
rows.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson

from api.identity import bearer
from bench import coalition, findings, load, rounds, stage
from bench.measures import hot_merchant
from wallet import ids
from wallet.database import Database

MEMBERS = 100
MERCHANTS = 8
SPENT, OPEN = 10, 2
CENTS = 10**9
STOP_SECONDS = 20


async def measure(on: stage.Stage) -> findings.Finding:
    """Pages and redemptions per second."""
    on.tick("filling")
    dsn = await on.on.create("http")
    await coalition.found(dsn, payees=MERCHANTS)
    await coalition.fill(dsn, wallets=MEMBERS, spent=SPENT, lots=OPEN, amount_minor=CENTS)
    order = await _callers(dsn)
    async with _served(dsn) as port:

        def side(what: str, door: str) -> rounds.Side:
            async def play() -> rounds.Turn:
                return await load.run(
                    {
                        **order,
                        "kind": "http",
                        "port": port,
                        "clients": on.plan.clients,
                        **on.plan.turn,
                        "what": what,
                        "door": door,
                    }
                )

            rows = hot_merchant.CAPTURED if what == "redemption" else None
            return rounds.Side(f"{what}, {door}", play, dsn, rows)

        sides = [
            side(what, door) for what in ("page", "redemption") for door in ("bare", "graphql")
        ]
        played = await on.play(sides)
    finding = findings.Finding(
        f"Over HTTP, {on.plan.clients} clients", (__doc__ or "").partition("\n\n")[2].strip()
    )
    page, page_ql, spend, spend_ql = (finding.add(played[side.name]) for side in sides)
    finding.ratios = [
        findings.Ratio("wallet page through GraphQL against a bare route", page_ql / page, "x"),
        findings.Ratio("redemption through GraphQL against bare routes", spend_ql / spend, "x"),
    ]
    return finding


async def _callers(dsn: str) -> dict[str, Any]:
    """A token for each member and merchant."""
    db = await Database.connect(dsn)
    try:
        members, merchants = [], []
        for number in range(MEMBERS):
            made = await bearer.mint(db, kind="member", principal_id=coalition.member(number))
            members.append(made.text)
        for number in range(MERCHANTS):
            merchant_id = coalition.payee(number)
            made = await bearer.mint(db, kind="merchant", principal_id=merchant_id)
            merchants.append((made.text, ids.show("mer", merchant_id)))
    finally:
        await db.close()
    return {"members": members, "merchants": merchants}


@asynccontextmanager
async def _served(dsn: str) -> AsyncIterator[int]:
    """Serve in a process of its own for the length of the block; yields the port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.http_server"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=load.ROOT,
        env=dict(os.environ),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(orjson.dumps({"dsn": dsn}) + b"\n")
        await process.stdin.drain()
        line = await asyncio.wait_for(process.stdout.readline(), STOP_SECONDS)
        if not line:
            raise RuntimeError("the server did not start; what it said is above")
        yield int(line)
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
