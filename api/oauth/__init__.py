"""The authorization server: how programs get their tokens."""
