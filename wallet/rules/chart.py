"""The chart of accounts: every kind of account, and the only movements permitted between them.

A movement debits one account and credits another, so it cannot be unbalanced. What is not in
`CHART` is refused by the books. A member's three kinds are the faces of one wallet; the kinds of
everybody else are positions, which are only counted.
"""

from dataclasses import dataclass
from typing import Final, Literal

Owner = Literal["member", "merchant", "charity", "operator"]

KINDS: Final[dict[Owner, tuple[str, ...]]] = {
    "member": ("pending", "available", "held"),
    "merchant": (
        "contingent",
        "issued",
        "honoured",
        "merchant_fees",
        "suspense",
        "merchant_breakage",
    ),
    "charity": ("due", "remitted"),
    "operator": ("goodwill", "breakage", "fees", "loss"),
}


@dataclass(frozen=True, slots=True)
class Movement:
    """One permitted movement: its code, the kind it takes from, the kind it gives to, and why."""

    code: str
    debit_kind: str
    credit_kind: str
    about: str


CHART: Final = (
    Movement("earn", "contingent", "pending", "Cashback earned; the merchant may come to owe it."),
    Movement("mature", "pending", "available", "Cashback became free to spend."),
    Movement("fund", "issued", "contingent", "The merchant now owes what became free to spend."),
    Movement("lapse", "pending", "contingent", "Cashback did not become due and was cancelled."),
    Movement("return_pending", "pending", "contingent", "Goods came back before maturity."),
    Movement("return", "available", "issued", "Goods came back; their cashback goes back too."),
    Movement("loss", "loss", "issued", "Goods came back after the value was spent; we bear it."),
    Movement("hold", "available", "held", "Set aside for a purchase being paid."),
    Movement("release", "held", "available", "Set free again, unspent."),
    Movement("capture", "held", "honoured", "Spent at a merchant."),
    Movement("refund", "honoured", "available", "A purchase paid with cashback was refunded."),
    Movement("suspend", "suspense", "honoured", "A shop gave it for nothing; who pays is open."),
    Movement("unsuspend", "honoured", "suspense", "It was settled with the shop who pays."),
    Movement("donate", "available", "due", "Given to a charity."),
    Movement(
        "share",
        "available",
        "due",
        "A part of the cashback went to a charity, as its campaign says.",
    ),
    Movement("unshare", "due", "issued", "Shared with a charity, but the goods came back."),
    Movement("gift", "issued", "due", "Given to a charity for a purchase or an activity."),
    Movement("ungift", "due", "issued", "Goods came back; their gift to a charity goes back too."),
    Movement("match", "issued", "due", "Given to a charity because a member gave."),
    Movement("remit", "due", "remitted", "Put into a batch that is paid out to the charity."),
    Movement("unremit", "remitted", "due", "The batch was cancelled before it was sent."),
    Movement("goodwill", "goodwill", "available", "A credit from support."),
    Movement("expire", "available", "breakage", "Expired; it falls to the operator."),
    Movement("expire_merchant", "available", "merchant_breakage", "Expired; back to its merchant."),
    Movement("expire_charity", "available", "due", "Expired; it falls to a charity."),
    Movement("unexpire", "breakage", "issued", "What had expired was for goods that came back."),
    Movement("unexpire_merchant", "merchant_breakage", "issued", "The same, from the merchant."),
    Movement("unexpire_charity", "due", "issued", "The same, from the charity."),
)

_OWNERS: Final = {kind: owner for owner, kinds in KINDS.items() for kind in kinds}
_BY_CODE: Final = {one.code: one for one in CHART}


def owner_of(kind: str) -> Owner:
    """Say whose account a kind is. KeyError for a kind that does not exist."""
    return _OWNERS[kind]


def movement(code: str) -> Movement:
    """Find a movement by its code. KeyError for a code that does not exist."""
    return _BY_CODE[code]
