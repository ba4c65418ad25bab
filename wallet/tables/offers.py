"""What is worked out for each member: favourites, replaced at each look, and offers, kept for good.

An offer decides money, so it stays findable: a later run adds rows and changes none.
"""

from sqlalchemy import CheckConstraint, DateTime, Index, SmallInteger
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Favourite(SQLModel, table=True):
    """One of a member's favourite categories, as of the last look at their purchases."""

    __tablename__ = "favourite"
    __table_args__ = (
        CheckConstraint("place between 1 and 5", name="favourite_place"),
        Index("favourite_category", "category"),
        {"schema": "coalition"},
    )

    member_id: UUID = columns.key()
    place: int = Field(
        primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False}
    )
    category: str = columns.words()
    reason: dict[str, object] = columns.document()
    computed_at: datetime = columns.instant()


class Offer(SQLModel, table=True):
    """A member's own rate of one campaign in one category, while it holds; append-only."""

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("bps between 1 and 10000", name="offer_bps"),
        CheckConstraint("valid_from < valid_until", name="offer_validity"),
        {"schema": "coalition"},
    )

    member_id: UUID = columns.key()
    campaign_id: UUID = columns.key()
    category: str = columns.word_key()
    valid_from: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    valid_until: datetime = columns.instant()
    bps: int = Field(sa_type=SmallInteger)
    reason: dict[str, object] = columns.document()
    scorer: str = columns.words()
    scorer_version: int = Field(sa_type=SmallInteger)
