"""Scalars that refuse nonsense.

A number that stands for money is read from a string by one strict pattern and nothing else: JSON
numbers, exponents, NaN, underscores and digits of other scripts are refused before any rule sees
them. Instants carry a zone or are refused, and are printed in UTC. A cursor is opaque to the
caller and checked when it comes back.
"""

import base64
import binascii
import datetime
import re
import uuid
from typing import Final, NewType, TypeAlias

import graphql
import orjson
import strawberry
from strawberry.types import scalar

from wallet import changes

SPECIFICATIONS: Final = "https://commonpurse.example/scalars/"
DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?", re.ASCII)
INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
IDEMPOTENCY_KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
JSON_BYTES_MAX: Final = 256 * 1024  # a definition that names 20,000 products has about as many
JSON_DEPTH_MAX: Final = 20  # a definition has 5 levels
CURSOR_BYTES_MAX: Final = 512  # a kind, an id, and the longest name
MICROSECONDS_MAX: Final = 253_402_300_799_999_999  # the end of year 9999: what datetime can hold
EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND: Final = datetime.timedelta(microseconds=1)

# An instant, a version, a lot's two instants, how far a wallet is known.
CURSOR_NUMBERS: Final = {b"t": 1, b"v": 1, b"l": 2, b"w": 2}

# What a list may be ordered by: when, which version, which name, as lots are spent; and a stream by
# how far a wallet is known.
Key: TypeAlias = (
    datetime.datetime | int | str | tuple[datetime.datetime, datetime.datetime] | changes.Known
)

# NewTypes, so that a resolver's annotation says what a string stands for.
Decimal = NewType("Decimal", str)
DateTime = NewType("DateTime", datetime.datetime)
CurrencyCode = NewType("CurrencyCode", str)
IdempotencyKey = NewType("IdempotencyKey", str)
Cursor = NewType("Cursor", str)
LocalDate = NewType("LocalDate", datetime.date)
Json = NewType("Json", object)


def _matching(value: object, pattern: re.Pattern[str], expected: str) -> str:
    # The offending value is not repeated: an answer is not a place for whatever was sent.
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    raise graphql.GraphQLError(f"Expected {expected}.")


def read_decimal(value: object) -> str:
    """Return the text unchanged if it is a plain decimal in a string."""
    return _matching(
        value, DECIMAL, 'a decimal in a string such as "12.34": no exponent, at most 6 decimals'
    )


def read_instant(value: object) -> datetime.datetime:
    """Return the instant in UTC; a date without a time or without a zone is refused."""
    text = _matching(value, INSTANT, 'an instant with a zone such as "2026-11-21T09:30:00Z"')
    try:
        return datetime.datetime.fromisoformat(text.upper()).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise graphql.GraphQLError("Expected an instant that the calendar has.") from None


def show_instant(value: object) -> str:
    """Print an instant in UTC with a Z; an instant without a zone is our bug."""
    assert isinstance(value, datetime.datetime) and value.tzinfo is not None, "naive instant"
    return value.astimezone(datetime.UTC).replace(tzinfo=None).isoformat() + "Z"


def instant(value: datetime.datetime | None) -> DateTime | None:
    """Return an instant that may be missing, for an annotation that wants a DateTime."""
    return None if value is None else DateTime(value)


def read_date(value: object) -> datetime.date:
    """Return the day; anything else than year, month and day is refused."""
    text = _matching(value, DATE, 'a day such as "2026-11-21"')
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise graphql.GraphQLError("Expected a day that the calendar has.") from None


def show_date(value: object) -> str:
    """Print a day; an instant is our bug."""
    assert isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
    return value.isoformat()


def day(value: datetime.date | None) -> LocalDate | None:
    """Return a day that may be missing, for an annotation that wants a LocalDate."""
    return None if value is None else LocalDate(value)


def read_json(value: object) -> object:
    """Return plain JSON unchanged if it is neither too large nor too deep."""
    if _deeper(value, JSON_DEPTH_MAX):
        raise graphql.GraphQLError(f"Expected JSON of at most {JSON_DEPTH_MAX} levels.")
    try:
        size = len(orjson.dumps(value))
    except TypeError:  # half a character, or a number beyond 64 bits
        raise graphql.GraphQLError("Expected JSON that can be stored.") from None
    if size > JSON_BYTES_MAX:
        raise graphql.GraphQLError(f"Expected JSON of at most {JSON_BYTES_MAX} bytes.")
    return value


