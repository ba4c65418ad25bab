"""The books: wallets, positions, transfers, lots, draws, deficits, refusals and the outbox.

Wallets are decided (a row that is locked and checked); positions are only counted. A transfer is
one row with one debit side and one credit side, so it cannot be unbalanced, and it never changes.
"""

from sqlalchemy import DDL, BigInteger, CheckConstraint, Index, SmallInteger, event, text
from sqlmodel import Field, SQLModel

from wallet import sql
from wallet.tables import columns
from wallet.tables.columns import UUID, datetime

# The check of every transfer is a function, which must be there before the table.
_CHARTED = DDL(sql.load("functions/05_chart"))  # type: ignore[no-untyped-call]
event.listen(SQLModel.metadata, "before_create", _CHARTED)


class Chart(SQLModel, table=True):
    """The chart of accounts as data: which kind may pay which, and what the movement is called."""

    __tablename__ = "chart"
    __table_args__ = {"schema": "ledger"}

    code: str = columns.word_key()
    debit_kind: str = columns.words()
    credit_kind: str = columns.words()
    about: str = columns.words()


class Wallet(SQLModel, table=True):
    """One member's value in one asset; available = credited - debited - held.

    `facts` grows whenever what campaigns may ask of the member changes, on the row of the house's
    asset: a decision that read the member holds only as long as it stands.
    """

    __tablename__ = "wallet"
    __table_args__ = (
        CheckConstraint(columns.BUCKET_CHECK, name="wallet_bucket"),
        CheckConstraint("bucket = get_byte(uuid_send(wallet_id), 15)", name="wallet_bucket_of_id"),
        CheckConstraint("credited >= 0 and debited >= 0", name="wallet_counts_up"),
        CheckConstraint("pending >= 0 and held >= 0", name="wallet_faces_not_negative"),
        CheckConstraint("floor <= 0", name="wallet_floor"),
        CheckConstraint("credited - debited - held >= floor", name="wallet_no_overdraft"),
        CheckConstraint("state in ('open', 'suspended')", name="wallet_state"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    wallet_id: UUID = columns.key()
    asset: int = Field(primary_key=True, sa_type=SmallInteger)
    credited: int = columns.amount(0)
    debited: int = columns.amount(0)
    pending: int = columns.amount(0)
    held: int = columns.amount(0)
    floor: int = columns.amount(0)
    version: int = columns.amount(0)
    state: str = columns.words("open")
    facts: int = columns.amount(0)


class Position(SQLModel, table=True):
    """What one owner's account has counted in one bucket; never refused, never read to decide."""

    __tablename__ = "position"
    __table_args__ = (
        CheckConstraint(columns.BUCKET_CHECK, name="position_bucket"),
        CheckConstraint("credited >= 0 and debited >= 0", name="position_counts_up"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    owner_id: UUID = columns.key()
    kind: str = columns.word_key()
    asset: int = Field(primary_key=True, sa_type=SmallInteger)
    credited: int = columns.amount(0)
    debited: int = columns.amount(0)
    version: int = columns.amount(0)


class Transfer(SQLModel, table=True):
    """One movement of value. A member side has no owner column: its owner is the wallet.

    `lot_id` names the lot when one lot makes up the whole amount; otherwise `draw` names them.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        CheckConstraint("amount > 0", name="transfer_amount"),
        CheckConstraint("ledger.charted(code, debit_kind, credit_kind)", name="transfer_charted"),
        CheckConstraint(
            "(wallet_id is null) = (wallet_version is null)"
            " and (debit_owner is null) = (debit_version is null)"
            " and (credit_owner is null) = (credit_version is null)",
            name="transfer_legs_numbered",
        ),
        Index(
            "transfer_wallet_version",
            "bucket",
            "wallet_id",
            "asset",
            "wallet_version",
            unique=True,
            postgresql_where=text("wallet_id is not null"),
        ),
        Index(
            "transfer_debit_version",
            "bucket",
            "debit_owner",
            "debit_kind",
            "asset",
            "debit_version",
            unique=True,
            postgresql_where=text("debit_owner is not null"),
        ),
        Index(
            "transfer_credit_version",
            "bucket",
            "credit_owner",
            "credit_kind",
            "asset",
            "credit_version",
            unique=True,
            postgresql_where=text("credit_owner is not null"),
        ),
        Index("transfer_posted", "posted_at", postgresql_using="brin"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    transfer_id: UUID = columns.key()
    asset: int = columns.asset()
    code: str = columns.words()
    debit_kind: str = columns.words()
    credit_kind: str = columns.words()
    amount: int = columns.amount()
    wallet_id: UUID | None = None
    wallet_version: int | None = columns.amount_or_none()
    pending_after: int | None = columns.amount_or_none()
    available_after: int | None = columns.amount_or_none()
    held_after: int | None = columns.amount_or_none()
    debit_owner: UUID | None = None
    debit_version: int | None = columns.amount_or_none()
    credit_owner: UUID | None = None
    credit_version: int | None = columns.amount_or_none()
    lot_id: UUID | None = None
    cause_id: UUID
    partner_id: UUID | None = None
    fingerprint: UUID | None = None
    effective_at: datetime = columns.instant()
    posted_at: datetime = columns.instant_now()


class Lot(SQLModel, table=True):
    """The value of one decision: who funded it, by which rule version, until when.

    Of a lot that `gives`, that part of it goes to a charity when it matures; `given` is what did.
    """

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("amount > 0", name="lot_amount"),
        CheckConstraint(
            "pending >= 0 and remaining >= 0 and expired >= 0 and given >= 0",
            name="lot_not_negative",
        ),
        CheckConstraint(
            "pending + remaining + expired + given <= amount", name="lot_within_amount"
        ),
        CheckConstraint("gives_minor between 0 and amount", name="lot_gives"),
        CheckConstraint("gives_minor = 0 or gives_to is not null", name="lot_gives_to"),
        CheckConstraint("open = (remaining > 0)", name="lot_open"),
        CheckConstraint("(due_at is null) = (pending = 0)", name="lot_due"),
        CheckConstraint("due_as in ('mature', 'lapse')", name="lot_due_as"),
        CheckConstraint("breakage in ('operator', 'merchant', 'charity')", name="lot_breakage"),
        Index(
            "lot_spend",
            "bucket",
            "wallet_id",
            "asset",
            "expires_at",
            "available_at",
            "lot_id",
            postgresql_where=text("open"),
        ),
        Index("lot_pending", "bucket", "wallet_id", "due_at", postgresql_where=text("pending > 0")),
        Index("lot_due", "due_at", postgresql_where=text("due_at is not null")),
        Index("lot_expiring", "expires_at", postgresql_where=text("open")),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    lot_id: UUID = columns.key()
    wallet_id: UUID
    asset: int = columns.asset()
    funder_id: UUID
    rule_id: UUID
    cause_id: UUID
    amount: int = columns.amount()
    pending: int = columns.amount()
    remaining: int = columns.amount()
    expired: int = columns.amount(0)
    open: bool
    earned_at: datetime = columns.instant()
    due_at: datetime | None = columns.instant_or_none()
    due_as: str | None = columns.words_or_none()
    available_at: datetime | None = columns.instant_or_none()
    expires_at: datetime | None = columns.instant_or_none()
    noticed_at: datetime | None = columns.instant_or_none()
    notice_days: int = columns.small()
    grace_days: int = columns.small()
    breakage: str = columns.words("operator")
    breakage_owner: UUID
    gives_to: UUID | None = None
    gives_minor: int = columns.amount(0)
    given: int = columns.amount(0)


class Draw(SQLModel, table=True):
    """Which lot paid how much of a transfer; `cause_id` is the redemption, return or donation."""

    __tablename__ = "draw"
    __table_args__ = (CheckConstraint("amount > 0", name="draw_amount"), {"schema": "ledger"})

    bucket: int = columns.bucket()
    cause_id: UUID = columns.key()
    lot_id: UUID = columns.key()
    transfer_id: UUID = columns.key()
    amount: int = columns.amount()


class Deficit(SQLModel, table=True):
    """The part of a return that nothing in the wallet could cover; later credits fill it first."""

    __tablename__ = "deficit"
    __table_args__ = (
        CheckConstraint("amount > 0 and remaining between 0 and amount", name="deficit_amount"),
        Index(
            "deficit_open",
            "bucket",
            "wallet_id",
            "asset",
            "opened_at",
            postgresql_where=text("remaining > 0"),
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    transfer_id: UUID = columns.key()
    wallet_id: UUID
    asset: int = columns.asset()
    cause_id: UUID
    amount: int = columns.amount()
    remaining: int = columns.amount()
    opened_at: datetime = columns.instant()


class Refusal(SQLModel, table=True):
    """A request that was refused; the same id gets the same answer for ever."""

    __tablename__ = "refusal"
    __table_args__ = {"schema": "ledger"}

    bucket: int = columns.bucket()
    request_id: UUID = columns.key()
    wallet_id: UUID
    verb: str = columns.words()
    fingerprint: UUID
    answer: dict[str, object] = columns.document()
    refused_at: datetime = columns.instant_now()


class Outbox(SQLModel, table=True):
    """What happened, for whoever must be told; written with the money, drained by the worker."""

    __tablename__ = "outbox"
    __table_args__ = {"schema": "ledger"}

    bucket: int = columns.bucket()
    event_id: UUID = columns.key()
    topic: str = columns.words()
    wallet_id: UUID
    subject_id: UUID
    detail: dict[str, object] | None = columns.document(optional=True)
    happened_at: datetime = columns.instant()


class Credit(SQLModel, table=True):
    """A goodwill credit: who gave it, and why."""

    __tablename__ = "credit"
    __table_args__ = (
        Index("credit_wallet", "bucket", "wallet_id", "credited_at"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    credit_id: UUID = columns.key()
    wallet_id: UUID
    asset: int = columns.asset()
    amount: int = columns.amount()
    staff_id: UUID
    reason: str = columns.words()
    fingerprint: UUID
    credited_at: datetime = columns.instant()


class Seal(SQLModel, table=True):
    """A sealed range of a bucket's transfers: each row's digest, and a hash chained to the last."""

    __tablename__ = "seal"
    __table_args__ = {"schema": "ledger"}

    bucket: int = columns.bucket()
    number: int = Field(primary_key=True, sa_type=BigInteger)
    sealed_from: datetime = columns.instant()
    sealed_until: datetime = columns.instant()
    rows: int = columns.amount()
    leaves: bytes
    head: bytes
    sealed_at: datetime = columns.instant_now()
