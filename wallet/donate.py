"""Giving: a member's available value goes to a charity's account, drawn from lots like a spend.

A gift cannot be undone. Where goods come back later whose cashback was given, the return takes from
what else is in the wallet, as with anything that was spent.
"""

from datetime import datetime
from uuid import UUID

from wallet import errors, ids, ledger, money, sql
from wallet.database import Database
from wallet.rules import charities, redemption


async def give(
    db: Database,
    *,
    member_id: UUID,
    request_id: UUID,
    charity_id: UUID,
    amount_minor: int | None,
    asset: money.Asset,
    lot_id: UUID | None = None,
    now: datetime | None = None,
) -> bool:
    """Give to a charity; True if this id had done it before. The gift's id is `donation_id`.

    With `lot_id` it comes out of this lot, such as one that is about to expire: without an amount
    all that is left of it. INSUFFICIENT_FUNDS, CHARITY_UNKNOWN, CHARITY_UNVERIFIED,
    MEMBER_SUSPENDED or CURRENCY_MISMATCH otherwise, and NOT_FOUND for a lot of somebody else.
    """
    if amount_minor is not None or lot_id is None:
        redemption.check_amount(amount_minor or 0, "amount")
    if asset.kind != "money":
        raise errors.CurrencyMismatch("Only money can be given. Send an amount of a currency.")
    facts = await db.fetchrow(sql.load("queries/donate_facts"), member_id, charity_id)
    if facts is None:
        raise errors.NotFound()
    wallet_id = facts["wallet_id"]
    lot = () if lot_id is None else (lot_id,)
    answer = await db.call(
        "select ledger.donate($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        ledger.bucket(wallet_id),
        donation_id(request_id, wallet_id),
        ids.fingerprint(member_id, charity_id, amount_minor, asset.code, *lot),
        wallet_id,
        asset.number,
        charity_id,
        amount_minor,
        now,
        lot_id,
        charities.refused(facts["charity_state"]),
    )
    try:
        return ledger.replayed(answer, asset)
    except (errors.CharityUnknown, errors.CharityUnverified) as refusal:
        raise type(refusal)(path=("charity_id",)) from None
    except errors.NotFound:
        raise errors.NotFound(path=("lot_id",)) from None


def donation_id(request_id: UUID, wallet_id: UUID) -> UUID:
    """The id of the gift that a request makes of a wallet."""
    return ids.placed(request_id, ledger.bucket(wallet_id))
