"""Webhooks out: where merchants want to be told, what they were told, and each try to tell them."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime

SCHEMA = {"schema": "partner"}


class Endpoint(SQLModel, table=True):
    """An address of a merchant's. `slot` counts to the most that a merchant may have.

    While failures follow each other it rests until `rests_until`; `ended` says why it is disabled.
    """

    __tablename__ = "endpoint"
    __table_args__ = (
        CheckConstraint("status in ('active', 'disabled', 'deleted')", name="endpoint_status"),
        CheckConstraint(
            "ended in ('merchant', 'operator', 'gone', 'failing')", name="endpoint_ended"
        ),
        CheckConstraint("(status = 'active') = (ended is null)", name="endpoint_why"),
        CheckConstraint("(status = 'deleted') = (slot is null)", name="endpoint_slot_kept"),
        CheckConstraint("slot between 0 and 9", name="endpoint_slot_range"),
        UniqueConstraint("merchant_id", "slot", name="endpoint_slot"),
        SCHEMA,
    )

    endpoint_id: UUID = columns.key()
    merchant_id: UUID
    slot: int | None = columns.amount_or_none()
    asked: UUID
    url: str = columns.words()
    topics: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    status: str = columns.words("active")
    ended: str | None = columns.words_or_none()
    failures: int = columns.amount(0)
    rests_until: datetime | None = columns.instant_or_none()
    delivered_at: datetime | None = columns.instant_or_none()
    created_at: datetime = columns.instant_now()
    changed_at: datetime = columns.instant_now()


class EndpointSecret(SQLModel, table=True):
    """What deliveries to an endpoint are signed with, sealed; two while one replaces the other."""

    __tablename__ = "endpoint_secret"
    __table_args__ = (Index("endpoint_secret_of", "endpoint_id"), SCHEMA)

    secret_id: UUID = columns.key()
    endpoint_id: UUID
    kid: str = columns.words()
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = columns.instant_now()
    expires_at: datetime | None = columns.instant_or_none()


class Delivery(SQLModel, table=True):
    """One message to one endpoint. Whoever tries it holds a `lease`, so that nobody else does."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint(
            "status in ('pending', 'delivered', 'failed', 'cancelled')", name="delivery_status"
        ),
        CheckConstraint("attempts >= 0", name="delivery_attempts"),
        Index(
            "delivery_due",
            "endpoint_id",
            "next_at",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("delivery_log", "endpoint_id", "created_at", "delivery_id"),
        Index("delivery_old", "created_at", postgresql_where=text("status <> 'pending'")),
        SCHEMA,
    )

    delivery_id: UUID = columns.key()
    endpoint_id: UUID
    topic: str = columns.words()
    subject: str = columns.words()
    happened_at: datetime = columns.instant()
    status: str = columns.words("pending")
    attempts: int = columns.amount(0)
    next_at: datetime = columns.instant_now()
    lease: UUID | None = Field(default=None, nullable=True)
    leased_until: datetime | None = columns.instant_or_none()
    created_at: datetime = columns.instant_now()
    delivered_at: datetime | None = columns.instant_or_none()


class Attempt(SQLModel, table=True):
    """One try of a delivery: what the endpoint answered, or why it did not."""

    __tablename__ = "attempt"
    __table_args__ = (SCHEMA,)

    delivery_id: UUID = columns.key()
    attempt_id: UUID = columns.key()
    http_status: int | None = columns.amount_or_none()
    failure: str | None = columns.words_or_none()
    milliseconds: int = columns.amount()
    attempted_at: datetime = columns.instant_now()
