"""Milestones: what members did besides buying, which targets they reached, and the news of it.

What was reached is worked out from the books; that it was reached, and what was given for it, is
kept, so that it is given once.
"""

from sqlalchemy import CheckConstraint, Index, Integer, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Activity(SQLModel, table=True):
    """What a merchant reported that a member did, whether or not a campaign gave for it."""

    __tablename__ = "activity"
    __table_args__ = (
        Index(
            "activity_reviewed",
            "bucket",
            "purchase_id",
            "line_no",
            unique=True,
            postgresql_where=text("kind = 'review'"),
        ),
        Index("activity_wallet", "bucket", "wallet_id", "happened_at"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    activity_id: UUID = columns.key()
    wallet_id: UUID
    merchant_id: UUID
    kind: str = columns.words()
    name: str | None = columns.words_or_none()
    reference: str = columns.words()
    proof: str | None = columns.words_or_none()
    purchase_id: UUID | None = None
    line_no: int | None = Field(default=None, sa_type=Integer)
    score: int | None = Field(default=None, sa_type=Integer)
    stars: int | None = Field(default=None, sa_type=Integer)
    fingerprint: UUID
    happened_at: datetime = columns.instant()
    reported_at: datetime = columns.instant()


class Completion(SQLModel, table=True):
    """A milestone that was reached: in which period, for the n-th time, by what, and when.

    `award_id` is the award that pays, from the moment on at which it was reached: whoever comes
    first makes it. Null where nothing is given. One that was taken back stays, and does not count.
    """

    __tablename__ = "completion"
    __table_args__ = (
        CheckConstraint("nth > 0 and measured > 0", name="completion_counts"),
        Index(
            "completion_standing",
            "bucket",
            "wallet_id",
            "milestone_id",
            "period",
            "nth",
            unique=True,
            postgresql_where=text("taken_back_at is null"),
        ),
        Index("completion_wallet", "bucket", "wallet_id", "reached_at", "completion_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    completion_id: UUID = columns.key()
    wallet_id: UUID
    milestone_id: UUID
    version_id: UUID
    period: str = columns.words()
    nth: int = Field(sa_type=Integer)
    measured: int = columns.amount()
    causes: list[UUID] = columns.several_ids()
    award_id: UUID | None = None
    reached_at: datetime = columns.instant()
    recorded_at: datetime = columns.instant()
    taken_back_at: datetime | None = columns.instant_or_none()


class Happening(SQLModel, table=True):
    """What happened to a member besides movements, numbered in each wallet without gaps.

    Whoever follows a wallet reads on from the number that they know, as with its movements.
    """

    __tablename__ = "happening"
    __table_args__ = (
        CheckConstraint("n > 0", name="happening_number"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    wallet_id: UUID = columns.key()
    n: int = Field(primary_key=True, sa_type=Integer)
    topic: str = columns.words()
    subject_id: UUID
    happened_at: datetime = columns.instant()
