"""The foundation: the books, the purchases, the redemptions and the coalition."""

from importlib import resources

from alembic import op

from wallet import sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table as `0001_foundation.sql` has it, frozen on the day it was released."""
    # The check of every transfer is a function, which must be there before the table.
    op.execute(sql.load("functions/05_chart"))
    script = resources.files("wallet.migrations.versions") / "0001_foundation.sql"
    for statement in script.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)
