"""What a document costs, computed before it runs and printed where its reader looks: in the schema.

An object of the answer costs one point; its plain fields are free. `@listSize` says how many
objects a list may hold, and `@cost` what a field costs besides, because it writes or searches. A
document is compiled once to a formula over its variables, so that a request pays for one
evaluation of it. The result is what the document may cost at most: no list longer than its limit,
nothing skipped.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

import graphql
import strawberry
from strawberry.schema_directive import Location

from api.graphql import limits, selections

LIST_MAX: Final = 100  # no list that is asked by number gives more: its field refuses instead
PLACES_MAX: Final = 2_000  # places of an answer that a document may name; tens are usual

Variables: TypeAlias = Mapping[str, Any]
Formula: TypeAlias = int | Callable[[Variables], int]


@strawberry.schema_directive(
    name="cost",
    locations=[Location.FIELD_DEFINITION],
    description="Points that the field costs besides the objects that it returns.",
)
class Cost:
    """The directive and the argument are those of the cost directives that gateways read."""

    weight: str = strawberry.field(description="A whole number of points.")


@strawberry.schema_directive(
    name="listSize",
    locations=[Location.FIELD_DEFINITION],
    description="How many objects a list is taken to hold when its cost is computed.",
)
class ListSize:
    """Either by an argument, or assumed."""

    assumed_size: int | None = strawberry.field(
        default=strawberry.UNSET, description="So many, whatever is asked."
    )
    slicing_arguments: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="As the argument says: its number, or the length of its list.",
    )
    sized_fields: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Which fields of the returned object hold them; the field itself if not given.",
    )


def compiled(
    schema: graphql.GraphQLSchema,
    document: graphql.DocumentNode,
    operation: graphql.OperationDefinitionNode,
) -> Formula:
    """Return the cost of one operation of a valid document.

    Raises limits.TooLarge for one that names too many places.
    """
    root = schema.get_root_type(operation.operation)
    assert root is not None
    return _Compiler(schema, document, operation).of(root, [operation.selection_set], {})


def evaluated(formula: Formula, variables: Variables) -> int:
    """Return the points that an operation costs with these variables; at least one."""
    return max(1, formula if isinstance(formula, int) else formula(variables))


def check(schema: graphql.GraphQLSchema) -> None:
    """Stop the start if a list of objects does not say how long it is taken to be."""
    for kind in schema.type_map.values():
        if isinstance(kind, graphql.GraphQLObjectType) and not kind.name.startswith("__"):
            sized = {
                name
                for parent in schema.type_map.values()
                for field in getattr(parent, "fields", {}).values()
                if graphql.get_named_type(field.type) is kind
                for name in _size(field).sized_fields or ()
            }
            for name, field in kind.fields.items():
                if _is_list(field.type) and not graphql.is_leaf_type(_named(field)):
                    assert name in sized or _size(field) is not UNSIZED, f"{kind}.{name}"


UNSIZED: Final = ListSize()


class _Compiler:
    """Walks one operation."""

    def __init__(
        self,
        schema: graphql.GraphQLSchema,
        document: graphql.DocumentNode,
        operation: graphql.OperationDefinitionNode,
    ) -> None:
        self._schema = schema
        self._fragments = selections.fragments(document)
        self._defaults = {
            one.variable.name.value: one.default_value
            for one in operation.variable_definitions or ()
            if one.default_value is not None
        }
        self._places = 0

    def of(self, kind: Any, sets: selections.Sets, sized: Mapping[str, Formula]) -> Formula:
        """The fields of one object; of an abstract type, the dearest object that it may be."""
        sets = list(sets)
        if graphql.is_abstract_type(kind):
            return _most(self.of(one, sets, sized) for one in self._schema.get_possible_types(kind))
        asked = selections.fields(self._schema, self._fragments, kind, sets)
        self._places += len(asked)
        if self._places > PLACES_MAX:
            raise limits.TooLarge("The document asks for too many different fields.")
        return _sum(
            self._field(kind.fields[nodes[0].name.value], nodes, sized)
            for nodes in asked.values()
            if not nodes[0].name.value.startswith("__")
        )

    def _field(
        self,
        field: graphql.GraphQLField,
        nodes: list[graphql.FieldNode],
        sized: Mapping[str, Formula],
    ) -> Formula:
        own = _weight(field)
        kind = _named(field)
        if graphql.is_leaf_type(kind):
            return own
        told = _size(field)
        size = sized.get(nodes[0].name.value, 1)
        below: dict[str, Formula] = {}
        if told is not UNSIZED:
            asked = self._asked(field, nodes[0], told)
            if told.sized_fields:
                below = dict.fromkeys(told.sized_fields, asked)
            else:
                size = asked
        within = self.of(kind, (one.selection_set for one in nodes if one.selection_set), below)
        return _sum([own, _times(size, _sum([1, within]))])

    def _asked(
        self, field: graphql.GraphQLField, node: graphql.FieldNode, told: ListSize
    ) -> Formula:
        """How many objects the caller asks for."""
        for name in told.slicing_arguments or ():
            for argument in node.arguments or ():
                if argument.name.value == name:
                    return self._length(argument.value)
            default = field.args[name].default_value
            if default is not graphql.Undefined:
                return _count(default)
        return told.assumed_size or 0

    def _length(self, value: graphql.ValueNode) -> Formula:
        if not isinstance(value, graphql.VariableNode):
            return _written(value)
        name = value.name.value
        default = _written(self._defaults[name]) if name in self._defaults else 0
        return lambda variables: _count(variables[name]) if name in variables else default


def _written(value: graphql.ValueNode) -> int:
    if isinstance(value, graphql.IntValueNode):
        return _count(int(value.value))
    return _count([*value.values]) if isinstance(value, graphql.ListValueNode) else 1


def _count(value: object) -> int:
    # What is neither a number nor a list is refused when the variables are read, a moment later.
    if isinstance(value, int):
        return min(max(0, value), LIST_MAX)
    return min(len(value), LIST_MAX) if isinstance(value, list) else 1


def _named(field: graphql.GraphQLField) -> graphql.GraphQLNamedType:
    named: graphql.GraphQLNamedType = graphql.get_named_type(field.type)
    return named


def _is_list(kind: Any) -> bool:
    return graphql.is_list_type(graphql.get_nullable_type(kind))


def _weight(field: graphql.GraphQLField) -> int:
    return sum(int(one.weight) for one in _directives(field) if isinstance(one, Cost))


def _size(field: graphql.GraphQLField) -> ListSize:
    return next((one for one in _directives(field) if isinstance(one, ListSize)), UNSIZED)


def _directives(field: graphql.GraphQLField) -> Iterable[object]:
    # What the library prints into the schema is what is read here: there is no second table.
    definition = field.extensions.get("strawberry-definition")
    return getattr(definition, "directives", ())


def _sum(parts: Iterable[Formula]) -> Formula:
    fixed, open_ = _split(parts)
    if not open_:
        return sum(fixed)
    known = sum(fixed)
    return lambda variables: known + sum(part(variables) for part in open_)


def _most(parts: Iterable[Formula]) -> Formula:
    fixed, open_ = _split(parts)
    known = max(fixed, default=0)
    if not open_:
        return known
    return lambda variables: max(known, *(part(variables) for part in open_))


def _times(size: Formula, one: Formula) -> Formula:
    if isinstance(size, int) and isinstance(one, int):
        return size * one
    return lambda variables: _at(size, variables) * _at(one, variables)


def _at(formula: Formula, variables: Variables) -> int:
    return formula if isinstance(formula, int) else formula(variables)


def _split(parts: Iterable[Formula]) -> tuple[list[int], list[Callable[[Variables], int]]]:
    fixed: list[int] = []
    open_: list[Callable[[Variables], int]] = []
    for part in parts:
        if isinstance(part, int):
            fixed.append(part)
        else:
            open_.append(part)
    return fixed, open_
