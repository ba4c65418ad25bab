"""Referrals: the code by which a member invites, and what became of each invitation."""

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class ReferralCode(SQLModel, table=True):
    """A member's code: made once, shown for ever."""

    __tablename__ = "referral_code"
    __table_args__ = (
        UniqueConstraint("member_id", name="referral_code_member"),
        {"schema": "coalition"},
    )

    code: str = columns.word_key()
    member_id: UUID
    created_at: datetime = columns.instant_now()


class Referral(SQLModel, table=True):
    """One invitation that was accepted: who invited whom, on which terms, and where it stands.

    `version` grows with each change, so that whoever decides on what they saw changes only that.
    `look_at` is when the sweep looks again. A seat is one of the referrer's rewards in a year.
    """

    __tablename__ = "referral"
    __table_args__ = (
        CheckConstraint(
            "state in ('waiting', 'qualified', 'quarantined', 'paid', 'refused', 'reversed',"
            " 'lapsed')",
            name="referral_state",
        ),
        CheckConstraint("friend_id <> referrer_id", name="referral_two_people"),
        CheckConstraint(
            "state in ('waiting', 'refused', 'lapsed')"
            " or (purchase_id is not null and clears_at is not null)",
            name="referral_bought",
        ),
        CheckConstraint(
            "state not in ('paid', 'refused', 'reversed') or decided_at is not null",
            name="referral_decided",
        ),
        CheckConstraint(
            "state in ('qualified', 'paid', 'reversed')"
            " or (friend_award is null and referrer_award is null)",
            name="referral_awarded",
        ),
        CheckConstraint("(seat is null) = (seat_year is null)", name="referral_seat"),
        CheckConstraint("friend_minor >= 0 and referrer_minor >= 0", name="referral_amounts"),
        UniqueConstraint("friend_id", name="referral_friend"),
        UniqueConstraint(
            "referrer_id", "campaign_id", "seat_year", "seat", name="referral_seat_once"
        ),
        Index("referral_due", "look_at", postgresql_where=text("look_at is not null")),
        Index("referral_referrer", "referrer_id", "accepted_at"),
        Index("referral_newest", "accepted_at", "referral_id"),
        Index("referral_newest_of_state", "state", "accepted_at", "referral_id"),
        {"schema": "coalition"},
    )

    referral_id: UUID = columns.key()
    friend_id: UUID
    referrer_id: UUID
    code: str = columns.words()
    campaign_id: UUID
    version_id: UUID
    accepted_at: datetime = columns.instant()
    state: str = columns.words("waiting")
    version: int = columns.amount(0)
    look_at: datetime | None = columns.instant_or_none()
    purchase_id: UUID | None = None
    clears_at: datetime | None = columns.instant_or_none()
    score: int | None = Field(default=None, sa_type=SmallInteger, nullable=True)
    reasons: dict[str, object] = columns.document()
    decided_by: UUID | None = None
    decided_at: datetime | None = columns.instant_or_none()
    asset: int = columns.asset()
    friend_minor: int = columns.amount(0)
    referrer_minor: int = columns.amount(0)
    friend_award: UUID | None = None
    referrer_award: UUID | None = None
    seat_year: int | None = Field(default=None, sa_type=SmallInteger, nullable=True)
    seat: int | None = Field(default=None, sa_type=SmallInteger, nullable=True)
