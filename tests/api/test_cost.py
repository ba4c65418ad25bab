"""What documents cost, and that the schema says so before anybody asks."""

import re
import time
from collections.abc import Iterator
from typing import Any

import graphql

from api.graphql import cost, documents, permissions, schema, shapes
from tests.api import client, hooks
from tests.api.test_schemes import publish
from tests.wallet import climbing, giving, paying_out, test_boards
from tests.wallet.factories import Coalition
from wallet import database, ids

SCHEMA = schema.build()._schema
PRINTED = graphql.parse(schema.text(schema.build()))


def price(text: str, **variables: Any) -> int:
    verdict = documents.Documents(SCHEMA).prepare(text, introspection=True)
    assert isinstance(verdict, documents.Prepared), verdict
    (operation,) = verdict.operations.values()
    return cost.evaluated(operation.cost, variables)


def printed() -> Iterator[tuple[str, graphql.FieldDefinitionNode]]:
    """Every field of every object type, as the schema shows it."""
    for kind in PRINTED.definitions:
        if isinstance(kind, graphql.ObjectTypeDefinitionNode):
            for field in kind.fields or ():
                yield f"{kind.name.value}.{field.name.value}", field


def directive(field: graphql.FieldDefinitionNode, name: str) -> dict[str, Any] | None:
    for one in field.directives or ():
        if one.name.value == name:
            return {
                told.name.value: graphql.value_from_ast_untyped(told.value)
                for told in one.arguments or ()
            }
    return None


def kind_of(place: str) -> Any:
    parent, _, name = place.partition(".")
    return SCHEMA.type_map[parent].fields[name].type  # type: ignore[attr-defined]


def test_an_object_costs_a_point_and_plain_fields_are_free() -> None:
    assert price("{ __typename }") == 1
    assert price("{ viewer { id displayName email status } }") == 1
    assert price("{ viewer { wallet { available { amount currency } pending { amount } } } }") == 4


def test_plain_fields_that_are_read_on_their_own_cost_two_for_each_reading() -> None:
    plain = "{ runningCampaigns { name } }"
    (listed,) = [
        told["assumedSize"]
        for place, one in printed()
        if place == "Query.runningCampaigns" and (told := directive(one, "listSize"))
    ]

    assert price(plain.replace("name", "name charityStatements")) == price(plain) + 2 * listed


def test_a_page_costs_what_its_rows_cost_and_two_for_reading_it() -> None:
    page = "{ viewer { wallet { movements(first: %s) { edges { node { amount { amount } } } } } } }"

    # viewer, wallet, 2 and the connection; an edge, a node and an amount for each row.
    assert price(page % 1) == 5 + 3
    assert price(page % 100) == 5 + 300
    assert price(page.replace("(first: %s)", "")) == 5 + 3 * shapes.FIRST_DEFAULT


def test_the_number_of_rows_may_be_a_variable_and_is_read_at_each_request() -> None:
    text = "query Q($n: Int! = 7) { merchants(first: $n) { edges { node { id } } } }"

    assert price(text) == 3 + 14
    assert price(text, n=50) == 3 + 100
    assert price(text, n=0) == 3
    assert price(text, n=-5) == 3
    assert price(text, n=10**9) == 3 + 2 * cost.LIST_MAX
    assert price(text, n="nonsense") == 3 + 2  # refused a moment later, when variables are read


def test_lists_in_lists_multiply() -> None:
    text = """query Q($n: Int!, $m: Int!) {
      viewer { purchases(first: $n) { edges { node { lines { number decision { percent } } } } }
               wallet { lots(first: $m) { edges { cursor } } } } }"""

    assert price(text, n=3, m=5) == 1 + 3 + 3 * (2 + 10 * 2) + 1 + 3 + 5


def test_ids_are_counted_and_the_dearest_of_their_types_is_paid_for() -> None:
    text = """query Q($ids: [ID!]!) { nodes(ids: $ids) {
      id ... on Wallet { available { amount } pending { amount } } ... on Merchant { name } } }"""

    assert price(text, ids=["a", "b"]) == 2 * (1 + 2)
    assert price('{ nodes(ids: ["a", "b", "c"]) { id } }') == 3
    assert price(text, ids=[]) == 1


def test_a_mutation_costs_ten_besides_what_it_returns() -> None:
    text = (
        'mutation { redemptionCodeCreate(merchantId: "mer_x") { code { code } errors { code } } }'
    )

    assert price(text) == 10 + 1 + 1 + 1


def test_what_is_asked_twice_is_paid_once() -> None:
    text = """{ viewer { ...A ...B wallet { ...W } } }
      fragment A on Member { wallet { ...W } }
      fragment B on Member { wallet { available { amount } } }
      fragment W on Wallet { available { currency } }"""

    assert price(text) == 3
    assert price("{ a: viewer { id } b: viewer { id } }") == 2


def test_fragments_that_double_at_every_level_are_priced_in_no_time() -> None:
    fragments = "".join(
        f"fragment F{n} on Query {{ ...F{n + 1} ... on Query {{ ...F{n + 1} }} }} "
        for n in range(15)
    )
    began = time.perf_counter()

    assert price(f"{{ ...F0 }} {fragments} fragment F15 on Query {{ viewer {{ id }} }}") == 1
    assert time.perf_counter() - began < 1


def test_every_list_of_objects_shows_how_long_it_is() -> None:
    for place, field in printed():
        kind = graphql.get_nullable_type(kind_of(place))
        named = graphql.get_named_type(kind)
        shown = directive(field, "listSize")
        if named.name.endswith("Connection"):
            assert shown == {"slicingArguments": ["first"], "sizedFields": ["edges"]}, place
            assert directive(field, "cost") == {"weight": "2"}, place
        elif graphql.is_list_type(kind) and not graphql.is_leaf_type(named):
            assert shown is not None or place.endswith("Connection.edges"), place
        else:
            assert shown is None, place


