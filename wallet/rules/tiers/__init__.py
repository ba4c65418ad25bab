"""Tiers: what a member has reached by what they bought and kept, worked out from the books alone.

Everything here is a function of the purchases, the returns, what was given and the editions of a
ladder, and of an instant: whoever has the same facts, in whatever order they came in, reaches the
same tier, the same history and the same advice.
"""
