"""Prepaid subscriptions: a box a month, paid at once, that earns with each delivery.

The prepayment itself is no purchase and earns nothing. Each delivery is one, of its share of what
was paid: the shares are equal but for the last units, and add up to the total exactly. A number is
delivered once; if the whole delivery comes back, it may be delivered again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NoReturn, TypeAlias

from wallet import errors, money
from wallet.rules import purchases, text

RHYTHM_CHARS_MAX: Final = 64

Amounts: TypeAlias = Literal["shares", "as_reported"]
"""Whether each delivery has to be its share, or what the merchant reports, up to the total."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What was paid for in advance: so many deliveries, and what they cost together."""

    reference: str
    asset: str
    deliveries: int
    total_minor: int
    rhythm: str
    amounts: Amounts = "shares"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery that was made and kept, at least in part."""

    delivery: int
    total_minor: int


def check(one: Subscription) -> None:
    """Refuse what can be no subscription: SUBSCRIPTION_INVALID, AMOUNT_INVALID, TEXT_INVALID."""
    text.check(one.reference, "reference", chars_max=purchases.REFERENCE_CHARS_MAX)
    text.check(one.rhythm, "rhythm", chars_max=RHYTHM_CHARS_MAX)
    if not 0 < one.deliveries <= purchases.DELIVERIES_MAX:
        raise errors.SubscriptionInvalid(
            f"A subscription has 1 to {purchases.DELIVERIES_MAX} deliveries.", path=("deliveries",)
        )
    if not 0 < one.total_minor <= money.AMOUNT_MAX_MINOR:
        raise errors.AmountInvalid(path=("total",))


def shares(one: Subscription) -> list[int]:
    """What each delivery is worth, the first first; they add up to the total."""
    return money.split(one.total_minor, [1] * one.deliveries)


def check_delivery(
    one: Subscription,
    bought: purchases.Purchase,
    *,
    cancelled: bool,
    kept: Sequence[Delivered],
) -> None:
    """Refuse a delivery that the subscription does not hold: SUBSCRIPTION_INVALID says what.

    `kept` are the other deliveries that were made and did not come back whole.
    """
    delivery = bought.delivery
    assert delivery is not None
    if cancelled:
        _refuse("This subscription was cancelled. Report what is bought now by itself.")
    if bought.asset != one.asset:
        raise errors.CurrencyMismatch(path=("asset",))
    if delivery > one.deliveries:
        _refuse(f"Only {one.deliveries} deliveries were paid for. Check the number.", "delivery")
    if any(it.delivery == delivery for it in kept):
        _refuse(
            f"Delivery {delivery} has been made. It counts again only if all of it came back.",
            "delivery",
        )
    total_minor = sum(line.amount_minor for line in bought.lines)
    asset = money.asset(one.asset)
    if one.amounts == "shares":
        share = shares(one)[delivery - 1]
        if total_minor != share:
            _refuse(
                f"Delivery {delivery} is worth {money.phrase(share, asset)} of what was paid."
                " Report lines that add up to that.",
                "lines",
            )
        return
    room = left_minor(one, kept)
    if total_minor > room:
        _refuse(
            f"Only {money.phrase(room, asset)} of what was paid is left. Report at most that.",
            "lines",
        )


def left_minor(one: Subscription, kept: Sequence[Delivered]) -> int:
    """What of the prepayment was not delivered: what goes back if it ends."""
    if one.amounts == "as_reported":
        # What was delivered before it was opened may have been more.
        return max(0, one.total_minor - sum(it.total_minor for it in kept))
    made = {it.delivery for it in kept}
    return sum(share for number, share in enumerate(shares(one), 1) if number not in made)


def _refuse(message: str, *path: str) -> NoReturn:
    raise errors.SubscriptionInvalid(message, path=path)
