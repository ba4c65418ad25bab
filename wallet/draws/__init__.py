"""Draws: tickets, wheels and raffles, as the books keep them, and what is published of each.

A draw is a scheme of the kind `wheel` or `raffle`; its id is the scheme's. `seeds` commits and
reveals, `tickets` gives what is played with, `wheels` and `raffles` play, `exports` publishes.
"""
