"""Rules, tested without a database."""
