"""Gift cards: a member's standing leave for one merchant to hold value, made, found and ended.

A one-time code proves that the member is at the till. In a web shop nobody is, so a member makes a
card in their app: for one merchant, until a day, up to a sum if they like. Its number is shown once
and only its hash is kept. A merchant finds a card by the number, or by the member's address where
the member has said so; nobody learns of anybody else whether they are a member at all.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from wallet import errors, ids, ledger, members, merchants, money, programme, redeem, sql
from wallet.database import Database
from wallet.rules import redemption

LETTERS: Final = 18
"""90 bits of chance behind the letters of the bucket: a card lives for months, a code minutes."""
ENDING: Final = 4
"""Letters that are kept to know a card by; 70 bits of chance are left without them."""
DAYS: Final = 90
DAYS_MAX: Final = 366
"""A leave that was given once and forgotten ends within a year."""
_NUMBER: Final = re.compile(f"[{redeem.ALPHABET}]{{{2 + LETTERS}}}")
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_NUMBER_CHARS_MAX: Final = 64


Status = Literal["active", "ended", "expired"]


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it stands now; `balance_minor` is what it may hold at this instant."""

    card_id: UUID
    wallet_id: UUID
    merchant_id: UUID
    asset: money.Asset
    code_hash: bytes
    ending: str
    listed: bool
    maximum_minor: int | None
    used_minor: int
    balance_minor: int
    status: Status
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    @property
    def token(self) -> str:
        """What a store shows besides the card's id when it holds: it follows from the number.

        It opens nothing without the credentials of a store of the card's merchant, so it may be
        worked out of what is kept; the number itself may not.
        """
        return hashlib.sha256(b"card token" + self.card_id.bytes + self.code_hash).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Made:
    """A new card; `number` is its number, shown here and never again."""

    card: Card
    number: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A card that is over, and whether it was before."""

    card: Card
    replayed: bool


async def make(
    db: Database,
    *,
    member_id: UUID,
    merchant_id: UUID,
    listed: bool = False,
    maximum_minor: int | None = None,
    asset: money.Asset | None = None,
    days: int = DAYS,
    now: datetime | None = None,
) -> Made:
    """Make a card for one member at one merchant; it ends the one that they had there.

    CARD_INVALID, AMOUNT_INVALID or CURRENCY_MISMATCH say what is wrong; MERCHANT_SUSPENDED,
    MEMBER_SUSPENDED.
    """
    if not 1 <= days <= DAYS_MAX:
        raise errors.CardInvalid(
            f"A gift card lives for 1 to {DAYS_MAX} days. Choose fewer.", path=("days",)
        )
    if maximum_minor is not None:
        redemption.check_amount(maximum_minor, "maximum", "amount")
    member = await members.find(db, member_id)
    merchant = await merchants.find(db, merchant_id)
    if merchant.status != "active":
        raise errors.MerchantSuspended()
    house = await programme.of(db)
    if asset is not None and asset != house.asset:
        raise errors.CurrencyMismatch(path=("maximum", "currency"))
    bucket = ledger.bucket(member.wallet_id)
    card_id = ids.placed(ids.new(), bucket)
    number = redeem.letters(bucket) + "".join(
        secrets.choice(redeem.ALPHABET) for _ in range(LETTERS)
    )
    answer = await db.call(
        "select ledger.make_card($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        bucket,
        card_id,
        member.wallet_id,
        house.asset.number,
        merchant_id,
        _hash(number),
        number[-ENDING:],
        listed,
        maximum_minor,
        days,
        house.time_zone,
        now,
    )
    ledger.replayed(answer)
    shown = "-".join(number[place : place + 4] for place in range(0, len(number), 4))
    return Made(await find(db, card_id, now=now), shown)


async def end(
    db: Database, *, wallet_id: UUID, card_id: UUID, now: datetime | None = None
) -> Ended:
    """End a card of this wallet; NOT_FOUND for another's. What is held by it stays held."""
    answer = await db.call(
        "select ledger.end_card($1, $2, $3, $4)", ledger.bucket(card_id), card_id, wallet_id, now
    )
    replayed = ledger.replayed(answer)
    return Ended(await find(db, card_id, now=now), replayed)


async def find(db: Database, card_id: UUID, *, now: datetime | None = None) -> Card:
    """The card with this id, ended or not, or NOT_FOUND."""
    row = await db.fetchrow(sql.load("queries/card"), ledger.bucket(card_id), card_id, now)
    if row is None:
        raise errors.NotFound()
    return _card(row)


async def at(
    db: Database, merchant_id: UUID, card_id: UUID, *, now: datetime | None = None
) -> Card:
    """The card with this id if it is for this merchant; any other is NOT_FOUND."""
    card = await find(db, card_id, now=now)
    if card.merchant_id != merchant_id:
        raise errors.NotFound()
    return card


async def page(
    db: Database, wallet_id: UUID, *, first: int, before: tuple[datetime, UUID] | None = None
) -> list[Card]:
    """A wallet's cards, the newest first, ended ones too."""
    when, row = before or (None, None)
    rows = await db.fetch(
        sql.load("queries/cards_page"), ledger.bucket(wallet_id), wallet_id, when, row, first
    )
    return [_card(one) for one in rows]


async def by_number(
    db: Database, merchant_id: UUID, number: str, *, now: datetime | None = None
) -> Card | None:
    """The open card of this merchant with this number; None for any other, whatever it is."""
    plain = _plain(number)
    bucket = None if plain is None else redeem.bucket_of(plain)
    if plain is None or bucket is None:
        return None
    query = sql.load("queries/card_by_code")
    return await _opened(db, query, bucket, _hash(plain), merchant_id, now=now)


async def by_email(
    db: Database, merchant_id: UUID, email: str, *, now: datetime | None = None
) -> Card | None:
    """The open card that the member of this address has listed at this merchant, or None.

    No such member, no card there, and a card that is not listed are one answer.
    """
    if not email.isprintable() or not 0 < len(email) <= members.EMAIL_CHARS_MAX:
        return None
    return await _opened(db, sql.load("queries/card_listed"), email, merchant_id, now=now)


def proves(card: Card, *, token: str, number: str) -> bool:
    """True if a store shows what goes with the card: its token, or its number.

    Both are compared in the same time whatever they are.
    """
    plain = _plain(number) or ""
    by_token = hmac.compare_digest(card.token.encode(), token.encode("utf-8", "replace"))
    return hmac.compare_digest(card.code_hash, _hash(plain)) or by_token


async def _opened(db: Database, query: str, *told: object, now: datetime | None) -> Card | None:
    card_id = await db.fetchval(query, *told)
    card = None if card_id is None else await find(db, card_id, now=now)
    return card if card is not None and card.balance_minor > 0 else None


def _card(row: Any) -> Card:
    facts = dict(row)
    facts["asset"] = money.asset_by_number(facts["asset"])
    return Card(**facts)


def _plain(number: str) -> str | None:
    plain = number[:_NUMBER_CHARS_MAX].strip().upper().translate(_MISREAD)
    return plain if _NUMBER.fullmatch(plain) else None


def _hash(number: str) -> bytes:
    return hashlib.sha256(b"card" + number.encode()).digest()
