"""Shops from npm: installed once into a folder that stays, and run as processes of their own."""

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import httpx2

from tests.partners.shop import free_port

HERE: Final = Path(__file__).resolve().parent
SECONDS_TO_INSTALL: Final = 1200
SECONDS_TO_START: Final = 240
QUIET: Final = ("--no-audit", "--no-fund", "--no-update-notifier")
INSTALL: Final = ("npm", "install", "--no-package-lock", *QUIET)


def installed(shop: str, *options: str) -> Path:
    """The folder of a shop, with what it needs from npm in it; the first time takes minutes."""
    folder = HERE / shop
    if not (folder / "node_modules" / ".package-lock.json").exists():
        run([*INSTALL, *options], folder, seconds=SECONDS_TO_INSTALL)
    return folder


def run(
    command: list[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    seconds: int = SECONDS_TO_START,
) -> None:
    """Run something to its end; what it said, if it failed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


@contextlib.contextmanager
def serving(
    command: list[str], folder: Path, environment: Mapping[str, str], *, log: Path, alive: str
) -> Iterator[str]:
    """Serve on a free port, `PORT`, until the block ends; the address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment, "PORT": str(port)},
            stdout=out,
            stderr=out,
        )
    try:
        until = time.monotonic() + SECONDS_TO_START
        while not asyncio.run(_answers(f"{address}{alive}")):
            assert process.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < until, f"it did not start: {log.read_text()[-4000:]}"
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait()


async def _answers(url: str) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        async with httpx2.AsyncClient(timeout=5) as client:
            return (await client.get(url)).status_code < 500
    return False
