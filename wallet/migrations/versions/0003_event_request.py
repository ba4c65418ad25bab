"""Find an event by its key, so that a key stands for one event only."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the events with a key of their own; those that came with a report have none."""
    op.execute(
        "create index purchase_event_request on ledger.purchase_event (bucket, request_id)"
        " where request_id <> purchase_id"
    )
