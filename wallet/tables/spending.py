"""Safe spending: the programme's rules, members' locks, and what a person has to look at."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class SpendingRules(SQLModel, table=True):
    """One version of the rules; the newest holds, whoever spends and by whatever way.

    Amounts are minor units of the programme's asset; what is null limits nothing.
    """

    __tablename__ = "spending_rules"
    __table_args__ = (
        CheckConstraint("hour_most > 0 and day_most > 0", name="spending_rules_counts"),
        CheckConstraint("one_minor > 0 and day_minor > 0", name="spending_rules_amounts"),
        {"schema": "coalition"},
    )

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    request_id: UUID = Field(unique=True)
    one_minor: int | None = columns.amount_or_none()
    day_minor: int | None = columns.amount_or_none()
    hour_most: int = Field(sa_type=Integer)
    day_most: int = Field(sa_type=Integer)
    merchants: list[UUID] | None = Field(default=None, sa_column=Column(ARRAY(Uuid), nullable=True))
    territories: list[str] = Field(
        sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    note: str = columns.words()
    published_by: UUID
    published_at: datetime = columns.instant_now()


class SpendLock(SQLModel, table=True):
    """Whether a wallet is locked: nothing is spent or given, what is earned still comes in.

    It lies beside the wallet, whose lock decides between a spend and a lock that come at once.
    """

    __tablename__ = "spend_lock"
    __table_args__ = (
        CheckConstraint("by_kind in ('member', 'staff')", name="spend_lock_by"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    wallet_id: UUID = columns.key()
    locked: bool
    by_kind: str = columns.words()
    changed_at: datetime = columns.instant()
    version: int = columns.amount(1)


class SpendReview(SQLModel, table=True):
    """A spend that passed a limit and was refused until a person has looked at it.

    One that is allowed is good for one spend of at most its amount at its merchant, for a day.
    """

    __tablename__ = "spend_review"
    __table_args__ = (
        CheckConstraint("state in ('open', 'allowed', 'denied')", name="spend_review_state"),
        CheckConstraint("(state = 'open') = (decided_by is null)", name="spend_review_decided"),
        CheckConstraint("(state = 'allowed') = (good_until is not null)", name="spend_review_good"),
        CheckConstraint("used_by is null or state = 'allowed'", name="spend_review_used"),
        Index(
            "spend_review_open",
            "bucket",
            "wallet_id",
            "merchant_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("spend_review_newest", "asked_at", "review_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    review_id: UUID = columns.key()
    wallet_id: UUID
    merchant_id: UUID
    asset: int = columns.asset()
    amount: int = columns.amount()
    passed: str = columns.words()
    most: int = columns.amount()
    tries: int = columns.amount(1)
    asked_at: datetime = columns.instant()
    state: str = columns.words("open")
    decided_by: UUID | None = None
    reason: str | None = columns.words_or_none()
    decided_at: datetime | None = columns.instant_or_none()
    good_until: datetime | None = columns.instant_or_none()
    used_by: UUID | None = None
