"""Prepaid subscriptions: opened with what was paid, delivered by purchases, ended with the rest.

Opening moves nothing: the prepayment is no purchase and earns nothing. Each delivery is reported as
a purchase that names the subscription and its number, and is checked against what was paid for. A
subscription that was never opened is only a name on purchases, and nothing is checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import (
    claims,
    drafts,
    errors,
    ids,
    ledger,
    members,
    merchants,
    money,
    programme,
    sql,
)
from wallet.database import Database
from wallet.rules import goodwill, purchases, text
from wallet.rules import subscriptions as rules

STALE_TRIES_MAX: Final = 12
"""How often cancelling looks again because a delivery or a return came in between."""
PAGE_MAX: Final = 101
"""One page, and the row that says that more follow."""

CLAIMED: Final = "subscription"
"""How a reference of a subscription is told apart from a sale's; `queries/delivery_facts` too."""

_SUBSCRIPTION: Final = (
    "select s.subscription_id, s.wallet_id, s.merchant_id, m.name as merchant_name, s.reference,"
    " s.asset, s.deliveries, s.total_minor, s.rhythm, s.amounts, s.opened_at, s.cancelled_at,"
    " s.left_minor, w.facts, coalesce(k.kept, '[]') as kept"
    " from ledger.subscription s"
    " join ledger.wallet w on w.bucket = s.bucket and w.wallet_id = s.wallet_id"
    "  and w.asset = s.asset"
    " left join coalition.merchant m on m.merchant_id = s.merchant_id"
    " left join lateral (select jsonb_agg(jsonb_build_array(d.delivery, d.total_minor)"
    "   order by d.delivery) as kept from ledger.delivered d"
    "  where d.bucket = s.bucket and d.wallet_id = s.wallet_id"
    "   and d.merchant_id = s.merchant_id and d.subscription = s.reference) k on true"
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it stands, with the deliveries that were made and kept.

    `refund_minor` is what was left to refund when it was cancelled, None while it is not.
    """

    subscription_id: UUID
    wallet_id: UUID
    merchant_id: UUID
    merchant_name: str
    terms: rules.Subscription
    delivered: tuple[rules.Delivered, ...]
    opened_at: datetime
    cancelled_at: datetime | None
    refund_minor: int | None
    facts: int

    @property
    def asset(self) -> money.Asset:
        """What it was paid in."""
        return money.asset(self.terms.asset)

    @property
    def left_minor(self) -> int:
        """What of the prepayment was not delivered."""
        return rules.left_minor(self.terms, self.delivered)


@dataclass(frozen=True, slots=True)
class Changed:
    """A subscription that was opened or cancelled; `replayed` if the request had done it before."""

    subscription: Subscription
    replayed: bool


async def start(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    member_id: UUID,
    terms: rules.Subscription,
    now: datetime | None = None,
) -> Changed:
    """Open a subscription that a member has paid for.

    SUBSCRIPTION_INVALID, AMOUNT_INVALID or TEXT_INVALID at the field at fault, CURRENCY_MISMATCH
    for another currency than the programme's, REFERENCE_USED, MEMBER_SUSPENDED, MERCHANT_SUSPENDED.
    """
    rules.check(terms)
    house = await programme.of(db)
    if terms.asset != house.asset.code:
        raise errors.CurrencyMismatch(path=("total",))
    merchant = await merchants.find(db, merchant_id)
    member = await members.find(db, member_id, "member_id")
    bucket = ledger.bucket(member.wallet_id)
    fingerprint = ids.fingerprint(
        *(member_id, terms.reference, terms.asset, terms.deliveries, terms.total_minor),
        *(terms.rhythm, terms.amounts),
    )
    claim = claims.Claim(
        merchant_id,
        claims.named(CLAIMED, terms.reference),
        ids.placed(request_id, bucket),
        member.wallet_id,
        fingerprint,
    )
    subscription_id = await _claim(db, claim, active=merchant.status == "active")
    answer = await db.call(
        "select ledger.open_subscription($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
        " $14)",
        *(bucket, subscription_id, member.wallet_id, merchant_id, terms.reference),
        *(house.asset.number, terms.deliveries, terms.total_minor, terms.rhythm, terms.amounts),
        *(fingerprint, house.asset.number),
        orjson.dumps({"merchant": merchant.name, "deliveries": terms.deliveries}).decode(),
        now,
    )
    replayed = ledger.replayed(answer)
    return Changed(await find(db, subscription_id), replayed)


async def cancel(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    subscription_id: UUID,
    reason: str,
    now: datetime | None = None,
) -> Changed:
    """End what is left; what was delivered stays earned. The answer says what is left to refund.

    NOT_FOUND for one of another merchant, SUBSCRIPTION_CLOSED if it was cancelled before. A
    suspended merchant may still cancel: the member gets the money back.
    """
    text.check(reason, "reason", chars_max=goodwill.REASON_CHARS_MAX)
    house = await programme.of(db)
    bucket = ledger.bucket(subscription_id)
    for _ in range(STALE_TRIES_MAX):
        found = await find(db, subscription_id)
        if found.merchant_id != merchant_id:
            raise errors.NotFound()
        left = money.phrase(found.left_minor, found.asset)
        answer = await db.call(
            "select ledger.cancel_subscription($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            *(bucket, subscription_id, ids.placed(request_id, bucket)),
            ids.fingerprint(subscription_id, reason),
            *(house.asset.number, found.facts, found.left_minor, reason),
            orjson.dumps({"merchant": found.merchant_name, "left": left}).decode(),
            now,
        )
        if answer["code"] != "stale":
            replayed = ledger.replayed(answer)
            return Changed(await find(db, subscription_id), replayed)
    raise errors.IdempotencyInProgress()


async def find(db: Database, subscription_id: UUID) -> Subscription:
    """The subscription with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        f"{_SUBSCRIPTION} where s.bucket = $1 and s.subscription_id = $2",
        ledger.bucket(subscription_id),
        subscription_id,
    )
    if row is None:
        raise errors.NotFound()
    return _subscription(row)


