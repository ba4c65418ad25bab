"""Claims: a merchant's reference of something that is no purchase is claimed once, as a sale's is.

So the same thing is one thing, whoever sends it under whatever key; a reference with other content
is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from wallet import errors, ledger
from wallet.database import Database


@dataclass(frozen=True, slots=True)
class Claim:
    """A merchant's reference as `named` makes it, the id that it is to stand for, and of whom."""

    merchant_id: UUID
    reference: str
    subject_id: UUID
    wallet_id: UUID
    fingerprint: UUID

    @property
    def bucket(self) -> int:
        """Where it lies."""
        return ledger.claim_bucket(self.merchant_id, self.reference)


def named(*parts: object) -> str:
    """A reference that no purchase has: there is a line break in it."""
    assert len(parts) > 1
    return "\n".join(map(str, parts))


async def take(db: Database, claim: Claim, *, path: Sequence[str] = ("reference",)) -> UUID:
    """Claim a reference; what stands under another id already keeps that id, which is returned.

    REFERENCE_USED for one that stands for something else, IDEMPOTENCY_KEY_REUSED if that has this
    very id.
    """
    told = (claim.bucket, claim.merchant_id, claim.reference)
    (owner,) = await db.fetch(
        "select * from ledger.claim($1, $2::ledger.claim_in[])",
        [claim.bucket],
        [(*told, claim.subject_id, claim.wallet_id, claim.fingerprint)],
    )
    if owner["fingerprint"] == claim.fingerprint:
        found: UUID = owner["purchase_id"]
        return found
    if owner["purchase_id"] == claim.subject_id:
        raise errors.IdempotencyKeyReused(first_used_at=owner["claimed_at"])
    raise errors.ReferenceUsed(path=path)


async def standing(db: Database, claim: Claim) -> UUID | None:
    """What a reference stands for already, if it was claimed with the same content."""
    found: UUID | None = await db.fetchval(
        "select purchase_id from ledger.claim where bucket = $1 and merchant_id = $2"
        " and reference = $3 and fingerprint = $4",
        *(claim.bucket, claim.merchant_id, claim.reference, claim.fingerprint),
    )
    return found
