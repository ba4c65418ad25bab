"""When a household of the demo spends, how much, and what goes wrong at the till: a pure rule.

A member whose free balance has passed an amount spends it on the next day of shopping, at a
merchant that did not fund most of it: that is what a coalition is for. Tills are real, so by a
fixed lot some holds are released, some are captured in part because the basket became smaller, and
some payments are refunded later. The names of purchases decide, never chance, so a second replay
does the same.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from api.journey import walk

Outcome = Literal["whole", "part", "released"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The demo's habits. `spend_from_minor` is the balance from which a member spends, in cents.

    One hold in `release_one_in` is released, one in `part_one_in` captured in part, one captured
    redemption in `refund_one_in` refunded after `refund_days`, every second of them by half.
    """

    spend_from_minor: int = 500
    release_one_in: int = 40
    part_one_in: int = 20
    refund_one_in: int = 25
    refund_days: int = 3


PART_PERCENT: Final = 60
"""How much of the hold is captured where the basket became smaller."""


def wanted_minor(
    policy: Policy,
    *,
    available_minor: int,
    funded_minor: Mapping[uuid.UUID, int],
    merchant_id: uuid.UUID,
    total_minor: int,
) -> int:
    """Say how much the member asks to pay from the wallet at this till, in cents; 0 is nothing.

    `funded_minor` is the open value of the wallet by the merchant that funded it.
    """
    if available_minor < policy.spend_from_minor or not funded_minor:
        return 0
    most = max(funded_minor.values())
    if funded_minor.get(merchant_id, 0) == most:
        return 0
    return min(available_minor, total_minor)


def outcome(policy: Policy, reference: str) -> Outcome:
    """Say how the hold for this purchase ends."""
    if walk.chance(f"released/{reference}", policy.release_one_in):
        return "released"
    return "part" if walk.chance(f"part/{reference}", policy.part_one_in) else "whole"


def captured_minor(held_minor: int, how: Outcome) -> int:
    """Say how much of a hold is captured, in cents."""
    if how == "released":
        return 0
    return held_minor if how == "whole" else max(1, held_minor * PART_PERCENT // 100)


def refunded_minor(policy: Policy, reference: str, captured: int) -> int:
    """Say how much of a captured redemption is refunded later, in cents; 0 is nothing."""
    if captured == 0 or not walk.chance(f"refunded/{reference}", policy.refund_one_in):
        return 0
    return max(1, captured // 2) if walk.chance(f"half/{reference}", 2) else captured
