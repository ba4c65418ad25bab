"""Tiers: where members stand on ladders, how they came there, and what the staff gave for a time.

A standing is worked out from the books and may be worked out again at any time; its changes were
told to the member and stay.
"""

from sqlalchemy import CheckConstraint, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Standing(SQLModel, table=True):
    """Where a member stands on one ladder; `changes` is the number of its newest change.

    `facts_seen` is the state of the wallet that it was worked out from, `look_at` when time alone
    may change it. `detail` holds the last steps and what is ahead, as the rule said them.
    """

    __tablename__ = "standing"
    __table_args__ = (
        CheckConstraint("changes > 0", name="standing_changes"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    wallet_id: UUID = columns.key()
    scheme_id: UUID = columns.key()
    version_id: UUID
    tier: str = columns.words()
    since: datetime = columns.instant()
    qualifying: int = columns.amount()
    lifetime: bool
    changes: int = Field(sa_type=Integer)
    facts_seen: int = columns.amount()
    looked_at: datetime = columns.instant()
    look_at: datetime | None = columns.instant_or_none()
    warned_for: datetime | None = columns.instant_or_none()
    detail: dict[str, object] = columns.document()


class TierChange(SQLModel, table=True):
    """A change of tier: from which to which, why, by which purchases, and what counted then."""

    __tablename__ = "tier_change"
    __table_args__ = (
        UniqueConstraint("bucket", "change_id", name="tier_change_id"),
        CheckConstraint(
            "why in ('began', 'upgrade', 'downgrade', 'return', 'override', 'override_ended',"
            " 'membership', 'membership_ended', 'milestone', 'lifetime', 'edited', 'restated')",
            name="tier_change_why",
        ),
        CheckConstraint("(n = 1) = (from_tier is null)", name="tier_change_first"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    wallet_id: UUID = columns.key()
    scheme_id: UUID = columns.key()
    n: int = Field(primary_key=True, sa_type=Integer)
    change_id: UUID
    version_id: UUID
    from_tier: str | None = columns.words_or_none()
    to_tier: str = columns.words()
    why: str = columns.words()
    qualifying: int = columns.amount()
    opens_at: datetime | None = columns.instant_or_none()
    closes_at: datetime | None = columns.instant_or_none()
    causes: list[UUID] = columns.several_ids()
    effective_at: datetime = columns.instant()
    recorded_at: datetime = columns.instant()


class TierOverride(SQLModel, table=True):
    """A tier that two of the staff gave a member for a time, and why; it ends by itself."""

    __tablename__ = "tier_override"
    __table_args__ = (
        CheckConstraint("since < until", name="tier_override_time"),
        CheckConstraint("maker_id <> checker_id", name="tier_override_two_people"),
        Index("tier_override_wallet", "bucket", "wallet_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    override_id: UUID = columns.key()
    wallet_id: UUID
    scheme_id: UUID
    tier: str = columns.words()
    since: datetime = columns.instant()
    until: datetime = columns.instant()
    reason: str = columns.words()
    maker_id: UUID
    checker_id: UUID
    fingerprint: UUID
