"""Signing in and the account: every page that a person sees, and the letters."""
