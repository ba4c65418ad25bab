"""Schemes through the door: everybody reads them, the operator publishes and ends them."""

import enum
from typing import Any

import orjson

from api.graphql import schemes as shown
from tests.api import client
from tests.api.test_staff import acts
from tests.conftest import Connection
from wallet.rules.schemes import kinds

ERRORS = "errors { __typename ... on UserError { code message path } }"
SCHEME = "scheme { id kind name about validFrom definition }"
PUBLISH = f"""mutation P($input: SchemePublishInput!) {{ schemePublish(input: $input) {{
  replayed {SCHEME} {ERRORS} }} }}"""
END = f"""mutation E($input: SchemeEndInput!) {{ schemeEnd(input: $input) {{
  replayed {SCHEME} {ERRORS} }} }}"""
LIST = "query L($all: Boolean!) { schemes(all: $all) { id name definition } }"
VERSIONS = """query V($id: ID!) { schemeVersions(id: $id) {
  version note validFrom definition publishedBy { name } } }"""
TEN = {"kind": "milestone", "name": "Ten purchases", "metric": "purchases", "target": 10}


async def publish(caller: client.Client, **told: Any) -> Any:
    plain = {"idempotencyKey": client.key(), "definition": TEN, "note": "for spring"}
    return (await caller.ask(PUBLISH, {"input": {**plain, **told}})).data["schemePublish"]


def words(kind: type[enum.Enum]) -> set[str]:
    return {one.value for one in kind}


async def test_everybody_reads_what_the_operator_publishes_until_it_ends(
    operator: client.Client, ana: client.Client, rosa: client.Client, owner: Connection
) -> None:
    made = (await publish(operator))["scheme"]
    key = client.key()
    end = {"idempotencyKey": key, "schemeId": made["id"], "note": "enough"}
    before = [(await one.ask(LIST, {"all": False})).data["schemes"] for one in (ana, rosa)]
    ended = [(await operator.ask(END, {"input": end})).data["schemeEnd"] for _ in range(2)]
    after = [(await ana.ask(LIST, {"all": one})).data["schemes"] for one in (False, True)]

    shown_now = {"id": made["id"], "name": "Ten purchases", "definition": made["definition"]}
    assert [[shown_now]] * 2 == before
    assert [False, True] == [one["replayed"] for one in ended]
    assert [[], [{**shown_now, "definition": None}]] == after
    assert orjson.loads(orjson.dumps(kinds.dump(kinds.read(TEN)))) == made["definition"]
    assert ["scheme.publish", "scheme.end"] == await acts(owner, operator)


async def test_the_operator_reads_every_version_with_who_and_why(
    operator: client.Client, support: client.Client
) -> None:
    made = (await publish(operator))["scheme"]
    await publish(
        operator, schemeId=made["id"], definition={**TEN, "target": 12}, note="was too easy"
    )

    key = {"id": made["id"]}
    versions = (await operator.ask(VERSIONS, key)).data["schemeVersions"]
    barred = await support.ask(VERSIONS, key)
    assert [(1, 10, "for spring"), (2, 12, "was too easy")] == [
        (one["version"], one["definition"]["target"], one["note"]) for one in versions
    ]
    assert all(one["publishedBy"]["name"] for one in versions)
    assert ["FORBIDDEN"] == barred.codes


async def test_a_wrong_definition_is_refused_at_the_field_at_fault(
    operator: client.Client, ana: client.Client
) -> None:
    tried: tuple[Any, ...] = (
        {**TEN, "target": 0},
        {**TEN, "kind": "wish"},
        {**TEN, "colour": "red"},
        [],
    )
    wrong = [(await publish(operator, definition=one))["errors"][0] for one in tried]
    barred = await ana.ask(
        PUBLISH, {"input": {"idempotencyKey": client.key(), "definition": TEN, "note": "x"}}
    )

    assert {"SCHEME_INVALID"} == {one["code"] for one in wrong}
    assert [
        ["definition", "target"],
        ["definition", "kind"],
        ["definition", "colour"],
        ["definition", "kind"],
    ] == [one["path"] for one in wrong]
    assert ["FORBIDDEN"] == barred.codes


async def test_a_schema_of_each_kind_is_there_for_editors(operator: client.Client) -> None:
    for kind in shown.SchemeKind:
        query = f"{{ schemeSchema(kind: {kind.name}) }}"
        schema = (await operator.ask(query)).data["schemeSchema"]

        assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]


def test_the_kinds_are_those_of_the_wallet() -> None:
    assert set(kinds.KINDS) == words(shown.SchemeKind)
