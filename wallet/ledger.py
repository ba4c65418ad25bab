"""The border to the SQL functions: what they answer becomes a value, or a refusal with its code.

Functions answer codes and never raise for what a person may cause. `posted` covers the first time
and every replay; everything else is a refusal of `wallet.errors`.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wallet import errors, ids, money

ALL_BUCKETS: Final = list(range(ids.BUCKETS))
"""What a sweep covers on one server; a distributed installation sweeps bucket by bucket."""

MINOR_NAMES: Final = ("available_minor", "held_minor", "left_minor", "allowed_minor")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of our functions, to be sent alone or as a part of a larger statement."""

    function: str
    arguments: tuple[object, ...]

    def text(self, *, after: int = 0) -> str:
        """The call with its places, such as `ledger.hold($1, $2)`, behind `after` other places."""
        places = range(after + 1, after + 1 + len(self.arguments))
        return f"{self.function}({', '.join(f'${place}' for place in places)})"


def replayed(answer: dict[str, Any], asset: money.Asset | None = None) -> bool:
    """True if this id had done it before, False if it did it now; raises the refusal otherwise."""
    if answer["code"] == "posted":
        return bool(answer["replayed"])
    raise refusal(answer, asset)


def refusal(answer: dict[str, Any], asset: money.Asset | None = None) -> errors.Refusal:
    """The refusal that an answer's code names, with the data that helps the caller."""
    data: dict[str, Any] = {name: answer[name] for name in MINOR_NAMES if name in answer}
    if data and asset is not None:
        data["asset"] = asset.code
    if "first_used_at" in answer:
        data["first_used_at"] = datetime.fromisoformat(answer["first_used_at"])
    data |= {name: answer[name] for name in ("state", "limit", "why") if name in answer}
    return errors.of(answer["code"].upper(), **data)


def bucket(subject_id: UUID) -> int:
    """The bucket in which a wallet, purchase, redemption, lot or movement lies."""
    return ids.bucket_of(subject_id)


def claim_bucket(merchant_id: UUID, reference: str) -> int:
    """The bucket in which a merchant's reference is claimed: a byte of its hash."""
    return hashlib.sha256(merchant_id.bytes + reference.encode()).digest()[0]


def derived(base: UUID, step: str) -> UUID:
    """The id that `ledger.derived` makes of another: a lot's or a movement's, known beforehand.

    The books had a hash of their own before `ids.derived`, and ids never change.
    """
    digest = hashlib.sha256(base.bytes + step.encode()).digest()
    middle = bytes([digest[0] & 0x3F | 0x80]) + digest[1:7]
    return UUID(bytes=base.bytes[:8] + middle + base.bytes[15:])
