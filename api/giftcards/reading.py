"""What stores send, read strictly: numbers as exact decimals, each name once, nothing too long.

Only what the wallet acts by is looked at. A cart and a customer's profile come along with most
requests; they are read past, and nothing of them is kept.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn

from starlette.requests import Request

from api.giftcards import failing
from api.graphql import transport
from wallet import errors, money

BODY_BYTES_MAX: Final = 256 * 1024
"""A cart of some hundreds of articles with their price tags; a body is held in memory whole."""
PAGE_MAX: Final = 100
MEDIA_TYPES: Final = frozenset({"application/json", "application/vnd.vtex.giftcards.v1+json"})
OPERATIONS: Final = {"Debit": "debit", "Credit": "credit"}
_RANGE: Final = re.compile(r"resources=([0-9]{1,9})-([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Search:
    """Whose cards are looked for: a number that was typed, or else the customer's address."""

    number: str
    email: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """A hold or a credit."""

    operation: str
    value: Decimal
    about: str
    token: str
    number: str
    request: str
    reference: str


@dataclass(frozen=True, slots=True)
class Step:
    """A settlement or a cancellation."""

    value: Decimal
    request: str


@dataclass(frozen=True, slots=True)
class Range:
    """Which rows of a list are wanted, both ends included."""

    first: int = 0
    last: int = 49


async def body(request: Request) -> Mapping[str, Any]:
    """Return the object that a request carries."""
    media, *parameters = (
        part.strip().lower() for part in request.headers.get("content-type", "").split(";")
    )
    charsets = [one.partition("=")[2].strip('"') for one in parameters if "charset=" in one]
    if (
        media not in MEDIA_TYPES
        or any(one not in ("utf-8", "utf8") for one in charsets)
        or "content-encoding" in request.headers
    ):
        raise failing.Failed("UNSUPPORTED_MEDIA_TYPE")
    read = await transport.read_body(request, BODY_BYTES_MAX)
    try:
        found = json.loads(
            read.decode(),
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_no_number,
            object_pairs_hook=_once,
        )
    except (ValueError, RecursionError, InvalidOperation):
        raise failing.Failed("BODY_INVALID", "The body is not sound JSON. Correct it.") from None
    if not isinstance(found, dict):
        raise failing.Failed("BODY_INVALID")
    return found


def search(found: Mapping[str, Any]) -> Search:
    """Read a search; VTEX sends null for what the customer has not told."""
    client, cart = _object(found, "client"), _object(found, "cart")
    email = _text(client, "client", "email") or _text(client, "client", "id")
    return Search(number=_text(cart, "cart", "redemptionCode"), email=email)


def transaction(found: Mapping[str, Any]) -> Transaction:
    """Read a transaction. The order's number is the redemption's reference, else the request's."""
    operation = OPERATIONS.get(_text(found, "operation"))
    if operation is None:
        raise failing.Failed("BODY_INVALID", "Send Debit or Credit.", path=("operation",))
    order = _object(found, "orderInfo") if found.get("orderInfo") is not None else {}
    request = _needed(found, "requestId")
    return Transaction(
        operation=operation,
        value=_number(found, "value"),
        about=_text(found, "description"),
        token=_text(found, "redemptionToken"),
        number=_text(found, "redemptionCode"),
        request=request,
        reference=_text(order, "orderInfo", "orderId") or request,
    )


def step(found: Mapping[str, Any]) -> Step:
    """Read a settlement or a cancellation."""
    return Step(value=_number(found, "value"), request=_needed(found, "requestId"))


def minor(value: Decimal, asset: money.Asset) -> int:
    """Return a value in minor units; AMOUNT_INVALID for more decimals than the currency has."""
    try:
        return money.exact(value, asset)
    except ValueError as error:
        raise errors.AmountInvalid(f"This amount is not valid: {error}.", path=("value",)) from None


def rows(request: Request) -> Range:
    """Return which rows are wanted: `REST-Range: resources=0-49`."""
    told = request.headers.get("rest-range")
    if told is None:
        return Range()
    match = _RANGE.fullmatch(told.strip())
    if match is None or int(match[2]) < int(match[1]):
        raise failing.Failed("RANGE_INVALID")
    first = int(match[1])
    return Range(first, min(int(match[2]), first + PAGE_MAX - 1))


def _object(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    if not isinstance(value, dict):
        raise failing.Failed("BODY_INVALID", "An object is missing here. Send it.", path=(name,))
    return value


def _text(found: Mapping[str, Any], *path: str) -> str:
    value = found.get(path[-1])
    if value is None:
        return ""
    if not isinstance(value, str):
        raise failing.Failed("BODY_INVALID", "This is no text. Send it as a string.", path=path)
    return value


def _needed(found: Mapping[str, Any], name: str) -> str:
    value = _text(found, name)
    if not value:
        raise failing.Failed("BODY_INVALID", "A text is missing here. Send it.", path=(name,))
    return value


def _number(found: Mapping[str, Any], name: str) -> Decimal:
    value = found.get(name)
    if not isinstance(value, Decimal):
        raise failing.Failed("BODY_INVALID", "This is no number. Send it as one.", path=(name,))
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")  # which of two amounts is meant, nobody can know
    return found


def _no_number(_text: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")
