"""Plays: what members scored in games and quizzes, and tries at quizzes with their clock."""

from sqlalchemy import CheckConstraint, Index, Integer, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Play(SQLModel, table=True):
    """A round of a game, or a finished quiz: points, and the units that a campaign pays for.

    `outcome` says what became of the reward: `given`, `none` where no campaign was in force, or the
    code of a refusal; null while nobody has settled it, or where there is none.
    """

    __tablename__ = "play"
    __table_args__ = (
        CheckConstraint("kind in ('game', 'quiz')", name="play_kind"),
        CheckConstraint("points >= 0 and units >= 0", name="play_amounts"),
        CheckConstraint("(units > 0) = (campaign_id is not null)", name="play_reward"),
        Index("play_wallet", "bucket", "wallet_id", "scheme_id", "happened_at"),
        Index(
            "play_unsettled",
            *("bucket", "wallet_id"),
            postgresql_where=text("outcome is null and units > 0"),
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    play_id: UUID = columns.key()
    wallet_id: UUID
    kind: str = columns.words()
    scheme_id: UUID
    version_id: UUID
    merchant_id: UUID | None = None
    reference: str = columns.words()
    points: int = columns.amount()
    units: int = Field(sa_type=Integer)
    campaign_id: UUID | None = None
    award_id: UUID
    fingerprint: UUID
    happened_at: datetime = columns.instant()
    recorded_at: datetime = columns.instant()
    outcome: str | None = columns.words_or_none()


class QuizTry(SQLModel, table=True):
    """A member's try at a quiz: its clock, the seed of its order, and once its answers."""

    __tablename__ = "quiz_try"
    __table_args__ = (
        UniqueConstraint("bucket", "wallet_id", "quiz_id", "number", name="quiz_try_number"),
        CheckConstraint("ends_at > started_at", name="quiz_try_clock"),
        CheckConstraint("(answered_at is null) = (points is null)", name="quiz_try_answered"),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    try_id: UUID = columns.key()
    wallet_id: UUID
    quiz_id: UUID
    version_id: UUID
    number: int = columns.small()
    seed: UUID
    fingerprint: UUID
    started_at: datetime = columns.instant()
    ends_at: datetime = columns.instant()
    answers: dict[str, object] | None = columns.document(optional=True)
    points: int | None = columns.amount_or_none()
    answered_at: datetime | None = columns.instant_or_none()
