"""What a store asks of a gift card: hold, take in parts, let go or give back, each once.

A hold by a card is an ordinary redemption: the same movements, the same lots, the same history for
the member. It differs in two ways. Nobody stands at a till, so the card is the proof. And a web
shop takes what it held in parts, as it sends the goods: each part is captured and the rest stays
held until its time runs out. A store's own request id counts once for each card and kind of
request; another store's is another request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from wallet import errors, ids, ledger, merchants, programme, redeem, sql
from wallet.cards import cards
from wallet.database import Database
from wallet.rules import redemption, text

Kind = Literal["debit", "credit", "settlement", "cancellation"]

REQUEST_CHARS_MAX: Final = 128
ABOUT_CHARS_MAX: Final = 200
STEPS_MAX: Final = 200
"""Steps of one redemption: a parcel for each article of the largest order, and their returns."""
LIST_MAX: Final = 1_000
"""What one list shows, the newest: years of orders on one card."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that was asked and done; a hold has the id of its redemption."""

    operation_id: UUID
    card_id: UUID
    redemption_id: UUID
    kind: Kind
    request: str
    about: str
    amount_minor: int
    released_minor: int
    refunded_minor: int
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What every request of a store names: whose store, which card, and the store's own id."""

    merchant_id: UUID
    card_id: UUID
    request: str

    def operation(self, kind: str) -> UUID:
        """The id of what is asked: the same four give the same id, for ever."""
        text.check(self.request, "requestId", chars_max=REQUEST_CHARS_MAX)
        asked = ids.request(self.merchant_id, f"card:{kind}:{self.card_id}", self.request)
        return ids.placed(asked, ledger.bucket(self.card_id))


@dataclass(frozen=True, slots=True)
class Proof:
    """What a store shows that goes with the card: the token it was told, or the member's number."""

    token: str
    number: str


async def hold(
    db: Database,
    asked: Request,
    *,
    proof: Proof,
    amount_minor: int,
    reference: str,
    about: str,
    span: timedelta,
    now: datetime | None = None,
) -> Operation:
    """Hold value for an order: for as long as the contract says, and for `span` if that is longer.

    Refused with NOT_FOUND, REDEMPTION_CODE_INVALID, CARD_ENDED, CARD_LIMIT, INSUFFICIENT_FUNDS,
    MEMBER_SUSPENDED, MERCHANT_SUSPENDED, CONTRACT_MISSING or AMOUNT_INVALID.
    """
    card = await _opened(db, asked, proof, amount_minor, reference, about, now)
    operation_id = asked.operation("transaction")
    facts = await db.fetchrow(sql.load("queries/hold_facts"), asked.merchant_id, None, now)
    assert facts is not None, "a card's merchant is there"
    fingerprint = ids.fingerprint("debit", amount_minor, reference)
    if facts["status"] != "active" or facts["contract_id"] is None:
        # What is held stays held, and whoever asks again is told so.
        if await _stands(db, card, operation_id, fingerprint):
            return await find(db, asked, operation_id)
        if facts["status"] != "active":
            raise errors.MerchantSuspended()
        raise errors.ContractMissing()
    version = await merchants.contract(db, facts["contract_id"])
    answer = await db.call(
        "select ledger.hold_by_card($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        ledger.bucket(card.card_id),
        operation_id,
        fingerprint,
        card.card_id,
        asked.merchant_id,
        card.asset.number,
        amount_minor,
        max(span, timedelta(minutes=version.terms.hold_minutes)),
        reference,
        asked.request,
        about,
        now,
    )
    ledger.replayed(answer, card.asset)
    return await find(db, asked, operation_id)


async def credit(
    db: Database,
    asked: Request,
    *,
    proof: Proof,
    amount_minor: int,
    reference: str,
    about: str,
    now: datetime | None = None,
) -> Operation:
    """Give back what the card paid for an order, all or a part.

    REFUND_EXCEEDS_CAPTURE where the card never paid as much: a store makes no value of its own.
    """
    card = await _opened(db, asked, proof, amount_minor, reference, about, now)
    operation_id = asked.operation("transaction")
    answer = await db.call(
        "select ledger.credit_card($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        ledger.bucket(card.card_id),
        operation_id,
        ids.fingerprint("credit", amount_minor, reference),
        card.card_id,
        asked.merchant_id,
        card.asset.number,
        amount_minor,
        reference,
        asked.request,
        about,
        STEPS_MAX,
        (await programme.of(db)).time_zone,
        now,
    )
    ledger.replayed(answer, card.asset)
    return await find(db, asked, operation_id)


