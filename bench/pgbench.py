"""Load from PostgreSQL's own generator: bare statements, prepared, in a process of its own.

Where the program is missing the same statements are sent by asyncpg, in a process of its own too;
that is slower, so a run says which it used.
"""

import asyncio
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench import load, rounds, server

THREADS = 2


@dataclass(frozen=True, slots=True)
class Script:
    """What one client does over and over.

    `chances` are variables drawn anew each time, between two numbers; `statements` use them as
    `:name`. The columns of a statement that ends in `\\gset` become variables too.
    """

    chances: dict[str, tuple[int, int]]
    statements: tuple[str, ...]

    def text(self) -> str:
        """The script as pgbench reads it."""
        drawn = [f"\\set {name} random({a}, {b})" for name, (a, b) in self.chances.items()]
        asked = [one if one.endswith("\\gset") else f"{one};" for one in self.statements]
        return "\n".join([*drawn, *asked]) + "\n"


async def run(
    on: server.Server,
    dsn: str,
    script: Script,
    *,
    clients: int,
    seconds: int | None = None,
    times: int | None = None,
) -> rounds.Turn:
    """Run a script with some clients for some seconds, or so many times in all."""
    assert (seconds is None) != (times is None)
    if on.pgbench is None:
        return await load.run(
            {
                "kind": "script",
                "dsn": dsn,
                "clients": clients,
                "seconds": seconds,
                "times": times,
                "chances": script.chances,
                "statements": script.statements,
            }
        )
    with tempfile.NamedTemporaryFile("w", suffix=".pgbench") as file:
        file.write(script.text())
        file.flush()
        limit = ["-T", str(seconds)] if seconds else ["-t", str(max(1, (times or 0) // clients))]
        said = await _run(
            on.pgbench,
            *("-n", "-M", "prepared", "-c", str(clients), "-j", str(min(THREADS, clients))),
            *limit,
            *("-f", file.name, dsn),
        )
    done = int(_find(r"transactions actually processed: (\d+)", said))
    failed = int(_find(r"failed transactions: (\d+)", said))
    assert failed == 0, said
    return rounds.Turn(done, done / float(_find(r"tps = ([\d.]+)", said)))


async def _run(program: Path, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), timeout=600)
    if process.returncode != 0:
        raise RuntimeError(err.decode()[-2000:])
    return out.decode()


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]
