"""Webhooks in: what partners have told us by themselves, each fact once."""

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime

SCHEMA = {"schema": "partner"}


class Fact(SQLModel, table=True):
    """One fact as a partner told it, kept until the saga has heard it and for a while after.

    `thing` is what it is about: our key, or the partner's reference.
    """

    __tablename__ = "fact"
    __table_args__ = (
        CheckConstraint("state in ('live', 'spent', 'void')", name="fact_state"),
        CheckConstraint("outcome in ('heard', 'older')", name="fact_outcome"),
        Index("fact_due", "next_at", postgresql_where=text("outcome is null")),
        Index("fact_old", "told_at", postgresql_where=text("outcome is not null")),
        SCHEMA,
    )

    partner_id: UUID = columns.key()
    event_id: str = columns.word_key()
    thing: str = columns.words()
    state: str = columns.words()
    order_key: str | None = columns.words_or_none()
    reference: str | None = columns.words_or_none()
    amount_minor: int | None = columns.amount_or_none()
    currency: str | None = columns.words_or_none()
    happened_at: datetime = columns.instant()
    told_at: datetime = columns.instant_now()
    outcome: str | None = columns.words_or_none()
    attempts: int = columns.amount(0)
    next_at: datetime = columns.instant_now()


class Standing(SQLModel, table=True):
    """The newest fact about a thing that was heard, and who hears one now."""

    __tablename__ = "standing"
    __table_args__ = (SCHEMA,)

    partner_id: UUID = columns.key()
    thing: str = columns.word_key()
    happened_at: datetime = columns.instant()
    leased_until: datetime | None = columns.instant_or_none()
