"""The stock of shops without an API: their own codes, loaded from a file, each given once."""

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from partners.tables.directory import SCHEMA
from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Stock(SQLModel, table=True):
    """One code of a shop. `order_key` is whom it was given for; the code itself is sealed.

    `digest` knows the code again without showing it, by the key `digest_kid` of the ring.
    """

    __tablename__ = "stock"
    __table_args__ = (
        CheckConstraint(
            "state in ('free', 'taken', 'returning', 'void', 'spent')", name="stock_state"
        ),
        CheckConstraint("amount > 0", name="stock_amount"),
        CheckConstraint("(state = 'free') <= (order_key is null)", name="stock_free"),
        CheckConstraint("(order_key is null) = (taken_at is null)", name="stock_taken"),
        UniqueConstraint("partner_id", "digest", name="stock_digest"),
        UniqueConstraint("partner_id", "order_key", name="stock_order"),
        Index(
            "stock_free_codes",
            "partner_id",
            "kind",
            "asset",
            "amount",
            "stock_id",
            postgresql_where=text("state = 'free'"),
        ),
        Index(
            "stock_returning",
            "partner_id",
            "stock_id",
            postgresql_where=text("state = 'returning'"),
        ),
        SCHEMA,
    )

    stock_id: UUID = columns.key()
    partner_id: UUID
    kind: str = columns.words()
    asset: int = columns.asset()
    amount: int = columns.amount()
    state: str = columns.words("free")
    kid: str = columns.words()
    sealed: bytes = Field(sa_type=LargeBinary)
    digest_kid: str = columns.words()
    digest: bytes = Field(sa_type=LargeBinary)
    order_key: str | None = columns.words_or_none()
    taken_at: datetime | None = columns.instant_or_none()
    created_at: datetime = columns.instant_now()
    changed_at: datetime = columns.instant_now()
