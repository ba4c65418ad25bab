"""Receipts: what a member gave, as a PDF for one gift or for a year."""
