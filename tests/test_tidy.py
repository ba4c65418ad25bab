"""The style guide, as far as a machine can read it. What needs taste is left to the reviewer.

An exception is a line in one of the tables below, with its reason; it is reviewed like code.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("api", "partners", "wallet")
LINE_MAX = 100
# An insert names its columns beside its values; broken at 100, they no longer stand together.
SQL_LINE_MAX = 120
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 400

# Names that say where code was put, never what it does.
BANNED_NAMES = {"base", "common", "handler", "helper", "manager", "misc", "service", "util"}

# Floats that are not amounts.
FLOATS_ALLOWED = {
    "wallet/database.py": "seconds to wait before a call is tried again",
    "wallet/earn.py": "seconds to wait before a purchase is looked at again",
}
# The wallet is told the time: a replay of last year must give last year's books.
CLOCKS_ALLOWED = {
    "wallet/ids.py": "the first 48 bits of a UUIDv7 are the time; nothing is decided by them",
}
CLOCKS = {
    *("datetime.now", "datetime.today", "datetime.utcnow", "date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime"),
}
ENVIRONMENT_ALLOWED = {
    "api/settings.py": "the one reader: whoever starts something passes its values down",
}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "pydantic_settings"}
TRANSACTIONS_ALLOWED = {
    "wallet/database.py": "`database.transaction`, which tells that one is open",
    "wallet/migrate.py": "runs before anything else, and calls nobody",
}
SQL_FLOATS = re.compile(r"\b(double precision|real|float[48]?|money)\b(?!\.)", re.IGNORECASE)


def sources(*folders: str, ending: str = ".py") -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(f"*{ending}")):
            if "node_modules" in path.parts:
                continue  # the clients that the tests run are not ours
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def everything() -> Iterator[tuple[str, str]]:
    yield from sources(*PACKAGES, "tests", "bench")
    yield from sources("wallet", ending=".sql")


def nodes(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    for name, text in sources(*folders):
        for node in ast.walk(ast.parse(text)):
            yield name, node


def spelled(node: ast.AST) -> str:
    """Spell `a.b.c` as written, or give nothing for what is no plain name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{spelled(node.value)}.{node.attr}"
    return ""


def test_no_line_is_longer_than_a_reader_wants() -> None:
    long = [
        f"{name}:{number} has {len(line)} characters"
        for name, text in everything()
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > (SQL_LINE_MAX if name.endswith(".sql") else LINE_MAX)
    ]

    assert [] == long


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    # A migration is history: once released it is not edited, so it is not split either.
    long = [
        f"{name} has {len(text.splitlines())} lines"
        for name, text in everything()
        if len(text.splitlines()) > MODULE_LINES_MAX and "/migrations/" not in name
    ]

    assert [] == long


def test_no_function_is_longer_than_a_screen() -> None:
    long = []
    for name, node in nodes(*PACKAGES, "tests", "bench"):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                long.append(f"{name}:{node.lineno} {node.name} has {lines} lines")

    assert [] == long


def test_every_module_opens_with_what_it_promises() -> None:
    silent = [
        name
        for name, text in sources(*PACKAGES, "tests", "bench")
        if text.strip() and not ast.get_docstring(ast.parse(text))
    ]

    assert [] == silent


def test_every_sql_file_opens_with_a_comment() -> None:
    silent = [name for name, text in sources("wallet", ending=".sql") if not text.startswith("-- ")]

    assert [] == silent


def test_a_module_is_named_for_what_it_does() -> None:
    vague = [
        name
        for name, _ in everything()
        for part in Path(name).with_suffix("").parts
        for word in part.split("_")
        if word.removesuffix("s") in BANNED_NAMES
    ]

    assert [] == vague


def test_no_float_comes_near_the_money() -> None:
    # A float enters in three ways: written as one, asked for by name, or made by `/`, which is
    # allowed only where it joins paths. Amounts are divided by money.divide.
    floats = []
    for name, node in nodes("wallet"):
        written = isinstance(node, ast.Constant) and isinstance(node.value, float)
        named = isinstance(node, ast.Name) and node.id == "float"
        divided = (
            isinstance(node, ast.BinOp | ast.AugAssign)
            and isinstance(node.op, ast.Div)
            and not (isinstance(node, ast.BinOp) and _is_text(node.left, node.right))
        )
        if (written or named or divided) and name not in FLOATS_ALLOWED:
            assert isinstance(node, ast.expr | ast.stmt)
            floats.append(f"{name}:{node.lineno}")

    assert [] == floats


def test_no_column_or_variable_in_sql_is_a_float() -> None:
    floats = [
        f"{name}:{number} {line.strip()}"
        for name, text in sources("wallet", ending=".sql")
        for number, line in enumerate(text.splitlines(), start=1)
        if SQL_FLOATS.search(re.sub(r"'[^']*'", "", line.partition("--")[0]))
    ]

    assert [] == floats


def test_the_wallet_is_told_the_time() -> None:
    read = [
        f"{name}:{node.lineno} {spelled(node)}"
        for name, node in nodes("wallet")
        if isinstance(node, ast.Attribute)
        and ".".join(spelled(node).split(".")[-2:]) in CLOCKS
        and name not in CLOCKS_ALLOWED
    ]

    assert [] == read


def test_only_the_settings_read_the_environment() -> None:
    read = []
    for name, node in nodes(*PACKAGES):
        words: set[str] = set()
        if isinstance(node, ast.Attribute):
            words = {spelled(node)}
        elif isinstance(node, ast.Import):
            words = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            words = {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
        if words & ENVIRONMENT and name not in ENVIRONMENT_ALLOWED:
            assert isinstance(node, ast.expr | ast.stmt)
            read.append(f"{name}:{node.lineno}")

    assert [] == read


def test_every_transaction_is_one_that_a_call_to_a_partner_would_notice() -> None:
    opened = [
        name
        for name, text in sources(*PACKAGES)
        if "connection.transaction(" in text and name not in TRANSACTIONS_ALLOWED
    ]

    assert [] == opened


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    homes = re.compile(r"(?<![\w.])/(work|root|home/\w+|Users/\w+)/")
    told = [
        f"{name}:{number}"
        for name, text in [*everything(), *sources("docs", ending=".md")]
        for number, line in enumerate(text.splitlines(), start=1)
        if homes.search(line) and name != "tests/test_tidy.py"
    ]

    assert [] == told


def test_an_exception_that_is_no_longer_needed_is_removed() -> None:
    gone = [
        name
        for table in (FLOATS_ALLOWED, CLOCKS_ALLOWED, ENVIRONMENT_ALLOWED, TRANSACTIONS_ALLOWED)
        for name in table
        if not (ROOT / name).exists()
    ]

    assert [] == gone


def _is_text(*operands: ast.expr) -> bool:
    return any(
        isinstance(operand, ast.Constant) and isinstance(operand.value, str) for operand in operands
    )
