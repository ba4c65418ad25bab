"""The tables, one file per story: the single source of truth for what the database holds.

SQLModel classes describe columns, keys and checks; Alembic migrations build the same tables, and a
test compares both. Nothing here is used to move money: rows are written by the SQL functions.
"""

from wallet.tables import (
    books,
    budgets,
    campaigns,
    coalition,
    draws,
    experiments,
    grants,
    milestones,
    offers,
    play,
    purchases,
    redemptions,
    referrals,
    schemes,
)

__all__ = [
    "books",
    "budgets",
    "campaigns",
    "coalition",
    "draws",
    "experiments",
    "grants",
    "milestones",
    "offers",
    "play",
    "purchases",
    "redemptions",
    "referrals",
    "schemes",
]
