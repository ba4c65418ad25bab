"""What is kept beside orders in the books: codes that a partner chose, which work like money."""

from sqlalchemy import LargeBinary
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class OrderCode(SQLModel, table=True):
    """A code that a partner chose for what it issued, sealed; ours are made anew when needed."""

    __tablename__ = "order_code"
    __table_args__ = {"schema": "partner"}

    redemption_id: UUID = columns.key()
    kid: str = columns.words()
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = columns.instant_now()
