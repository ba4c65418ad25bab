"""The reference shop: a partner to try, in a process of its own. A demonstration, not a shop.

It speaks the Commonpurse Partner Protocol (`docs/partner-protocol.md`), has shoppers who link their
accounts by OAuth, a till at which what was redeemed is spent, and a switch for faults, so that
everything that can go wrong between two machines goes wrong on purpose. It knows nothing of the
wallet, and listens on loopback unless it is told otherwise.
"""
