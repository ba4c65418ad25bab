"""The gift-card door: stores on VTEX take a member's wallet as a gift card, by their own protocol.

It speaks the VTEX Gift Card Provider Protocol, to the letter of its OpenAPI, and turns each request
into one verb of `wallet.cards`.
"""
