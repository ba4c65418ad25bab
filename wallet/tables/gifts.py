"""Gifts to charities beside members' wallets, and what is paid out of the charities' accounts.

A gift is promised with a purchase or an activity and becomes due when its clock runs out. What is
due is paid out in batches: a batch has one line in every bucket of the books, and the line says up
to which movement of the charity's account it reaches, so that every cent of it can be traced.
"""

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, date, datetime


class Gift(SQLModel, table=True):
    """What one funder gives to a charity for one purchase or award, by one campaign version.

    It is `promised` until its clock runs out, then `given`; what came back is neither. `in_kind` is
    what the charity does with each `unit_minor`.
    """

    __tablename__ = "gift"
    __table_args__ = (
        CheckConstraint("amount > 0 and unit_minor > 0", name="gift_amounts"),
        CheckConstraint("promised >= 0 and given >= 0", name="gift_not_negative"),
        CheckConstraint("promised + given <= amount", name="gift_within_amount"),
        CheckConstraint("(due_at is null) = (promised = 0)", name="gift_due"),
        CheckConstraint("due_as in ('mature', 'lapse')", name="gift_due_as"),
        CheckConstraint("given = 0 or given_at is not null", name="gift_given"),
        Index("gift_cause", "bucket", "cause_id"),
        Index("gift_wallet", "bucket", "wallet_id", "promised_at"),
        Index("gift_charity", "charity_id", "asset"),
        Index("gift_when_due", "due_at", postgresql_where=text("due_at is not null")),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    gift_id: UUID = columns.key()
    wallet_id: UUID
    cause_id: UUID
    rule_id: UUID
    funder_id: UUID
    charity_id: UUID
    asset: int = columns.asset()
    amount: int = columns.amount()
    promised: int = columns.amount()
    given: int = columns.amount(0)
    in_kind: str | None = columns.words_or_none()
    unit_minor: int = columns.amount()
    promised_at: datetime = columns.instant()
    due_at: datetime | None = columns.instant_or_none()
    due_as: str = columns.words()
    given_at: datetime | None = columns.instant_or_none()


class GiftReturn(SQLModel, table=True):
    """What one return took back of one gift, and where it was: `kept` is already on its way."""

    __tablename__ = "gift_return"
    __table_args__ = (
        CheckConstraint(
            "reversed_minor = from_promised_minor + from_given_minor + lapsed_minor + kept_minor",
            name="gift_return_adds_up",
        ),
        Index("gift_return_gift", "bucket", "gift_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    return_id: UUID = columns.key()
    gift_id: UUID = columns.key()
    reversed_minor: int = columns.amount()
    from_promised_minor: int = columns.amount()
    from_given_minor: int = columns.amount()
    lapsed_minor: int = columns.amount()
    kept_minor: int = columns.amount()


class Remittance(SQLModel, table=True):
    """A batch that pays a charity what was due to it in one asset, from its making to its proof."""

    __tablename__ = "remittance"
    __table_args__ = (
        CheckConstraint(
            "state in ('preparing', 'prepared', 'sent', 'confirmed', 'cancelling', 'cancelled')",
            name="remittance_state",
        ),
        CheckConstraint(
            "state in ('preparing', 'cancelling', 'cancelled') or amount_minor is not null",
            name="remittance_amount",
        ),
        CheckConstraint(
            "(state in ('sent', 'confirmed')) = (sent_at is not null)", name="remittance_sent"
        ),
        CheckConstraint(
            "(state = 'confirmed') = (confirmed_at is not null)", name="remittance_confirmed"
        ),
        Index(
            "remittance_open",
            "charity_id",
            "asset",
            unique=True,
            postgresql_where=text("state in ('preparing', 'prepared', 'cancelling')"),
        ),
        Index("remittance_charity", "charity_id", "prepared_at", "remittance_id"),
        Index("remittance_page", "prepared_at", "remittance_id"),
        {"schema": "coalition"},
    )

    remittance_id: UUID = columns.key()
    charity_id: UUID
    asset: int = columns.asset()
    state: str = columns.words("preparing")
    amount_minor: int | None = columns.amount_or_none()
    note: str = columns.words()
    prepared_by: UUID | None = None
    prepared_at: datetime = columns.instant()
    bank_reference: str | None = columns.words_or_none()
    proof_reference: str | None = columns.words_or_none()
    proof_sha256: str | None = columns.words_or_none()
    value_date: date | None = None
    sent_by: UUID | None = None
    approved_by: UUID | None = None
    sent_at: datetime | None = columns.instant_or_none()
    acknowledgement: str | None = columns.words_or_none()
    confirmed_by: UUID | None = None
    confirmed_at: datetime | None = columns.instant_or_none()
    cancelled_by: UUID | None = None
    cancelled_at: datetime | None = columns.instant_or_none()


class RemittanceLine(SQLModel, table=True):
    """What one bucket put into a batch: what was due there, up to which movement of the account.

    The movements after `after_version` and before `due_version` make up `amount`. It is below zero
    where more came back than was given since an earlier batch: that makes this one smaller.
    """

    __tablename__ = "remittance_line"
    __table_args__ = (
        Index("remittance_line_charity", "bucket", "charity_id", "asset", "due_version"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    remittance_id: UUID = columns.key()
    charity_id: UUID
    asset: int = columns.asset()
    amount: int = columns.amount()
    after_version: int = columns.amount()
    due_version: int = columns.amount()
    prepared_at: datetime = columns.instant()
    cancelled_at: datetime | None = columns.instant_or_none()


class Match(SQLModel, table=True):
    """What a funder gave on top of a gift of a member: as promised, and what limits left of it."""

    __tablename__ = "match"
    __table_args__ = (
        CheckConstraint("amount between 0 and desired_minor", name="match_amounts"),
        CheckConstraint("(cut_by is null) = (amount = desired_minor)", name="match_cut"),
        CheckConstraint("cut_by in ('member_cap', 'budget')", name="match_cut_by"),
        Index("match_donation", "bucket", "donation_id"),
        Index("match_wallet", "bucket", "wallet_id", "scheme_id", "day"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    match_id: UUID = columns.key()
    donation_id: UUID
    wallet_id: UUID
    scheme_id: UUID
    version_id: UUID
    funder_id: UUID
    charity_id: UUID
    asset: int = columns.asset()
    desired_minor: int = columns.amount()
    amount: int = columns.amount()
    cut_by: str | None = columns.words_or_none()
    day: date = Field()
    matched_at: datetime = columns.instant()
