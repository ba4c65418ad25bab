"""Campaigns and what they ask of people and goods: versions, changes, terms, segments, evidence.

Reference data without buckets. What was saved, published or accepted never changes: a version, a
change, a text and an acceptance are rows that are only added.
"""

from datetime import date

from sqlalchemy import CheckConstraint, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Profile(SQLModel, table=True):
    """What campaigns may know of a member besides their purchases; all of it may be missing."""

    __tablename__ = "profile"
    __table_args__ = (
        CheckConstraint("language in ('en', 'pt', 'es')", name="profile_language"),
        {"schema": "coalition"},
    )

    member_id: UUID = columns.key()
    birth_date: date | None = None
    language: str | None = columns.words_or_none()
    tier: str | None = columns.words_or_none()
    favourites_off: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    updated_at: datetime = columns.instant_now()
