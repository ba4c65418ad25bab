"""From the text of a document to something that may be executed: parsed, limited, validated, kept.

Parsing and validating cost more than most queries do, so both the documents that passed and the
verdicts on those that did not are kept in one bounded cache, keyed by text and audience. With a
document that passed is kept what each of its operations costs and which scopes it needs.
"""

import collections
import dataclasses
import hashlib
import re
from typing import Any, Final

import graphql

from api.graphql import cost, failures, limits, permissions, selections

SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
CACHED_MAX: Final = 512  # documents; a client has tens of them


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    """What one operation of a document does, may cost, and needs."""

    kind: graphql.OperationType
    cost: cost.Formula
    scopes: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """A document that may be executed."""

    node: graphql.DocumentNode
    operations: dict[str | None, Operation]
    digest: str  # the SHA-256 of the text, in hex


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """A document that may not; `errors` lack only the request id."""

    code: str
    errors: tuple[dict[str, Any], ...]


class Documents:
    """The documents seen so far, for one schema."""

    def __init__(self, schema: graphql.GraphQLSchema) -> None:
        self._schema = schema
        self._seen: collections.OrderedDict[tuple[bool, str], Prepared | Refused] = (
            collections.OrderedDict()
        )
        self.hits = 0
        self.misses = 0

    def prepare(self, text: str, *, introspection: bool) -> Prepared | Refused:
        """Return the verdict on a document; the same text is judged once per audience."""
        key = (introspection, text)
        known = self._seen.get(key)
        if known is not None:
            self.hits += 1
            self._seen.move_to_end(key)
            return known
        self.misses += 1
        verdict = self._judge(text, introspection=introspection)
        if len(text) <= limits.CHARACTERS_MAX:
            self._seen[key] = verdict
            if len(self._seen) > CACHED_MAX:
                self._seen.popitem(last=False)
        return verdict

    def _judge(self, text: str, *, introspection: bool) -> Prepared | Refused:
        try:
            limits.check_text(text)
            node = graphql.parse(text, max_lexical_tokens=limits.TOKENS_MAX)
            limits.check(node)
        except graphql.GraphQLSyntaxError as error:
            return _refused("GRAPHQL_PARSE_FAILED", [error])
        except (limits.TooLarge, graphql.GraphQLError) as error:
            return _refused("GRAPHQL_VALIDATION_FAILED", [graphql.GraphQLError(str(error))])
        rules = limits.RULES if introspection else limits.RULES_WITHOUT_INTROSPECTION
        found = graphql.validate(
            self._schema,
            node,
            rules,
            max_errors=failures.ERRORS_MAX,
            hide_suggestions=not introspection,
        )
        if found:
            return _refused("GRAPHQL_VALIDATION_FAILED", found)
        try:
            operations = {
                one.name.value if one.name else None: self._operation(node, one)
                for one in selections.operations(node)
            }
        except limits.TooLarge as error:
            return _refused("GRAPHQL_VALIDATION_FAILED", [graphql.GraphQLError(str(error))])
        return Prepared(node=node, operations=operations, digest=digest(text))

    def _operation(
        self, document: graphql.DocumentNode, one: graphql.OperationDefinitionNode
    ) -> Operation:
        root = self._schema.get_root_type(one.operation)
        assert root is not None
        asked = selections.fields(
            self._schema, selections.fragments(document), root, [one.selection_set]
        )
        return Operation(
            kind=one.operation,
            cost=cost.compiled(self._schema, document, one),
            scopes=permissions.needed(root.name, (nodes[0].name.value for nodes in asked.values())),
        )


def digest(text: str) -> str:
    """Return the hash under which a document is known."""
    return hashlib.sha256(text.encode()).hexdigest()


def operation_name(prepared: Prepared, asked: str | None) -> str | None:
    """Return which operation runs; a guess between several could move money, so none is made.

    Raises failures.Failure OPERATION_RESOLUTION_FAILURE.
    """
    if asked is not None:
        if asked in prepared.operations:
            return asked
        raise failures.Failure(
            "OPERATION_RESOLUTION_FAILURE", "The document has no operation of that name."
        )
    if len(prepared.operations) != 1:
        raise failures.Failure(
            "OPERATION_RESOLUTION_FAILURE",
            "The document must have one operation, or operationName must say which to run.",
        )
    return next(iter(prepared.operations))


def _refused(code: str, found: list[graphql.GraphQLError]) -> Refused:
    return Refused(
        code=code,
        errors=tuple(failures.of_document(error, code) for error in found[: failures.ERRORS_MAX]),
    )
