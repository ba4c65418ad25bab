"""Playing within limits: what a member has said about their own games."""

from sqlalchemy import CheckConstraint
from sqlmodel import SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class PlayLimit(SQLModel, table=True):
    """A member's limits, those that wait, and whether they have shut themselves out.

    It lies beside the wallet, whose lock decides between a game and a limit that come at once.
    """

    __tablename__ = "play_limit"
    __table_args__ = (
        CheckConstraint(
            "excluded_until is null or excluded_at is not null", name="play_limit_excluded"
        ),
        {"schema": "ledger"},
    )

    bucket: int = columns.bucket()
    wallet_id: UUID = columns.key()
    version: int = columns.amount(0)
    day_most: int | None = columns.amount_or_none()
    week_most: int | None = columns.amount_or_none()
    month_most: int | None = columns.amount_or_none()
    later_day_most: int | None = columns.amount_or_none()
    later_week_most: int | None = columns.amount_or_none()
    later_month_most: int | None = columns.amount_or_none()
    later_at: datetime | None = columns.instant_or_none()
    excluded_at: datetime | None = columns.instant_or_none()
    excluded_until: datetime | None = columns.instant_or_none()
