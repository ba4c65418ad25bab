"""Foreign clients: scripts in `tests/clients/`, run by node against a served installation.

`make test` installs node (where there is none) and the packages of `tests/clients/package.json`.
Without them a test is skipped with a word on what is missing, and fails in CI.
"""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

CLIENTS = Path(__file__).resolve().parent / "clients"
SECONDS_MAX = 120


def need() -> str:
    """Return the path of node, or skip the test; in CI nothing is skipped."""
    # The virtual environment has one only where the machine's is missing or too old.
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    installed = (CLIENTS / "node_modules" / ".package-lock.json").exists()
    missing = "node" if node is None else "" if installed else "packages"
    if missing:
        message = f"{missing} for tests/clients not installed: run `make clients`"
        assert "CI" not in os.environ, message
        pytest.skip(message)
    assert node is not None
    return node


async def run(script: str, *arguments: str, check: bool = True, cwd: Path = CLIENTS) -> str:
    """Run `tests/clients/<script>` and return what it printed; it ends by itself or is stopped."""
    process = await asyncio.create_subprocess_exec(
        need(),
        script,
        *arguments,
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    if check:
        assert process.returncode == 0, f"{out.decode()}\n{err.decode()}"
    return out.decode()
