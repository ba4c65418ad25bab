"""Gift cards: a member's leave for one merchant to hold value, and what a store asked of each."""

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class GiftCard(SQLModel, table=True):
    """A card for one merchant; of its number only the hash and the last letters are kept."""

    __tablename__ = "gift_card"
    __table_args__ = (
        CheckConstraint("maximum > 0", name="gift_card_maximum"),
        CheckConstraint("expires_at > created_at", name="gift_card_span"),
        Index("gift_card_code", "bucket", "code_hash", unique=True),
        Index(
            "gift_card_open",
            "bucket",
            "wallet_id",
            "merchant_id",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        Index("gift_card_wallet", "bucket", "wallet_id", "created_at", "card_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    card_id: UUID = columns.key()
    wallet_id: UUID
    asset: int = columns.asset()
    merchant_id: UUID
    code_hash: bytes
    ending: str = columns.words()
    listed: bool
    maximum: int | None = columns.amount_or_none()
    created_at: datetime = columns.instant()
    expires_at: datetime = columns.instant()
    ended_at: datetime | None = columns.instant_or_none()


class CardOperation(SQLModel, table=True):
    """One thing that a store asked of a card and got: a hold, a part captured, cancelled or repaid.

    `request` is the store's own id. Of a cancellation, `released` is what had not been spent.
    """

    __tablename__ = "card_operation"
    __table_args__ = (
        CheckConstraint(
            "kind in ('debit', 'credit', 'settlement', 'cancellation')", name="card_operation_kind"
        ),
        CheckConstraint("amount > 0", name="card_operation_amount"),
        CheckConstraint("released >= 0 and refunded >= 0", name="card_operation_parts"),
        CheckConstraint(
            "released + refunded = case when kind in ('credit', 'cancellation')"
            " then amount else 0 end and (kind <> 'credit' or released = 0)",
            name="card_operation_back",
        ),
        CheckConstraint(
            "(kind = 'debit') = (operation_id = redemption_id)", name="card_operation_debit"
        ),
        Index("card_operation_card", "bucket", "card_id", "happened_at", "operation_id"),
        Index("card_operation_step", "bucket", "redemption_id", "happened_at", "operation_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    operation_id: UUID = columns.key()
    card_id: UUID
    redemption_id: UUID
    kind: str = columns.words()
    request: str = columns.words()
    about: str = columns.words("")
    amount: int = columns.amount()
    released: int = columns.amount(0)
    refunded: int = columns.amount(0)
    fingerprint: UUID
    happened_at: datetime = columns.instant()
