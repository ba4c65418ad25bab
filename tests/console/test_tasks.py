"""The tasks of the console: each is a document that fits the schema, with variables that fit it."""

import json
import re
from pathlib import Path
from typing import Any

import graphql
import pytest

from api.graphql import schema
from api.identity import bearer

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "api/console/src"
TASKS = SOURCE / "tasks"
SECTIONS: dict[str, list[str]] = json.loads((TASKS / "sections.json").read_text(encoding="utf-8"))
NAMES = [name for names in SECTIONS.values() for name in names]
NEW_KEY = "made-new-for-each-tab"


@pytest.fixture(scope="module")
def printed() -> graphql.GraphQLSchema:
    """The committed schema, with the scopes beside its root fields."""
    return graphql.build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def running() -> graphql.GraphQLSchema:
    """The schema that runs, whose scalars look at what they are given."""
    return schema.build()._schema


def text(name: str) -> str:
    return (TASKS / f"{name}.graphql").read_text(encoding="utf-8")


def variables(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((TASKS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def head(name: str) -> list[str]:
    """The lines of the comment at the top, without their marks."""
    lines = text(name).splitlines()
    comment = lines[: next(place for place, line in enumerate(lines) if line[:1] != "#")]
    return [line.removeprefix("#").strip() for line in comment]


def operation(name: str) -> graphql.OperationDefinitionNode:
    (found,) = graphql.parse(text(name)).definitions
    assert isinstance(found, graphql.OperationDefinitionNode)
    return found


def scopes(name: str, printed: graphql.GraphQLSchema) -> set[str]:
    """The scopes that the root fields of a task need, as the schema prints them."""
    root = printed.get_root_type(operation(name).operation)
    assert root is not None
    needed = set()
    for selected in operation(name).selection_set.selections:
        assert isinstance(selected, graphql.FieldNode)
        node = root.fields[selected.name.value].ast_node
        assert node is not None
        (auth,) = [one for one in node.directives if one.name.value == "auth"]
        (scope,) = auth.arguments
        assert isinstance(scope.value, graphql.StringValueNode)
        needed.add(scope.value.value)
    return needed


def test_every_task_stands_in_one_section() -> None:
    assert sorted(path.stem for path in TASKS.glob("*.graphql")) == sorted(NAMES)
    assert sorted(path.stem for path in TASKS.glob("*.json")) == sorted([*NAMES, "sections"])


@pytest.mark.parametrize("name", NAMES)
def test_a_task_says_at_its_top_what_it_does_and_what_to_fill_in(name: str) -> None:
    title, scope, empty, *about = head(name)

    assert 3 <= len(title.split()) <= 8
    assert scope.startswith("Scope: ")
    assert "" == empty
    assert 40 <= len(" ".join(about)) <= 260


@pytest.mark.parametrize("name", NAMES)
def test_a_task_fits_the_schema(name: str, printed: graphql.GraphQLSchema) -> None:
    assert [] == graphql.validate(printed, graphql.parse(text(name)))
    assert operation(name).name is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_variables_of_a_task_fit_their_types(name: str, running: graphql.GraphQLSchema) -> None:
    definitions = list(operation(name).variable_definitions or ())
    coerced = graphql.get_variable_values(running, definitions, variables(name))

    # A list would name what does not fit.
    assert not isinstance(coerced, list), coerced
    assert {one.variable.name.value for one in definitions} == set(variables(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_task_is_shown_to_those_who_may_run_it(name: str, printed: graphql.GraphQLSchema) -> None:
    told = head(name)[1].removeprefix("Scope: ")

    # What anybody with a token may ask is shown to whoever may look up members.
    assert {told} == {
        scope if scope != "any" else "support:read" for scope in scopes(name, printed)
    }
    assert any(told in allowed for allowed in bearer.ROLE_SCOPES.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_task_that_writes_asks_for_its_refusals_and_leaves_the_reason_to_the_person(
    name: str, printed: graphql.GraphQLSchema
) -> None:
    if operation(name).operation is not graphql.OperationType.MUTATION:
        return
    (selected,) = operation(name).selection_set.selections
    assert isinstance(selected, graphql.FieldNode)
    assert printed.mutation_type is not None
    field = printed.mutation_type.fields[selected.name.value]
    told = graphql.get_named_type(field.args["input"].type)
    assert isinstance(told, graphql.GraphQLInputObjectType)
    given = variables(name)["input"]

    assert "... on UserError { code message path }" in re.sub(r"\s+", " ", text(name))
    # What only looks needs no reason: a campaign that is tried on the past is not changed by it.
    asked = [name for name in ("reason", "note") if name in told.fields]
    assert asked or "campaignSimulate" == selected.name.value
    assert ["" for _ in asked] == [given[name] for name in asked]
    assert "idempotencyKey" not in told.fields or NEW_KEY == given["idempotencyKey"]


def test_the_mutations_that_move_money_are_mutations(printed: graphql.GraphQLSchema) -> None:
    (block,) = re.findall(r"MOVES_MONEY = new Set\(\[(.*?)\]\)", _source("fetcher.js"), re.DOTALL)
    named = set(re.findall(r'"(\w+)"', block))
    assert printed.mutation_type is not None

    assert set() == named - set(printed.mutation_type.fields)
    # Whatever takes an amount moves money, but for what only proposes it, or limits it.
    taking = _taking_amounts(printed.mutation_type)
    assert {"budgetSet", "goodwillCreditPropose"} == taking - named
    # And so does whatever pays a reward at once.
    assert {"gameScoreReport", "quizAnswer", "raffleDraw", "wheelSpin"} <= named


def test_the_key_of_a_task_is_the_one_that_the_console_replaces() -> None:
    assert f'"{NEW_KEY}"' in _source("tasks.js")


def _source(name: str) -> str:
    return (SOURCE / name).read_text(encoding="utf-8")


def _taking_amounts(mutations: graphql.GraphQLObjectType) -> set[str]:
    found = set()
    for name, field in mutations.fields.items():
        for argument in field.args.values():
            told = graphql.get_named_type(argument.type)
            if isinstance(told, graphql.GraphQLInputObjectType) and "amount" in told.fields:
                found.add(name)
    return found
