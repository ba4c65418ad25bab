"""What households of the year take part in: tiers, milestones, a board, weekly raffles, pledges.

The data knows of none of it; the thresholds are ours, chosen from what its households buy: half of
them spend less than 1,300 USD in the year, one in five more than 2,800. Amounts are cents.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from api.journey import coalition, keys, walk

PLAYS_ONE_IN: Final = 3
"""One household in so many enters the tickets that it has."""
PLEDGES_ONE_IN: Final = 5
"""One household in so many gives a part of every cashback."""
PLEDGED_BPS: Final = 1_000
TICKET_FROM_MINOR: Final = 2_000
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Planned:
    """A reward or a scheme to publish: its id, and its definition as JSON."""

    key: uuid.UUID
    definition: dict[str, Any]


def plays(household: int) -> bool:
    """Whether a household enters raffles."""
    return household % PLAYS_ONE_IN == 0


def pledges(household: int) -> bool:
    """Whether a household has pledged a part of its cashback."""
    return household % PLEDGES_ONE_IN == 0


def rewards(begins: datetime) -> dict[str, Planned]:
    """The campaigns that pay, by name: money, a coupon, a badge."""
    gives: dict[str, dict[str, Any]] = {
        "one-dollar": {"give": "amount", "minor": 100},
        "three-dollars": {"give": "amount", "minor": 300},
        "ten-dollars": {"give": "amount", "minor": 1_000},
        "explorer": {"give": "badge", "name": "explorer", "about": "Five merchants in a month."},
        "regular": {"give": "coupon", "name": "regular", "days": 60},
    }
    return {
        name: Planned(
            keys.named("reward", name),
            {
                "name": f"Reward: {name.replace('-', ' ')}",
                "asset": coalition.ASSET,
                "starts_at": begins.isoformat(),
                "on": {"on": "reward"},
                "give": give,
                "stack": {"group": "offers", "priority": 9_000 + place},
                "funding": [{"funder": "operator", "bps": 10_000}],
                "terms": {"text": {"en": "What was promised to whoever reaches it."}},
            },
        )
        for place, (name, give) in enumerate(gives.items())
    }


def ladder() -> Planned:
    """Three tiers of a calendar year, with a month of grace."""
    return Planned(
        keys.named("scheme", "ladder"),
        {
            "kind": "ladder",
            "name": "High Street",
            "about": "What you buy and keep in a calendar year.",
            "window": {"over": "calendar_year"},
            "grace_days": 30,
            "tiers": [
                {"word": "neighbour", "name": "Neighbour", "threshold": 0},
                {"word": "regular", "name": "Regular", "threshold": 50_000},
                {
                    "word": "patron",
                    "name": "Patron",
                    "threshold": 200_000,
                    "entitlements": [{"word": "free_delivery", "text": "Free delivery."}],
                },
            ],
        },
    )


def milestones(rewarded: dict[str, uuid.UUID], begins: datetime) -> tuple[Planned, ...]:
    """Five of them; `rewarded` are the campaigns by the name of their reward."""
    told: tuple[tuple[str, dict[str, Any]], ...] = (
        (
            "Ten purchases in a month",
            {"metric": "purchases", "target": 10, "per": "month", "reward": "one-dollar"},
        ),
        (
            "Five merchants in a month",
            {"metric": "merchants", "target": 5, "per": "month", "reward": "explorer"},
        ),
        (
            "Eight weeks in a row",
            {"metric": "weeks", "target": 8, "reward": "regular"},
        ),
        (
            "Every 500 dollars of a year",
            {
                "metric": "amount",
                "target": 50_000,
                "per": "year",
                "times": 20,
                "surplus": True,
                "reward": "three-dollars",
                "on_return": "take_back",
            },
        ),
        (
            "Twelve categories in a quarter",
            {"metric": "categories", "target": 12, "per": "quarter", "reward": "one-dollar"},
        ),
    )
    return tuple(
        Planned(
            keys.named("scheme", name),
            {
                "kind": "milestone",
                "name": name,
                "since": begins.isoformat(),
                **it,
                "reward": str(rewarded[it["reward"]]),
            },
        )
        for name, it in told
    )


def board() -> Planned:
    """Who buys at the most merchants in a month: none that rewards spending more."""
    return Planned(
        keys.named("scheme", "board"),
        {
            "kind": "board",
            "name": "Explorers of the month",
            "metric": "merchants",
            "window": "month",
            "settle_days": 7,
        },
    )


def raffles(
    rewarded: dict[str, uuid.UUID], *, since: date, until: date, shift_days: int
) -> Iterator[Planned]:
    """A raffle for each whole week from a day on until another, drawn the morning after."""
    first = since
    while first + WEEK <= until + timedelta(days=1):
        opens, closes = [
            walk.midnight(day + timedelta(days=shift_days)) for day in (first, first + WEEK)
        ]
        yield Planned(
            keys.named("raffle", first.isoformat()),
            {
                "kind": "raffle",
                "name": f"Raffle of the week of {first:%-d %B}",
                "opens_at": opens.isoformat(),
                "closes_at": closes.isoformat(),
                "draw_at": closes.isoformat(),
                "prizes": [
                    {"name": "Ten dollars", "campaign_id": str(rewarded["ten-dollars"])},
                    {
                        "name": "Three dollars",
                        "winners": 5,
                        "campaign_id": str(rewarded["three-dollars"]),
                    },
                ],
                "tickets": {
                    "per_purchase": {"min_minor": TICKET_FROM_MINOR},
                    "free_entry": {"tickets": 1, "per": "draw"},
                },
            },
        )
        first += WEEK


def wheel(rewarded: dict[str, uuid.UUID], opens: datetime) -> Planned:
    """A wheel for the demo: a ticket for each larger purchase, and a free one each day."""
    return Planned(
        keys.named("scheme", "wheel"),
        {
            "kind": "wheel",
            "name": "Wheel of the High Street",
            "opens_at": opens.isoformat(),
            "closes_at": (opens + timedelta(days=365)).isoformat(),
            "prizes": [
                {"name": "Nothing this time", "weight": 70},
                {
                    "name": "One dollar",
                    "weight": 25,
                    "campaign_id": str(rewarded["one-dollar"]),
                },
                {
                    "name": "Ten dollars",
                    "weight": 5,
                    "stock": 50,
                    "campaign_id": str(rewarded["ten-dollars"]),
                },
            ],
            "consolation": "Nothing this time",
            "tickets": {
                "per_purchase": {"min_minor": TICKET_FROM_MINOR},
                "free_entry": {"tickets": 1, "per": "day"},
            },
        },
    )
