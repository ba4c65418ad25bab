"""What import-linter cannot say: the packages there are, and what the pure rules may reach.

`make layers` runs the contracts of pyproject.toml; these tests close the gaps beside them.
"""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

# A rule takes values and gives values; beside other rules, this is all of the wallet it may see.
PURE = {"wallet.errors", "wallet.ids", "wallet.money", "wallet.rules"}


def imported(path: Path) -> Iterator[str]:
    """Name each module that a file imports, `from a import b` as `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_package_has_its_place_in_the_layers_and_in_the_wheel() -> None:
    packages = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
    product = [name for name in packages if name not in {"bench", "tests"}]
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert ["api", "partners", "wallet"] == product
    assert product == contracts[0]["layers"]  # the order of the alphabet is the order of calls
    assert product == sorted(wheel)


def test_the_product_never_imports_its_tests_or_benchmarks() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for package in ("api", "partners", "wallet")
        for path in (ROOT / package).rglob("*.py")
        for name in imported(path)
        if name.split(".")[0] in {"bench", "tests"}
    ]

    assert [] == wrong


def test_a_rule_sees_only_values_and_other_rules() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / "wallet" / "rules").rglob("*.py")
        for name in imported(path)
        if name.startswith("wallet.") and not any(name.startswith(pure) for pure in PURE)
    ]

    assert [] == wrong
