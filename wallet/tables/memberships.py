"""Paid memberships and prepaid subscriptions: what was paid for, until when, and by which acts."""

from sqlalchemy import CheckConstraint, Date, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, date, datetime


class Membership(SQLModel, table=True):
    """One member's membership as its acts left it; a law compares both.

    `closed` is null while it may be renewed. Terms are counted from `anchor`; `until_day` is the
    first local day that is not paid for. Who is let in depends on `entitled_until` alone, so that
    nothing waits for the worker. `reminded_day` is the end of which the member was reminded.
    """

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("closed in ('cancelled', 'lapsed')", name="membership_closed"),
        CheckConstraint("refunded_minor between 0 and paid_minor", name="membership_amounts"),
        Index("membership_wallet", "bucket", "wallet_id", "started_at"),
        # A member has a plan once at a time.
        Index(
            "membership_once",
            *("bucket", "wallet_id", "scheme_id"),
            unique=True,
            postgresql_where=text("closed is null"),
        ),
        Index("membership_plan", "scheme_id", "entitled_until"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    membership_id: UUID = columns.key()
    wallet_id: UUID
    scheme_id: UUID
    version_id: UUID
    seller_id: UUID
    asset: int = columns.asset()
    closed: str | None = columns.words_or_none()
    anchor: date = Field(sa_type=Date)
    until_day: date = Field(sa_type=Date)
    entitled_until: datetime = columns.instant()
    paid_minor: int = columns.amount()
    refunded_minor: int = columns.amount()
    version: int = columns.amount()
    started_at: datetime = columns.instant()
    last_at: datetime = columns.instant()
    reminded_day: date | None = Field(default=None, sa_type=Date, nullable=True)


class MembershipAct(SQLModel, table=True):
    """One thing that happened to a membership: what it bought or ended, for how much, by whom.

    `from_day` and `until_day` are the term that it paid for, which keeps `worth_minor`: what was
    paid for it, with what of an older plan was counted towards it. An end buys no term. From
    `effective_at` on, until the next act, the member is entitled until `entitled_until`.
    """

    __tablename__ = "membership_act"
    __table_args__ = (
        CheckConstraint(
            "kind in ('started', 'renewed', 'changed', 'cancelled', 'lapsed', 'reinstated')",
            name="membership_act_kind",
        ),
        CheckConstraint(
            "paid_minor >= 0 and refund_minor >= 0 and credit_minor >= 0",
            name="membership_act_amounts",
        ),
        CheckConstraint(
            "case when kind in ('cancelled', 'lapsed')"
            " then from_day is null and worth_minor = 0 and paid_minor = 0 and reference is null"
            " else from_day < until_day and reference is not null"
            " and worth_minor = paid_minor + credit_minor - refund_minor end",
            name="membership_act_term",
        ),
        UniqueConstraint("bucket", "act_id", name="membership_act_once"),
        Index("membership_act_wallet", "bucket", "wallet_id", "effective_at"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    membership_id: UUID = columns.key()
    number: int = Field(primary_key=True, sa_type=Integer)
    act_id: UUID
    wallet_id: UUID
    kind: str = columns.words()
    scheme_id: UUID
    version_id: UUID
    anchor: date = Field(sa_type=Date)
    from_day: date | None = Field(default=None, sa_type=Date, nullable=True)
    until_day: date = Field(sa_type=Date)
    entitled_until: datetime = columns.instant()
    worth_minor: int = columns.amount()
    paid_minor: int = columns.amount()
    refund_minor: int = columns.amount()
    credit_minor: int = columns.amount()
    why: str | None = columns.words_or_none()
    reference: str | None = columns.words_or_none()
    reason: str | None = columns.words_or_none()
    by_kind: str = columns.words()
    by_id: UUID | None = None
    fingerprint: UUID
    effective_at: datetime = columns.instant()
    recorded_at: datetime = columns.instant()


class Subscription(SQLModel, table=True):
    """Deliveries that were paid for at once. Which of them were made, the purchases say."""

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint("amounts in ('shares', 'as_reported')", name="subscription_priced"),
        CheckConstraint("deliveries > 0 and total_minor > 0", name="subscription_amounts"),
        CheckConstraint(
            "(cancelled_at is null) = (cancel_id is null)"
            " and (cancelled_at is null) = (cancel_fingerprint is null)"
            " and (cancelled_at is null) = (left_minor is null)"
            " and (left_minor is null or left_minor between 0 and total_minor)",
            name="subscription_cancelled",
        ),
        UniqueConstraint("bucket", "merchant_id", "reference", name="subscription_reference"),
        Index("subscription_wallet", "bucket", "wallet_id", "opened_at", "subscription_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    subscription_id: UUID = columns.key()
    wallet_id: UUID
    merchant_id: UUID
    reference: str = columns.words()
    asset: int = columns.asset()
    deliveries: int = Field(sa_type=Integer)
    total_minor: int = columns.amount()
    rhythm: str = columns.words()
    amounts: str = columns.words()
    fingerprint: UUID
    opened_at: datetime = columns.instant()
    cancelled_at: datetime | None = columns.instant_or_none()
    cancel_id: UUID | None = None
    cancel_fingerprint: UUID | None = None
    cancel_reason: str | None = columns.words_or_none()
    left_minor: int | None = columns.amount_or_none()
