"""Check a transfer against the chart by a function, not by the chart's whole text.

PostgreSQL parses the text of a check for every statement that inserts; the chart's took longer
than the insert. The function is code: every start installs its newest version, see
`wallet/sql/functions/05_chart.sql`.
"""

from alembic import op

from wallet import sql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the function, and put it in the place of the old check."""
    op.execute(sql.load("functions/05_chart"))
    op.execute("alter table ledger.transfer drop constraint transfer_charted")
    op.execute(
        "alter table ledger.transfer add constraint transfer_charted"
        " check (ledger.charted(code, debit_kind, credit_kind))"
    )
