"""The shapes that every audience shares: money, nodes, pages.

Everything here is rendered from plain attributes. A resolver per leaf would cost more than the
query that fetched the row.
"""

import enum
import uuid
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

import strawberry
from strawberry.schema_directive import Location

from api.graphql import cost, failures, scalars
from wallet import errors, ids, money

KEY: Final = "New for every intent, the same on every retry."
REPLAYED: Final = "True if this key had done it before: the answer is that outcome."
ERRORS: Final = "Empty if it was done; else nothing was done."
FIRST_DEFAULT: Final = 20
FIRST_MAX: Final = cost.LIST_MAX  # one screen of a support agent; more is a job for an export

# Of every connection: it is read from the database, and `first` says how long it is.
PAGED: Final = (
    cost.ListSize(slicing_arguments=["first"], sized_fields=["edges"]),
    cost.Cost(weight="2"),
)

ITSELF: Final[Any] = (0,)  # a default cannot be a list

Row = TypeVar("Row")
Key = TypeVar("Key", bound=scalars.Key)
Method = TypeVar("Method", bound=Callable[..., Any])

First = Annotated[int, strawberry.argument(description="How many rows; 1 to 100.")]
After = Annotated[
    scalars.Cursor | None, strawberry.argument(description="Only rows after this cursor.")
]


@strawberry.schema_directive(
    name="semanticNonNull",
    locations=[Location.FIELD_DEFINITION],
    description="Null only if this field failed; see `errors`.",
)
class SemanticNonNull:
    """A client may generate a type without null, and treat a failure as a failure."""

    levels: list[int] = strawberry.field(
        default=ITSELF, description="Which levels of a list; 0 is the field itself."
    )


@strawberry.type(description="An exact amount of one currency.")
class Money:
    """Printed from minor units, never from a float."""

    amount: scalars.Decimal = strawberry.field(description="Exact, with the currency's decimals.")
    currency: scalars.CurrencyCode = strawberry.field(description="Its currency.")


@strawberry.input(description="An exact amount of one currency.")
class MoneyInput:
    """Read by `minor`."""

    amount: scalars.Decimal = strawberry.field(
        description="Exact, at most the currency's decimals."
    )
    currency: scalars.CurrencyCode = strawberry.field(description="Its currency.")


@strawberry.interface(description="An object with a global id such as `wal_01jd…`.")
class Node:
    """Whatever `node(id:)` can return."""

    id: strawberry.ID = strawberry.field(description="Opaque and permanent.")


@strawberry.type(description="Where a page sits in the list.")
class PageInfo:
    """As Relay wants it; this API only pages forward."""

    has_next_page: bool = strawberry.field(description="True if more rows follow.")
    has_previous_page: bool = strawberry.field(description="True if the page began after a cursor.")
    start_cursor: scalars.Cursor | None = strawberry.field(description="First row of the page.")
    end_cursor: scalars.Cursor | None = strawberry.field(
        description="Last row of the page: send it as `after` for the next one."
    )


@strawberry.type(description="A row and its place; rows added later never shift it.")
class Edge(Generic[Row]):
    """One row of a page."""

    cursor: scalars.Cursor = strawberry.field(description="Its place in the list.")
    node: Row = strawberry.field(description="The row.")


@strawberry.type(description="A page of rows, newest first unless the field says otherwise.")
class Connection(Generic[Row]):
    """A page by keyset: as cheap at the end of a long list as at its beginning."""

    edges: list[Edge[Row]] = strawberry.field(description="The rows of this page.")
    page_info: PageInfo = strawberry.field(description="Where the page sits in the list.")


def resolved(name: str, description: str) -> Callable[[Method], Method]:
    """Make a method the resolver of a field; typed, where the library's own decorator is not."""
    made: Callable[[Method], Method] = strawberry.field(name=name, description=description)
    return made


