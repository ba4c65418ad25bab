"""What can be redeemed at a partner: the kinds, and the amounts of each. A pure rule."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from wallet import errors, money
from wallet.rules import redemption

Kind: TypeAlias = Literal["gift_card", "store_credit", "coupon", "points"]
KINDS: Final[tuple[Kind, ...]] = ("gift_card", "store_credit", "coupon", "points")


@dataclass(frozen=True, slots=True)
class Offer:
    """One kind that a partner gives for value: from, to and by how much, in minor units."""

    kind: Kind
    minimum_minor: int
    maximum_minor: int
    step_minor: int = 1


def check_offer(offer: Offer, *path: str) -> None:
    """Refuse an offer that no amount could fit: AMOUNT_INVALID at the field at fault."""
    redemption.check_amount(offer.minimum_minor, *path, "minimum")
    redemption.check_amount(offer.step_minor, *path, "step")
    if not offer.minimum_minor <= offer.maximum_minor <= money.AMOUNT_MAX_MINOR:
        raise errors.AmountInvalid("The maximum is below the minimum.", path=(*path, "maximum"))


def fits(offer: Offer, amount_minor: int) -> bool:
    """Whether an amount can be redeemed: the minimum, and whole steps above it."""
    inside = offer.minimum_minor <= amount_minor <= offer.maximum_minor
    return inside and (amount_minor - offer.minimum_minor) % offer.step_minor == 0


def nearest(offer: Offer, amount_minor: int) -> int | None:
    """The largest amount that fits and is not above `amount_minor`; None below the minimum."""
    if amount_minor < offer.minimum_minor:
        return None
    least = min(amount_minor, offer.maximum_minor)
    return least - (least - offer.minimum_minor) % offer.step_minor
