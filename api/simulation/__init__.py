"""A draft at the terminal: run over the past, and shown before it costs anything.

`command` is the command with its progress bar, `tables` what it prints, `journey` the campaigns of
the replayed year beside what its households redeemed. `deadline` ends what takes too long.
"""
