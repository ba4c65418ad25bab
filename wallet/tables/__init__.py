"""The tables, one file per story: the single source of truth for what the database holds.

SQLModel classes describe columns, keys and checks; Alembic migrations build the same tables, and a
test compares both. Nothing here is used to move money: rows are written by the SQL functions.
"""

from wallet.tables import (
    boards,
    books,
    budgets,
    campaigns,
    cards,
    coalition,
    contests,
    draws,
    experiments,
    gifts,
    giving,
    grants,
    memberships,
    milestones,
    offers,
    orders,
    play_limits,
    plays,
    purchases,
    redemptions,
    referrals,
    schemes,
    spending,
    tiers,
)

__all__ = [
    "boards",
    "books",
    "budgets",
    "campaigns",
    "cards",
    "coalition",
    "contests",
    "draws",
    "experiments",
    "gifts",
    "giving",
    "grants",
    "memberships",
    "milestones",
    "offers",
    "orders",
    "play_limits",
    "plays",
    "purchases",
    "redemptions",
    "referrals",
    "schemes",
    "spending",
    "tiers",
]
