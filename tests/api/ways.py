"""Every way through the schema from a root field down to a type with an id, and its document."""

import dataclasses
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import graphql

from api.graphql import limits, schema

SCHEMA: Final = schema.build()._schema
KEYS: Final = {"MerchantClient": "clientId"}  # types whose id has another name
Arguments: TypeAlias = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """A way from a root field down to a type: names of fields, and types after `on`."""

    operation: str  # query or subscription
    steps: tuple[str, ...]
    kinds: tuple[str, ...]  # the types with an id that it passes, the last one is where it ends

    @property
    def root(self) -> str:
        """The root field."""
        return self.steps[0]

    @property
    def key(self) -> str:
        """The field with the id, at its end."""
        return KEYS.get(self.kinds[-1], "id")

    def step(self, name: str) -> "Way":
        """One step further."""
        return dataclasses.replace(self, steps=(*self.steps, name))

    def text(self, asked: Arguments) -> str:
        """The query that walks it with these arguments and asks for the id at its end."""
        args = root(self.operation).fields[self.root].args
        types = {name: one.type for name, one in args.items()}
        arguments = ", ".join(f"{name}: ${name}" for name in asked)
        declared = ", ".join(f"${name}: {types[name]}" for name in asked)
        inside = self.key
        for step in reversed(self.steps[1:]):
            inside = f"{'... ' if step.startswith('on ') else ''}{step} {{ {inside} }}"
        head = f"{self.operation} Way({declared})" if declared else f"{self.operation} Way"
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
        return [one[self.key] for one in reached if self.key in one]


def root(operation: str) -> graphql.GraphQLObjectType:
    kind = SCHEMA.get_root_type(graphql.OperationType(operation))
    assert kind is not None
    return kind


def has_id(kind: object) -> bool:
    return isinstance(kind, graphql.GraphQLObjectType) and (
        "id" in kind.fields or kind.name in KEYS
    )


def with_ids() -> set[str]:
    """The types below the roots that are read which have any id at all, their own or another's."""
    found: set[str] = set()
    waiting: list[Any] = [root("query"), root("subscription")]
    seen: set[str] = set()
    while waiting:
        kind = graphql.get_named_type(waiting.pop())
        if kind.name in seen:
            continue
        seen.add(kind.name)
        if graphql.is_abstract_type(kind):
            waiting += SCHEMA.get_possible_types(kind)
        elif isinstance(kind, graphql.GraphQLObjectType):
            waiting += [field.type for field in kind.fields.values()]
            below = {graphql.get_named_type(field.type) for field in kind.fields.values()}
            if graphql.GraphQLID in below:
                found.add(kind.name)
    return found


def every(operation: str) -> Iterator[Way]:
    """Every way from a root field to a type with an id that a document may be deep enough for."""
    for name, field in root(operation).fields.items():
        begun = Way(operation, (name,), ())
        yield from _below(begun, graphql.get_named_type(field.type), depth=1)


def _below(way: Way, kind: Any, *, depth: int) -> Iterator[Way]:
    if graphql.is_abstract_type(kind):
        for possible in SCHEMA.get_possible_types(kind):
            yield from _below(way.step(f"on {possible.name}"), possible, depth=depth)
        return
    if not isinstance(kind, graphql.GraphQLObjectType) or kind.name in way.kinds:
        return
    if has_id(kind):
        way = dataclasses.replace(way, kinds=(*way.kinds, kind.name))
        if depth < limits.DEPTH_MAX:
            yield way
    for name, field in kind.fields.items():
        assert not any(graphql.is_required_argument(one) for one in field.args.values()), name
        yield from _below(way.step(name), graphql.get_named_type(field.type), depth=depth + 1)
