"""Budgets: the most that a campaign, a merchant or a funder gives, and who was warned of what.

The row is a pool. Each bucket of the books has a share of it (`ledger.budget_share`), so that a
purchase never waits for the purchases of all other members.
"""

from sqlalchemy import CheckConstraint, Column, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Budget(SQLModel, table=True):
    """A cap on what is granted; `allotted_minor` of it lies in the shares of the buckets."""

    __tablename__ = "budget"
    __table_args__ = (
        CheckConstraint("kind in ('campaign', 'merchant', 'funder', 'match')", name="budget_kind"),
        CheckConstraint("allotted_minor between 0 and cap_minor", name="budget_within_cap"),
        UniqueConstraint("kind", "subject_id", "asset", name="budget_subject"),
        {"schema": "coalition"},
    )

    budget_id: UUID = columns.key()
    kind: str = columns.words()
    subject_id: UUID
    asset: int = columns.asset()
    cap_minor: int = columns.amount()
    allotted_minor: int = columns.amount(0)
    alerts: list[int] = Field(sa_column=Column(ARRAY(SmallInteger), nullable=False))


class BudgetAlert(SQLModel, table=True):
    """A share of a budget (basis points) that was passed, told once."""

    __tablename__ = "budget_alert"
    __table_args__ = ({"schema": "coalition"},)

    budget_id: UUID = columns.key()
    bps: int = Field(
        primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False}
    )
    raised_at: datetime = columns.instant_now()
