"""What is kept of partners: who they are, who is linked to them, what is told to them.

The schema `partner` holds no money. Secrets in it are sealed by `partners.vault`, or hashed; what a
partner honours is in the books, by `wallet.tables`.
"""

from partners.tables import directory, inbound, links, orders, reconciliation, stock, webhooks

__all__ = ["directory", "inbound", "links", "orders", "reconciliation", "stock", "webhooks"]
