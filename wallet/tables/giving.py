"""Giving: charities, the agreements that come before any promise, what members give and pledge."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Charity(SQLModel, table=True):
    """A charity as it stands: who it is, and whether somebody has made sure of it.

    `version` grows with each change, so that whoever decides on what they saw changes only that.
    """

    __tablename__ = "charity"
    __table_args__ = (
        CheckConstraint(
            "state in ('proposed', 'verified', 'suspended', 'closed')", name="charity_state"
        ),
        CheckConstraint(
            "category in ('animals', 'environment', 'health', 'education', 'poverty', 'arts',"
            " 'disaster', 'other')",
            name="charity_category",
        ),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="charity_country"),
        UniqueConstraint("country", "registrar", "registration", name="charity_registration"),
        Index("charity_name", "name", "charity_id"),
        {"schema": "coalition"},
    )

    charity_id: UUID = columns.key()
    version: int = columns.amount()
    state: str = columns.words()
    name: str = columns.words()
    about: str = columns.words()
    category: str = columns.words()
    country: str = columns.words()
    registrar: str = columns.words()
    registration: str = columns.words()
    website: str = columns.words()
    created_at: datetime = columns.instant()


class CharityChange(SQLModel, table=True):
    """One step of a charity, and how it stood after it: who took it, why, on which evidence."""

    __tablename__ = "charity_change"
    __table_args__ = (
        CheckConstraint("act in ('save', 'verify', 'suspend', 'close')", name="charity_change_act"),
        CheckConstraint(
            "(act = 'verify') = (evidence is not null)", name="charity_change_evidence"
        ),
        UniqueConstraint("charity_id", "version", name="charity_change_version"),
        {"schema": "coalition"},
    )

    change_id: UUID = columns.key()
    charity_id: UUID
    version: int = columns.amount()
    act: str = columns.words()
    state: str = columns.words()
    facts: dict[str, object] = columns.document()
    reason: str = columns.words()
    evidence: str | None = columns.words_or_none()
    actor_kind: str = columns.words()
    actor_id: UUID | None = None
    happened_at: datetime = columns.instant()


class CharityAgreement(SQLModel, table=True):
    """What who pays for gifts has agreed with a charity in writing, and what the public is told."""

    __tablename__ = "charity_agreement"
    __table_args__ = (
        CheckConstraint("valid_until > valid_from", name="charity_agreement_span"),
        CheckConstraint("statement ? 'en'", name="charity_agreement_statement"),
        Index("charity_agreement_parties", "charity_id", "funder_id", "valid_from"),
        {"schema": "coalition"},
    )

    agreement_id: UUID = columns.key()
    charity_id: UUID
    funder_id: UUID
    reference: str = columns.words()
    statement: dict[str, object] = columns.document()
    valid_from: datetime = columns.instant()
    valid_until: datetime | None = columns.instant_or_none()
    reason: str = columns.words()
    actor_kind: str = columns.words()
    actor_id: UUID | None = None
    recorded_at: datetime = columns.instant_now()


class Donation(SQLModel, table=True):
    """A gift of a member, under the id of its movement.

    `cause_id` is what moved a pledge: the lot that became free or was about to expire, or the
    redemption that was rounded up.
    """

    __tablename__ = "donation"
    __table_args__ = (
        CheckConstraint("amount > 0", name="donation_amount"),
        CheckConstraint("kind in ('once', 'share', 'round_up', 'expiring')", name="donation_kind"),
        CheckConstraint("(kind = 'once') = (cause_id is null)", name="donation_cause"),
        CheckConstraint(
            "kind in ('once', 'expiring') or pledge_id is not null", name="donation_pledge"
        ),
        Index("donation_wallet", "bucket", "wallet_id", "donated_at", "donation_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    donation_id: UUID = columns.key()
    wallet_id: UUID
    asset: int = columns.asset()
    charity_id: UUID
    amount: int = columns.amount()
    kind: str = columns.words()
    pledge_id: UUID | None = None
    cause_id: UUID | None = None
    donated_at: datetime = columns.instant()


class Pledge(SQLModel, table=True):
    """A standing instruction of a member: what of their wallet's movements goes to a charity.

    It holds for the movements after `from_version`, up to `until_version` if it was ended;
    `seen_version` is how far it was carried out, and `given` what came of it.
    """

    __tablename__ = "pledge"
    __table_args__ = (
        CheckConstraint("kind in ('share', 'round_up', 'expiring')", name="pledge_kind"),
        CheckConstraint(
            "(kind = 'share') = (share_bps is not null) and share_bps between 1 and 10000",
            name="pledge_share",
        ),
        CheckConstraint(
            "(kind = 'round_up') = (multiple is not null) and multiple > 1", name="pledge_multiple"
        ),
        CheckConstraint("seen_version >= from_version and given >= 0", name="pledge_seen"),
        CheckConstraint(
            "(until_version is null) = (ended_at is null)"
            " and (until_version is null) = (ended_as is null)",
            name="pledge_ended",
        ),
        CheckConstraint("ended_as in ('replaced', 'ended')", name="pledge_ended_as"),
        Index("pledge_wallet", "bucket", "wallet_id", "set_at", "pledge_id"),
        Index(
            "pledge_standing",
            *("bucket", "wallet_id", "asset", "kind", "charity_id"),
            unique=True,
            postgresql_where=text("until_version is null"),
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    pledge_id: UUID = columns.key()
    wallet_id: UUID
    asset: int = columns.asset()
    kind: str = columns.words()
    charity_id: UUID
    share_bps: int | None = Field(default=None, nullable=True)
    multiple: int | None = columns.amount_or_none()
    from_version: int = columns.amount()
    seen_version: int = columns.amount()
    until_version: int | None = columns.amount_or_none()
    given: int = columns.amount(0)
    ended_as: str | None = columns.words_or_none()
    fingerprint: UUID
    set_at: datetime = columns.instant()
    ended_at: datetime | None = columns.instant_or_none()