def _deeper(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return not levels or any(_deeper(one, levels - 1) for one in value.values())
    if isinstance(value, list):
        return not levels or any(_deeper(one, levels - 1) for one in value)
    return False


def read_currency(value: object) -> str:
    """Return the code unchanged if it is three capital letters."""
    return _matching(value, CURRENCY, 'three capital letters such as "EUR"')


def read_idempotency_key(value: object) -> str:
    """Return the key unchanged if it is 16 to 64 URL-safe characters."""
    return _matching(
        value, IDEMPOTENCY_KEY, "16 to 64 characters out of A-Z, a-z, 0-9, '-' and '_'"
    )


def cursor(key: Key, row: uuid.UUID) -> Cursor:
    """Print the place of a row in a list ordered by a key and the id."""
    if isinstance(key, datetime.datetime):
        raw = b"t" + row.bytes + _microseconds(key)
    elif isinstance(key, tuple):
        raw = b"l" + row.bytes + _microseconds(key[0]) + _microseconds(key[1])
    elif isinstance(key, changes.Known):
        numbers = key.version.to_bytes(8, "big") + key.happenings.to_bytes(8, "big")
        raw = b"w" + row.bytes + numbers
    elif isinstance(key, int):
        raw = b"v" + row.bytes + key.to_bytes(8, "big")
    else:
        raw = b"n" + row.bytes + key.encode()
    return Cursor(base64.urlsafe_b64encode(raw).decode())


def place(cursor_text: str) -> tuple[Key, uuid.UUID]:
    """Return the (key, id) of a cursor; raises ValueError for anything `cursor` never made."""
    try:
        raw = base64.b64decode(cursor_text.encode("ascii"), altchars=b"-_", validate=True)
        kind, row, key = raw[:1], raw[1:17], raw[17:]
        text = key.decode() if kind == b"n" else ""
    except (UnicodeError, binascii.Error):
        raise ValueError("not a cursor") from None
    if (
        kind not in b"tvlwn"
        or not kind
        or len(raw) > CURSOR_BYTES_MAX
        or len(row) != 16
        or "\x00" in text
    ):
        raise ValueError("not a cursor")
    if kind == b"n":
        return text, uuid.UUID(bytes=row)
    numbers = [int.from_bytes(key[at : at + 8], "big") for at in range(0, len(key), 8)]
    if len(key) != 8 * CURSOR_NUMBERS.get(kind, 0) or max(numbers, default=0) > MICROSECONDS_MAX:
        raise ValueError("not a cursor")
    if kind == b"v":
        return numbers[0], uuid.UUID(bytes=row)
    if kind == b"w":
        return changes.Known(*numbers), uuid.UUID(bytes=row)
    instants = [EPOCH + number * MICROSECOND for number in numbers]
    return instants[0] if kind == b"t" else (instants[0], instants[1]), uuid.UUID(bytes=row)


def _microseconds(value: datetime.datetime) -> bytes:
    return ((value - EPOCH) // MICROSECOND).to_bytes(8, "big")


def read_cursor(value: object) -> str:
    """Return the cursor unchanged if it is one that this API could have made."""
    try:
        if isinstance(value, str):
            place(value)
            return value
    except ValueError:
        pass
    raise graphql.GraphQLError("Expected a cursor from an earlier page.")


SCALARS: Final[dict[object, scalar.ScalarDefinition]] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description='Exact decimal in a string, e.g. "12.34"; a JSON number is refused.',
        specified_by_url=SPECIFICATIONS + "decimal",
        serialize=str,
        parse_value=read_decimal,
    ),
    DateTime: strawberry.scalar(
        name="DateTime",
        description="RFC 3339 instant with a zone; answers are in UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=show_instant,
        parse_value=read_instant,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description='ISO 4217 code such as "EUR", or "PTS" for points of the coalition.',
        specified_by_url=SPECIFICATIONS + "currency-code",
        serialize=str,
        parse_value=read_currency,
    ),
    IdempotencyKey: strawberry.scalar(
        name="IdempotencyKey",
        description="16 to 64 URL-safe characters: new for every intent, the same on every retry.",
        specified_by_url=SPECIFICATIONS + "idempotency-key",
        serialize=str,
        parse_value=read_idempotency_key,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="Place of a row in a list; opaque, take it from an earlier page.",
        specified_by_url=SPECIFICATIONS + "cursor",
        serialize=str,
        parse_value=read_cursor,
    ),
    LocalDate: strawberry.scalar(
        name="LocalDate",
        description='A day of the calendar such as "2026-11-21", without a time.',
        specified_by_url="https://scalars.graphql.org/andimarek/local-date.html",
        serialize=show_date,
        parse_value=read_date,
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="Plain JSON of at most 256 KiB and 20 levels; its own schema says more.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=read_json,
    ),
}
