"""The schema itself: its committed text, its sentences, its scopes, its enums."""

import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import graphql

from api.graphql import (
    contracts,
    permissions,
    redemptions,
    refusals,
    reports,
    schema,
    wallets,
)
from api.identity import bearer
from tests.api import client
from wallet import database, errors, ids, money
from wallet.rules import chart, redemption
from wallet.rules import contracts as contract_rules
from wallet.rules import purchases as purchase_rules

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = schema.build()._schema
OWN = {
    name: kind
    for name, kind in SCHEMA.type_map.items()
    if not name.startswith("__") and name not in {"Boolean", "Float", "ID", "Int", "String"}
}

ANY = {"Accept": f"{client.GRAPHQL}, text/event-stream"}
MOVING = (
    "goodwillCredit",
    "purchaseEventRecord",
    "purchaseReport",
    "purchaseReturn",
    "redemptionAuthorize",
    "redemptionCapture",
    "redemptionRefund",
    "redemptionRelease",
)


def described() -> Iterator[tuple[str, str | None]]:
    for name, kind in OWN.items():
        yield name, kind.description
        for field_name, field in getattr(kind, "fields", {}).items():
            yield f"{name}.{field_name}", field.description
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{name}.{field_name}({argument_name})", argument.description
        for value_name, value in getattr(kind, "values", {}).items():
            yield f"{name}.{value_name}", value.description


def words(kind: type[enum.Enum]) -> set[Any]:
    return {member.value for member in kind}


def _scope(directive: graphql.DirectiveNode) -> str:
    (argument,) = directive.arguments or ()
    assert isinstance(argument.value, graphql.StringValueNode)
    return argument.value.value


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    expected = schema.text(schema.build())

    assert expected == (ROOT / "schema.graphql").read_text(encoding="utf-8"), (
        "run: python -m api.graphql.schema > schema.graphql"
    )


def test_the_committed_schema_can_be_read_by_any_graphql_tool() -> None:
    text = (ROOT / "schema.graphql").read_text(encoding="utf-8")

    assert graphql.validate_schema(graphql.build_schema(text)) == []


def test_every_type_field_argument_and_value_is_described_by_a_sentence() -> None:
    silent = [name for name, text in described() if not text or text[-1] not in ".?"]

    assert [] == silent


