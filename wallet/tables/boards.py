"""Boards: scores by window, how many stand in each band, and the names that members are shown by.

A score is a projection of the books and no money: whoever works it out again finds the same.
"""

from sqlalchemy import CheckConstraint, Index, SmallInteger
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class BoardScore(SQLModel, table=True):
    """A member's score in a window. `minus` is the score with its sign turned: one index in one
    direction then gives the order of a board, the best first.
    """

    __tablename__ = "board_score"
    __table_args__ = (
        CheckConstraint("score > 0 and minus = -score", name="board_score_positive"),
        Index(
            "board_score_order",
            *("board_id", "period", "minus", "slot", "reached_at", "wallet_id"),
            unique=True,
        ),
        {"schema": "coalition"},
    )

    wallet_id: UUID = columns.key()
    board_id: UUID = columns.key()
    period: str = columns.word_key()
    score: int = columns.amount()
    minus: int = columns.amount()
    band: int = Field(sa_type=SmallInteger)
    slot: int = Field(sa_type=SmallInteger)
    reached_at: datetime = columns.instant()


class BoardBand(SQLModel, table=True):
    """How many members of a board's window stand in a band of scores."""

    __tablename__ = "board_band"
    __table_args__ = (
        CheckConstraint("members >= 0", name="board_band_members"),
        {"schema": "coalition"},
    )

    board_id: UUID = columns.key()
    period: str = columns.word_key()
    band: int = Field(primary_key=True, sa_type=SmallInteger)
    members: int = columns.amount(0)


class BoardSlot(SQLModel, table=True):
    """How many of a band of one score reached it in each part of the window."""

    __tablename__ = "board_slot"
    __table_args__ = (
        CheckConstraint("members >= 0", name="board_slot_members"),
        {"schema": "coalition"},
    )

    board_id: UUID = columns.key()
    period: str = columns.word_key()
    band: int = Field(primary_key=True, sa_type=SmallInteger)
    slot: int = Field(primary_key=True, sa_type=SmallInteger)
    members: int = columns.amount(0)


class BoardMember(SQLModel, table=True):
    """The name that others see, null for none, and whether the member has left all boards."""

    __tablename__ = "board_member"
    __table_args__ = {"schema": "coalition"}

    wallet_id: UUID = columns.key()
    name: str | None = columns.words_or_none()
    left_at: datetime | None = columns.instant_or_none()
    changed_at: datetime = columns.instant()
