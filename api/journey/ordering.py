"""When a household of the demo redeems at a partner, what it takes, and what follows: a pure rule.

Each household has a day of the week on which it looks at its balance. One that has linked its
account there takes store credit or points, the others buy a gift card. By a fixed lot some of it is
spent at the shop's till, some is taken back unspent, some is tried to be taken back when it was
spent already, and some households end their link. The data's days decide, never chance.
"""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from api.journey import coalition, keys, walk
from wallet.rules import orders

MERCHANT: Final = "fifth-and-main"
"""Whose shop it is: one of the ten merchants."""
SLUG: Final = "fifth-and-main-online"
NAME: Final = "Fifth & Main, online"
PARTNER_ID: Final = keys.named("partner", SLUG)
MERCHANT_ID: Final = coalition.merchant_id(MERCHANT)
AT: Final = timedelta(hours=6)
"""After midnight, before the first till opens: so the year is walked in the order of time."""
WEEK: Final = timedelta(days=7)

Fate = Literal["kept", "spent", "spent in part", "taken back", "spent, then taken back"]
FATES: Final[tuple[Fate, ...]] = (
    *("kept", "kept", "kept", "kept", "spent", "spent", "spent in part"),
    *("taken back", "taken back", "spent, then taken back"),
)
"""Of ten orders so many each."""
SPENT_AFTER: Final = timedelta(days=2)
BACK_AFTER: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Policy:
    """The demo's habits. One household in `links_one_in` links its account on its first day.

    One link in `unlinks_one_in` is ended `unlinks_after` later. One linked order in `points_one_in`
    is for points. `offers` are what the shop gives, and so from which balance an order is made.
    """

    links_one_in: int = 2
    unlinks_one_in: int = 5
    unlinks_after: timedelta = 10 * WEEK
    points_one_in: int = 4
    offers: tuple[orders.Offer, ...] = (
        orders.Offer("gift_card", 300, 10_000, 100),
        orders.Offer("store_credit", 200, 50_000, 50),
        orders.Offer("points", 200, 50_000, 50),
    )

    def offer(self, kind: orders.Kind) -> orders.Offer:
        """What the shop gives of a kind."""
        return next(one for one in self.offers if one.kind == kind)

    @property
    def from_minor(self) -> int:
        """The smallest balance for which anything can be had."""
        return min(one.minimum_minor for one in self.offers)


@dataclass(frozen=True, slots=True)
class Turn:
    """A household's look at its balance on one of its days; the days are those of the data."""

    household: int
    day: date

    @property
    def name(self) -> str:
        """What lots are drawn by."""
        return f"{self.household}/{self.day.isoformat()}"

    @property
    def request_id(self) -> uuid.UUID:
        """The id of the order that comes of it, if one does."""
        began = datetime.combine(self.day, time(), walk.ZONE)
        return keys.dated(int(began.timestamp()), f"order/{self.name}")


def is_turn(household: int, day: date) -> bool:
    """Whether it is the household's day of the week."""
    return day.weekday() == household % 7


def links(policy: Policy, household: int) -> bool:
    """Whether a household links its account, on its first day."""
    return walk.chance(f"links/{household}", policy.links_one_in)


def links_on(policy: Policy, household: int, day: date, *, since: date) -> bool:
    """Whether this is the day on which it does."""
    first = is_turn(household, day) and since <= day < since + WEEK
    return first and links(policy, household)


def unlinks_on(policy: Policy, household: int, day: date, *, since: date) -> bool:
    """Whether this is the day on which a household ends its link."""
    linked = links_on(policy, household, day - policy.unlinks_after, since=since)
    return linked and walk.chance(f"unlinks/{household}", policy.unlinks_one_in)


def wish(
    policy: Policy, turn: Turn, *, linked: bool, available_minor: int
) -> tuple[orders.Kind, int] | None:
    """Say what a household takes of its balance, in whole steps; None if that is nothing."""
    kind: orders.Kind = "gift_card"
    if linked:
        points = walk.chance(f"points/{turn.name}", policy.points_one_in)
        kind = "points" if points else "store_credit"
    amount_minor = orders.nearest(policy.offer(kind), available_minor)
    return None if amount_minor is None else (kind, amount_minor)


def fate(turn: Turn) -> Fate:
    """Say what becomes of an order that was issued."""
    return FATES[walk.lot(f"fate/{turn.name}", len(FATES))]


def spent_minor(turn: Turn, amount_minor: int, after: timedelta) -> int:
    """Say how much of an order is spent at the till so long after it; 0 is nothing."""
    if after != SPENT_AFTER:
        return 0
    parts = {"spent": amount_minor, "spent, then taken back": amount_minor}
    return parts.get(fate(turn), amount_minor // 2 if fate(turn) == "spent in part" else 0)


def takes_back(turn: Turn, after: timedelta) -> bool:
    """Say whether the household wants its value back so long after its order."""
    return after == BACK_AFTER and fate(turn) in ("taken back", "spent, then taken back")
