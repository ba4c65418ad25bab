"""Signatures of webhooks: HMAC-SHA256 over what was sent, byte for byte, in each partner's dialect.

Compared in constant time, with every secret that may have signed: while one is being replaced there
are two. What a header brings is a stranger's text until then, so nothing here raises for it.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

TOLERANCE: Final = timedelta(minutes=5)
"""How far a message's own time may be from ours: a delivery late by more is a recording."""
HEADER_CHARS_MAX: Final = 4096
"""A signature is 64 characters; a few beside each other are a few hundred."""
SIGNATURES_MAX: Final = 10
PREFIX: Final = "whsec_"
"""How a Standard Webhooks secret begins; base64 follows."""


def matches(
    told: str,
    *,
    message: bytes,
    secrets: Iterable[str | bytes],
    encoding: Literal["base64", "hex"] = "base64",
    prefix: str = "",
) -> bool:
    """True if one of the secrets signed the message: `told` is the header, `sha256=` a prefix."""
    given = _decoded(told.removeprefix(prefix), encoding) if told.startswith(prefix) else None
    if given is None:
        return False
    right = False
    for secret in secrets:
        key = secret.encode() if isinstance(secret, str) else secret
        # All are tried, so that the time does not tell which one it was.
        right |= bool(key) and hmac.compare_digest(hmac.digest(key, message, "sha256"), given)
    return right


def is_fresh(told: str, *, now: datetime, tolerance: timedelta = TOLERANCE) -> bool:
    """True if a timestamp in Unix seconds is about now, ahead or behind."""
    if not (told.isascii() and told.isdigit() and len(told) <= 12):
        return False
    return abs(now - datetime.fromtimestamp(int(told), UTC)) <= tolerance


def standard(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Sign as Standard Webhooks says: `v1,` and base64 over `id.timestamp.body`."""
    message = f"{message_id}.{timestamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, message, "sha256")).decode()


def standard_matches(
    *,
    message_id: str,
    timestamp: str,
    told: str,
    body: bytes,
    secrets: Iterable[str],
    now: datetime,
) -> bool:
    """True if a Standard Webhooks message is fresh, and one of its signatures one of ours."""
    if len(told) > HEADER_CHARS_MAX or not is_fresh(timestamp, now=now):
        return False
    message = f"{message_id}.{timestamp}.".encode() + body
    keys = [_decoded(secret.removeprefix(PREFIX), "base64") or b"" for secret in secrets]
    return any(
        matches(one, message=message, secrets=keys, prefix="v1,")
        for one in told.split(" ")[:SIGNATURES_MAX]
    )


def _decoded(text: str, encoding: Literal["base64", "hex"]) -> bytes | None:
    if len(text) > HEADER_CHARS_MAX or not text.isascii():
        return None
    try:
        return bytes.fromhex(text) if encoding == "hex" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
