"""Promotions as shops run them, played through the API: fixtures from the field."""
