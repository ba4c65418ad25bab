"""Pledges: a member's standing instructions, and what follows from a wallet's movements by them.

A share of what becomes free to spend, the rest to a round amount of what was spent, or what would
expire. What a deficit took of new cashback did not become free, so nothing of it is given.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

from wallet import errors, money
from wallet.rules.contracts import BPS

Kind: TypeAlias = Literal["share", "round_up", "expiring"]

MULTIPLE_UNITS_MAX: Final = 100
"""Whole units to round up to: more is no rounding, and empties a wallet by surprise."""
LEAD: Final = timedelta(days=1)
"""How long before a lot expires it is given: on its last day, which is still the member's own."""


@dataclass(frozen=True, slots=True)
class Pledge:
    """What was promised; `stands` until it is replaced or ended."""

    pledge_id: UUID
    kind: Kind
    share_bps: int | None
    multiple_minor: int | None
    stands: bool


@dataclass(frozen=True, slots=True)
class Move:
    """A movement of the wallet: of a lot, or of a redemption (`cause_id`).

    `shared_minor` is the part that a campaign gave to its charity at once.
    """

    movement_id: UUID
    code: str
    amount_minor: int
    available_minor: int
    shared_minor: int
    cause_id: UUID


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot with something left, and when that expires."""

    lot_id: UUID
    remaining_minor: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Gift:
    """What follows from a pledge; of `lot_id` where it is named, else of anything."""

    pledge_id: UUID
    cause_id: UUID
    amount_minor: int
    movement_id: UUID | None = None
    lot_id: UUID | None = None


def check(
    kind: Kind, *, share_bps: int | None, multiple_minor: int | None, asset: money.Asset
) -> int | None:
    """Refuse what is no pledge: PLEDGE_INVALID. Returns the amount to round up to, if it does.

    Without one that is a whole unit of the currency.
    """
    if (kind == "share") != (share_bps is not None):
        raise errors.PledgeInvalid(
            "A share is needed for a pledge of a share, and only there. Correct it.",
            path=("share_bps",),
        )
    if share_bps is not None and not 1 <= share_bps <= BPS:
        raise errors.PledgeInvalid(
            "A share is between 0.01 % and 100 %. Correct it.", path=("share_bps",)
        )
    if kind != "round_up":
        if multiple_minor is not None:
            raise errors.PledgeInvalid(
                "An amount to round up to is for rounding up only. Leave it out.",
                path=("multiple",),
            )
        return None
    unit = 10**asset.exponent
    multiple = unit if multiple_minor is None else multiple_minor
    if not 1 < multiple <= MULTIPLE_UNITS_MAX * unit:
        raise errors.PledgeInvalid(
            f"An amount to round up to is at most {MULTIPLE_UNITS_MAX} and more than the smallest"
            " coin. Correct it.",
            path=("multiple",),
        )
    return multiple


def share(freed_minor: int, share_bps: int) -> int:
    """A share of what became free, rounded down: the member keeps the rest of a cent."""
    return money.divide(freed_minor * share_bps, BPS, money.Rounding.DOWN)


def rest(spent_minor: int, multiple_minor: int) -> int:
    """What is missing to the next multiple; nothing for a round amount."""
    return -spent_minor % multiple_minor


def freed(move: Move) -> int:
    """What a movement made free to spend: after a campaign's share, and after old deficits."""
    own = move.amount_minor - move.shared_minor
    return max(0, min(own, move.available_minor - move.shared_minor))


def decide(pledge: Pledge, moves: Iterable[Move]) -> list[Gift]:
    """What follows from movements by a pledge, in their order."""
    found = []
    for move in moves:
        if pledge.kind == "share" and move.code == "mature":
            assert pledge.share_bps is not None
            amount = share(freed(move), pledge.share_bps)
        elif pledge.kind == "round_up" and move.code == "capture":
            assert pledge.multiple_minor is not None
            amount = rest(move.amount_minor, pledge.multiple_minor)
        else:
            continue
        if amount:
            found.append(
                Gift(pledge.pledge_id, move.cause_id, amount, movement_id=move.movement_id)
            )
    return found


def expiring(pledge: Pledge, lots: Iterable[Lot], at: datetime) -> list[Gift]:
    """What a pledge gives of lots whose last day has begun."""
    if pledge.kind != "expiring" or not pledge.stands:
        return []
    return [
        Gift(pledge.pledge_id, lot.lot_id, lot.remaining_minor, lot_id=lot.lot_id)
        for lot in lots
        if lot.expires_at - LEAD <= at
    ]
