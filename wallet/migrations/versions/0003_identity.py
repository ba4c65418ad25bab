"""Identity: clients, grants, sessions, passkeys, trusted documents; approvals by two people.

Tokens move from the coalition to the schema of their own kind, with the grant they belong to.
"""

from importlib import resources

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table as `0003_identity.sql` has it, frozen on the day it was released."""
    op.execute("create schema if not exists identity")
    script = resources.files("wallet.migrations.versions") / "0003_identity.sql"
    for statement in script.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)
