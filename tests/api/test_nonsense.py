"""Every input of every root field, one at a time, with what no honest client sends.

The inputs are found in the schema itself, so a field added later is tested from its first day. Any
typed answer will do; what must never come is a bug.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import graphql
import httpx2
import pytest

from api.graphql import permissions, schema
from api.identity import bearer
from tests.api import client
from tests.api.test_partner import basket, report
from tests.api.test_till import hold
from wallet import database, ids

SCHEMA = schema.build()._schema
LONG = "x" * 50_000
NONSENSE: dict[str, list[Any]] = {
    "Boolean": [True, False],
    "CurrencyCode": ["XXX", "USD", "PTS", "KWD"],
    "DateTime": ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-21T10:00:00+23:59"],
    "Decimal": ["999999999999999", "-999999999999999", "-0", "0", "0.000001", "1.10"],
    "ID": ["", "\x00", "mem_", "x", LONG, "red_" + "z" * 26, "pur_" + "7" + "z" * 25],
    "JSON": [None, 1, "x", [], {}, {"name": LONG}, {"lines": [{"if": []}]}, {"\x00": 2**63}],
    "LocalDate": ["0001-01-01", "9999-12-31"],
    "Int": [-(2**31), -1, 0, 1, 2**31 - 1],
    "String": ["", " ", "\x00", "\u202e", "\ufffe", "e\u0301" * 999, "%_\\'\"", LONG],
}
Path = tuple[str, ...]


def leaves(kind: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Every leaf of an input and its type; a list is entered once."""
    kind = graphql.get_nullable_type(kind)
    if graphql.is_list_type(kind):
        yield from leaves(kind.of_type, (*path, "[]"))
    elif graphql.is_input_object_type(kind):
        for name, field in kind.fields.items():
            yield from leaves(field.type, (*path, name))
    else:
        yield path, kind


def filled(kind: Any, known: dict[str, str], path: Path, at: Path, value: Any) -> Any:
    """A valid input with one leaf replaced; what leads to the leaf is there."""
    if path == at:
        return value
    kind = graphql.get_nullable_type(kind)
    if graphql.is_list_type(kind):
        return [filled(kind.of_type, known, (*path, "[]"), at, value)]
    if graphql.is_input_object_type(kind):
        return {
            name: filled(field.type, known, (*path, name), at, value)
            for name, field in kind.fields.items()
            if graphql.is_required_input_field(field) or at[: len(path) + 1] == (*path, name)
        }
    if graphql.is_enum_type(kind):
        return next(iter(kind.values))
    plain = {
        "Boolean": True,
        "CurrencyCode": "EUR",
        "Cursor": None,
        "DateTime": "2026-11-20T10:00:00Z",
        "Decimal": "1.00",
        "ID": known.get(path[-1], known["memberId"]),
        "IdempotencyKey": client.key(),
        "Int": 1,
        "JSON": {"name": "plain"},
        "LocalDate": "2026-11-20",
        "String": "plain words of it",
    }
    return plain[kind.name]


@pytest.fixture
async def patient(db: database.Database) -> AsyncIterator[httpx2.AsyncClient]:
    """The application, which lets one caller ask a thousand times in a minute."""
    async with client.door(db, documents="open", cost_per_minute=100_000_000) as http:
        yield http


async def test_no_input_of_any_field_finds_a_bug(
    patient: httpx2.AsyncClient,
    ana: client.Client,
    rosa: client.Client,
    operator: client.Client,
) -> None:
    known = {
        "memberId": ids.show("mem", ana.principal_id),
        "merchantId": ids.show("mer", rosa.principal_id),
        "purchaseId": (await report(rosa, basket(ana)))["purchaseId"],
        "redemptionId": (await hold(ana, rosa))["redemption"]["id"],
    }
    callers = {
        kind: one.at(patient)
        for kind, one in (("member", ana), ("merchant", rosa), ("staff", operator))
    }
    asked = 0
    for place, scope in permissions.SCOPES.items():
        root_name, _, name = place.partition(".")
        if root_name == "Subscription":
            continue  # not answered to a plain request; its cursor is tried in test_live.py
        root = SCHEMA.query_type if root_name == "Query" else SCHEMA.mutation_type
        assert root is not None
        arguments = root.fields[name].args
        declared = ", ".join(f"${key}: {one.type}" for key, one in arguments.items())
        passed = ", ".join(f"{key}: ${key}" for key in arguments)
        if not arguments:
            continue
        plain = graphql.is_leaf_type(graphql.get_named_type(root.fields[name].type))
        seen = "" if plain else "{ __typename }"
        query = f"{root_name.lower()} C({declared}) {{ {name}({passed}) {seen} }}"
        kind = next((one for one, own in bearer.SCOPES.items() if scope in own), "staff")
        caller = callers[kind]
        for argument, one in arguments.items():
            for path, leaf in leaves(one.type, (argument,)):
                for value in NONSENSE.get(leaf.name, []):
                    variables = {
                        key: filled(other.type, known, (key,), path, value)
                        for key, other in arguments.items()
                    }
                    answer = await caller.ask(query, variables)
                    codes = {e["extensions"]["code"] for e in answer.body.get("errors", [])}
                    asked += 1

                    assert codes <= {"BAD_USER_INPUT"}, (place, path, str(value)[:40], answer.body)
    assert asked > 300
