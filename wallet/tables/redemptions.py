"""Spending: one-time codes shown by the member's app, and redemptions from hold to refund."""

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class RedemptionCode(SQLModel, table=True):
    """A one-time code for one merchant; only its hash is kept."""

    __tablename__ = "redemption_code"
    __table_args__ = {"schema": "ledger"}

    bucket: int = columns.bucket()
    code_hash: bytes = Field(primary_key=True)
    wallet_id: UUID
    asset: int = columns.asset()
    merchant_id: UUID
    expires_at: datetime = columns.instant()
    redemption_id: UUID | None = None
    created_at: datetime = columns.instant_now()


class Redemption(SQLModel, table=True):
    """One spend at one merchant: held, then captured, released or expired, perhaps refunded.

    What is held is `amount - captured - released`; the redemption is open while that is not zero.
    """

    __tablename__ = "redemption"
    __table_args__ = (
        CheckConstraint("amount > 0", name="redemption_amount"),
        CheckConstraint("captured >= 0 and released >= 0", name="redemption_captured"),
        CheckConstraint("refunded between 0 and captured", name="redemption_refunded"),
        CheckConstraint(
            "state in ('held', 'captured', 'released', 'expired')", name="redemption_state"
        ),
        CheckConstraint("(state = 'held') = (resolved_at is null)", name="redemption_resolved"),
        CheckConstraint(
            "captured + released <= amount and (state = 'held') = (captured + released < amount)",
            name="redemption_open_part",
        ),
        CheckConstraint(
            "state = 'held' or (state = 'captured') = (captured > 0)", name="redemption_spent"
        ),
        Index("redemption_wallet", "bucket", "wallet_id", "held_at", "redemption_id"),
        Index("redemption_open", "expires_at", postgresql_where=text("state = 'held'")),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    redemption_id: UUID = columns.key()
    wallet_id: UUID
    asset: int = columns.asset()
    merchant_id: UUID
    store_id: UUID | None = None
    order_reference: str = columns.words()
    amount: int = columns.amount()
    captured: int = columns.amount(0)
    released: int = columns.amount(0)
    refunded: int = columns.amount(0)
    state: str = columns.words("held")
    fingerprint: UUID
    held_at: datetime = columns.instant()
    expires_at: datetime = columns.instant()
    resolved_at: datetime | None = columns.instant_or_none()
    resolved_by: UUID | None = None