async def page(
    db: Database, wallet_id: UUID, *, first: int, before: tuple[datetime, UUID] | None = None
) -> list[Subscription]:
    """A member's subscriptions, the newest first; `before` is the last one seen."""
    assert 0 < first <= PAGE_MAX
    at, last = before or (None, None)
    rows = await db.fetch(
        f"{_SUBSCRIPTION} where s.bucket = $1 and s.wallet_id = $2"
        " and ($3::timestamptz is null or (s.opened_at, s.subscription_id) < ($3, $4::uuid))"
        " order by s.opened_at desc, s.subscription_id desc limit $5",
        ledger.bucket(wallet_id),
        wallet_id,
        at,
        last,
        first,
    )
    return [_subscription(row) for row in rows]


async def check(
    db: Database, facts: drafts.Facts, waiting: Sequence[drafts.Draft]
) -> list[drafts.Draft | errors.Refusal]:
    """Check those drafts that are deliveries; a refusal stands in the place of its draft.

    Whatever passes holds as of the wallet's facts, which go with it: two deliveries of one number
    at once see the same facts, and the write lets only one of them have been right.
    """
    asked = [(n, one) for n, one in enumerate(waiting) if one.purchase.subscription is not None]
    checked: list[drafts.Draft | errors.Refusal] = list(waiting)
    if not asked:
        return checked
    rows = await db.fetch(
        sql.load("queries/delivery_facts"),
        orjson.dumps(
            [_question(n, facts.merchant_id, one.wallet_id, one.purchase) for n, one in asked],
            default=str,
        ).decode(),
    )
    for row, (n, one) in zip(rows, asked, strict=True):
        try:
            _check(row, one.purchase)
        except errors.Refusal as refusal:
            checked[n] = refusal
        else:
            checked[n] = _as_of(one, row["facts"])
    return checked


async def check_basket(
    db: Database, facts: drafts.Facts, wallet_id: UUID, purchase: purchases.Purchase
) -> None:
    """Refuse a basket that `check` would refuse."""
    if purchase.subscription is None:
        return
    question = _question(0, facts.merchant_id, wallet_id, purchase)
    row = await db.fetchrow(
        sql.load("queries/delivery_facts"), orjson.dumps([question], default=str).decode()
    )
    _check(row, purchase)


def _as_of(draft: drafts.Draft, seen: int | None) -> drafts.Draft:
    """The draft, holding only while the wallet's facts are what was seen, by whoever looked."""
    known = [one for one in (draft.given.facts_version, seen) if one is not None]
    return replace(draft, given=replace(draft.given, facts_version=min(known, default=None)))


def _check(row: Any, purchase: purchases.Purchase) -> None:
    if row["stands"]:
        return  # It was reported before; whether it is the same sale, the books say.
    if row["foreign_one"]:
        raise errors.SubscriptionInvalid(
            "This subscription belongs to another member. Check the reference.",
            path=("subscription",),
        )
    if row["reference"] is None:
        return
    kept = tuple(rules.Delivered(*one) for one in orjson.loads(row["kept"]))
    rules.check_delivery(_terms(row), purchase, cancelled=row["cancelled"], kept=kept)


def _question(
    n: int, merchant_id: UUID, wallet_id: UUID, purchase: purchases.Purchase
) -> dict[str, Any]:
    assert purchase.subscription is not None
    return {
        "n": n,
        "bucket": ledger.bucket(wallet_id),
        "wallet": wallet_id,
        "merchant": merchant_id,
        "subscription": purchase.subscription,
        "asset": money.asset(purchase.asset).number,
        "opened_in": ledger.claim_bucket(merchant_id, claims.named(CLAIMED, purchase.subscription)),
        "reference": purchase.reference,
        "claimed_in": ledger.claim_bucket(merchant_id, purchase.reference),
    }


async def _claim(db: Database, claim: claims.Claim, *, active: bool) -> UUID:
    """Claim the merchant's reference; what stands under another id already keeps that id."""
    earlier = await db.fetchrow(
        "select fingerprint, opened_at from ledger.subscription"
        " where bucket = $1 and subscription_id = $2",
        *(ledger.bucket(claim.subject_id), claim.subject_id),
    )
    if earlier is not None and earlier["fingerprint"] != claim.fingerprint:
        # It would take a second reference that stands for nothing.
        raise errors.IdempotencyKeyReused(first_used_at=earlier["opened_at"])
    if not active and await claims.standing(db, claim) is None:
        raise errors.MerchantSuspended()
    return await claims.take(db, claim)


def _terms(row: Any) -> rules.Subscription:
    return rules.Subscription(
        reference=row["reference"],
        asset=money.asset_by_number(row["asset"]).code,
        deliveries=row["deliveries"],
        total_minor=row["total_minor"],
        rhythm=row["rhythm"],
        amounts=row["amounts"],
    )


def _subscription(row: Any) -> Subscription:
    return Subscription(
        subscription_id=row["subscription_id"],
        wallet_id=row["wallet_id"],
        merchant_id=row["merchant_id"],
        merchant_name=row["merchant_name"],
        terms=_terms(row),
        delivered=tuple(rules.Delivered(*one) for one in orjson.loads(row["kept"])),
        opened_at=row["opened_at"],
        cancelled_at=row["cancelled_at"],
        refund_minor=row["left_minor"],
        facts=row["facts"],
    )
