"""Limits on a document, and the validation rules of each audience.

The limits run before validation, because validating a hostile document is itself the attack.
Each fragment is measured once and its result reused, so a document whose fragments double at
every level costs no more than its own length. The rule tuples are built once, at import: a rule
class made per request would make every look-up in the cache of valid documents miss.
"""

import collections
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import graphql
from graphql import validation

CHARACTERS_MAX: Final = 16_384  # 1,000 tokens at 16 characters; a comment would be one token
TOKENS_MAX: Final = 1_000  # the longest document of our own clients has about 300
DEPTH_MAX: Final = 10  # viewer → wallet → movements → edges → node → merchant → name is 7
INTROSPECTION_DEPTH_MAX: Final = 20  # the standard introspection query nests `ofType` 9 times
ALIASES_MAX: Final = 15
DIRECTIVES_MAX: Final = 8
OPERATIONS_MAX: Final = 5
FRAGMENTS_MAX: Final = 40  # each is compared with each that stands beside it
# Fields of one name are compared pair by pair, with all that is below them: that is the dearest
# part of validation. A page of money asks for `amount` some 30 times, for `merchant` some 5.
SAME_OBJECT_MAX: Final = 20
SAME_VALUE_MAX: Final = 100


class TooLarge(Exception):
    """The document is beyond a limit; the text says which."""


@dataclass(frozen=True, slots=True)
class _Size:
    """What a selection set holds once its fragments are written out."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "_Size") -> "_Size":
        return _Size(
            depth=max(self.depth, other.depth),
            aliases=self.aliases + other.aliases,
            directives=self.directives + other.directives,
        )


class OneMutationField(validation.ValidationRule):
    """One mutation, one movement of money: two would leave a caller with half an outcome."""

    def enter_operation_definition(
        self, node: graphql.OperationDefinitionNode, *_args: object
    ) -> None:
        """Refuse a mutation that asks for two things, or hides what it asks for in a fragment.

        `__typename` beside the one does nothing, and generators of clients write it everywhere.
        """
        if node.operation is not graphql.OperationType.MUTATION:
            return
        selections = [one for one in node.selection_set.selections if not _is_typename(one)]
        if len(selections) > 1 or not all(isinstance(one, graphql.FieldNode) for one in selections):
            self.report_error(
                graphql.GraphQLError("A mutation has exactly one field, written directly.", node)
            )


def _is_typename(selection: graphql.SelectionNode) -> bool:
    return isinstance(selection, graphql.FieldNode) and selection.name.value == "__typename"


RULES: Final = (*graphql.specified_rules, OneMutationField)
RULES_WITHOUT_INTROSPECTION: Final = (*RULES, validation.NoSchemaIntrospectionCustomRule)


def check_text(text: str) -> None:
    """Raise TooLarge for a text that it would take long even to read."""
    if len(text) > CHARACTERS_MAX:
        raise TooLarge(
            f"A document has at most {CHARACTERS_MAX} characters; put values into variables."
        )


def check(document: graphql.DocumentNode) -> None:
    """Raise TooLarge if an operation of the document is deeper or wider than we allow."""
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, graphql.FragmentDefinitionNode)
    }
    operations = [
        node for node in document.definitions if isinstance(node, graphql.OperationDefinitionNode)
    ]
    if len(operations) > OPERATIONS_MAX:
        raise TooLarge(f"A document holds at most {OPERATIONS_MAX} operations.")
    _check_repetition(document)
    if len(fragments) > FRAGMENTS_MAX:
        raise TooLarge(f"A document holds at most {FRAGMENTS_MAX} fragments.")
    measured: dict[str, _Size] = {}
    for operation in operations:
        size = _measure(operation.selection_set, fragments, measured, level=1)
        directives = size.directives + len(operation.directives or ())
        if size.depth > DEPTH_MAX:
            raise TooLarge(f"A query nests at most {DEPTH_MAX} levels of fields.")
        if size.aliases > ALIASES_MAX:
            raise TooLarge(f"A query uses at most {ALIASES_MAX} aliases.")
        if directives > DIRECTIVES_MAX:
            raise TooLarge(f"A query uses at most {DIRECTIVES_MAX} directives.")


def _check_repetition(document: graphql.DocumentNode) -> None:
    asked: collections.Counter[tuple[str, bool]] = collections.Counter()
    open_ = [
        node.selection_set
        for node in document.definitions
        if isinstance(node, graphql.OperationDefinitionNode | graphql.FragmentDefinitionNode)
    ]
    while open_:
        for node in open_.pop().selections:
            below: graphql.SelectionSetNode | None = getattr(node, "selection_set", None)
            if below is not None:
                open_.append(below)
            if isinstance(node, graphql.FieldNode):
                name = (node.alias or node.name).value
                asked[name, below is not None] += 1
    for (_, is_object), times in asked.items():
        if times > (SAME_OBJECT_MAX if is_object else SAME_VALUE_MAX):
            raise TooLarge(
                f"A document asks for the same field at most {SAME_OBJECT_MAX} times if it is an"
                f" object, {SAME_VALUE_MAX} times if it is a value."
            )


def _measure(
    selections: graphql.SelectionSetNode,
    fragments: Mapping[str, graphql.FragmentDefinitionNode],
    measured: dict[str, _Size],
    *,
    level: int,
) -> _Size:
    # `level` counts our own recursion, so that a document cannot exhaust the interpreter's stack.
    if level > INTROSPECTION_DEPTH_MAX * 2:
        raise TooLarge("The document nests too deeply.")
    total = _Size()
    for node in selections.selections:
        if isinstance(node, graphql.FragmentSpreadNode):
            inner = _fragment(node.name.value, fragments, measured, level=level + 1)
        else:
            below: graphql.SelectionSetNode | None = getattr(node, "selection_set", None)
            inner = _measure(below, fragments, measured, level=level + 1) if below else _Size()
        total = total.beside(_with_its_own(node, inner))
    return total


def _fragment(
    name: str,
    fragments: Mapping[str, graphql.FragmentDefinitionNode],
    measured: dict[str, _Size],
    *,
    level: int,
) -> _Size:
    if name in measured:
        return measured[name]
    if name not in fragments:
        return _Size()  # validation reports the unknown fragment
    measured[name] = _Size()  # a cycle ends here, and validation reports it
    fragment = fragments[name]
    inner = _measure(fragment.selection_set, fragments, measured, level=level)
    size = inner.beside(_Size(directives=len(fragment.directives or ())))
    measured[name] = size
    return size


def _with_its_own(node: graphql.SelectionNode, inner: _Size) -> _Size:
    own = _Size(directives=len(node.directives or ()))
    if not isinstance(node, graphql.FieldNode):
        return inner.beside(own)
    if node.name.value in {"__schema", "__type"}:
        # Introspection nests `ofType` deeper than any query of ours and touches no data.
        if inner.depth > INTROSPECTION_DEPTH_MAX:
            raise TooLarge(f"Introspection nests at most {INTROSPECTION_DEPTH_MAX} levels.")
        inner = _Size(aliases=inner.aliases, directives=inner.directives)
    aliased = 1 if node.alias is not None else 0
    return _Size(
        depth=inner.depth + 1,
        aliases=inner.aliases + aliased,
        directives=inner.directives + own.directives,
    )
