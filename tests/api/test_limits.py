"""Documents that attack, and the cache that keeps the honest ones cheap."""

import time

import graphql
import pytest

from api import settings
from api.graphql import documents, failures, gate, limits, schema, transport
from api.identity import bearer
from tests.api import client
from wallet import database

SCHEMA = schema.build()._schema


def judged(text: str, *, introspection: bool = True) -> documents.Prepared | documents.Refused:
    return documents.Documents(SCHEMA).prepare(text, introspection=introspection)


def message(text: str) -> str:
    verdict = judged(text)
    assert isinstance(verdict, documents.Refused), text
    return str(verdict.errors[0]["message"])


def test_a_document_with_too_many_tokens_is_refused() -> None:
    assert "tokens" in message("{ " + "__typename " * limits.TOKENS_MAX + "}")


def test_a_document_that_nests_too_deeply_is_refused() -> None:
    text = "{ viewer { wallet { movements { edges { node { merchant { id } } } } } } }"

    assert isinstance(judged(text), documents.Prepared)
    assert "deeply" in message("{ " + " { ".join(f"a{n}" for n in range(60)) + " }" * 60)
    assert "levels" in message(
        "{ " + "a { " * limits.DEPTH_MAX + "b" + " }" * limits.DEPTH_MAX + "}"
    )


def test_fragments_do_not_hide_depth() -> None:
    fragments = "".join(
        f"fragment F{n} on Member {{ a {{ ...F{n + 1} }} }} " for n in range(limits.DEPTH_MAX)
    )
    text = f"{{ ...F0 }} {fragments} fragment F{limits.DEPTH_MAX} on Member {{ id }}"

    assert "levels" in message(text)


def test_fragments_that_double_at_every_level_are_measured_without_being_written_out() -> None:
    # Written out, these are 32,768 fields.
    fragments = "".join(
        f"fragment F{n} on Query {{ ...F{n + 1} ... on Query {{ ...F{n + 1} }} }} "
        for n in range(15)
    )

    verdict = judged(f"{{ ...F0 }} {fragments} fragment F15 on Query {{ a: __typename }}")

    assert isinstance(verdict, documents.Refused)
    assert "aliases" in str(verdict.errors[0]["message"])


def test_a_cycle_of_fragments_is_refused() -> None:
    text = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"

    assert "Cannot spread fragment" in message(text)


