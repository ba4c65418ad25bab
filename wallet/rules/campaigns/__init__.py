"""Campaigns: what is given on top of a merchant's contract, decided purely and explained whole.

`definition` is the vocabulary, `drafts` judges what is saved, `compiled` prepares a set for speed,
`facts` is what must be known of a member, and `decide` says what a purchase is given and why.
"""
