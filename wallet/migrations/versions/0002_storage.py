"""Storage parameters, in a step of their own that another engine may skip.

Wallets, positions and lots leave room in their pages, so that an update stays where it is and
touches no index; the hot tables are vacuumed early. The index by which transfers are sealed sums
up each megabyte when the next one begins; otherwise all that no vacuum has seen is read every time.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROOM = {"ledger.wallet": 60, "ledger.position": 40, "ledger.lot": 85, "ledger.redemption": 85}


def upgrade() -> None:
    """Set fillfactor and autovacuum on the tables whose rows change."""
    for table, fillfactor in _ROOM.items():
        op.execute(
            f"alter table {table} set (fillfactor = {fillfactor},"
            " autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 2000)"
        )
    op.execute("alter table ledger.outbox set (autovacuum_vacuum_scale_factor = 0.01)")
    op.execute("alter index ledger.transfer_posted set (autosummarize = on)")
