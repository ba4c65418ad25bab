"""Paying out to charities as rules: what proves that a batch was sent, and what its entries are.

A batch is made up of all movements of a charity's account since the last one. Each is an entry:
what came, with who paid it, and what went back because goods did.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias

from wallet import errors
from wallet.rules import text

State: TypeAlias = Literal["preparing", "prepared", "sent", "confirmed", "cancelling", "cancelled"]
"""`preparing` and `cancelling` last while the buckets of the books are gone through."""
Source: TypeAlias = Literal["donation", "share", "gift", "match", "expired"]

REFERENCE_CHARS_MAX: Final = 100
ACKNOWLEDGEMENT_CHARS_MAX: Final = 500
VALUE_DAYS_MAX: Final = 31
"""A bank executes within days; a date further away is a slip of the pen."""

SOURCES: Final[dict[str, Source]] = {
    "donate": "donation",
    "share": "share",
    "unshare": "share",
    "gift": "gift",
    "ungift": "gift",
    "match": "match",
    "expire_charity": "expired",
    "unexpire_charity": "expired",
}
"""What a movement of a charity's account came from, or went back to."""

_SHA256: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves that a batch was sent: the bank's number of it, and a document."""

    bank_reference: str
    proof_reference: str
    proof_sha256: str | None
    value_date: date


def check_proof(proof: Proof, *, today: date) -> None:
    """Refuse a proof that nobody could look up: TEXT_INVALID at the field at fault."""
    text.check(proof.bank_reference, "bank_reference", chars_max=REFERENCE_CHARS_MAX)
    text.check(proof.proof_reference, "proof_reference", chars_max=REFERENCE_CHARS_MAX)
    if proof.proof_sha256 is not None and not _SHA256.fullmatch(proof.proof_sha256):
        raise errors.TextInvalid(
            "A SHA-256 has 64 hexadecimal digits, in small letters. Send those of the document.",
            path=("proof_sha256",),
        )
    if abs(proof.value_date - today) > timedelta(days=VALUE_DAYS_MAX):
        raise errors.TextInvalid(
            f"This value date lies more than {VALUE_DAYS_MAX} days away. Correct it.",
            path=("value_date",),
        )
