"""Everything that speaks to a partner, or like one: adapters, the saga, links, webhooks in and out.

It may import `wallet`, and only doors may import it. No money is kept here: what a partner answers
is a value, and the wallet's verbs move what follows from it.
"""
