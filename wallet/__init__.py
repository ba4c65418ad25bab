"""The money: rules that decide, verbs that write, and the books that prove both.

Nothing in this package knows a web framework or a partner. `wallet.rules` is pure; the verbs beside
it gather facts, ask a rule, and make one write.
"""
