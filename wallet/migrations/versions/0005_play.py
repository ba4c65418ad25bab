"""What members take part in: tiers, milestones, games, draws and giving.

One file of statements for each story, `0005_*.sql`, frozen on the day it was released.
"""

from importlib import resources

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of every story that members take part in, story by story."""
    folder = resources.files("wallet.migrations.versions")
    for script in sorted(folder.iterdir(), key=lambda one: one.name):
        if not script.name.startswith("0005_") or not script.name.endswith(".sql"):
            continue
        for statement in script.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                op.execute(statement)
