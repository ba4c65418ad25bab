"""What the APIs of shop systems have in common: an address, decimal amounts, our key in a note.

Each platform's own words are in its own file. What is read here is a stranger's: whatever does not
make sense is None, and the adapter says what that means.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final, TypeAlias, TypeVar

import httpx2
import msgspec

from partners import adapter
from wallet import money

PAGES_MAX: Final = 400
"""Pages of one list, of 50 to 250 entries each: a day of the busiest shop."""
MARK: Final = "commonpurse:"
"""Stands before our key where a platform has no field for it but a note."""

Origin: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", max_length=300)
]
"""The address of an API without a path, such as https://shop.example."""
Ref: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
"""A platform's own name of something, short enough to be kept."""
Shape = TypeVar("Shape")

_KEY: Final = re.compile(r"[0-9a-f]{32}")
_MARKED: Final = re.compile(rf"{MARK}([0-9a-f]{{32}})\b")


def hosts(origin: str) -> frozenset[str]:
    """The one host of an origin, as an adapter names it."""
    return frozenset({httpx2.URL(origin).netloc.decode("ascii")})


def worth(amount: str | int | Decimal, code: str) -> adapter.Money | None:
    """An amount as a decimal number, "12.3", "12.30" or 12.30, of a currency; None if it is none.

    It is never rounded: what is no whole number of minor units is not what we ordered.
    """
    try:
        asset = money.asset(code.upper())
        return adapter.Money(money.exact(Decimal(amount), asset), asset)
    except (ValueError, InvalidOperation):
        return None


def minor(amount: int, code: str) -> adapter.Money | None:
    """An amount that is already in minor units; None in a currency that we do not keep."""
    try:
        return adapter.Money(amount, money.asset(code.upper()))
    except ValueError:
        return None


def note(order: adapter.Order) -> str:
    """What a platform's note says of an order, for its staff and for us."""
    return f"{order.memo} {MARK}{order.key}".strip()


def key_in(text: str | None) -> str | None:
    """Our key out of a note; None in one that we did not write."""
    found = _MARKED.search(text or "")
    return found[1] if found else None


def is_key(text: str | None) -> bool:
    """True for what can be a key of ours, in a field that others may use too."""
    return bool(text and _KEY.fullmatch(text))


def told(body: bytes, kind: type[Shape]) -> Shape | None:
    """A message as a struct of yours; None for one in other words, such as of a later version."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def converted(document: object, kind: type[Shape]) -> Shape | None:
    """A part of an answer as a struct of yours, read strictly; None for what is none."""
    try:
        return msgspec.convert(document, kind, strict=True)
    except (msgspec.ValidationError, ValueError):
        return None
