"""The built copy: whole, small enough, and at home without the internet."""

import re
from pathlib import Path

import pytest

from api.console import door
from tests.console import workplace

MIB = 1024 * 1024
STRANGERS = re.compile(
    rb"https?://[\w.-]*(?:unpkg|cdn|esm\.sh|jsdelivr|googleapis|skypack)[\w./-]*"
)


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """All files of the built copy."""
    workplace.need()
    return [path for path in door.BUILT.rglob("*") if path.is_file()]


def test_every_part_is_served(files: list[Path]) -> None:
    built = door.load()
    assert built is not None

    parts = {path.name for path in files if path.parent.name == "assets"}
    assert parts == set(built.parts)
    assert {"index.html"} == {path.name for path in files} - parts


def test_nothing_comes_from_a_stranger(files: list[Path]) -> None:
    strangers = {
        f"{path.name}: {found.decode()}"
        for path in files
        if path.suffix != ".md"  # the licences name where their authors are found
        for found in STRANGERS.findall(path.read_bytes())
    }

    assert set() == strangers


def test_the_page_names_our_own_parts_only(files: list[Path]) -> None:
    built = door.load()
    assert built is not None
    named = re.findall(r'(?:src|href)="([^"]*)"', built.page)

    assert 3 <= len(named)
    assert all(one.startswith("./assets/") for one in named)
    assert {one.removeprefix("./assets/") for one in named} <= set(built.parts)
    # The policy allows no script within the page.
    assert [] == re.findall(r"<script(?![^>]*\bsrc=)", built.page)


def test_the_parts_are_not_larger_than_a_wheel_wants(files: list[Path]) -> None:
    assert sum(path.stat().st_size for path in files) < 9 * MIB


def test_the_licences_of_what_is_in_it_come_along(files: list[Path]) -> None:
    text = (door.BUILT / "assets" / "licenses.md").read_text(encoding="utf-8")

    assert all(name in text for name in ("graphiql", "monaco-editor", "react-dom"))
