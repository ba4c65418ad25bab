"""Experiments: plans that were registered before they began, and who was exposed to which arm."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import SQLModel

from wallet.tables import columns
from wallet.tables.columns import UUID, datetime


class Experiment(SQLModel, table=True):
    """One experiment and its plan; append-only."""

    __tablename__ = "experiment"
    __table_args__ = (
        CheckConstraint("registered_at < starts_at", name="experiment_registered_before"),
        CheckConstraint("starts_at < ends_at", name="experiment_runs"),
        Index("experiment_newest", "registered_at", "experiment_id"),
        {"schema": "coalition"},
    )

    experiment_id: UUID = columns.key()
    name: str = columns.words()
    plan: dict[str, object] = columns.document()
    starts_at: datetime = columns.instant()
    ends_at: datetime = columns.instant()
    registered_by: UUID
    registered_at: datetime = columns.instant_now()


class ExperimentEnd(SQLModel, table=True):
    """An experiment was ended by somebody, with why and what was known then; append-only."""

    __tablename__ = "experiment_end"
    __table_args__ = {"schema": "coalition"}

    experiment_id: UUID = columns.key()
    ended_at: datetime = columns.instant()
    result: dict[str, object] = columns.document()


class Exposure(SQLModel, table=True):
    """A member met their arm of an experiment for the first time; append-only."""

    __tablename__ = "exposure"
    __table_args__ = {"schema": "coalition"}

    experiment_id: UUID = columns.key()
    member_id: UUID = columns.key()
    arm: str = columns.words()
    exposed_at: datetime = columns.instant_now()
    via: str = columns.words()
