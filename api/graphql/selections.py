"""What a selection asks of a type, its fragments written out and its repetitions merged.

This is what execution will resolve, found without executing: fields with the same response name
are one field, and each fragment is entered once per place, so a document whose fragments double at
every level is walked in the time of its own length. `@skip` and `@include` are not looked at: the
answer is what could be asked at most.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import graphql

Fragments: TypeAlias = Mapping[str, graphql.FragmentDefinitionNode]
Sets: TypeAlias = Iterable[graphql.SelectionSetNode]


def fragments(document: graphql.DocumentNode) -> Fragments:
    """Return the fragments of a document by name."""
    return {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, graphql.FragmentDefinitionNode)
    }


def operations(document: graphql.DocumentNode) -> Iterator[graphql.OperationDefinitionNode]:
    """Yield the operations of a document."""
    for node in document.definitions:
        if isinstance(node, graphql.OperationDefinitionNode):
            yield node


def fields(
    schema: graphql.GraphQLSchema,
    written: Fragments,
    kind: graphql.GraphQLObjectType,
    sets: Sets,
) -> dict[str, list[graphql.FieldNode]]:
    """Return what is asked of an object type: response name to the places that ask."""
    asked: dict[str, list[graphql.FieldNode]] = {}
    entered: set[str] = set()
    for one in sets:
        for node in _within(schema, written, kind, one, entered):
            name = node.alias.value if node.alias else node.name.value
            asked.setdefault(name, []).append(node)
    return asked


def _within(
    schema: graphql.GraphQLSchema,
    written: Fragments,
    kind: graphql.GraphQLObjectType,
    selections: graphql.SelectionSetNode,
    entered: set[str],
) -> Iterator[graphql.FieldNode]:
    for node in selections.selections:
        if isinstance(node, graphql.FieldNode):
            yield node
            continue
        condition: graphql.NamedTypeNode | None
        if isinstance(node, graphql.FragmentSpreadNode):
            if node.name.value in entered:
                continue
            entered.add(node.name.value)
            fragment = written[node.name.value]
            condition, below = fragment.type_condition, fragment.selection_set
        else:
            assert isinstance(node, graphql.InlineFragmentNode)
            condition, below = node.type_condition, node.selection_set
        if condition is None or _applies(schema, kind, condition.name.value):
            yield from _within(schema, written, kind, below, entered)


def _applies(
    schema: graphql.GraphQLSchema, kind: graphql.GraphQLObjectType, condition: str
) -> bool:
    if condition == kind.name:
        return True
    other = schema.get_type(condition)
    return isinstance(
        other, graphql.GraphQLInterfaceType | graphql.GraphQLUnionType
    ) and schema.is_sub_type(other, kind)
