"""The schema as others' tools see it: graphql-eslint and graphql-inspector find nothing to say.

`tests/clients/schema.released.graphql` is what clients were promised; it is replaced by a release
only. Each gate is also shown something bad, so that it cannot pass by looking away.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import graphql

from tests import node

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = ROOT / "schema.graphql"
REQUESTS = ROOT / "docs" / "requests"
RELEASED = "schema.released.graphql"
# What a client's engineer must know: what to use instead, and how long there is time.
FAREWELL = re.compile(r"[Uu]se `[\w.]+`.* not before (\d{4}-\d{2}-\d{2})")

GOOD = """
"A colour." enum Colour { "Red." RED }
"A door." type Door implements Node { "Its id." id: ID! "Its colour." colour: Colour! }
"A page of doors." type DoorConnection { "Rows." edges: [DoorEdge!]! "Where." pageInfo: PageInfo! }
"A door and its place." type DoorEdge { "Its place." cursor: String! "It." node: Door! }
"Outcome." type DoorPayload { "The door; null if refused." door: Door }
"What." input DoorInput { "The door." id: ID! }
"Writes." type Mutation { "Paint a door." doorPaint("What." input: DoorInput!): DoorPayload }
"An object with an id." interface Node { "Its id." id: ID! }
"Where a page sits." type PageInfo {
  "More after." hasNextPage: Boolean! "More before." hasPreviousPage: Boolean!
  "First." startCursor: String "Last." endCursor: String
}
"Reads." type Query {
  "A door." door("Its id." id: ID!): Door
  "Doors." doors("At most." first: Int!, "Cursor." after: String): DoorConnection
}
"""
# Every change breaks a client, the rule of a linter, or both.
BAD = (
    ('"Red." RED', "blue", "Enum value 'RED' was removed", "naming-convention"),
    ('"Its colour." colour: Colour!', "colour: Colour", "from 'Colour!'", "require-description"),
    ('("Its id." id', '("Why." why: Int!, "Its id." id', "'why: Int!'", ""),
    ("doorPaint(", 'doorShut("Which." id: ID!): Boolean "Paint." doorPaint(', "", "scalar-result"),
    ("): Door\n", "): Door!\n", "", "require-nullable-result-in-root"),
    ("first: Int!", "first: String!", "'Int!' to 'String!'", "relay-arguments"),
    ('"Last." endCursor: String', "", "Field 'endCursor' was removed", "relay-page-info"),
    ('"A colour."', '"Lone." type Lone { "It." id: ID! } "A colour."', "", "no-unreachable-types"),
)


def farewells(sdl: str) -> Iterator[tuple[str, str]]:
    """Each deprecated element of a schema, with the reason that is given."""
    schema = graphql.build_schema(sdl)
    for name, one in schema.type_map.items():
        if name.startswith("__"):
            continue
        parts = {**getattr(one, "fields", {}), **getattr(one, "values", {})}
        for field, part in parts.items():
            spelled = {f"{name}.{field}": part}
            for argument, arg in getattr(part, "args", {}).items():
                spelled[f"{name}.{field}({argument})"] = arg
            for place, element in spelled.items():
                if element.deprecation_reason is not None:
                    yield place, element.deprecation_reason


def unfair(sdl: str) -> list[str]:
    """The deprecated elements that do not say what to use instead and until when they stay."""
    wrong = []
    for place, reason in farewells(sdl):
        said = FAREWELL.search(reason)
        if said is None:
            wrong.append(place)
        else:
            date.fromisoformat(said[1])
    return wrong


def write(folder: Path) -> tuple[str, str]:
    """Write a good schema and a bad one, and return their paths."""
    bad = GOOD
    for before, after, *_ in BAD:
        assert before in bad
        bad = bad.replace(before, after)
    for name, sdl in (("good", GOOD), ("bad", bad)):
        (folder / f"{name}.graphql").write_text(sdl, encoding="utf-8")
    (folder / "documents").mkdir()
    (folder / "documents" / "Nothing.graphql").write_text("query Nothing { __typename }")
    return str(folder / "good.graphql"), str(folder / "bad.graphql")


async def test_the_linter_finds_nothing_in_the_schema_and_in_the_documents() -> None:
    found = await node.run("lint.mjs", str(SCHEMA), str(REQUESTS))

    assert [] == found.splitlines()


async def test_the_linter_sees_a_bad_schema(tmp_path: Path) -> None:
    _, bad = write(tmp_path)

    found = await node.run("lint.mjs", bad, str(tmp_path / "documents"))

    assert [] == [rule for *_, rule in BAD if rule not in found]


async def test_the_linter_sees_a_bad_document(tmp_path: Path) -> None:
    (tmp_path / "Other.graphql").write_text("query getWallet { viewer { wallet { version } } }")

    found = await node.run("lint.mjs", str(SCHEMA), str(tmp_path))

    rules = {"match-document-filename", "naming-convention", "require-selections"}
    assert rules <= set(re.findall(r"@graphql-eslint/([\w-]+)", found))


async def test_nothing_that_was_released_is_broken() -> None:
    found = await node.run("inspect.mjs", RELEASED, str(SCHEMA))

    assert [] == found.splitlines()


async def test_a_breaking_change_is_found(tmp_path: Path) -> None:
    found = await node.run("inspect.mjs", *write(tmp_path))

    assert [] == [said for *_, said, _ in BAD if said not in found]


async def test_what_comes_in_addition_breaks_nobody(tmp_path: Path) -> None:
    good, _ = write(tmp_path)
    more = GOOD.replace('"Red." RED', '"Red." RED "Blue." BLUE').replace(
        '"Its colour."', '"Its name." name: String "Its colour."'
    )
    (tmp_path / "more.graphql").write_text(more, encoding="utf-8")

    assert "" == await node.run("inspect.mjs", good, str(tmp_path / "more.graphql"))


def test_what_is_deprecated_says_what_to_use_and_until_when_it_stays() -> None:
    assert [] == unfair(SCHEMA.read_text(encoding="utf-8"))


def test_a_deprecation_without_a_date_is_found() -> None:
    reasons = (
        ("kept", "Use `Member.status`; removed not before 2027-11-22."),
        ("dropped", "Old."),
        ("renamed", "Use `status`; removed some day."),
    )
    fields = " ".join(f'{name}: Int @deprecated(reason: "{why}")' for name, why in reasons)

    assert ["Query.dropped", "Query.renamed"] == unfair(f"type Query {{ {fields} }}")
