"""The suite: pure rules in milliseconds, everything else on a real PostgreSQL."""
