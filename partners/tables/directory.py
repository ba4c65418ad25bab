"""The directory of partners: which shops members may redeem at, and what the shops are told by."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime

SCHEMA = {"schema": "partner"}


class Partner(SQLModel, table=True):
    """A merchant's shop system, reached by an adapter; `version` counts its changes.

    `config` is what the adapter's Config reads, `offers` what can be redeemed there; neither has a
    secret in it. `territories` are ISO 3166 codes; none: wherever members are.
    """

    __tablename__ = "partner"
    __table_args__ = (
        CheckConstraint("status in ('active', 'suspended')", name="partner_status"),
        CheckConstraint("version > 0", name="partner_version"),
        UniqueConstraint("slug", name="partner_slug"),
        Index("partner_merchant", "merchant_id"),
        SCHEMA,
    )

    partner_id: UUID = columns.key()
    merchant_id: UUID
    slug: str = columns.words()
    name: str = columns.words()
    adapter: str = columns.words()
    config: dict[str, object] = columns.document()
    offers: list[dict[str, object]] = columns.document()
    asset: int = columns.asset()
    territories: list[str] = Field(
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    status: str = columns.words("active")
    version: int = columns.amount(1)
    created_at: datetime = columns.instant_now()
    changed_at: datetime = columns.instant_now()


class Secret(SQLModel, table=True):
    """One secret of a partner, sealed: `credential` speaks to it, `webhook` is what it signs with.

    Two live side by side while one is being replaced; `place` 0 is the one that is used.
    """

    __tablename__ = "secret"
    __table_args__ = (
        CheckConstraint("name in ('credential', 'client', 'webhook')", name="secret_name"),
        CheckConstraint("place in (0, 1)", name="secret_place"),
        SCHEMA,
    )

    partner_id: UUID = columns.key()
    name: str = columns.word_key()
    place: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    secret_id: UUID
    kid: str = columns.words()
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = columns.instant_now()
