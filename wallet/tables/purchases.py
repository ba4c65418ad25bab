"""What merchants reported: purchases, their lines with the decision on each, events and returns.

A line carries the decision that paid it, so that a return years later is reversed by exactly that.
"""

from sqlalchemy import CheckConstraint, Column, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Claim(SQLModel, table=True):
    """One merchant's reference, claimed once: the same sale can never be credited twice.

    Its bucket is a byte of the reference's hash, not of a wallet: a reference is claimed before
    anything is decided, in a write of its own.
    """

    __tablename__ = "claim"
    __table_args__ = {"schema": "ledger"}

    bucket: int = columns.bucket()
    merchant_id: UUID = columns.key()
    reference: str = columns.word_key()
    purchase_id: UUID
    wallet_id: UUID
    fingerprint: UUID
    claimed_at: datetime = columns.instant_now()


class Purchase(SQLModel, table=True):
    """One reported sale, the contract version that decided it, and the lots it opened.

    `lot_id` is what the contract gave, `lots` what campaigns gave on top of it.
    """

    __tablename__ = "purchase"
    __table_args__ = (
        CheckConstraint("reversed_minor between 0 and credited_minor", name="purchase_reversed"),
        CheckConstraint("total_minor >= 0 and cashback_paid_minor >= 0", name="purchase_amounts"),
        CheckConstraint("channel in ('online', 'shop', 'app')", name="purchase_channel"),
        Index("purchase_wallet", "bucket", "wallet_id", "purchased_at", "purchase_id"),
        # Most purchases are no delivery, and cost nothing here.
        Index(
            "purchase_delivery",
            *("bucket", "wallet_id", "subscription"),
            postgresql_where=text("subscription is not null"),
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    purchase_id: UUID = columns.key()
    wallet_id: UUID
    asset: int = columns.asset()
    merchant_id: UUID
    contract_id: UUID
    reference: str = columns.words()
    channel: str = columns.words()
    store_id: UUID | None = None
    purchased_at: datetime = columns.instant()
    reported_at: datetime = columns.instant()
    total_minor: int = columns.amount()
    cashback_paid_minor: int = columns.amount()
    credited_minor: int = columns.amount()
    reversed_minor: int = columns.amount(0)
    lot_id: UUID | None = None
    version: int = columns.amount(0)
    fingerprint: UUID
    lots: list[UUID] = columns.several_ids()
    instrument: str | None = columns.words_or_none()
    subscription: str | None = columns.words_or_none()
    delivery: int | None = Field(default=None, sa_type=Integer, nullable=True)


class PurchaseLine(SQLModel, table=True):
    """One line and the decision on it: rule, base, rate, rounding, credit and the sentence."""

    __tablename__ = "purchase_line"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0 and credited_minor >= 0", name="line_amounts"),
        CheckConstraint("kind in ('item', 'shipping')", name="line_kind"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    purchase_id: UUID = columns.key()
    line_no: int = Field(primary_key=True, sa_type=Integer)
    external_id: str | None = columns.words_or_none()
    product: str | None = columns.words_or_none()
    description: str | None = columns.words_or_none()
    kind: str = columns.words()
    category: str = columns.words()
    labels: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    quantity_milli: int = columns.amount()
    amount_minor: int = columns.amount()
    discount_minor: int = columns.amount()
    tax_minor: int = columns.amount()
    rule: str = columns.words()
    base_minor: int = columns.amount()
    rate_bps: int = Field(sa_type=SmallInteger)
    rounding: str = columns.words()
    credited_minor: int = columns.amount()
    sentence: str = columns.words()
    brand: str | None = columns.words_or_none()


class PurchaseEvent(SQLModel, table=True):
    """A business event that moves the pending clock: paid, shipped, delivered, stay ended."""

    __tablename__ = "purchase_event"
    __table_args__ = (
        # Only events with a key of their own; those that came with the report cost nothing here.
        Index(
            "purchase_event_request",
            "bucket",
            "request_id",
            postgresql_where=text("request_id <> purchase_id"),
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    purchase_id: UUID = columns.key()
    kind: str = columns.word_key()
    happened_at: datetime = columns.instant()
    request_id: UUID
    fingerprint: UUID
    recorded_at: datetime = columns.instant_now()


class PurchaseReturn(SQLModel, table=True):
    """One return: how much was reversed in the sale's asset, and out of what it came."""

    __tablename__ = "purchase_return"
    __table_args__ = (
        CheckConstraint(
            "reversed_minor = from_pending_minor + from_lot_minor + from_expired_minor"
            " + from_given_minor + lapsed_minor + from_other_minor + deficit_minor + loss_minor",
            name="return_adds_up",
        ),
        Index("purchase_return_purchase", "bucket", "purchase_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    return_id: UUID = columns.key()
    purchase_id: UUID
    wallet_id: UUID
    reason: str = columns.words()
    fingerprint: UUID
    reversed_minor: int = columns.amount()
    from_pending_minor: int = columns.amount()
    from_lot_minor: int = columns.amount()
    from_expired_minor: int = columns.amount()
    lapsed_minor: int = columns.amount()
    from_other_minor: int = columns.amount()
    deficit_minor: int = columns.amount()
    loss_minor: int = columns.amount()
    loss_bearer: str | None = columns.words_or_none()
    returned_at: datetime = columns.instant()
    from_given_minor: int = columns.amount(0)


class PurchaseReturnLine(SQLModel, table=True):
    """What came back of one line, and what was reversed for it by the decision that paid."""

    __tablename__ = "purchase_return_line"
    __table_args__ = {"schema": "ledger"}

    bucket: int = columns.bucket()
    purchase_id: UUID = columns.key()
    line_no: int = Field(primary_key=True, sa_type=Integer)
    return_id: UUID = columns.key()
    quantity_milli: int = columns.amount()
    amount_minor: int = columns.amount()
    reversed_minor: int = columns.amount()
