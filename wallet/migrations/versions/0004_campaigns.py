"""Campaigns: versions, grants, budgets, benefits, awards, experiments, offers, referrals.

One file of statements for each story, `0004_*.sql`, frozen on the day it was released.
"""

from importlib import resources

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of every story of the earning engine, story by story."""
    folder = resources.files("wallet.migrations.versions")
    for script in sorted(folder.iterdir(), key=lambda one: one.name):
        if not script.name.startswith("0004_") or not script.name.endswith(".sql"):
            continue
        for statement in script.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                op.execute(statement)
