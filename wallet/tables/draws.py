"""Draws: tickets and what became of them beside the wallet, seeds and results for everybody.

What belongs to a member lies in the member's bucket. Seeds, turns, lists and winners name tickets
only; they are reference data, because anybody may read them. The one secret, a seed before it is
revealed, lies in a table that the application itself cannot read.
"""

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Ticket(SQLModel, table=True):
    """One try: for which draw, where it came from, and what it was used for. It is used once.

    `number` tells tickets of one source apart; `used_by` is the spin or the entry.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        CheckConstraint("(used_at is null) = (used_by is null)", name="ticket_used"),
        CheckConstraint("used_at is null or withdrawn_at is null", name="ticket_once"),
        UniqueConstraint(
            "bucket", "draw_id", "source", "source_id", "number", name="ticket_source"
        ),
        Index("ticket_wallet", "bucket", "wallet_id", "granted_at", "ticket_id"),
        Index(
            "ticket_played",
            "bucket",
            "wallet_id",
            "used_at",
            postgresql_where=text("used_at is not null"),
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    ticket_id: UUID = columns.key()
    wallet_id: UUID
    draw_id: UUID
    source: str = columns.words()
    source_id: UUID
    number: int = columns.small()
    granted_at: datetime = columns.instant()
    expires_at: datetime | None = columns.instant_or_none()
    used_at: datetime | None = columns.instant_or_none()
    used_by: UUID | None = None
    withdrawn_at: datetime | None = columns.instant_or_none()


class Spin(SQLModel, table=True):
    """A ticket that was spun. What it drew is written when it is settled; until then it is owed."""

    __tablename__ = "spin"
    __table_args__ = (
        CheckConstraint(
            "(settled_at is null) = (prize is null) and (settled_at is null) = (epoch is null)"
            " and (settled_at is null) = (number is null)",
            name="spin_settled",
        ),
        UniqueConstraint("bucket", "ticket_id", name="spin_ticket"),
        Index("spin_wallet", "bucket", "wallet_id", "spun_at", "spin_id"),
        Index("spin_owed", "spun_at", postgresql_where=text("settled_at is null")),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    spin_id: UUID = columns.key()
    wallet_id: UUID
    ticket_id: UUID
    draw_id: UUID
    client_seed: str = columns.words()
    fingerprint: UUID
    spun_at: datetime = columns.instant()
    epoch: int | None = Field(default=None, sa_type=Integer, nullable=True)
    number: int | None = Field(default=None, sa_type=Integer, nullable=True)
    prize: str | None = columns.words_or_none()
    award_id: UUID | None = None
    note: str | None = columns.words_or_none()
    settled_at: datetime | None = columns.instant_or_none()


class Entry(SQLModel, table=True):
    """A ticket that was entered into a raffle; `named` if the winner's name may be published."""

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("bucket", "ticket_id", name="entry_ticket"),
        Index("entry_draw", "bucket", "draw_id", "ticket_id"),
        Index("entry_wallet", "bucket", "wallet_id", "entered_at", "entry_id"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    entry_id: UUID = columns.key()
    wallet_id: UUID
    ticket_id: UUID
    draw_id: UUID
    named: bool
    fingerprint: UUID
    entered_at: datetime = columns.instant()


class DrawGate(SQLModel, table=True):
    """Whether a bucket still takes entries for a raffle: closed once, before the list is read."""

    __tablename__ = "draw_gate"
    __table_args__ = ({"schema": "ledger"},)

    bucket: int = columns.bucket()
    draw_id: UUID = columns.key()
    closed_at: datetime | None = columns.instant_or_none()


class DrawSeed(SQLModel, table=True):
    """The life of one seed: committed to, used from `opened_at` on, revealed when it is closed."""

    __tablename__ = "draw_seed"
    __table_args__ = (
        CheckConstraint("seed is null or closed_at is not null", name="draw_seed_revealed"),
        CheckConstraint("committed_at <= opened_at", name="draw_seed_committed"),
        CheckConstraint("seed is null or sha256(seed) = commitment", name="draw_seed_true"),
        Index("draw_seed_secret", "draw_id", "epoch", postgresql_where=text("seed is null")),
        {"schema": "coalition"},
    )

    draw_id: UUID = columns.key()
    epoch: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    kind: str = columns.words()
    commitment: bytes = Field(sa_type=LargeBinary)
    committed_at: datetime = columns.instant()
    version_id: UUID | None = None
    definition_sha256: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    opened_at: datetime | None = columns.instant_or_none()
    closed_at: datetime | None = columns.instant_or_none()
    seed: bytes | None = Field(default=None, sa_type=LargeBinary, nullable=True)
    spins: int = Field(
        default=0, sa_column=Column(Integer, nullable=False, server_default=text("0"))
    )


class DrawSecret(SQLModel, table=True):
    """A seed before it is revealed. The application cannot read it; only a function uses it."""

    __tablename__ = "draw_secret"
    __table_args__ = (
        CheckConstraint("length(seed) = 32", name="draw_secret_long"),
        {"schema": "coalition"},
    )

    draw_id: UUID = columns.key()
    epoch: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    seed: bytes = Field(sa_type=LargeBinary)


class DrawTurn(SQLModel, table=True):
    """What one ticket drew: its number in the epoch, the prize, and as which unit it was given."""

    __tablename__ = "draw_turn"
    __table_args__ = (
        CheckConstraint("unit is null or given = drawn", name="draw_turn_unit"),
        UniqueConstraint("ticket_id", name="draw_turn_ticket"),
        UniqueConstraint("draw_id", "drawn", "unit", name="draw_turn_unit_once"),
        {"schema": "coalition"},
    )

    draw_id: UUID = columns.key()
    epoch: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    number: int = Field(
        primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False}
    )
    ticket_id: UUID
    client_seed: str = columns.words()
    drawn: str = columns.words()
    given: str = columns.words()
    unit: int | None = Field(default=None, sa_type=Integer, nullable=True)
    drawn_at: datetime = columns.instant()


class DrawList(SQLModel, table=True):
    """The entries of a raffle as they were frozen: sorted tickets and their hash."""

    __tablename__ = "draw_list"
    __table_args__ = ({"schema": "coalition"},)

    draw_id: UUID = columns.key()
    frozen_at: datetime = columns.instant()
    sha256: bytes = Field(sa_type=LargeBinary)
    tickets: list[UUID] = columns.several_ids()


class DrawResult(SQLModel, table=True):
    """When a raffle was drawn, and with which public randomness, if it named one."""

    __tablename__ = "draw_result"
    __table_args__ = ({"schema": "coalition"},)

    draw_id: UUID = columns.key()
    randomness: str | None = columns.words_or_none()
    drawn_at: datetime = columns.instant()


class DrawPlace(SQLModel, table=True):
    """One ticket of a raffle's results; alternates have no prize until one is passed on to them."""

    __tablename__ = "draw_place"
    __table_args__ = (
        UniqueConstraint("ticket_id", name="draw_place_ticket"),
        Index(
            "draw_place_owed",
            "draw_id",
            "place",
            postgresql_where=text("prize is not null and settled_at is null"),
        ),
        {"schema": "coalition"},
    )

    draw_id: UUID = columns.key()
    place: int = Field(primary_key=True, sa_type=Integer, sa_column_kwargs={"autoincrement": False})
    ticket_id: UUID
    prize: str | None = columns.words_or_none()
    passed: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    name: str | None = columns.words_or_none()
    award_id: UUID | None = None
    note: str | None = columns.words_or_none()
    settled_at: datetime | None = columns.instant_or_none()
