"""The books, tested on a real PostgreSQL, through the public verbs only."""
