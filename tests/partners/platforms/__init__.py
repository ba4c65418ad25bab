"""Doubles of shop platforms: each answers as the platform's documentation says, over real HTTP."""
