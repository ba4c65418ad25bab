"""What came of comparing our books with a partner's, day by day, and each difference by name."""

from sqlalchemy import CheckConstraint, Integer
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, date, datetime


class Reconciliation(SQLModel, table=True):
    """One day at one partner: what stands by our books, and what by theirs.

    `unread` where the partner did not answer, or not for every order; `reason` says what it was.
    """

    __tablename__ = "reconciliation"
    __table_args__ = (
        CheckConstraint("state in ('clean', 'differs', 'unread')", name="reconciliation_state"),
        {"schema": "partner"},
    )

    partner_id: UUID = columns.key()
    day: date = Field(primary_key=True)
    state: str = columns.words()
    here_count: int = Field(sa_type=Integer)
    here_minor: int = columns.amount()
    there_count: int = Field(sa_type=Integer)
    there_minor: int = columns.amount()
    differences: int = Field(sa_type=Integer)
    reason: str | None = columns.words_or_none()
    checked_at: datetime = columns.instant()


class Difference(SQLModel, table=True):
    """One thing that stands here and not there, or there and not here, or otherwise."""

    __tablename__ = "difference"
    __table_args__ = (
        CheckConstraint(
            "what in ('missing_there', 'missing_here', 'amount_differs', 'voided_there')",
            name="difference_what",
        ),
        {"schema": "partner"},
    )

    partner_id: UUID = columns.key()
    day: date = Field(primary_key=True)
    subject: str = columns.word_key()
    what: str = columns.words()
    redemption_id: UUID | None = None
    here_minor: int | None = columns.amount_or_none()
    there_minor: int | None = columns.amount_or_none()
