"""Links: members' accounts at partners, the sealed tokens to them, and attempts to make one."""

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from partners.tables.directory import SCHEMA
from wallet.tables import columns
from wallet.tables.columns import UUID, datetime

LIVE = text("status in ('active', 'reauth_required')")


class Link(SQLModel, table=True):
    """A member's account at a partner. Nobody but `partners.links.tokens` reads what is sealed.

    `version` counts the tokens. Whoever renews them is `refresh_id`, until `refresh_until` at the
    latest. `due_at` is when the row needs work: an unconfirmed link is given up then, the tokens of
    an ended one are revoked at the partner, for the `tries`-th time, and erased.
    """

    __tablename__ = "link"
    __table_args__ = (
        CheckConstraint(
            "status in ('unconfirmed', 'active', 'reauth_required', 'unlinked')",
            name="link_status",
        ),
        CheckConstraint("(sealed is null) = (kid is null)", name="link_sealed"),
        CheckConstraint("(refresh_id is null) = (refresh_until is null)", name="link_refresh"),
        CheckConstraint("(status = 'unlinked') = (ended_at is not null)", name="link_ended"),
        CheckConstraint(
            "(status in ('active', 'unconfirmed')) <= (sealed is not null)", name="link_tokens"
        ),
        CheckConstraint("version > 0 and tries >= 0", name="link_counts"),
        Index("link_subject", "partner_id", "subject", unique=True, postgresql_where=LIVE),
        Index("link_member", "partner_id", "member_id", unique=True, postgresql_where=LIVE),
        Index("link_of", "member_id", "created_at", "link_id"),
        Index("link_due", "due_at", postgresql_where=text("due_at is not null")),
        SCHEMA,
    )

    link_id: UUID = columns.key()
    partner_id: UUID
    member_id: UUID
    subject: str = columns.words()
    subject_name: str = columns.words()
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    kid: str | None = columns.words_or_none()
    expires_at: datetime | None = columns.instant_or_none()
    version: int = columns.amount(1)
    status: str = columns.words("unconfirmed")
    refresh_id: UUID | None = None
    refresh_until: datetime | None = columns.instant_or_none()
    due_at: datetime | None = columns.instant_or_none()
    tries: int = columns.small()
    created_at: datetime = columns.instant_now()
    confirmed_at: datetime | None = columns.instant_or_none()
    changed_at: datetime = columns.instant_now()
    ended_at: datetime | None = columns.instant_or_none()
    ended_why: str | None = columns.words_or_none()


class LinkAttempt(SQLModel, table=True):
    """One way to a partner and back, of one browser and one member; it works once.

    `link_id` is the id that the link will have. The PKCE verifier and the nonce are sealed.
    """

    __tablename__ = "link_attempt"
    __table_args__ = (
        UniqueConstraint("state_hash", name="link_attempt_state"),
        Index("link_attempt_old", "expires_at"),
        SCHEMA,
    )

    link_id: UUID = columns.key()
    state_hash: bytes
    session_id: UUID
    member_id: UUID
    partner_id: UUID
    issuer: str = columns.words()
    redirect_uri: str = columns.words()
    return_to: str | None = columns.words_or_none()
    kid: str = columns.words()
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = columns.instant_now()
    expires_at: datetime = columns.instant()
    used_at: datetime | None = columns.instant_or_none()