def test_every_list_of_plain_values_says_its_bound_or_is_a_path() -> None:
    silent = [
        place
        for place, field in printed()
        if graphql.is_list_type(graphql.get_nullable_type(kind_of(place)))
        and graphql.is_leaf_type(graphql.get_named_type(kind_of(place)))
        and not re.search(r"at most|down to", field.description.value if field.description else "")
    ]

    assert [] == silent


def test_every_mutation_shows_its_weight() -> None:
    weights = {
        place: (directive(field, "cost") or {}).get("weight")
        for place, field in printed()
        if place.startswith("Mutation.")
    }

    assert weights.pop("Mutation.purchaseReportBulk") == "250"
    assert weights.pop("Mutation.campaignSimulate") == "50"
    assert set(weights.values()) == {permissions.WRITE.weight}


def test_what_a_client_may_take_for_non_null_may_fail_alone() -> None:
    for place, field in printed():
        if directive(field, "semanticNonNull") is not None:
            assert graphql.is_nullable_type(kind_of(place)), place


WHERE = {
    "Query": "{ %s }",
    "Member": "{ viewer { %s } }",
    "TierStanding": "{ viewer { tiers { %s } } }",
    "Wallet": "{ viewer { wallet { %s } } }",
    "Remittance": "{ remittances(first: 1) { edges { node { %s } } } }",
    "WebhookEndpoint": "{ webhookEndpoints { %s } }",
}


async def test_every_list_that_is_asked_by_number_refuses_more_than_its_bound(
    coalition: Coalition, ana: client.Client, rosa: client.Client, operator: client.Client
) -> None:
    now = await coalition.db.fetchval("select clock_timestamp()")
    await climbing.publish(coalition, at=now)
    await hooks.build(coalition.db, rosa.principal_id)
    charity_id = await giving.charity(coalition)
    await paying_out.donors(coalition, charity_id, 500)
    await paying_out.prepare(coalition, charity_id)
    asked = 0
    board = (await publish(operator, definition=test_boards.SPEND))["scheme"]["id"]
    where = {**WHERE, "Leaderboard": f'{{ leaderboard(id: "{board}") {{ %s }} }}'}
    for place, field in printed():
        shown = directive(field, "listSize")
        if shown is None or shown.get("slicingArguments") != ["first"]:
            continue
        asked += 1
        parent, _, name = place.partition(".")
        below = "" if shown.get("sizedFields") is None else "edges { cursor }"
        required = _required(place)
        for first, refused in ((0, True), (1, False), (cost.LIST_MAX + 1, True)):
            inner = f"{name}(first: {first}{required}) {{ {below} __typename }}"
            scope = str(directive(field, "auth"))
            staff = parent == "Remittance" or "support" in scope or "campaigns" in scope
            caller = rosa if parent == "WebhookEndpoint" else operator if staff else ana
            answer = await caller.ask(where[parent] % inner)
            codes = set(answer.codes if "errors" in answer.body else [])
            # Of a list in a list, the price is too high before the number is looked at.
            assert (place, first, refused) == (place, first, bool(codes))
            assert codes <= {"BAD_USER_INPUT", "COST_EXCEEDED"}

    assert asked >= 7


def _required(place: str) -> str:
    parent, _, name = place.partition(".")
    arguments = SCHEMA.type_map[parent].fields[name].args  # type: ignore[attr-defined]
    anyone = ids.show("mem", ids.new())
    needed = [key for key, one in arguments.items() if graphql.is_required_argument(one)]
    return "".join(f', {key}: "{anyone}"' for key in needed)


async def test_a_document_beyond_the_limit_is_refused_before_it_runs(
    db: database.Database, ana: client.Client, rosa: client.Client
) -> None:
    text = "query Q($n: Int!) { merchants(first: $n) { edges { node { id } } } }"
    async with client.door(db, documents="open", cost_max=20) as http:
        for caller in (ana, rosa):
            fits = await caller.at(http).ask(text, {"n": 8})
            over = await caller.at(http).ask(text, {"n": 9})
            legacy = await caller.at(http).ask(
                text, {"n": 9}, headers={"Accept": "application/json"}
            )

            assert (fits.status, over.status, legacy.status) == (200, 422, 200)
            assert over.codes == legacy.codes == ["COST_EXCEEDED"]
            assert "data" not in over.body
            told = over.body["errors"][0]["extensions"]["cost"]
            assert told == {"requested": 21, "limit": 20}


async def test_whoever_writes_documents_as_they_go_is_told_what_they_cost(
    db: database.Database, ana: client.Client, rosa: client.Client, support: client.Client
) -> None:
    text = "{ merchants(first: 10) { edges { node { id } } } }"
    async with client.door(db, documents="open", cost_per_minute=600) as http:
        for caller in (rosa, support):
            first, second = [
                (await caller.at(http).ask(text)).body["extensions"]["cost"] for _ in range(2)
            ]

            assert (first["requested"], first["limit"]) == (23, 600)
            assert first["remaining"] == 600 - 23
            assert second["remaining"] < first["remaining"]
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["resetAt"])
        assert "extensions" not in (await ana.at(http).ask(text)).body


async def test_a_bulk_report_of_a_thousand_purchases_is_within_the_limit() -> None:
    text = """mutation Bulk($input: PurchaseReportBulkInput!) { purchaseReportBulk(input: $input) {
      results { purchaseId replayed errors { ... on UserError { code message path } } }
      errors { ... on UserError { code message } } } }"""

    assert price(text, input={"purchases": [{}] * 1_000}) == 250 + 1 + 200 + 1