# Each is within the number of tokens, and each is dear in its own way if it is let through.
BOMBS = {
    "one field again and again": "{ " + "__typename " * 990 + "}",
    "unknown fields": "{ " + " ".join(f"u{n}" for n in range(990)) + " }",
    "an object again and again": "{ viewer { " + "wallet { id } " * 240 + "} }",
    "a path again and again": "{ " + "viewer { wallet { lots { edges { cursor } } } } " * 80 + "}",
    "inline fragments": "{ " + "... on Query { viewer { wallet { id } } } " * 90 + "}",
    "fragments side by side": "{ "
    + " ".join(f"...F{n}" for n in range(100))
    + " } "
    + " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(100)),
    "fragments that double": "{ ...F0 } "
    + " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(95))
    + " fragment F95 on Query { __typename }",
    "braces": "{ a " * 450 + "}" * 450,
    "brackets": "{ merchants(after: " + "[" * 480 + "]" * 480 + ") }",
    "object values": "{ merchants(after: {" + "a: {" * 300 + "}" * 300 + "}) { __typename } }",
    "arguments": "{ merchants(" + "first: 1 " * 320 + ") { __typename } }",
    "variables": "query Q(" + " ".join(f"$v{n}: Int" for n in range(240)) + ") { __typename }",
    "directives": "{ __typename " + "@skip(if: true) " * 140 + "}",
    "aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(320)) + " }",
    "a comment of 8 MB": "#" + "x" * 8_000_000 + "\n{ __typename }",
    "a string of 8 MB": '{ merchants(after: "' + "x" * 8_000_000 + '") { __typename } }',
    "spaces": " " * 8_000_000 + "{ __typename }",
}
# The dearest that are within every limit.
DEAREST = {
    "objects": "{ " + "viewer { wallet { lots { edges { node { id } } } } } " * 20 + "}",
    "values": "{ viewer { " + "id " * 100 + "email " * 100 + "status " * 100 + "} }",
    "fragments": "{ "
    + " ".join(f"...F{n}" for n in range(20))
    + " } "
    + " ".join(
        f"fragment F{n} on Query {{ viewer {{ wallet {{ lots {{ edges {{ cursor }} }} }} }} }}"
        for n in range(20)
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_bounded_time_and_at_once_when_it_comes_again(name: str) -> None:
    seen = documents.Documents(SCHEMA)
    began = time.process_time()

    assert isinstance(seen.prepare(BOMBS[name], introspection=True), documents.Refused)
    assert time.process_time() - began < 0.5

    began = time.process_time()
    seen.prepare(BOMBS[name], introspection=True)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("name", DEAREST)
def test_the_dearest_documents_that_pass_are_judged_in_bounded_time(name: str) -> None:
    began = time.process_time()

    assert isinstance(judged(DEAREST[name]), documents.Prepared)
    assert time.process_time() - began < 0.5


async def test_a_bomb_gets_a_status_and_a_code_and_no_more_than_twenty_errors(
    rosa: client.Client,
) -> None:
    for name, text in BOMBS.items():
        answer = await rosa.ask(text if len(text) < 7_000_000 else text[:7_000_000])

        assert (name, answer.status in (400, 422)) == (name, True)
        assert set(answer.codes) <= {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}, name
        assert len(answer.codes) <= failures.ERRORS_MAX
        assert len(answer.body["errors"][0]["message"]) < 300


def test_the_deepest_query_that_a_client_of_ours_sends_is_within_the_limit() -> None:
    text = (
        """{ viewer { purchases { edges { node { lines { decision { base { amount } } } } } } } }"""
    )

    assert isinstance(judged(text), documents.Prepared)
    assert 8 <= limits.DEPTH_MAX <= 10


async def test_parsing_and_validation_happen_once_for_each_document_and_audience(
    ana: client.Client, rosa: client.Client, db: database.Database
) -> None:
    door = gate.Gate(
        SCHEMA, db, settings.Settings(_env_file=None, documents="open"), development=False
    )
    query = "query Q($n: Int!) { merchants(first: $n) { __typename } }"
    for number in range(5):
        for caller in (ana, rosa):
            principal = await bearer.find(db, caller.token)
            assert principal is not None
            call = transport.call({"query": query, "variables": {"n": number}})
            admitted = await door.admit(call, principal)
            assert admitted.points == 3

    assert (door.documents.misses, door.documents.hits) == (2, 8)


def test_too_many_aliases_or_directives_or_operations_are_refused() -> None:
    aliases = " ".join(f"a{n}: __typename" for n in range(limits.ALIASES_MAX + 1))
    directives = "@skip(if: false) " * (limits.DIRECTIVES_MAX + 1)
    operations = " ".join(f"query Q{n} {{ __typename }}" for n in range(limits.OPERATIONS_MAX + 1))

    assert "aliases" in message(f"{{ {aliases} }}")
    assert "directives" in message(f"{{ __typename {directives} }}")
    assert "operations" in message(operations)


def test_a_mutation_has_exactly_one_field() -> None:
    one = 'redemptionCodeCreate(merchantId: "mer_x") { __typename }'

    assert isinstance(judged(f"mutation {{ {one} }}"), documents.Prepared)
    assert isinstance(judged(f"mutation {{ __typename {one} }}"), documents.Prepared)
    for text in (
        f"mutation {{ a: {one} b: {one} }}",
        f"mutation {{ __typename ...F }} fragment F on Mutation {{ {one} }}",
        f"mutation {{ ...F }} fragment F on Mutation {{ {one} }}",
        f"mutation {{ ... on Mutation {{ a: {one} b: {one} }} }}",
    ):
        assert message(text) == "A mutation has exactly one field, written directly."


def test_a_document_is_judged_once_whatever_the_verdict() -> None:
    seen = documents.Documents(SCHEMA)

    for _ in range(3):
        seen.prepare("{ __typename }", introspection=False)
        seen.prepare("{ wrong }", introspection=False)

    assert (seen.misses, seen.hits) == (2, 4)


def test_the_cache_of_documents_is_bounded() -> None:
    seen = documents.Documents(SCHEMA)

    for number in range(documents.CACHED_MAX + 10):
        seen.prepare(f"{{ a{number}: __typename }}", introspection=False)
    seen.prepare("{ a0: __typename }", introspection=False)

    assert seen.hits == 0


async def test_introspection_is_for_merchants_and_support_and_not_for_member_apps(
    ana: client.Client, rosa: client.Client, support: client.Client
) -> None:
    query = "{ __schema { queryType { name } } }"

    assert (await rosa.ask(query)).data["__schema"]["queryType"]["name"] == "Query"
    assert (await support.ask(query)).data["__schema"]["queryType"]["name"] == "Query"
    assert set((await ana.ask(query)).codes) == {"GRAPHQL_VALIDATION_FAILED"}


async def test_a_member_app_gets_no_suggestions(ana: client.Client, rosa: client.Client) -> None:
    query = "{ viewr { id } }"

    assert "viewer" not in (await ana.ask(query)).body["errors"][0]["message"]
    assert "viewer" in (await rosa.ask(query)).body["errors"][0]["message"]


async def test_the_standard_introspection_query_passes_the_limits(rosa: client.Client) -> None:
    answer = await rosa.ask(graphql.get_introspection_query(input_value_deprecation=True))

    assert "Wallet" in graphql.build_client_schema(answer.data).type_map