async def settle(
    db: Database,
    asked: Request,
    *,
    redemption_id: UUID,
    amount_minor: int,
    now: datetime | None = None,
) -> Operation:
    """Capture a part of what is held, or all of it; what is left stays held.

    REDEMPTION_EXPIRED, REDEMPTION_CLOSED or CAPTURE_EXCEEDS_HOLD otherwise.
    """
    return await _step(db, asked, "settlement", redemption_id, amount_minor, now)


async def cancel(
    db: Database,
    asked: Request,
    *,
    redemption_id: UUID,
    amount_minor: int,
    now: datetime | None = None,
) -> Operation:
    """Let go of what is held, then give back what was captured: as much as is asked, in that order.

    What an expiry let go may be cancelled too, once, so that a store's books and ours agree.
    CANCELLATION_EXCEEDS_REST says how much is left.
    """
    return await _step(db, asked, "cancellation", redemption_id, amount_minor, now)


async def find(db: Database, asked: Request, operation_id: UUID) -> Operation:
    """What was asked of the card under this id, or NOT_FOUND; `asked` need not name a request."""
    await cards.at(db, asked.merchant_id, asked.card_id)
    row = await db.fetchrow(
        sql.load("queries/card_operation"),
        ledger.bucket(asked.card_id),
        asked.card_id,
        operation_id,
    )
    if row is None:
        raise errors.NotFound()
    return Operation(**dict(row))


async def transactions(db: Database, card: cards.Card) -> list[Operation]:
    """The holds and credits of a card, the newest first; at most LIST_MAX."""
    return await _list(db, card.card_id, ["debit", "credit"], None)


async def steps(db: Database, of: Operation, kind: Kind) -> list[Operation]:
    """The settlements or the cancellations of one hold, the newest first; at most STEPS_MAX."""
    if of.kind != "debit":
        return []  # a credit is complete at once
    return await _list(db, of.card_id, [kind], of.redemption_id)


async def _opened(
    db: Database,
    asked: Request,
    proof: Proof,
    amount_minor: int,
    reference: str,
    about: str,
    now: datetime | None,
) -> cards.Card:
    """The card that a transaction names, once all that it says has been looked at."""
    redemption.check_amount(amount_minor, "value")
    text.check(reference, "orderInfo", chars_max=redeem.REFERENCE_CHARS_MAX)
    if about:
        text.check(about, "description", chars_max=ABOUT_CHARS_MAX)
    card = await cards.at(db, asked.merchant_id, asked.card_id, now=now)
    if not cards.proves(card, token=proof.token, number=proof.number):
        raise errors.RedemptionCodeInvalid(path=("redemptionToken",))
    return card


async def _step(
    db: Database,
    asked: Request,
    kind: Literal["settlement", "cancellation"],
    redemption_id: UUID,
    amount_minor: int,
    now: datetime | None,
) -> Operation:
    redemption.check_amount(amount_minor, "value")
    house = await programme.of(db)
    operation_id = asked.operation(kind)
    verb = {"settlement": "settle_card", "cancellation": "cancel_card"}[kind]
    answer = await db.call(
        f"select ledger.{verb}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        ledger.bucket(asked.card_id),
        operation_id,
        ids.fingerprint(redemption_id, kind, amount_minor),
        asked.card_id,
        asked.merchant_id,
        redemption_id,
        amount_minor,
        asked.request,
        STEPS_MAX,
        house.time_zone,
        now,
    )
    ledger.replayed(answer, house.asset)
    return await find(db, asked, operation_id)


async def _stands(db: Database, card: cards.Card, operation_id: UUID, fingerprint: UUID) -> bool:
    return bool(
        await db.fetchval(
            "select exists (select 1 from ledger.card_operation where bucket = $1"
            " and operation_id = $2 and card_id = $3 and fingerprint = $4)",
            ledger.bucket(card.card_id),
            operation_id,
            card.card_id,
            fingerprint,
        )
    )


async def _list(
    db: Database, card_id: UUID, kinds: list[str], redemption_id: UUID | None
) -> list[Operation]:
    rows: list[Any] = await db.fetch(
        sql.load("queries/card_operations"),
        ledger.bucket(card_id),
        card_id,
        kinds,
        redemption_id,
        LIST_MAX,
    )
    return [Operation(**dict(row)) for row in rows]
