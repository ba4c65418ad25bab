"""Benefits that are no money: the merchant who does what was promised marks it used, once.

A coupon is used by the purchase that shows it. Anything else, a gift or free delivery, is used
here, at the merchants of its campaign; its id is what the member shows.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import errors, ids, ledger, merchants, programme
from wallet.campaigns import earned, live
from wallet.database import Database


@dataclass(frozen=True, slots=True)
class Used:
    """A benefit that was used; `replayed` if this request had used it before."""

    benefit: earned.Benefit
    replayed: bool


async def use(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    benefit_id: UUID,
    now: datetime | None = None,
) -> Used:
    """Mark a benefit used, for good.

    NOT_FOUND for none that this merchant gives, COUPON_INVALID for one that is used or over, and
    for a coupon, which a purchase shows; MEMBER_SUSPENDED, MERCHANT_SUSPENDED.
    """
    merchant = await merchants.find(db, merchant_id)
    found = await earned.benefit(db, benefit_id)
    book = (await live.moment(db, now)).book
    version = book.definitions.get(found.version_id)
    if version is not None and version.merchants and merchant_id not in version.merchants:
        raise errors.NotFound()
    if merchant.status != "active" and found.used_at is None:
        raise errors.MerchantSuspended()
    bucket = ledger.bucket(benefit_id)
    answer = await db.call(
        "select ledger.use_benefit($1, $2, $3, $4, $5, $6)",
        bucket,
        benefit_id,
        ids.placed(request_id, bucket),
        ids.fingerprint(benefit_id, merchant_id),
        (await programme.of(db)).asset.number,
        now,
    )
    replayed = ledger.replayed(answer)
    return Used(await earned.benefit(db, benefit_id), replayed)
