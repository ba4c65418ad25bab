"""Partners: what can be redeemed where, links to members' accounts, orders, and webhooks.

One file of statements for each story, `0006_*.sql`, frozen on the day it was released.
"""

from importlib import resources

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of every story that has to do with partners, story by story."""
    op.execute("create schema if not exists partner")
    folder = resources.files("wallet.migrations.versions")
    for script in sorted(folder.iterdir(), key=lambda one: one.name):
        if not script.name.startswith("0006_") or not script.name.endswith(".sql"):
            continue
        for statement in script.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                op.execute(statement)
