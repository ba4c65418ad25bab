"""From the text of a document to something that may be executed: parsed, limited, validated, kept.

Parsing and validating cost more than most queries do, so both the documents that passed and the
verdicts on those that did not are kept in one bounded cache, keyed by text and audience.
"""

import collections
import dataclasses
import hashlib
from typing import Any, Final

import graphql

from api.graphql import failures, limits

CACHED_MAX: Final = 512  # documents; a client has tens of them
CACHED_CHARACTERS_MAX: Final = 16_384  # longer texts are rare, and would fill the memory


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """A document that may be executed."""

    node: graphql.DocumentNode
    operations: dict[str | None, graphql.OperationType]
    digest: str


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
        if len(text) <= CACHED_CHARACTERS_MAX:
            self._seen[key] = verdict
            if len(self._seen) > CACHED_MAX:
                self._seen.popitem(last=False)
        return verdict

    def _judge(self, text: str, *, introspection: bool) -> Prepared | Refused:
        try:
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
        operations = {
            definition.name.value if definition.name else None: definition.operation
            for definition in node.definitions
            if isinstance(definition, graphql.OperationDefinitionNode)
        }
        digest = hashlib.sha256(text.encode()).hexdigest()
        return Prepared(node=node, operations=operations, digest=digest)


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
