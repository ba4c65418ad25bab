"""Milestones, purely: what counts, in which period, what was reached by it, and what is missing."""