def test_every_root_field_shows_the_scope_that_is_enforced() -> None:
    document = graphql.parse((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    shown = {
        f"{kind.name.value}.{field.name.value}": _scope(directive)
        for kind in document.definitions
        if isinstance(kind, graphql.ObjectTypeDefinitionNode)
        for field in kind.fields or ()
        for directive in field.directives or ()
        if directive.name.value == "auth"
    }

    assert permissions.SCOPES == shown


def test_every_scope_can_be_given_to_somebody() -> None:
    given = frozenset[str]().union(*bearer.SCOPES.values())

    assert given == set(permissions.SCOPES.values()) - {permissions.ANYONE}


def test_every_mutation_may_fail_alone_and_says_its_errors() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        payload = graphql.get_named_type(field.type)
        assert graphql.is_nullable_type(field.type), name
        assert isinstance(payload, graphql.GraphQLObjectType)
        assert "errors" in payload.fields, name


def test_whatever_moves_money_needs_a_key_and_says_whether_it_was_a_replay() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    for name in MOVING:
        field = mutation.fields[name]
        told = graphql.get_named_type(field.args["input"].type)
        payload = graphql.get_named_type(field.type)
        assert isinstance(told, graphql.GraphQLInputObjectType)
        assert isinstance(payload, graphql.GraphQLObjectType)

        assert str(told.fields["idempotencyKey"].type) == "IdempotencyKey!", name
        assert str(payload.fields["replayed"].type) == "Boolean!", name


def test_whatever_takes_a_key_says_whether_it_was_a_replay() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    silent = [
        name
        for name, field in mutation.fields.items()
        for told in [graphql.get_named_type(one.type) for one in field.args.values()]
        if "idempotencyKey" in getattr(told, "fields", {})
        if str(_field(field.type, "replayed")) != "Boolean!"
    ]

    assert [] == silent


def _field(kind: Any, name: str) -> object:
    field = graphql.get_named_type(kind).fields.get(name)
    return field.type if field else None


def test_every_refusal_has_its_code_and_no_code_is_invented() -> None:
    kind = OWN["ErrorCode"]
    assert isinstance(kind, graphql.GraphQLEnumType)

    assert set(kind.values) == set(errors.CODES)


def test_a_refusal_without_its_data_is_shown_as_plain() -> None:
    for code in errors.CODES:
        shown = refusals.show(errors.of(code))

        assert (shown.code, type(shown)) == (code, refusals.Refusal)
        assert shown.message


def test_a_refusal_names_its_path_as_the_caller_wrote_it() -> None:
    shown = refusals.show(errors.AmountInvalid(path=("lines", "3", "paid_with_cashback")))

    assert shown.path == ["lines", "3", "paidWithCashback"]


def test_the_enums_are_those_of_the_rules() -> None:
    faces = set(chart.KINDS["member"])
    touching = {one.code for one in chart.CHART if {one.debit_kind, one.credit_kind} & faces}

    assert words(wallets.MovementKind) == touching
    assert words(redemptions.RedemptionStatus) == set(redemption.STATES)
    assert words(reports.Rounding) == set(money.Rounding)
    assert words(reports.PurchaseChannel) == set(get_args(purchase_rules.Channel))
    assert words(reports.PurchaseLineKind) == set(get_args(purchase_rules.LineKind))
    assert words(reports.PurchaseEventKind) == set(get_args(purchase_rules.EventKind))


def test_the_enums_of_a_contract_are_those_of_its_rules() -> None:
    def literals(part: type, name: str) -> set[str]:
        return set(get_args(get_type_hints(part)[name]))

    rules = contract_rules
    assert words(contracts.MinimumBoundary) == literals(rules.Minimum, "boundary")
    assert words(contracts.MinimumMeasure) == literals(rules.Minimum, "measured_on")
    assert words(contracts.DiscountPolicy) == literals(rules.Base, "discounts")
    assert words(contracts.TaxPolicy) == literals(rules.Base, "tax")
    assert words(contracts.ClockEvent) == literals(rules.Pending, "event")
    assert words(contracts.WaitEnd) == literals(rules.Pending, "on_wait_end")
    assert words(contracts.DeficitPolicy) == literals(rules.Deficit, "policy")
    assert words(contracts.BreakageOwner) == literals(rules.Terms, "breakage")


async def test_every_root_field_answers_forbidden_without_its_scope(
    http: Any, db: database.Database
) -> None:
    for place, scope in permissions.SCOPES.items():
        if scope == permissions.ANYONE:
            continue
        kind: bearer.Kind = "member" if scope != "member" else "merchant"
        token = await bearer.mint(db, kind=kind, principal_id=ids.new())
        caller = client.Client(http, token.text, token.token_id)

        answer = await caller.ask(*_call(place), headers=ANY)

        assert (place, ["FORBIDDEN"]) == (place, answer.codes)
        root, _, name = place.partition(".")
        # A subscription is refused before it begins, so there is no data at all.
        assert answer.body.get("data") == (None if root == "Subscription" else {name: None})


async def test_a_scope_of_the_same_kind_of_caller_is_not_enough(
    http: Any, db: database.Database
) -> None:
    for place, scope in permissions.SCOPES.items():
        kinds = [kind for kind, given in bearer.SCOPES.items() if scope in given]
        others = [one for kind in kinds for one in bearer.SCOPES[kind] if one != scope]
        if not others:
            continue
        token = await bearer.mint(db, kind=kinds[0], principal_id=ids.new(), scopes=others)
        caller = client.Client(http, token.text, token.token_id)

        answer = await caller.ask(*_call(place), headers=ANY)

        assert (place, ["FORBIDDEN"]) == (place, answer.codes)


def _call(place: str) -> tuple[str, dict[str, Any]]:
    """The smallest valid document that calls a root field, with valid variables."""
    root_name, _, name = place.partition(".")
    root = SCHEMA.type_map[root_name]
    assert isinstance(root, graphql.GraphQLObjectType)
    field = root.fields[name]
    declared = ", ".join(f"${key}: {one.type}" for key, one in field.args.items())
    passed = ", ".join(f"{key}: ${key}" for key in field.args)
    head = f"{root_name.lower()} Call({declared})" if declared else root_name.lower()
    arguments = f"({passed})" if passed else ""
    variables = {key: _example(one.type) for key, one in field.args.items()}
    inside = "" if graphql.is_leaf_type(graphql.get_named_type(field.type)) else " { __typename }"
    return f"{head} {{ {name}{arguments}{inside} }}", variables


def _example(kind: Any) -> Any:
    if graphql.is_non_null_type(kind):
        return _some(kind.of_type)
    return None


def _some(kind: Any) -> Any:
    if graphql.is_list_type(kind):
        return []
    if graphql.is_enum_type(kind):
        return next(iter(kind.values))
    if graphql.is_input_object_type(kind):
        return {
            name: _some(field.type.of_type)
            for name, field in kind.fields.items()
            if graphql.is_required_input_field(field)
        }
    return {
        "Boolean": True,
        "CurrencyCode": "EUR",
        "DateTime": "2026-11-21T10:00:00Z",
        "Decimal": "1.00",
        "ID": "mem_x",
        "IdempotencyKey": "k" * 16,
        "Int": 1,
        "JSON": {},
        "LocalDate": "2026-11-21",
        "String": "text",
    }[kind.name]
