"""Ids: made by whoever starts a thing, sortable by time, and the key of every retry.

An id is a UUIDv7. Outside it is shown as a three-letter kind and 26 letters (`mem_01jd...`), with
exactly one text for each id. Derived ids are hashes, so that a retry, a saga step or another
process reaches the same id without asking anybody. This is the only module under `wallet` that
reads a clock, and only to make ids sort: no decision may ever depend on the time inside an id.
"""

import hashlib
import re
import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Final

import orjson

BUCKETS: Final = 256
"""How many shares the books are cut into; fixed for ever, because it is in every key."""

PREFIXES: Final = {
    "mem": "member",
    "mbr": "membership",
    "wal": "wallet",
    "mer": "merchant",
    "par": "partner",
    "lnk": "link",
    "sto": "store",
    "sub": "subscription",
    "con": "contract",
    "cha": "charity",
    "agr": "charity agreement",
    "don": "donation",
    "ple": "pledge",
    "gif": "gift",
    "mat": "match",
    "rem": "remittance",
    "pur": "purchase",
    "ret": "return",
    "red": "redemption",
    "ord": "partner order",
    "mov": "movement",
    "lot": "lot",
    "cre": "credit",
    "sta": "staff",
    "tok": "token",
    "cli": "client",
    "not": "notice",
    "apr": "approval",
    "aud": "audit entry",
    "cam": "campaign",
    "ver": "campaign version",
    "bud": "budget",
    "ben": "benefit",
    "awd": "award",
    "seg": "segment",
    "doc": "terms document",
    "exp": "experiment",
    "ref": "referral",
    "rev": "spending review",
    "evi": "evidence",
    "tch": "tier change",
    "sch": "scheme",
    "try": "quiz try",
    "tic": "ticket",
    "spi": "spin",
    "ent": "raffle entry",
    "com": "completion",
    "gca": "gift card",
    "cop": "card operation",
    "end": "endpoint",
    "dlv": "delivery",
}

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o or u to misread.
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_LETTERS: Final = 26
_UUID_7: Final = re.compile(
    "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)
_VARIANT: Final = 0b10 << 62
_RANDOM: Final = (1 << 62) - 1


def new() -> uuid.UUID:
    """Make a UUIDv7: milliseconds, a fraction of one (RFC 9562 method 3), then chance.

    The fraction keeps ids of one process in order, which keeps the indexes they land in warm.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = (nanoseconds << 12) // 1_000_000
    high = (milliseconds << 16) | (7 << 12) | fraction
    return uuid.UUID(int=(high << 64) | _VARIANT | secrets.randbits(62))


def bucket_of(wallet_id: uuid.UUID) -> int:
    """Say which bucket a wallet lives in: the last byte of its id, 0 to 255."""
    return wallet_id.int & (BUCKETS - 1)


def show(prefix: str, value: uuid.UUID) -> str:
    """Write an id for people: `mem_` and 26 letters. KeyError for a prefix that does not exist."""
    if prefix not in PREFIXES:
        raise KeyError(prefix)
    rest = value.int
    letters = []
    for _ in range(_LETTERS):
        rest, digit = divmod(rest, 32)
        letters.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(letters))}"


def parse(prefix: str, text: str) -> uuid.UUID:
    """Read what `show` wrote. All else is a ValueError, even capitals: one id, one text."""
    head, mark, tail = text.partition("_")
    if head != prefix or head not in PREFIXES or mark != "_" or len(tail) != _LETTERS:
        raise ValueError(f"not a {PREFIXES.get(prefix, prefix)} id")
    value = 0
    for letter in tail:
        digit = _VALUES.get(letter)
        if digit is None:
            raise ValueError(f"not a {PREFIXES[prefix]} id")
        value = value * 32 + digit
    if value >> 128:  # 26 letters hold 130 bits; the two spare ones must be zero.
        raise ValueError(f"not a {PREFIXES[prefix]} id")
    return uuid.UUID(int=value)


def request(caller: uuid.UUID, verb: str, key: str) -> uuid.UUID:
    """Turn a caller's idempotency key into the id of its request: same three, same id, for ever.

    Two callers with one key never meet. A key that is itself a UUIDv7 lends its 48-bit timestamp,
    so that the requests of one minute land on neighbouring index pages; all else is sha256.
    """
    digest = _hash(b"request", caller.bytes, verb.encode(), key.encode())
    if not _UUID_7.fullmatch(key):
        return _of(digest[:16], version=8)
    return _of(uuid.UUID(key).bytes[:6] + digest[6:16], version=7)


def placed(value: uuid.UUID, bucket: int) -> uuid.UUID:
    """Put an id into a bucket: its last byte becomes the bucket's number.

    Everything that belongs to a wallet carries the wallet's bucket in its id, so that whoever has
    the id knows where to look.
    """
    assert 0 <= bucket < BUCKETS
    return uuid.UUID(int=value.int >> 8 << 8 | bucket)


def derived(base: uuid.UUID, step: str) -> uuid.UUID:
    """Name a step of something: time and bucket of `base`, the rest a hash.

    That is its first 64 bits and its last byte.
    """
    digest = _hash(b"derived", base.bytes, step.encode())
    low = int.from_bytes(digest[:8], "big") & _RANDOM
    return placed(uuid.UUID(int=(base.int >> 64 << 64) | _VARIANT | low), bucket_of(base))


def fingerprint(*parts: object) -> uuid.UUID:
    """Hash any facts to 128 bits, to tell a retry from a reused key with other contents.

    Takes what JSON has and dataclasses, UUIDs, enums and aware datetimes (compared as instants). A
    naive datetime or an integer over 64 bits is a TypeError. A field added to a fact changes its
    fingerprint, so name the fields by hand where a key must outlive a release.
    """
    text = orjson.dumps(parts, default=_plain, option=_CANONICAL)
    return uuid.UUID(bytes=hashlib.sha256(text).digest()[:16])


_CANONICAL: Final = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


def _plain(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, uuid.UUID):  # The driver's UUIDs are a subclass.
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _of(sixteen: bytes, *, version: int) -> uuid.UUID:
    # The UUID class of Python 3.11 knows versions 1 to 5 only, so the bits are set by hand.
    value = int.from_bytes(sixteen, "big")
    value = value & ~(0xF << 76) | (version << 76)
    return uuid.UUID(int=value & ~(0b11 << 62) | _VARIANT)


def _hash(*parts: bytes) -> bytes:
    # Each part carries its length, so that ("ab", "c") and ("a", "bc") differ.
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(4, "big"))
        digest.update(part)
    return digest.digest()
