"""Giving: a member's available value goes to a charity's account, drawn from lots like a spend."""

from datetime import datetime
from uuid import UUID

from wallet import ids, ledger, members, money
from wallet.database import Database
from wallet.rules import redemption


async def give(
    db: Database,
    *,
    member_id: UUID,
    request_id: UUID,
    charity_id: UUID,
    amount_minor: int,
    asset: money.Asset,
    now: datetime | None = None,
) -> bool:
    """Give to a charity; True if this id had done it before. INSUFFICIENT_FUNDS otherwise."""
    redemption.check_amount(amount_minor, "amount")
    member = await members.find(db, member_id)
    bucket = ledger.bucket(member.wallet_id)
    answer = await db.call(
        "select ledger.donate($1, $2, $3, $4, $5, $6, $7, $8)",
        bucket,
        ids.placed(request_id, bucket),
        ids.fingerprint(member_id, charity_id, amount_minor, asset.code),
        member.wallet_id,
        asset.number,
        charity_id,
        amount_minor,
        now,
    )
    return ledger.replayed(answer, asset)
