"""Adapters are found by name: ours, and those of distributions that are really on the path."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from partners import registry
from wallet import errors

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD = """
import msgspec
from partners import adapter

class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    address: str

class Shop(adapter.Adapter):
    name = "acme"
    about = "A shop of a test."
    caps = adapter.Capabilities(kinds=("coupon",))
    credential = adapter.Credential()
    Config = Config

    def __init__(self, config, http):
        pass

    @staticmethod
    def hosts(config):
        return frozenset()

    async def issue(self, order):
        return adapter.Unknown("it is a test")
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a distribution on the path: a module, and an entry point that names its Shop."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(module: str, code: str, *, name: str = "acme", attribute: str = "Shop") -> None:
        (tmp_path / f"{module}.py").write_text(code)
        told = tmp_path / f"{module}-1.0.dist-info"
        told.mkdir()
        (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (told / "entry_points.txt").write_text(
            f"[{registry.GROUP}]\n{name} = {module}:{attribute}\n"
        )

    return write


def test_our_own_adapters_are_those_that_the_distribution_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert registry.BUILT_IN == project["project"]["entry-points"][registry.GROUP]


def test_every_adapter_of_ours_can_be_used() -> None:
    found = registry.discover(allowed=None)

    assert [(name, "ready", "") for name in sorted(registry.BUILT_IN)] == [
        (one.name, one.state, one.why) for one in found.listed() if one.source == "commonpurse"
    ]


def test_an_adapter_of_another_distribution_is_used_once_it_is_allowed(install: Install) -> None:
    install("acme_one", GOOD)

    shut = registry.discover(allowed=None).look("acme")
    opened = registry.discover(allowed={"acme"})

    assert ("acme_one 1.0", "not_allowed") == (shut.source, shut.state)
    assert "A shop of a test." == opened.find("acme").about
    assert "not_allowed" == opened.look("demo").state


def test_what_is_not_allowed_is_never_imported(install: Install) -> None:
    install("acme_two", "raise SystemExit('imported')")

    listed = {one.name: one.state for one in registry.discover(allowed=None).listed()}

    assert "not_allowed" == listed["acme"]


def test_of_two_that_claim_one_name_neither_is_used_and_both_are_named(install: Install) -> None:
    install("acme_three", GOOD.replace('"acme"', '"demo"'), name="demo")

    found = registry.discover(allowed=None)

    assert [("demo", "collision")] == [(one.name, one.state) for one in found.problems()]
    with pytest.raises(errors.AdapterUnavailable, match="by commonpurse and by acme_three"):
        found.find("demo")


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import not_there", "No module named 'not_there'"),
        ("raise SystemExit", "importing it raised SystemExit"),
        ("1 / 0", "importing it raised ZeroDivisionError"),
        ("", "has no Shop"),
        ("Shop = 1", "it is no class"),
        (GOOD.replace('"acme"', '"other"'), "it calls itself 'other'"),
        (GOOD.replace('"A shop of a test."', '""'), "its `about` is no line"),
        (GOOD.replace("adapter.Credential()", "None"), "its `credential` is no"),
        (GOOD.replace('("coupon",)', "()"), "its kinds are not some of"),
        (GOOD.replace(", forbid_unknown_fields=True", ""), "forbid_unknown_fields=True"),
        (GOOD.replace("def hosts", "def host"), "it has no method hosts"),
        (GOOD.replace("Credential()", 'Credential(whose="member")'), "does not declare links"),
    ],
)
def test_a_broken_adapter_disables_only_itself_and_says_why(
    code: str, why: str, install: Install, request: pytest.FixtureRequest
) -> None:
    install(f"acme_{abs(hash(request.node.name))}", code)

    found = registry.discover(allowed={"acme", "demo"})

    assert ["acme"] == [one.name for one in found.problems()]
    assert why in found.look("acme").why
    assert found.find("demo")


def test_a_name_that_nobody_offers_is_said_to_be_missing() -> None:
    found = registry.discover(allowed={"shopfy"})

    assert ["No adapter shopfy is installed."] == [one.why for one in found.problems()]


def test_a_configuration_is_read_strictly_and_its_fault_is_named() -> None:
    demo = registry.discover(allowed=None).find("demo")

    with pytest.raises(errors.PartnerInvalid) as wrong:
        registry.configured(demo, {"address": "http://127.0.0.1:1", "shop": 7})
    with pytest.raises(errors.PartnerInvalid) as unknown:
        registry.configured(demo, {"adress": "http://127.0.0.1:1"})

    assert ("config", "shop") == wrong.value.path
    assert "`adress`" in unknown.value.message
    assert {"address", "shop"} == set(
        registry.config_schema(demo)["$defs"]["Settings"]["properties"]
    )


def test_the_page_of_adapters_says_of_each_what_it_declares() -> None:
    _, _, page = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8").partition("| adapter")
    table = [line.split(" | ") for line in page.split("\n\n")[0].splitlines()[2:]]
    adapters = registry.discover(allowed=None, points=[])
    told = {
        name: [
            ", ".join(caps.kinds),
            str(caps.idempotency),
            "in part" if caps.reverses_in_part else "whole" if caps.reverses else "no",
            *("yes" if one else "no" for one in (caps.lists, caps.reports, caps.links)),
        ]
        for name in registry.BUILT_IN
        for caps in [adapters.find(name).caps]
    }

    assert told == {row[0].strip("| `"): row[1:7] for row in table}
