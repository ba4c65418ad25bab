"""Orders at partners: what a partner is asked to issue for a held redemption, and every attempt."""

from sqlalchemy import CheckConstraint, Index, Integer, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime

_OPEN = "'held', 'sending', 'unknown', 'reversing', 'reverse_unknown', 'late'"


class PartnerOrder(SQLModel, table=True):
    """One redemption at a partner, by the redemption's id: where it stands, and what is next.

    The redemption beside it is the truth about the money. `ask` is what the partner is asked next,
    at `due_at`; while it is `leased`, somebody is asking, and has until then. Each change makes
    `version` one more, so that who comes late changes nothing. The secret code that is issued
    follows from the id, by the key `kid`, and is kept nowhere.
    """

    __tablename__ = "partner_order"
    __table_args__ = (
        CheckConstraint(columns.BUCKET_CHECK, name="partner_order_bucket"),
        CheckConstraint(
            f"state in ({_OPEN}, 'captured', 'released', 'reversed', 'suspense', 'attention')",
            name="partner_order_state",
        ),
        CheckConstraint(
            "case state when 'attention' then true"
            " when 'captured' then aim in ('issue', 'reverse')"
            " when 'released' then aim in ('issue', 'undo')"
            " when 'reversed' then aim in ('reverse', 'undo')"
            " when 'reversing' then aim = 'reverse' when 'reverse_unknown' then aim = 'reverse'"
            " when 'late' then aim = 'undo' when 'suspense' then aim = 'undo'"
            " else aim = 'issue' end",
            name="partner_order_aim",
        ),
        CheckConstraint("aim in ('issue', 'reverse', 'undo')", name="partner_order_aims"),
        CheckConstraint("ask in ('issue', 'find', 'reverse')", name="partner_order_ask"),
        CheckConstraint(
            f"(state in ({_OPEN})) = (ask is not null) and (ask is null) = (due_at is null)",
            name="partner_order_due",
        ),
        CheckConstraint(
            "(not leased or ask is not null) and (state <> 'sending' or leased)"
            " and (state <> 'held' or not leased)",
            name="partner_order_leased",
        ),
        CheckConstraint(
            "version > 0 and attempts >= 0 and sends >= 0 and lookups >= 0 and agreed >= 0",
            name="partner_order_counts",
        ),
        Index("partner_order_due", "due_at", postgresql_where=text("due_at is not null")),
        Index("partner_order_state", "state", "created_at", "redemption_id"),
        Index("partner_order_partner", "partner_id", "created_at", "redemption_id"),
        Index(
            "partner_order_reference",
            "partner_id",
            "reference",
            postgresql_where=text("reference is not null"),
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    redemption_id: UUID = columns.key()
    partner_id: UUID
    kind: str = columns.words()
    link_id: UUID | None = None
    subject: str | None = columns.words_or_none()
    kid: str = columns.words()
    state: str = columns.words("held")
    aim: str = columns.words("issue")
    ask: str | None = columns.words_or_none()
    leased: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    due_at: datetime | None = columns.instant_or_none()
    version: int = columns.amount(1)
    attempts: int = columns.small()
    sends: int = columns.small()
    lookups: int = columns.small()
    agreed: int = columns.small()
    doubted: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    refused: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    aimed_at: datetime = columns.instant()
    sent_at: datetime | None = columns.instant_or_none()
    first_sent_at: datetime | None = columns.instant_or_none()
    there: str | None = columns.words_or_none()
    reference: str | None = columns.words_or_none()
    reason: str | None = columns.words_or_none()
    evidence: str | None = columns.words_or_none()
    request_id: UUID | None = None
    created_at: datetime = columns.instant()
    changed_at: datetime = columns.instant()


class PartnerAttempt(SQLModel, table=True):
    """One thing that was asked or told of an order, what came of it, and where the order went.

    `event` is what the partner told by itself, `staff` a person's decision, `clock` what time did.
    """

    __tablename__ = "partner_attempt"
    __table_args__ = (
        CheckConstraint(
            "asked in ('issue', 'find', 'reverse', 'event', 'staff', 'clock')",
            name="partner_attempt_asked",
        ),
        CheckConstraint(
            "said in ('live', 'spent', 'void', 'absent', 'differs', 'refused', 'not_sent',"
            " 'unknown', 'overdue')",
            name="partner_attempt_said",
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    redemption_id: UUID = columns.key()
    number: int = Field(
        primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False}
    )
    asked: str = columns.words()
    said: str = columns.words()
    state: str = columns.words()
    reason: str | None = columns.words_or_none()
    took_ms: int = Field(sa_type=Integer)
    ended_at: datetime = columns.instant()
