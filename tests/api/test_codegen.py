"""What generators of clients make of the schema and the documents: it compiles, and it works.

The TypeScript is the code of docs/connect-app.md itself; the Python client reports a purchase to a
served installation, in an environment of its own, because it stands on another HTTP library.
"""

import asyncio
import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import graphql
import pytest

from api.identity import bearer
from tests import node, serving
from tests.wallet import factories
from wallet import database, ids

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "connect-app.md"
TYPESCRIPT = re.compile(r"^```ts\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STRICT = (
    *("--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"),
    *("--types", "node", "--outDir", "built"),
)
SECONDS_MAX = 120


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what graphql-codegen made, and where the packages of the clients are found."""
    folder = tmp_path_factory.mktemp("generated")
    asyncio.run(node.run("codegen.mjs", str(folder)))
    (folder / "node_modules").symlink_to(node.CLIENTS / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return folder


async def compiled(folder: Path, *names: str) -> str:
    """Compile as strictly as the compiler can; return what it complains about."""
    compiler = node.CLIENTS / "node_modules" / "typescript" / "bin" / "tsc"
    files = [str(folder / name) for name in names]
    return await node.run(
        str(compiler), *STRICT, "--rootDir", str(folder), *files, check=False, cwd=folder
    )


async def test_the_typescript_of_the_page_compiles(generated: Path) -> None:
    code = "\n".join(TYPESCRIPT.findall(PAGE.read_text(encoding="utf-8")))
    (generated / "app.ts").write_text(code, encoding="utf-8")

    assert "" == await compiled(generated, "app.ts")
    assert (generated / "built" / "app.js").exists()


async def test_a_mistake_of_an_app_does_not_compile(generated: Path) -> None:
    (generated / "wrong.ts").write_text(
        """
        import type { MovementsQueryVariables, WalletQuery } from "./wallet/graphql.js";
        export const nothing: MovementsQueryVariables = {};
        export const unchecked = (data: WalletQuery): string => data.viewer.displayName;
        export const unknown = (data: WalletQuery) => data.viewer?.wallet?.balance;
        export const number = (data: WalletQuery): number => data.viewer!.wallet!.available.amount;
        """,
        encoding="utf-8",
    )

    said = await compiled(generated, "wrong.ts")

    assert ["TS2741", "TS18047", "TS2339", "TS2322"] == re.findall(r"error (TS\d+)", said), said


def test_the_manifest_holds_each_document_under_its_hash(generated: Path) -> None:
    manifest = json.loads((generated / "wallet" / "persisted-documents.json").read_text())
    schema = graphql.build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    names = {
        definition.name.value
        for body in manifest.values()
        for definition in graphql.parse(body).definitions
        if isinstance(definition, graphql.OperationDefinitionNode) and definition.name
    }

    assert {path.stem for path in (ROOT / "docs" / "requests" / "app").glob("*.graphql")} == names
    assert list(manifest) == [
        f"sha256:{hashlib.sha256(body.encode()).hexdigest()}" for body in manifest.values()
    ]
    assert [] == [
        problem
        for body in manifest.values()
        for problem in graphql.validate(schema, graphql.parse(body))
    ]


def test_kotlin_has_a_class_for_each_type_and_input(generated: Path) -> None:
    source = (generated / "Schema.kt").read_text(encoding="utf-8")
    schema = graphql.build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    classes = set(re.findall(r"^(?:data |enum )?class (\w+)", source, re.MULTILINE))
    expected = {
        name
        for name, one in schema.type_map.items()
        if isinstance(
            one,
            graphql.GraphQLObjectType | graphql.GraphQLInputObjectType | graphql.GraphQLEnumType,
        )
        and not name.startswith("__")
        and name not in {"Query", "Mutation", "Subscription"}
    }

    assert set() == expected - classes
    # A call that moves value does not compile without its key, and an amount is never a float.
    assert re.search(
        r"class PurchaseReportInput\((\n    val .*)*\n    val idempotencyKey: String,", source
    )
    assert re.search(r"class Money\(\s*val amount: String,", source)
    assert set() == {"Double", "Float"} & set(re.findall(r"\w+", source))


async def test_a_generated_python_client_reports_a_purchase(
    db: database.Database, tmp_path: Path
) -> None:
    tools = Path(sys.prefix) / "clients" / "bin"
    if not (tools / "ariadne-codegen").exists():
        message = "ariadne-codegen is not installed: run `make clients`"
        assert "CI" not in os.environ, message
        pytest.skip(message)
    settings = (node.CLIENTS / "ariadne.toml").read_text(encoding="utf-8")
    (tmp_path / "ariadne.toml").write_text(settings.replace("../..", str(ROOT)), encoding="utf-8")
    await execute(tmp_path, tools / "ariadne-codegen", "--config", "ariadne.toml")
    coalition = await factories.open_coalition(db)
    merchant_id, member = await coalition.merchant(), await coalition.member()
    token = await bearer.mint(db, kind="merchant", principal_id=merchant_id)

    async with serving.serve(db) as house:
        told = await execute(
            tmp_path,
            tools / "python",
            str(node.CLIENTS / "shop.py"),
            json.dumps(
                {
                    "url": f"{house.origin}/graphql",
                    "token": token.text,
                    "member": ids.show("mem", member.member_id),
                }
            ),
        )

    assert {
        "promised": "5.00 EUR",
        "credited": "5.00 EUR",
        "replayed": [False, True],
        "refused": ["IdempotencyKeyReused", "IDEMPOTENCY_KEY_REUSED"],
        "invalid": "GRAPHQL_VALIDATION_FAILED",
    } == json.loads(told)


async def execute(folder: Path, program: Path, *arguments: str) -> str:
    """Run a program in a folder whose packages it may import, and return what it printed."""
    process: Any = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, f"{out.decode()}\n{err.decode()}"
    return str(out.decode())
