"""Campaigns at work: what the rules of `wallet.rules.campaigns` need from the books, and do there.

A budget is given out in shares, so that no purchase waits for those of other members.
"""
