"""What campaigns gave: grants and why, budgets' shares, benefits, awards, and how it went back.

`cause_id` is the purchase or the award. A grant keeps what the campaign would have given and what
it gave, so that a return years later takes back exactly that.
"""

from sqlalchemy import CheckConstraint, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, date, datetime


class Grant(SQLModel, table=True):
    """What one campaign version gave on one line (0 for an award): before caps, and after."""

    __tablename__ = "grant"
    __table_args__ = (
        CheckConstraint("granted_minor between 0 and desired_minor", name="grant_amounts"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    cause_id: UUID = columns.key()
    line_no: int = Field(primary_key=True, sa_type=Integer)
    version_id: UUID = columns.key()
    campaign_id: UUID
    wallet_id: UUID
    asset: int = columns.asset()
    base_minor: int = columns.amount()
    desired_minor: int = columns.amount()
    granted_minor: int = columns.amount()
    day: date


class GrantReturn(SQLModel, table=True):
    """How much of a grant one return took back."""

    __tablename__ = "grant_return"
    __table_args__ = (
        CheckConstraint("reversed_minor >= 0", name="grant_return_amount"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    cause_id: UUID = columns.key()
    line_no: int = Field(primary_key=True, sa_type=Integer)
    version_id: UUID = columns.key()
    return_id: UUID = columns.key()
    reversed_minor: int = columns.amount()


class Usage(SQLModel, table=True):
    """What one member had of one campaign on one local day, less what went back, and how often."""

    __tablename__ = "usage"
    __table_args__ = (
        CheckConstraint("granted_minor >= 0 and times > 0", name="usage_counts"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    wallet_id: UUID = columns.key()
    campaign_id: UUID = columns.key()
    day: date = Field(primary_key=True)
    granted_minor: int = columns.amount()
    times: int = columns.amount()


class BudgetShare(SQLModel, table=True):
    """What one bucket may give of a budget, and what it gave."""

    __tablename__ = "budget_share"
    __table_args__ = (
        CheckConstraint("consumed between 0 and allotted", name="budget_share_within"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    budget_id: UUID = columns.key()
    allotted: int = columns.amount()
    consumed: int = columns.amount(0)


class BudgetDraw(SQLModel, table=True):
    """What one purchase or award took out of a budget, and what of it came back."""

    __tablename__ = "budget_draw"
    __table_args__ = (
        CheckConstraint("amount > 0 and released between 0 and amount", name="budget_draw_amounts"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    cause_id: UUID = columns.key()
    budget_id: UUID = columns.key()
    amount: int = columns.amount()
    released: int = columns.amount(0)


class Explanation(SQLModel, table=True):
    """Why a purchase or an award was given what it was, and the facts that were asked."""

    __tablename__ = "explanation"
    __table_args__ = ({"schema": "ledger"},)

    bucket: int = columns.bucket()
    cause_id: UUID = columns.key()
    wallet_id: UUID
    document: dict[str, object] = columns.document()
    facts: dict[str, object] | None = columns.document(optional=True)


class Benefit(SQLModel, table=True):
    """A grant that is no money: a coupon, or something done for the member."""

    __tablename__ = "benefit"
    __table_args__ = (
        CheckConstraint(
            "kind in ('coupon', 'benefit', 'badge', 'badge_once')", name="benefit_kind"
        ),
        CheckConstraint("(used_at is null) = (used_by is null)", name="benefit_used"),
        Index("benefit_wallet", "bucket", "wallet_id", "granted_at", "benefit_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    benefit_id: UUID = columns.key()
    wallet_id: UUID
    version_id: UUID
    campaign_id: UUID
    cause_id: UUID
    kind: str = columns.words()
    name: str = columns.words()
    about: str = columns.words()
    granted_at: datetime = columns.instant()
    expires_at: datetime | None = columns.instant_or_none()
    used_at: datetime | None = columns.instant_or_none()
    used_by: UUID | None = None


class Award(SQLModel, table=True):
    """What was earned without a purchase: by an activity or a referral; reversed whole, once.

    `asset` is the house's, whose row of the wallet counts the member's facts.
    """

    __tablename__ = "award"
    __table_args__ = (
        UniqueConstraint("bucket", "partner_id", "kind", "reference", name="award_reference"),
        CheckConstraint(
            "(reversed_at is null) = (return_id is null)"
            " and (reversed_at is null) = (return_fingerprint is null)"
            " and (reversed_at is null) = (return_reason is null)",
            name="award_reversed",
        ),
        Index("award_wallet", "bucket", "wallet_id", "awarded_at", "award_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    award_id: UUID = columns.key()
    wallet_id: UUID
    asset: int = columns.asset()
    partner_id: UUID
    kind: str = columns.words()
    reference: str = columns.words()
    subject: str | None = columns.words_or_none()
    detail: dict[str, object] = columns.document()
    fingerprint: UUID
    lots: list[UUID] = columns.several_ids()
    awarded_at: datetime = columns.instant()
    reversed_at: datetime | None = columns.instant_or_none()
    return_id: UUID | None = None
    return_fingerprint: UUID | None = None
    return_reason: str | None = columns.words_or_none()


class ReturnLot(SQLModel, table=True):
    """What one return took back of one lot, and out of what it came."""

    __tablename__ = "return_lot"
    __table_args__ = (
        CheckConstraint(
            "reversed_minor = from_pending_minor + from_lot_minor + from_given_minor"
            " + from_expired_minor + lapsed_minor + from_other_minor + deficit_minor + loss_minor",
            name="return_lot_adds_up",
        ),
        CheckConstraint("(loss_bearer is null) = (loss_minor = 0)", name="return_lot_loss"),
        Index("return_lot_lot", "bucket", "lot_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    return_id: UUID = columns.key()
    lot_id: UUID = columns.key()
    asset: int = columns.asset()
    reversed_minor: int = columns.amount()
    from_pending_minor: int = columns.amount()
    from_lot_minor: int = columns.amount()
    from_given_minor: int = columns.amount()
    from_expired_minor: int = columns.amount()
    lapsed_minor: int = columns.amount()
    from_other_minor: int = columns.amount()
    deficit_minor: int = columns.amount()
    loss_minor: int = columns.amount()
    loss_bearer: str | None = columns.words_or_none()
