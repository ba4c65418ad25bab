"""How a movement reads to the member: its sign, and the reason in words.

What is earned, spent or given shows with a sign as it changes what the member owns; a move between
two faces of the same wallet (held, released, matured) changes nothing owned, and is signed as it
changes what is free to spend.
"""

from typing import Final

from wallet import money

FACES: Final = ("pending", "available", "held")

_REASONS: Final = {
    "earn": "Cashback of {amount} earned at {partner}.",
    "mature": "Cashback of {amount} from {partner} is free to spend.",
    "lapse": "Cashback of {amount} from {partner} was cancelled: the purchase was not confirmed.",
    "return_pending": "Cashback of {amount} taken back: goods were returned to {partner}.",
    "return": "Cashback of {amount} taken back: goods were returned to {partner}.",
    "hold": "{amount} set aside for a purchase at {partner}.",
    "release": "{amount} set aside for {partner} is free again.",
    "capture": "{amount} spent at {partner}.",
    "refund": "{amount} given back by {partner}.",
    "donate": "{amount} given to {charity}.",
    "share": "{amount} given to {charity}, as its campaign promised.",
    "unshare": "{amount} given to a charity came back: goods were returned to {partner}.",
    "goodwill": "{amount} credited by our support.",
    "expire": "{amount} from {partner} expired.",
    "expire_merchant": "{amount} from {partner} expired.",
    "expire_charity": "{amount} from {partner} expired and went to a charity.",
}


def reason(code: str, amount_minor: int, asset: money.Asset, partner: str | None) -> str:
    """Say why a balance moved, in a sentence a member can read."""
    return _REASONS[code].format(
        amount=money.phrase(amount_minor, asset),
        partner=partner or "the coalition",
        charity=partner or "a charity",
    )


def signed(amount_minor: int, debit_kind: str, credit_kind: str) -> int:
    """Give a movement's amount the sign that the member sees."""
    if debit_kind not in FACES:
        return amount_minor
    if credit_kind == "available":
        return amount_minor
    return -amount_minor
