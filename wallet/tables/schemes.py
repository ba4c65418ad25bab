"""Schemes: what members take part in, with their versions; and which wallets are to be looked at.

Reference data without buckets. A version never changes; one without a definition ends its scheme.
"""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Scheme(SQLModel, table=True):
    """A ladder, a milestone, a board, a contest, a draw; its name is that of its newest version."""

    __tablename__ = "scheme"
    __table_args__ = (
        Index("scheme_newest", "created_at", "scheme_id"),
        {"schema": "coalition"},
    )

    scheme_id: UUID = columns.key()
    kind: str = columns.words()
    name: str = columns.words()
    created_by: UUID
    created_at: datetime = columns.instant_now()


class SchemeVersion(SQLModel, table=True):
    """One published definition: from when it holds, who published it, and why; null for the end."""

    __tablename__ = "scheme_version"
    __table_args__ = (
        UniqueConstraint("scheme_id", "version", name="scheme_version_number"),
        CheckConstraint("valid_from >= published_at", name="scheme_version_ahead"),
        {"schema": "coalition"},
    )

    version_id: UUID = columns.key()
    scheme_id: UUID
    version: int = columns.small()
    definition: dict[str, object] | None = columns.document(optional=True)
    valid_from: datetime = columns.instant()
    note: str = columns.words()
    published_by: UUID
    published_at: datetime = columns.instant()


class Look(SQLModel, table=True):
    """A wallet that is to be looked at again, and when; `asked` grows with each asking."""

    __tablename__ = "look"
    __table_args__ = (
        Index("look_due", "at"),
        {"schema": "coalition"},
    )

    wallet_id: UUID = columns.key()
    at: datetime = columns.instant()
    asked: int = columns.amount(1)
    tries: int = columns.small(0)
