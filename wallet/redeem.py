"""Spending at any merchant: a one-time code, a hold, and then a capture, a release or an expiry.

`hold` is the only way by which a member's value starts to leave for a merchant: the code proves
that the member is there, names the wallet and the merchant, and is used up in the same write.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from wallet import errors, ids, ledger, members, merchants, money, programme, sql
from wallet.database import Database
from wallet.rules import redemption, text

CODE_SPAN: Final = timedelta(minutes=5)
"""Long enough to open the app in the queue, short enough that a photographed code is worthless."""
CODE_LETTERS: Final = 10
"""50 bits of chance: nobody guesses one within its five minutes at one merchant."""
REFERENCE_CHARS_MAX: Final = 128
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_CODE: Final = re.compile(f"[{ALPHABET}]{{{2 + CODE_LETTERS}}}")


@dataclass(frozen=True, slots=True)
class Code:
    """A one-time code as the member's app shows it, and until when it works."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Redemption:
    """A redemption as it stands now; amounts in minor units of `asset`."""

    redemption_id: UUID
    wallet_id: UUID
    merchant_id: UUID
    store_id: UUID | None
    asset: money.Asset
    order_reference: str
    amount_minor: int
    captured_minor: int
    released_minor: int
    refunded_minor: int
    state: redemption.State
    held_at: datetime
    expires_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Whether a member has ever spent at a merchant, and the database's clock when it was asked.

    `largest_minor` is the most that the member ever spent at once, wherever; 0 for nothing.
    """

    known: bool
    largest_minor: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """A redemption after a verb, and whether this id had done it before."""

    redemption: Redemption
    replayed: bool


async def code_issue(
    db: Database, *, member_id: UUID, merchant_id: UUID, now: datetime | None = None
) -> Code:
    """Make a one-time code for one member at one merchant; only its hash is stored."""
    member = await members.find(db, member_id)
    merchant = await merchants.find(db, merchant_id)
    if merchant.status != "active":
        raise errors.MerchantSuspended()
    house = await programme.of(db)
    bucket = ledger.bucket(member.wallet_id)
    code = letters(bucket) + "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))
    answer = await db.call(
        "select ledger.issue_code($1, $2, $3, $4, $5, $6, $7)",
        bucket,
        member.wallet_id,
        house.asset.number,
        merchant_id,
        _hash(code),
        CODE_SPAN,
        now,
    )
    if answer["code"] != "posted":
        raise ledger.refusal(answer)
    shown = "-".join(code[place : place + 4] for place in range(0, len(code), 4))
    return Code(shown, datetime.fromisoformat(answer["expires_at"]))


async def acquaintance(db: Database, *, wallet_id: UUID, merchant_id: UUID) -> Acquaintance:
    """Look whether value of a wallet was ever captured at a merchant; NOT_FOUND for no merchant."""
    await merchants.find(db, merchant_id)
    row = await db.fetchrow(
        sql.load("queries/spent_before"), ledger.bucket(wallet_id), wallet_id, merchant_id
    )
    assert row is not None
    return Acquaintance(**dict(row))


async def hold(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    code: str,
    amount_minor: int,
    asset: money.Asset,
    order_reference: str,
    store: str | None = None,
    now: datetime | None = None,
) -> Outcome:
    """Hold value for a merchant's order: the one choke point of spending.

    Refused with REDEMPTION_CODE_*, INSUFFICIENT_FUNDS, MEMBER_SUSPENDED, MERCHANT_SUSPENDED,
    CURRENCY_MISMATCH or AMOUNT_INVALID. The hold lasts as long as the merchant's contract says.
    """
    redemption.check_amount(amount_minor, "amount")
    text.check(order_reference, "orderReference", chars_max=REFERENCE_CHARS_MAX)
    plain = code.strip().upper().translate(_MISREAD)
    if not _CODE.fullmatch(plain):
        raise errors.RedemptionCodeInvalid(path=("code",))
    bucket = bucket_of(plain)
    if bucket is None:
        raise errors.RedemptionCodeInvalid(path=("code",))
    facts = await db.fetchrow(sql.load("queries/hold_facts"), merchant_id, store, now)
    if facts is None:
        raise errors.NotFound()
    redemption_id = ids.placed(request_id, bucket)
    fingerprint = ids.fingerprint(plain, amount_minor, asset.code, order_reference, store)
    if facts["status"] != "active":
        # What is held stays held, and whoever asks again is told so.
        if await _stands(db, redemption_id, merchant_id, fingerprint):
            return Outcome(await find(db, redemption_id), replayed=True)
        raise errors.MerchantSuspended()
    if facts["contract_id"] is None:
        raise errors.ContractMissing()
    if store is not None and facts["store_id"] is None:
        raise errors.NotFound("This merchant has no such store.", path=("store",))
    version = await merchants.contract(db, facts["contract_id"])
    answer = await db.call(
        "select ledger.hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        bucket,
        redemption_id,
        fingerprint,
        _hash(plain),
        merchant_id,
        facts["store_id"],
        asset.number,
        amount_minor,
        timedelta(minutes=version.terms.hold_minutes),
        order_reference,
        now,
    )
    replayed = ledger.replayed(answer, asset)
    return Outcome(await find(db, redemption_id), replayed)


async def capture(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    redemption_id: UUID,
    amount_minor: int | None = None,
    asset: money.Asset | None = None,
    now: datetime | None = None,
) -> Outcome:
    """Take what was held, or a part of it; the rest goes back to the lots it came from.

    None takes all. REDEMPTION_EXPIRED, REDEMPTION_CLOSED or CAPTURE_EXCEEDS_HOLD otherwise.
    """
    if amount_minor is not None:
        redemption.check_amount(amount_minor, "amount")
    return await _settle(
        db, merchant_id, request_id, redemption_id, ("capture", amount_minor), asset, now
    )


async def release(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    redemption_id: UUID,
    now: datetime | None = None,
) -> Outcome:
    """Give back all that was held."""
    return await _settle(db, merchant_id, request_id, redemption_id, ("release", 0), None, now)


def settling(
    *,
    merchant_id: UUID,
    request_id: UUID,
    redemption_id: UUID,
    what: tuple[str, int | None],
    time_zone: str,
    now: datetime | None = None,
) -> ledger.Call:
    """Return the call that captures or releases, for whoever makes it part of a larger write.

    `what` is ("capture", an amount or None for all) or ("release", 0).
    """
    bucket = ledger.bucket(redemption_id)
    return ledger.Call(
        "ledger.settle",
        (
            bucket,
            redemption_id,
            ids.placed(request_id, bucket),
            ids.fingerprint(redemption_id, *what),
            merchant_id,
            what[1],
            time_zone,
            now,
        ),
    )


async def refund(
    db: Database,
    *,
    merchant_id: UUID,
    request_id: UUID,
    redemption_id: UUID,
    amount_minor: int | None = None,
    asset: money.Asset | None = None,
    now: datetime | None = None,
) -> Outcome:
    """Give back what was captured, or a part of it, to the very lots that paid.

    None gives back all that is left. REFUND_EXCEEDS_CAPTURE says how much is left.
    """
    if amount_minor is not None:
        redemption.check_amount(amount_minor, "amount")
    house = await programme.of(db)
    await _check_asset(db, redemption_id, merchant_id, asset)
    bucket = ledger.bucket(redemption_id)
    answer = await db.call(
        "select ledger.refund($1, $2, $3, $4, $5, $6, $7, $8)",
        bucket,
        redemption_id,
        ids.placed(request_id, bucket),
        ids.fingerprint(redemption_id, "refund", amount_minor),
        merchant_id,
        amount_minor,
        house.time_zone,
        now,
    )
    replayed = ledger.replayed(answer, house.asset)
    return Outcome(await find(db, redemption_id), replayed)


async def sweep(db: Database, *, now: datetime | None = None, limit: int = 500) -> int:
    """Let holds expire whose time has run out; returns how many did."""
    rows = await db.fetch(
        "select bucket, redemption_id from ledger.redemption where state = 'held'"
        " and expires_at <= coalesce($1, clock_timestamp()) order by expires_at limit $2",
        now,
        limit,
    )
    if not rows:
        return 0
    house = await programme.of(db)
    swept = 0
    for row in rows:
        answer = await db.call(
            "select ledger.settle($1, $2, $3, null, null, 0, $4, $5)",
            row["bucket"],
            row["redemption_id"],
            ids.derived(row["redemption_id"], "expire"),
            house.time_zone,
            now,
        )
        swept += answer["code"] == "posted"
    return swept


async def find(db: Database, redemption_id: UUID) -> Redemption:
    """The redemption with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        sql.load("queries/redemption"), ledger.bucket(redemption_id), redemption_id
    )
    if row is None:
        raise errors.NotFound()
    return read(row)