def relation(name: str, description: str, *more: object) -> Callable[[Method], Method]:
    """As `resolved`, for a field that is null only if reading it failed: the rest survives it.

    `more` are further directives to print.
    """
    made: Callable[[Method], Method] = strawberry.field(
        name=name, description=description, directives=[SemanticNonNull(), *more]
    )
    return made


def paged(name: str, description: str) -> Callable[[Method], Method]:
    """As `relation`, for a connection."""
    return relation(name, description, *PAGED)


def listed(name: str, description: str, *, size: int) -> Callable[[Method], Method]:
    """As `relation`, for a list that is usually about so long."""
    return relation(name, description, cost.ListSize(assumed_size=size))


def refused() -> Any:
    """Return the field with a payload's refusals."""
    return strawberry.field(
        default_factory=list, description=ERRORS, directives=[cost.ListSize(assumed_size=1)]
    )


def show(minor: int, asset: money.Asset) -> Money:
    """Return minor units as Money."""
    return Money(
        amount=scalars.Decimal(money.show(minor, asset)),
        currency=scalars.CurrencyCode(asset.code),
    )


def value(member: enum.Enum) -> Any:
    """Return the plain word behind an enum value; the library types it as its definition."""
    return member.value


def asset(code: str, *, path: Sequence[str]) -> money.Asset:
    """Return the asset of a currency code; raises CURRENCY_MISMATCH for one we do not keep."""
    try:
        return money.asset(code)
    except ValueError as error:
        raise errors.CurrencyMismatch(f"This currency is not kept here: {error}.", path=path) from (
            None
        )


def minor(amount: str, of: money.Asset, *, path: Sequence[str]) -> int:
    """Return an amount in minor units; raises AMOUNT_INVALID for too many decimals."""
    try:
        return money.parse(amount, of)
    except ValueError as error:
        raise errors.AmountInvalid(f"This amount is not valid: {error}.", path=path) from None


def minor_or_none(amount: str | None, of: money.Asset, *, path: Sequence[str]) -> int | None:
    """As `minor`, for an amount that may be missing."""
    return None if amount is None else minor(amount, of, path=path)


def amount(told: MoneyInput) -> tuple[int, money.Asset]:
    """Return an amount in minor units, and its asset."""
    of = asset(told.currency, path=("amount", "currency"))
    return minor(told.amount, of, path=("amount", "amount")), of


def amount_or_none(told: MoneyInput | None) -> tuple[int | None, money.Asset | None]:
    """As `amount`, for an amount that may be missing."""
    return (None, None) if told is None else amount(told)


def key(prefix: str, text: str, *, path: Sequence[str]) -> uuid.UUID:
    """Return the UUID of an id; raises NOT_FOUND for anything that is not an id of that kind."""
    try:
        return ids.parse(prefix, text)
    except ValueError:
        raise errors.NotFound(
            f"This is not the id of a {ids.PREFIXES[prefix]}: it begins with {prefix}_.", path=path
        ) from None


def first_of(first: int, most: int = FIRST_MAX) -> int:
    """Return how many rows a page has; raises BAD_USER_INPUT outside 1 to `most`."""
    if not 1 <= first <= most:
        raise failures.Failure("BAD_USER_INPUT", f"`first` is between 1 and {most}.")
    return first


def place_of(cursor: str | None, kind: type[Key]) -> tuple[Key, uuid.UUID] | None:
    """Return the place of a cursor in a list ordered by a key of that kind, or None for the start.

    Raises BAD_USER_INPUT for a cursor out of another list.
    """
    if cursor is None:
        return None
    key, row = scalars.place(cursor)
    if not isinstance(key, kind):
        raise failures.Failure("BAD_USER_INPUT", "This cursor belongs to another list.")
    return key, row


def page(
    rows: Sequence[Row],
    *,
    first: int,
    after: str | None,
    cursor: Callable[[Row], scalars.Cursor],
) -> Connection[Row]:
    """Return a page out of up to first + 1 rows; the extra row only says that more follow."""
    edges = [Edge(cursor=cursor(row), node=row) for row in rows[:first]]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=len(rows) > first,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )
