"""Who may see what, generated from the schema: each type with an id, each way to it, everybody.

`SEES` is the whole policy. The ways are found by walking the schema from its root fields, so a new
type or field is asked for by everybody before anybody has thought of testing it; a type, a root
field or an argument that these tables do not know fails the test. What somebody may not see must
be answered, byte for byte, like what is not there.
"""

import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final, TypeAlias

import graphql
import httpx2
import orjson
import pytest

from api import app, settings
from api.graphql import limits, permissions, schema
from api.identity import bearer
from tests.api import client, world
from tests.wallet import factories
from wallet import database

SCHEMA: Final = schema.build()._schema
MEMBERS: Final = frozenset({"owner", "other member"})
MERCHANTS: Final = frozenset({"merchant A", "merchant B"})
STAFF: Final = frozenset({"support", "colleague", "supervisor", "operator"})
CALLERS: Final = (*sorted(MEMBERS | MERCHANTS | STAFF), "nobody")

# The policy: who may see Ana's things, and Rosa's, whatever way they come.
SEES: Final[dict[str, frozenset[str]]] = {
    "Approval": frozenset({"support", "supervisor", "operator"}),  # support is who proposed it
    "AuditEntry": frozenset({"supervisor", "operator"}),
    "Lot": STAFF | {"owner"},
    "Member": STAFF | {"owner"},
    "Merchant": MEMBERS | MERCHANTS | STAFF,
    "Movement": STAFF | {"owner"},
    "Notice": STAFF | {"owner"},
    "Purchase": STAFF | {"owner", "merchant A"},
    "PurchaseReturn": STAFF | {"owner", "merchant A"},
    "Redemption": STAFF | {"owner", "merchant A"},
    "StaffPerson": STAFF,
    "Store": MEMBERS | MERCHANTS | STAFF,
    "Wallet": STAFF | {"owner"},
}

Arguments: TypeAlias = dict[str, Any]

# What the root fields are asked: something that is there, and the same question about nothing.
ASKED: Final[dict[str, Callable[[world.World, str], list[tuple[Arguments, Arguments]]]]] = {
    "approvals": lambda _it, _kind: [({}, {})],
    "auditTrail": lambda it, _kind: [
        (
            {"subjectId": it.ids["Member"], "first": 100},
            {"subjectId": world.missing("Member"), "first": 100},
        )
    ],
    "member": lambda it, _kind: [({"id": it.ids["Member"]}, {"id": world.missing("Member")})],
    "memberByEmail": lambda it, _kind: [
        ({"email": it.member.email}, {"email": "nobody@example.org"})
    ],
    "merchants": lambda _it, _kind: [({}, {})],
    "node": lambda it, kind: [({"id": it.ids[kind]}, {"id": world.missing(kind)})],
    "nodes": lambda it, kind: [({"ids": [it.ids[kind]]}, {"ids": [world.missing(kind)]})],
    "purchase": lambda it, _kind: [
        ({"id": it.ids["Purchase"]}, {"id": world.missing("Purchase")}),
        ({"reference": it.reference}, {"reference": "till-9/0"}),
    ],
    "purchaseExplanation": lambda it, _kind: [
        ({"id": it.ids["Purchase"]}, {"id": world.missing("Purchase")})
    ],
    "redemption": lambda it, _kind: [
        ({"id": it.ids["Redemption"]}, {"id": world.missing("Redemption")})
    ],
    "viewer": lambda _it, _kind: [({}, {})],
}
# Root fields whose answer holds nothing with an id.
WITHOUT_IDS: Final = frozenset({"purchasePreview"})


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """A way from a root field down to a type: names of fields, and types after `on`."""

    steps: tuple[str, ...]
    kinds: tuple[str, ...]  # the types with an id that it passes, the last one is where it ends

    @property
    def root(self) -> str:
        """The root field."""
        return self.steps[0]

    def text(self, asked: Arguments) -> str:
        """The query that walks it with these arguments and asks for the id at its end."""
        types = {name: one.type for name, one in _query().fields[self.root].args.items()}
        arguments = ", ".join(f"{name}: ${name}" for name in asked)
        declared = ", ".join(f"${name}: {types[name]}" for name in asked)
        inside = "id"
        for step in reversed(self.steps[1:]):
            inside = f"{'... ' if step.startswith('on ') else ''}{step} {{ {inside} }}"
        head = f"query Way({declared})" if declared else "query Way"
        called = f"{self.root}({arguments})" if arguments else self.root
        return f"{head} {{ {called} {{ {inside} }} }}"

    def found(self, data: Any) -> list[str]:
        """The ids at its end, in an answer."""
        reached = [data]
        for step in self.steps:
            if not step.startswith("on "):
                values = [one.get(step) for one in reached]
                lists = [one if isinstance(one, list) else [one] for one in values]
                reached = [one for each in lists for one in each if one is not None]
        return [one["id"] for one in reached if "id" in one]


def _query() -> graphql.GraphQLObjectType:
    assert SCHEMA.query_type is not None
    return SCHEMA.query_type


def has_id(kind: object) -> bool:
    return isinstance(kind, graphql.GraphQLObjectType) and "id" in kind.fields


def ways() -> Iterator[Way]:
    """Every way from a root field to a type with an id that a document may be deep enough for."""
    for name, field in _query().fields.items():
        yield from _below((name,), (), graphql.get_named_type(field.type), depth=1)


