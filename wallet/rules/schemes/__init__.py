"""Schemes: what members take part in, as data: ladders, milestones, boards, contests, draws.

`definition` is what all kinds have, each kind has a module, and `kinds` reads them strictly.
"""
