"""The coalition: programme, members, merchants, contracts, staff, approvals, audit, notices.

Reference data and people. It is read-mostly, never joined inside a write to the books, and holds
the only personal data there is.
"""

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Programme(SQLModel, table=True):
    """The one programme of this installation: its operator, time zone, asset and limits."""

    __tablename__ = "programme"
    __table_args__ = (
        CheckConstraint("one", name="programme_only_one"),
        CheckConstraint("wallet_floor_minor <= 0", name="programme_floor"),
        {"schema": "coalition"},
    )

    one: bool = Field(default=True, primary_key=True)
    operator_id: UUID
    name: str = columns.words()
    time_zone: str = columns.words()
    asset: int = columns.asset()
    wallet_floor_minor: int = columns.amount(-10_000)
    buckets: int = columns.small(256)
    epoch: int = columns.amount(0)
    created_at: datetime = columns.instant_now()


class Member(SQLModel, table=True):
    """A person of the coalition; the books know only the wallet's id."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint("status in ('active', 'suspended')", name="member_status"),
        UniqueConstraint("wallet_id", name="member_wallet"),
        Index("member_email", text("lower(email)"), unique=True),
        {"schema": "coalition"},
    )

    member_id: UUID = columns.key()
    wallet_id: UUID
    display_name: str = columns.words()
    email: str = columns.words()
    status: str = columns.words("active")
    created_at: datetime = columns.instant_now()


class Merchant(SQLModel, table=True):
    """A merchant of the coalition."""

    __tablename__ = "merchant"
    __table_args__ = (
        CheckConstraint("status in ('active', 'suspended')", name="merchant_status"),
        UniqueConstraint("slug", name="merchant_slug"),
        {"schema": "coalition"},
    )

    merchant_id: UUID = columns.key()
    slug: str = columns.words()
    name: str = columns.words()
    industry: str = columns.words()
    status: str = columns.words("active")
    created_at: datetime = columns.instant_now()


class Store(SQLModel, table=True):
    """A place or a site where a merchant sells."""

    __tablename__ = "store"
    __table_args__ = (
        CheckConstraint("channel in ('online', 'shop', 'app')", name="store_channel"),
        UniqueConstraint("merchant_id", "external_id", name="store_external"),
        {"schema": "coalition"},
    )

    store_id: UUID = columns.key()
    merchant_id: UUID
    external_id: str = columns.words()
    name: str = columns.words()
    channel: str = columns.words()
    created_at: datetime = columns.instant_now()


class Contract(SQLModel, table=True):
    """One version of a merchant's contract; it never changes, a new version follows it."""

    __tablename__ = "contract"
    __table_args__ = (
        UniqueConstraint("merchant_id", "version", name="contract_version"),
        {"schema": "coalition"},
    )

    contract_id: UUID = columns.key()
    merchant_id: UUID
    version: int = columns.small()
    valid_from: datetime = columns.instant()
    terms: dict[str, object] = columns.document()
    note: str = columns.words()
    published_by: UUID
    published_at: datetime = columns.instant_now()


class Staff(SQLModel, table=True):
    """A person who works for the operator."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint("role in ('support', 'supervisor', 'operator', 'left')", name="staff_role"),
        Index("staff_email", text("lower(email)"), unique=True),
        {"schema": "coalition"},
    )

    staff_id: UUID = columns.key()
    name: str = columns.words()
    email: str = columns.words()
    role: str = columns.words("support")
    created_at: datetime = columns.instant_now()


class Allowance(SQLModel, table=True):
    """What one staff member gave away on one day; it never passes the limit, even in a race."""

    __tablename__ = "allowance"
    __table_args__ = (
        CheckConstraint("spent >= 0", name="allowance_spent"),
        {"schema": "coalition"},
    )

    staff_id: UUID = columns.key()
    day: str = columns.word_key()
    asset: int = Field(primary_key=True, sa_type=SmallInteger)
    spent: int = columns.amount(0)


class Approval(SQLModel, table=True):
    """An act that needs two people: who asked for it and why, and who decided."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("status in ('open', 'approved', 'declined')", name="approval_status"),
        CheckConstraint("maker_id <> checker_id", name="approval_two_people"),
        CheckConstraint("(status = 'open') = (checker_id is null)", name="approval_decided"),
        Index("approval_newest", "created_at", "approval_id"),
        {"schema": "coalition"},
    )

    approval_id: UUID = columns.key()
    act: str = columns.words()
    subject_id: UUID
    detail: dict[str, object] = columns.document()
    reason: str = columns.words()
    maker_id: UUID
    status: str = columns.words("open")
    checker_id: UUID | None = None
    checker_reason: str | None = columns.words_or_none()
    created_at: datetime = columns.instant_now()
    decided_at: datetime | None = columns.instant_or_none()
    expires_at: datetime = columns.instant()


class Audit(SQLModel, table=True):
    """Who looked at or did what, and why; append-only."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_subject", "subject_id", "happened_at"),
        {"schema": "coalition"},
    )

    audit_id: UUID = columns.key()
    actor_kind: str = columns.words()
    actor_id: UUID | None = None
    act: str = columns.words()
    subject_id: UUID | None = None
    reason: str | None = columns.words_or_none()
    detail: dict[str, object] | None = columns.document(optional=True)
    document_hash: bytes | None = None
    request_id: str | None = columns.words_or_none()
    happened_at: datetime = columns.instant_now()


class Notice(SQLModel, table=True):
    """What a member is told: a sentence, and what it is about."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("notice_wallet", "wallet_id", "happened_at", "notice_id"),
        {"schema": "coalition"},
    )

    notice_id: UUID = columns.key()
    wallet_id: UUID
    topic: str = columns.words()
    subject_id: UUID
    sentence: str = columns.words()
    happened_at: datetime = columns.instant()