def _below(
    steps: tuple[str, ...], kinds: tuple[str, ...], kind: Any, *, depth: int
) -> Iterator[Way]:
    if graphql.is_abstract_type(kind):
        for possible in SCHEMA.get_possible_types(kind):
            yield from _below((*steps, f"on {possible.name}"), kinds, possible, depth=depth)
        return
    if not isinstance(kind, graphql.GraphQLObjectType) or kind.name in kinds:
        return
    if has_id(kind):
        kinds = (*kinds, kind.name)
        if depth < limits.DEPTH_MAX:
            yield Way(steps, kinds)
    for name, field in kind.fields.items():
        assert not any(graphql.is_required_argument(one) for one in field.args.values()), name
        below = graphql.get_named_type(field.type)
        yield from _below((*steps, name), kinds, below, depth=depth + 1)


WAYS: Final = tuple(ways())


@pytest.fixture
async def unhurried(db: database.Database) -> AsyncIterator[httpx2.AsyncClient]:
    """The application with so many points to spend that these thousands of questions pass."""
    house = settings.Settings(_env_file=None, documents="open", cost_per_minute=100_000_000)
    application = app.create_app(house, db)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=application), base_url="http://commonpurse.test"
    ) as opened:
        yield opened


@pytest.fixture
async def it(coalition: factories.Coalition, unhurried: httpx2.AsyncClient) -> world.World:
    """The world."""
    return await world.build(coalition, unhurried)


def test_the_policy_knows_every_type_with_an_id_and_every_way_that_begins_one() -> None:
    kinds = {name for name, kind in SCHEMA.type_map.items() if has_id(kind)}
    reached = {way.kinds[-1] for way in WAYS}

    assert kinds == set(SEES) == set(world.PREFIXES)
    assert kinds == reached
    assert set(_query().fields) == set(ASKED) | WITHOUT_IDS
    assert {way.root for way in WAYS} == set(ASKED)


def test_every_node_can_be_asked_for_by_its_id() -> None:
    node = SCHEMA.get_type("Node")
    assert isinstance(node, graphql.GraphQLInterfaceType)
    kinds = {one.name for one in SCHEMA.get_possible_types(node)}

    assert kinds == {way.kinds[0] for way in WAYS if way.root == "node"}


@pytest.mark.parametrize("name", CALLERS)
async def test_everybody_finds_what_they_may_see_and_nothing_else_by_every_way(
    name: str, it: world.World
) -> None:
    caller, wrong = it.caller(name), []
    for way in WAYS:
        for real, _ in ASKED[way.root](it, way.kinds[0]):
            answer = await caller.ask(way.text(real), real)
            expected = _expected(name, way)
            if (seen := _seen(way, answer, it)) != expected:
                wrong.append((way.steps, real, expected, seen))

    assert [] == wrong


def _scopes(name: str) -> frozenset[str]:
    if name in STAFF:
        return bearer.ROLE_SCOPES["support" if name == "colleague" else name]
    return bearer.SCOPES["member" if name in MEMBERS else "merchant"]


def _expected(name: str, way: Way) -> str:
    scope = permissions.SCOPES[f"Query.{way.root}"]
    if name == "nobody":
        return "UNAUTHENTICATED"
    if scope != permissions.ANYONE and scope not in _scopes(name):
        return "FORBIDDEN"
    return "there" if all(name in SEES[kind] for kind in way.kinds) else "not there"


def _seen(way: Way, answer: client.Answer, it: world.World) -> str:
    if "errors" in answer.body:
        assert not answer.body.get("data") or set(answer.body["data"].values()) == {None}
        return "+".join(answer.codes)
    kind = way.kinds[-1]
    looked_for = it.people if kind == "StaffPerson" else {it.ids[kind]}
    return "there" if looked_for & set(way.found(answer.data)) else "not there"


def plain(answer: httpx2.Response) -> tuple[int, dict[str, str], bytes]:
    """An answer without what no two answers share: the request's id, and the points left."""
    body = orjson.loads(answer.content)
    body.get("extensions", {}).pop("cost", None)
    for error in body.get("errors", ()):
        error["extensions"].pop("requestId")
    headers = dict(answer.headers)
    headers.pop("x-request-id")
    return answer.status_code, headers, orjson.dumps(body)


async def raw(caller: client.Client, query: str, variables: Arguments) -> httpx2.Response:
    return await caller.http.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {caller.token}", "Accept": client.GRAPHQL},
    )


@pytest.mark.parametrize("name", CALLERS)
async def test_what_is_not_yours_is_answered_like_what_is_not_there(
    name: str, it: world.World
) -> None:
    caller, wrong, compared = it.caller(name), [], 0
    for way in WAYS:
        if _expected(name, way) == "there":
            continue
        for real, none in ASKED[way.root](it, way.kinds[0]):
            if real == none or _expected(name, Way(way.steps, way.kinds[:1])) == "there":
                continue  # Not a question about one thing, or one about a thing that may be seen.
            hidden, absent = (
                await raw(caller, way.text(real), real),
                await raw(caller, way.text(none), none),
            )
            compared += 1
            if plain(hidden) != plain(absent):
                wrong.append((way.steps, real, hidden.text, absent.text))

    assert [] == wrong
    assert compared > 0
