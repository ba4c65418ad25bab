"""The documentation says what the code says: links resolve, tables are whole, examples are valid.

A table is compared row by row with the code it describes. When a test here fails after a change of
the code, the page is what needs the change; the difference shows the rows to write.
"""

import dataclasses
import importlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import graphql
import pytest
import sqlmodel
import typer.main

from api import cli, settings, worker
from api.graphql import failures, permissions
from api.identity import bearer
from api.identity import tables as identity_tables
from partners import tables as partner_tables
from wallet import errors, laws, sql, tables
from wallet.rules import chart, goodwill
from wallet.rules.campaigns import drafts

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
# Where a page's `module.name` is looked for.
PACKAGES = (
    *("wallet", "wallet.campaigns", "wallet.charities", "wallet.rules", "wallet.tables"),
    *("api", "api.graphql"),
)


def text(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def rows(page: str, heading: str) -> list[tuple[str, ...]]:
    """The rows of the first table under a heading, without its head and without back-ticks."""
    _, found, rest = text(page).partition(f"{heading}\n")
    assert found, f"{page} has no heading {heading}"
    table = re.search(r"(?:^\|.*\n)+", rest, re.MULTILINE)
    assert table is not None
    lines = table[0].splitlines()[2:]
    return [
        tuple(cell.strip().replace("`", "") for cell in line[1:-1].split("|")) for line in lines
    ]


def column(page: str, heading: str, place: int = 0) -> list[str]:
    return [row[place] for row in rows(page, heading)]


def fences(page: str, *languages: str) -> list[str]:
    return [code for language, code in FENCE.findall(text(page)) if language in languages]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    plain = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", plain, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)

    assert [] == broken


def commands() -> Iterator[tuple[str, str]]:
    for name, one in typer.main.get_command(cli.app).commands.items():  # type: ignore[attr-defined]
        below = getattr(one, "commands", None)
        for inner, command in below.items() if below else [("", one)]:
            says = " ".join((command.help or "").split()).replace("`", "")
            yield f"commonpurse {name} {inner}".strip(), says


def test_every_command_is_documented() -> None:
    assert list(commands()) == rows("docs/operate.md", "## Commands")


def test_every_setting_is_documented_with_its_default() -> None:
    expected = [
        (
            "DATABASE_URL" if name == "database_url" else f"COMMONPURSE_{name.upper()}",
            "" if field.default is None else str(field.default),
            (field.description or "").replace("`", ""),
        )
        for name, field in settings.Settings.model_fields.items()
    ]

    assert expected == rows("docs/operate.md", "## Settings")


def test_every_job_of_the_worker_is_documented_with_its_schedule() -> None:
    def every(seconds: float) -> str:
        units = ((3600, "h"), (60, "min"), (0, "s"))
        return next(f"{seconds / (at or 1):g} {unit}" for at, unit in units if seconds >= at)

    expected = [
        (job.name, every(job.every_seconds), str(job.batch or ""), (job.run.__doc__ or "").strip())
        for job in worker.JOBS
    ]

    assert expected == rows("docs/operate.md", "## The worker")


def test_everything_the_doctor_looks_at_has_its_cure() -> None:
    # The queries are asked with their title, which is the second argument.
    asked = re.findall(r'_ask\(\s*connection,\s*"([^"]+)"', text("wallet/doctor.py"))
    asked += ["law: ...", *re.findall(r'Finding\(not wrong, "([^"]+)"', text("api/cli.py"))]
    assert asked == column("docs/operate.md", "## Is it sound? `commonpurse doctor`")


def test_every_table_is_named_for_citus() -> None:
    (calls,) = (
        code for code in fences("docs/operate.md", "sql") if "create_distributed_table" in code
    )
    distributed = re.findall(r"create_distributed_table\('([\w.]+)', 'bucket'", calls)
    copied = re.findall(r"create_reference_table\('([\w.]+)'\)", calls)
    assert tables.books is not None
    assert identity_tables.Token is not None and partner_tables.directory is not None
    known = sqlmodel.SQLModel.metadata.tables
    first = {name for name in known if "bucket" in known[name].primary_key.columns}

    assert sorted(first) == sorted(distributed)
    assert sorted(set(known) - first) == sorted(copied)


def test_every_refusal_is_documented() -> None:
    assert list(errors.CODES) == column("docs/api.md", "### Every refusal")


def test_every_failure_is_documented_with_its_status() -> None:
    expected = [(code, str(status), says) for code, (status, says) in failures.CODES.items()]

    assert expected == rows("docs/api.md", "### Every failure")


def test_every_scope_is_documented_with_what_it_opens() -> None:
    opens: dict[str, list[str]] = {}
    for field, scope in permissions.SCOPES.items():
        opens.setdefault(scope, []).append(field.partition(".")[2])
    expected: list[tuple[str, ...]] = [
        (scope, kind, ", ".join(opens.get(scope, [])))
        for kind, scopes in bearer.SCOPES.items()
        for scope in sorted(scopes)
    ]
    expected.append(("any", "anyone with a token", ", ".join(opens[permissions.ANYONE])))

    assert expected == rows("docs/api.md", "## Authentication")


def test_every_law_is_documented() -> None:
    assert [laws.title(name) for name in sql.names("laws")] == column(
        "docs/ledger.md", "## The laws", 1
    )


def test_the_readme_counts_the_laws() -> None:
    assert f"{len(sql.names('laws'))} laws" in text("README.md")


def test_the_chart_of_accounts_is_documented_as_it_is() -> None:
    expected = [
        (
            one.code,
            f"{chart.owner_of(one.debit_kind)} {one.debit_kind}",
            f"{chart.owner_of(one.credit_kind)} {one.credit_kind}",
            one.about,
        )
        for one in chart.CHART
    ]

    assert expected == rows("docs/ledger.md", "## The chart of accounts")


def test_the_two_stories_tell_every_movement_once() -> None:
    told = rows("docs/earning.md", "## The movements") + rows(
        "docs/redeeming.md", "## The movements"
    )
    expected = [
        (
            f"{chart.owner_of(one.debit_kind)} {one.debit_kind}",
            f"{chart.owner_of(one.credit_kind)} {one.credit_kind}",
            one.code,
        )
        for one in chart.CHART
    ]

    assert sorted(expected) == sorted(row[1:] for row in told)


def test_the_map_shows_every_module() -> None:
    modules = [
        path.relative_to(ROOT).as_posix()
        for package in ("api", "partners", "wallet")
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.name != "__init__.py" and "migrations" not in path.parts
    ]
    modules += [
        path.relative_to(ROOT).as_posix() for path in (ROOT / "wallet/sql/functions").glob("*.sql")
    ]
    linked = re.findall(r"\(\.\./([\w/]+\.(?:py|sql))\)", text("docs/map.md"))

    assert sorted(modules) == sorted(set(linked))


def test_every_decision_is_in_the_index() -> None:
    linked = re.findall(r"\((decisions/[\w-]+\.md)\)", text("docs/README.md"))

    assert sorted(f"decisions/{path.name}" for path in (DOCS / "decisions").glob("*.md")) == linked


def documents() -> Iterator[tuple[str, str]]:
    for page in ("README.md", "docs/api.md", "docs/connect-app.md", "docs/support.md"):
        for number, code in enumerate(fences(page, "graphql"), start=1):
            yield f"{page} {number}", code
    for path in sorted((DOCS / "requests").glob("*/*.graphql")):
        yield f"{path.parent.name}/{path.name}", path.read_text(encoding="utf-8")
    for path in sorted((DOCS / "requests").glob("*.json")):
        yield path.name, json.loads(path.read_text(encoding="utf-8"))["query"]


def test_every_graphql_example_fits_the_schema() -> None:
    schema = graphql.build_schema(text("schema.graphql"))
    wrong = {
        name: problem.message
        for name, code in documents()
        for problem in graphql.validate(schema, graphql.parse(code))
    }

    assert {} == wrong


def test_the_readme_shows_the_requests_that_the_demo_sends() -> None:
    def plain(code: str) -> str:
        return graphql.print_ast(graphql.parse(code))

    shown = {plain(code) for code in fences("README.md", "graphql")}
    sent = {name: plain(code) for name, code in documents() if name.endswith(".json")}

    assert {"preview.json", "wallet.json"} == {name for name in sent if sent[name] in shown}


def test_an_app_is_shown_the_documents_that_the_clients_of_the_tests_send() -> None:
    def plain(code: str) -> str:
        return graphql.print_ast(graphql.parse(code))

    shown = [plain(code) for code in fences("docs/connect-app.md", "graphql")]
    sent = {
        plain(path.read_text()): path.stem for path in (DOCS / "requests/app").glob("*.graphql")
    }

    assert {
        "Charities",
        "ContestEnter",
        "DonationCreate",
        "Draws",
        "Explanation",
        "Games",
        *("GiftCardCreate", "GiftCardEnd", "GiftCards"),
        "Giving",
        "Impact",
        *("Leaderboard", "Links"),
        "Memberships",
        "Milestones",
        "Movements",
        *("PartnerLinkBegin", "PartnerUnlink"),
        *("PledgeEnd", "PledgeSet"),
        *("QuizAnswer", "QuizStart"),
        *("RedemptionCodeCreate", "RedemptionCreate", "RedemptionOptions"),
        *("RedemptionReverse", "Redemptions", "SpendLock", "SpendUnlock"),
        *("Rewards", "TermsAccept", "Tiers"),
        "Wallet",
        "WalletChanged",
        "WheelSpin",
    } == {sent.get(one) for one in shown}


def test_the_readme_quotes_only_figures_of_the_last_run() -> None:
    run = text("docs/bench.md").partition("## The last run")[2]
    quoted = [
        re.match(r"-?[\d.]+ (?:x|%|B)", cell) for cell in column("README.md", "## How fast", 1)
    ]

    assert [] == [one and one[0] for one in quoted if one is None or f"| {one[0]} |" not in run]


def test_the_page_for_support_says_what_each_role_may_do_and_give() -> None:
    scopes = [(role, ", ".join(sorted(may))) for role, may in bearer.ROLE_SCOPES.items()]
    limits = [
        (role, *(str(most // 100) for most in dataclasses.astuple(goodwill.limits(role))))
        for role in bearer.ROLE_SCOPES
    ]

    assert scopes == rows("docs/support.md", "## Come in")
    assert limits == rows("docs/support.md", "## Post a goodwill credit")


def test_the_page_for_support_knows_what_to_say_for_every_refusal() -> None:
    told = column("docs/support.md", "## What to say, refusal by refusal")

    assert sorted(errors.CODES) == sorted(told)


@pytest.mark.parametrize(
    "page", ["README.md", "docs/api.md", "docs/connect-app.md", "docs/support.md"]
)
def test_every_json_example_is_json(page: str) -> None:
    for code in fences(page, "json"):
        json.loads(code)


def test_every_campaign_that_is_shown_can_be_published() -> None:
    shown = [
        definition
        for page in sorted(DOCS.glob("*.md"))
        for definition in map(json.loads, fences(f"docs/{page.name}", "json"))
        if "give" in definition
    ]

    assert len(shown) >= 3
    for definition in shown:
        drafts.parse(
            definition,
            house_asset="EUR",
            now=datetime(2026, 11, 1, tzinfo=UTC),
            groups=("offers", "points", "surprises"),
        )


def test_every_shell_line_names_what_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    verbs = {name.split()[1] for name, _ in commands()}
    wrong = []
    for page in PAGES:
        for code in fences(str(page.relative_to(ROOT)), "sh", "bash", "shell"):
            made = re.findall(r"^make ([a-z-]+)", code, re.MULTILINE)
            run = re.findall(
                r"(?:^|restored |--rm )(?:commonpurse|api) ([a-z]+)", code, re.MULTILINE
            )
            wrong += [one for one in made if one not in targets]
            wrong += [one for one in run if one not in verbs]

    assert [] == wrong


def test_every_function_that_a_page_names_exists() -> None:
    functions = "\n".join(sql.load(name) for name in sql.names("functions"))
    relations = {*sqlmodel.SQLModel.metadata.tables, "coalition.migration"}
    missing = []
    for page in [*DOCS.glob("*.md"), *(DOCS / "decisions").glob("*.md")]:
        for code in CODE.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            schema, dot, name = code.removesuffix("(...)").partition(".")
            if not dot or not re.fullmatch(r"[a-z_]+", name) or name in ("py", "md", "sql"):
                continue
            if schema in ("ledger", "coalition", "partner"):
                found = f"{schema}.{name}" in relations or f"function {schema}.{name}(" in functions
            else:
                found = _in_python(schema, name)
            if not found:
                missing.append(f"{page.name}: {code}")

    assert [] == missing


def _in_python(module: str, name: str) -> bool:
    """True if one of our modules of that name has it, or if there is no such module."""
    ours = [
        package
        for package in PACKAGES
        if (ROOT / package.replace(".", "/") / f"{module}.py").exists()
    ]
    return not ours or any(
        hasattr(importlib.import_module(f"{package}.{module}"), name) for package in ours
    )
