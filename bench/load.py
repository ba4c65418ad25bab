"""Load from a process of its own, so that the generator never shares an interpreter with a server.

`run` starts `python -m bench.load` with one JSON document, and reads one back. The kinds of load:
`script` (bare statements), `give` (the donation verb), `report` (the purchase verb, one or many for
a call) and `http` (requests that are ready in memory, on connections that stay open).
"""

import asyncio
import contextlib
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import orjson

from bench import http_load, rounds, verbs
from bench.rounds import Step

SECONDS_MAX = 600
ROOT = Path(__file__).resolve().parent.parent


async def run(order: dict[str, Any]) -> rounds.Turn:
    """Run one load elsewhere; raises RuntimeError with what it said when it failed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=dict(os.environ),
    )
    out, err = await asyncio.wait_for(process.communicate(orjson.dumps(order)), SECONDS_MAX)
    if process.returncode != 0:
        raise RuntimeError(err.decode()[-2000:])
    answer = orjson.loads(out)
    return rounds.Turn(**answer)


async def repeat(
    clients: list[Step], *, seconds: float | None, times: int | None
) -> dict[str, Any]:
    """Let every client repeat its step; the clock starts when all are warm and stops at the last.

    A step returns how many things it did.
    """
    warm = sum([await step() for step in clients])
    begin = time.perf_counter()
    until = begin + (seconds or SECONDS_MAX)
    left = times if times is not None else sys.maxsize
    done = 0

    async def client(step: Step) -> None:
        nonlocal done, left
        while left > 0 and time.perf_counter() < until:
            left -= 1
            fresh = await step()  # apart, or what others added meanwhile would be lost
            done += fresh

    await asyncio.gather(*(client(step) for step in clients))
    return {"done": done, "seconds": time.perf_counter() - begin, "warm": warm}


async def _script(order: dict[str, Any], stack: contextlib.AsyncExitStack) -> list[Step]:
    return [await _script_client(order, stack) for _ in range(order["clients"])]


async def _script_client(order: dict[str, Any], stack: contextlib.AsyncExitStack) -> Step:
    connection = await asyncpg.connect(order["dsn"])
    stack.push_async_callback(connection.close)
    chances: dict[str, tuple[int, int]] = order["chances"]

    async def step() -> int:
        known: dict[str, Any] = {name: random.randint(a, b) for name, (a, b) in chances.items()}
        for statement in order["statements"]:
            kept = statement.endswith("\\gset")
            names = [name for name in known if f":{name}" in statement]
            text = statement.removesuffix("\\gset")
            for place, name in enumerate(sorted(names, key=len, reverse=True), start=1):
                kind = "bigint" if name in chances else "text"
                text = text.replace(f":{name}", f"${place}::{kind}")
            row = await connection.fetchrow(
                text, *(known[name] for name in sorted(names, key=len, reverse=True))
            )
            if kept and row is not None:
                known.update({name: str(value) for name, value in row.items()})
        return 1

    return step


async def main() -> None:
    """Read the order, run it, answer."""
    order: dict[str, Any] = orjson.loads(sys.stdin.buffer.read())
    kinds = {
        "script": _script,
        "give": verbs.give,
        "report": verbs.report,
        "http": http_load.clients,
    }
    async with contextlib.AsyncExitStack() as stack:
        steps = await kinds[order["kind"]](order, stack)
        answer = await repeat(steps, seconds=order.get("seconds"), times=order.get("times"))
    sys.stdout.buffer.write(orjson.dumps(answer))


if __name__ == "__main__":
    if sys.platform != "win32":
        import uvloop

        uvloop.run(main())
    else:
        asyncio.run(main())
