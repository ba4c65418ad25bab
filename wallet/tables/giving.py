"""Giving: the directory of charities, and the agreements that come before any promise of a gift."""

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

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
