"""Campaigns and what they ask of people and goods: versions, changes, terms, segments, evidence.

Reference data without buckets. What was saved, published or accepted never changes: a version, a
change, a text and an acceptance are rows that are only added.
"""

from datetime import date

from sqlalchemy import CheckConstraint, DateTime, Index, SmallInteger, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Campaign(SQLModel, table=True):
    """A campaign of the operator, or of one merchant; its name is that of its newest version."""

    __tablename__ = "campaign"
    __table_args__ = (
        Index("campaign_newest", "created_at", "campaign_id"),
        {"schema": "coalition"},
    )

    campaign_id: UUID = columns.key()
    name: str = columns.words()
    merchant_id: UUID | None = None
    created_by: UUID
    created_at: datetime = columns.instant_now()


class CampaignVersion(SQLModel, table=True):
    """One saved definition of a campaign; it never changes, a new version follows it."""

    __tablename__ = "campaign_version"
    __table_args__ = (
        UniqueConstraint("campaign_id", "version", name="campaign_version_number"),
        {"schema": "coalition"},
    )

    version_id: UUID = columns.key()
    campaign_id: UUID
    version: int = columns.small()
    definition: dict[str, object] = columns.document()
    note: str = columns.words()
    saved_by: UUID
    saved_at: datetime = columns.instant_now()


class CampaignChange(SQLModel, table=True):
    """A step in the life of a campaign: from when it holds, since when it is known, who and why."""

    __tablename__ = "campaign_change"
    __table_args__ = (
        CheckConstraint(
            "act in ('publish', 'pause', 'resume', 'end', 'archive')", name="campaign_change_act"
        ),
        CheckConstraint(
            "(act = 'publish') = (version_id is not null)", name="campaign_change_version"
        ),
        CheckConstraint("effective_at >= recorded_at", name="campaign_change_ahead"),
        UniqueConstraint("epoch", name="campaign_change_order"),
        Index("campaign_change_campaign", "campaign_id", "epoch"),
        {"schema": "coalition"},
    )

    change_id: UUID = columns.key()
    campaign_id: UUID
    epoch: int = columns.amount()
    act: str = columns.words()
    version_id: UUID | None = None
    replaced_id: UUID | None = None
    effective_at: datetime = columns.instant()
    recorded_at: datetime = columns.instant()
    reason: str = columns.words()
    actor_kind: str = columns.words()
    actor_id: UUID | None = None


class ProgrammeVersion(SQLModel, table=True):
    """How campaigns stand together from an instant on: their groups, and the cap of a purchase."""

    __tablename__ = "programme_version"
    __table_args__ = (
        UniqueConstraint("request_id", name="programme_version_request"),
        CheckConstraint("valid_from >= published_at", name="programme_version_ahead"),
        {"schema": "coalition"},
    )

    version: int = Field(
        primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False}
    )
    request_id: UUID
    rules: dict[str, object] = columns.document()
    valid_from: datetime = columns.instant()
    note: str = columns.words()
    published_by: UUID
    published_at: datetime = columns.instant()


class TermsDocument(SQLModel, table=True):
    """Terms in the words of one language, with their SHA-256; a new wording is a new document."""

    __tablename__ = "terms_document"
    __table_args__ = (
        CheckConstraint(
            "subject_kind in ('programme', 'contract', 'campaign')", name="terms_document_kind"
        ),
        Index("terms_document_subject", "subject_kind", "subject_id"),
        {"schema": "coalition"},
    )

    document_id: UUID = columns.key()
    subject_kind: str = columns.words()
    subject_id: UUID
    language: str = columns.words()
    text: str = columns.words()
    digest: bytes
    acceptance: bool
    published_at: datetime = columns.instant_now()


class TermsPublication(SQLModel, table=True):
    """Which documents were published together for the programme or a contract version, and why."""

    __tablename__ = "terms_publication"
    __table_args__ = (
        CheckConstraint("subject_kind in ('programme', 'contract')", name="terms_publication_kind"),
        Index(
            "terms_publication_newest", "subject_kind", "subject_id", "published_at", "request_id"
        ),
        {"schema": "coalition"},
    )

    request_id: UUID = columns.key()
    subject_kind: str = columns.words()
    subject_id: UUID
    document_ids: list[UUID] = columns.several_ids()
    reason: str = columns.words()
    published_by: UUID
    published_at: datetime = columns.instant_now()


class TermsAcceptance(SQLModel, table=True):
    """A member has accepted a document."""

    __tablename__ = "terms_acceptance"
    __table_args__ = (
        Index("terms_acceptance_member", "member_id"),
        {"schema": "coalition"},
    )

    document_id: UUID = columns.key()
    member_id: UUID = columns.key()
    accepted_at: datetime = columns.instant_now()


class Segment(SQLModel, table=True):
    """A named group of members, made elsewhere; a campaign asks for it by its name."""

    __tablename__ = "segment"
    __table_args__ = (
        UniqueConstraint("name", name="segment_name"),
        {"schema": "coalition"},
    )

    segment_id: UUID = columns.key()
    name: str = columns.words()
    about: str = columns.words()
    created_at: datetime = columns.instant_now()


class SegmentMember(SQLModel, table=True):
    """A member belongs to a segment since an instant, until another one or for good."""

    __tablename__ = "segment_member"
    __table_args__ = (
        CheckConstraint("until >= since", name="segment_member_order"),
        Index(
            "segment_member_open",
            "segment_id",
            "member_id",
            unique=True,
            postgresql_where=text("until is null"),
        ),
        Index("segment_member_member", "member_id"),
        {"schema": "coalition"},
    )

    segment_id: UUID = columns.key()
    member_id: UUID = columns.key()
    since: datetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    until: datetime | None = columns.instant_or_none()


class Profile(SQLModel, table=True):
    """What campaigns may know of a member besides their purchases; all of it may be missing."""

    __tablename__ = "profile"
    __table_args__ = (
        CheckConstraint("language in ('en', 'pt', 'es')", name="profile_language"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="profile_country"),
        {"schema": "coalition"},
    )

    member_id: UUID = columns.key()
    birth_date: date | None = None
    language: str | None = columns.words_or_none()
    tier: str | None = columns.words_or_none()
    country: str | None = columns.words_or_none()
    favourites_off: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    updated_at: datetime = columns.instant_now()


class LabelEvidence(SQLModel, table=True):
    """What shows that a merchant's product bears a label by right, and on which days."""

    __tablename__ = "label_evidence"
    __table_args__ = (
        CheckConstraint("valid_until >= valid_from", name="label_evidence_order"),
        Index("label_evidence_product", "merchant_id", "product", "label"),
        {"schema": "coalition"},
    )

    evidence_id: UUID = columns.key()
    label: str = columns.words()
    merchant_id: UUID
    product: str = columns.words()
    source: str = columns.words()
    reference: str = columns.words()
    valid_from: date
    valid_until: date
    recorded_by: UUID
    recorded_at: datetime = columns.instant_now()
