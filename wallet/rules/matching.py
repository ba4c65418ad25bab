"""What a match comes to: a share of the gift, cut to the member's cap and to the budget."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from wallet import money
from wallet.rules import contracts

CutBy: TypeAlias = Literal["member_cap", "budget"]


@dataclass(frozen=True, slots=True)
class Allowed:
    """What was promised, what the limits leave of it, and the limit that cut it last."""

    desired_minor: int
    minor: int
    cut_by: CutBy | None


def allow(
    gift_minor: int, bps: int, *, cap_left_minor: int | None, budget_left_minor: int
) -> Allowed:
    """Match a gift; a part of the smallest unit is not given."""
    desired = money.divide(gift_minor * bps, contracts.BPS, money.Rounding.DOWN)
    minor, cut_by = desired, None
    limits: tuple[tuple[CutBy, int | None], ...] = (
        ("member_cap", cap_left_minor),
        ("budget", budget_left_minor),
    )
    for by, left in limits:
        if left is not None and left < minor:
            minor, cut_by = max(0, left), by
    return Allowed(desired, minor, cut_by)