def read(row: Any) -> Redemption:
    """A redemption out of its row; fully refunded is a state of its own to whoever asks."""
    facts = dict(row)
    facts["asset"] = money.asset_by_number(facts["asset"])
    spent = facts["state"] == "captured"  # while a part is held, the rest may still be captured
    if spent and facts["refunded_minor"] == facts["captured_minor"]:
        facts["state"] = "refunded"
    return Redemption(**facts)


async def _stands(db: Database, redemption_id: UUID, merchant_id: UUID, fingerprint: UUID) -> bool:
    return bool(
        await db.fetchval(
            "select exists (select 1 from ledger.redemption where bucket = $1"
            " and redemption_id = $2 and merchant_id = $3 and fingerprint = $4)",
            ledger.bucket(redemption_id),
            redemption_id,
            merchant_id,
            fingerprint,
        )
    )


async def _settle(
    db: Database,
    merchant_id: UUID,
    request_id: UUID,
    redemption_id: UUID,
    what: tuple[str, int | None],
    asset: money.Asset | None,
    now: datetime | None,
) -> Outcome:
    house = await programme.of(db)
    await _check_asset(db, redemption_id, merchant_id, asset)
    call = settling(
        merchant_id=merchant_id,
        request_id=request_id,
        redemption_id=redemption_id,
        what=what,
        time_zone=house.time_zone,
        now=now,
    )
    answer = await db.call(f"select {call.text()}", *call.arguments)
    replayed = ledger.replayed(answer, house.asset)
    return Outcome(await find(db, redemption_id), replayed)


async def _check_asset(
    db: Database, redemption_id: UUID, merchant_id: UUID, asset: money.Asset | None
) -> None:
    if asset is None:
        return
    found = await find(db, redemption_id)
    if found.merchant_id != merchant_id:
        raise errors.NotFound()
    if found.asset != asset:
        raise errors.CurrencyMismatch(path=("amount", "currency"))


def letters(bucket: int) -> str:
    """Say in two letters in which bucket a wallet lies: the beginning of its codes."""
    return ALPHABET[bucket // 32] + ALPHABET[bucket % 32]


def bucket_of(plain: str) -> int | None:
    """Read those two letters; None if they name no bucket."""
    bucket = ALPHABET.index(plain[0]) * 32 + ALPHABET.index(plain[1])
    return bucket if bucket < ids.BUCKETS else None


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
