"""The contract suite: what every adapter is asked, ours and anybody's, by the same tests.

An author says in a `Subject` what the adapter is and how its partner tells what really happened,
and derives a test class from `Contract`:

    from partners.conformance import contract, subject

    class Corner(subject.Subject):
        adapter_class = corner_shop.Corner
        ...

    class TestCorner(contract.Contract):
        subject = Corner()

Or without a test file, as a plugin: `pytest -p partners.conformance --adapter-subject my:Corner`.
It is loaded where it is named and nowhere else, so that it is no burden on other tests.
"""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from partners.conformance import subject

OPTION = "--adapter-subject"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a subject be named on the command line."""
    group = parser.getgroup("commonpurse", "the contract of partner adapters")
    group.addoption(OPTION, metavar="MODULE:CLASS", help="Ask this Subject's adapter everything.")


def pytest_configure(config: pytest.Config) -> None:
    """Add the suite's own file to what is collected, if a subject is named."""
    if config.getoption(OPTION):
        config.args[:] = [str(Path(__file__).with_name("suite.py"))]


def chosen(config: pytest.Config) -> "subject.Subject":
    """The subject of the command line; what is wrong with it ends the run in a sentence."""
    said = str(config.getoption(OPTION))
    module, _, attribute = said.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise pytest.UsageError(f"{OPTION} {said} leads to no Subject: {error}") from None
    return cast("subject.Subject", found() if isinstance(found, type) else found)
