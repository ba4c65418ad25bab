"""Contests: who entered, the final ranking of each window, and what became of each prize."""

from sqlalchemy import Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class ContestEntry(SQLModel, table=True):
    """A member's entry to one window of a contest, and what was known of them when they entered."""

    __tablename__ = "contest_entry"
    __table_args__ = (
        UniqueConstraint(
            *("bucket", "contest_id", "period", "wallet_id"), name="contest_entry_once"
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    entry_id: UUID = columns.key()
    wallet_id: UUID
    contest_id: UUID
    period: str = columns.words()
    version_id: UUID
    known: dict[str, object] = columns.document()
    fingerprint: UUID
    entered_at: datetime = columns.instant()


class ContestFreeze(SQLModel, table=True):
    """A window of a contest that is final, and by which version it pays."""

    __tablename__ = "contest_freeze"
    __table_args__ = {"schema": "coalition"}

    contest_id: UUID = columns.key()
    period: str = columns.word_key()
    version_id: UUID
    ranked: int = columns.amount()
    winners: int = columns.small()
    frozen_at: datetime = columns.instant()


class ContestResult(SQLModel, table=True):
    """A place of a final ranking."""

    __tablename__ = "contest_result"
    __table_args__ = {"schema": "coalition"}

    contest_id: UUID = columns.key()
    period: str = columns.word_key()
    place: int = Field(primary_key=True, sa_type=Integer)
    wallet_id: UUID
    score: int = columns.amount()
    reached_at: datetime = columns.instant()


class ContestPrize(SQLModel, table=True):
    """What became of a place's prize: `given` with its award, `none` where no campaign was in
    force, or the code of a refusal.
    """

    __tablename__ = "contest_prize"
    __table_args__ = {"schema": "coalition"}

    contest_id: UUID = columns.key()
    period: str = columns.word_key()
    place: int = Field(primary_key=True, sa_type=Integer)
    award_id: UUID
    outcome: str = columns.words()
    paid_at: datetime = columns.instant()
