"""The pages about the partner protocol and its shop: their commands run, their tables hold."""

import asyncio
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer.main

from partners import protocol
from partners.reference_shop import command, faults, problems
from tests import test_docs
from tests.partners import shop as shops

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = "docs/partner-protocol.md"
SHOP = "docs/reference-shop.md"


async def run(page: str, **variables: str) -> list[str]:
    """Run a page's shell from its top, and return the lines that it printed."""
    if any(shutil.which(tool) is None for tool in ("bash", "curl", "jq")):
        message = "bash, curl or jq is not installed"
        assert "CI" not in os.environ, message
        pytest.skip(message)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", "\n".join(test_docs.fences(page, "bash"))),
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode().splitlines()


async def test_the_commands_of_both_pages_print_what_the_pages_show(tmp_path: Path) -> None:
    shop = await shops.Shop.start(tmp_path / "data")
    try:
        keys = shop.keys
        printed = await run(PROTOCOL, SHOP=shop.protocol_url, CREDENTIAL=keys.credential)
        turned = await run(SHOP, SHOP=shop.url, ADMIN=keys.admin)
    finally:
        await shop.stop()

    assert "".join(test_docs.fences(PROTOCOL, "jsonl")).splitlines() == printed
    assert "".join(test_docs.fences(SHOP, "jsonl")).splitlines() == turned


def test_every_address_of_the_protocol_is_on_its_page() -> None:
    paths: dict[str, Any] = protocol.document()["paths"]
    expected = {
        f"{method.upper()} {path}"
        for path, item in paths.items()
        for method in item
        if method in {"get", "post"}
    }
    told = {re.sub(r"\?.*", "", row[0]) for row in test_docs.rows(PROTOCOL, "## The addresses")}

    assert expected == told


def test_every_no_is_on_the_page_of_the_protocol() -> None:
    expected = [(code, str(status), says) for code, (status, says) in problems.PROBLEMS.items()]

    assert expected == test_docs.rows(PROTOCOL, "## Noes")


def test_every_fault_and_every_option_is_on_the_page_of_the_shop() -> None:
    app = typer.Typer()
    app.command()(command.shop)
    options = [
        (option.opts[0], (getattr(option, "help", None) or ""))
        for option in typer.main.get_command(app).params
        if not option.opts[0].endswith("completion")
    ]

    assert list(faults.FAULTS.items()) == test_docs.rows(SHOP, "## Faults")
    assert options == [
        (name, says) for name, says in test_docs.rows(SHOP, "## Start it") if name != "--help"
    ]
