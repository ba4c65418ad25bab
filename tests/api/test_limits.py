"""Documents that attack, and the cache that keeps the honest ones cheap."""

import graphql

from api.graphql import documents, limits, schema
from tests.api import client

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
    assert "deeply" in message("{ a " * 60 + "}" * 60)
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
