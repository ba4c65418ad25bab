"""Keeping what members did, once for each, also where no campaign gives for it.

Whoever counts activities, such as a milestone, reads them here and not from awards.
"""

from datetime import datetime
from uuid import UUID

from wallet import ledger, members, programme
from wallet.database import Database
from wallet.rules import activities as rules


async def keep(
    db: Database,
    activity_id: UUID,
    *,
    merchant_id: UUID,
    member: members.Member,
    activity: rules.Activity,
    fingerprint: UUID,
    at: datetime,
) -> bool:
    """Keep an activity that was answered; True if it was kept before.

    A line that was reviewed before keeps its first review.
    """
    house = await programme.of(db)
    it = activity
    answer = await db.call(
        "select ledger.keep_activity($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
        " $15, $16)",
        *(ledger.bucket(member.wallet_id), activity_id, member.wallet_id, house.asset.number),
        *(merchant_id, it.kind, it.name, it.reference, it.proof, it.purchase_id, it.line_no),
        *(it.score, it.stars, fingerprint, it.happened_at, at),
    )
    return ledger.replayed(answer)


async def kept(db: Database, activity_id: UUID, fingerprint: UUID) -> bool:
    """Whether this very activity was kept."""
    return bool(
        await db.fetchval(
            "select exists (select 1 from ledger.activity"
            " where bucket = $1 and activity_id = $2 and fingerprint = $3)",
            ledger.bucket(activity_id),
            activity_id,
            fingerprint,
        )
    )
