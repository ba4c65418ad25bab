"""What came of the orders at the shop: by our books, and by the shop's own account beside them."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import rich.table

from api.journey import coalition, ordering
from api.replay import ordering as days
from partners import reconciling
from partners.reference_shop import faults
from wallet import money, orders
from wallet.rules import order_states

OUTCOMES: Final = {
    "captured": "issued",
    "released": "returned",
    "reversed": "taken back",
    "attention": "for a person",
    "suspense": "for a person",
}
"""Where an order ended, in a member's words; all others are still being confirmed."""
CONFIRMING: Final = "being confirmed"
COLUMNS: Final = ("issued", "taken back", "returned", CONFIRMING, "for a person")


@dataclass(frozen=True, slots=True)
class Sum:
    """So many, of so much in minor units."""

    count: int = 0
    minor: int = 0

    def plus(self, minor: int) -> "Sum":
        """One more."""
        return Sum(self.count + 1, self.minor + minor)


@dataclass(frozen=True, slots=True)
class Told:
    """Orders by kind and outcome, what was asked for them, and the faults that the shop counted.

    `here` is what stands by our books, `there` by the shop's; `lost` stands here only, `unpaid`
    there only, `differing` with another amount or kind, `twice` more than once. What is still being
    confirmed, or waits for a person, is in neither: its value is held. `spent_minor` is what the
    shop's till took. `days` are comparisons by how they ended.
    """

    orders: dict[tuple[str, str], Sum]
    asked: Counter[str]
    doubted: int
    struck: dict[str, int]
    requests: int
    here: Sum
    there: Sum
    lost: tuple[str, ...]
    unpaid: tuple[str, ...]
    differing: tuple[str, ...]
    twice: tuple[str, ...]
    spent_minor: int
    days: Counter[str]
    differences: tuple[reconciling.Difference, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is lost, nothing there twice, and every day was found clean."""
        same = not (self.lost or self.unpaid or self.differing or self.twice)
        return same and self.here == self.there and set(self.days) <= {"clean"}


async def told(plan: days.Plan) -> Told:
    """Read the orders from our books, and ask the shop what it has issued by its own."""
    mine = await days.of(plan)
    by_outcome: dict[tuple[str, str], Sum] = defaultdict(Sum)
    asked = Counter[str]()
    doubted = 0
    for order in mine:
        key = (order.kind, OUTCOMES.get(order.state, CONFIRMING))
        by_outcome[key] = by_outcome[key].plus(order.amount_minor)
        attempts = await orders.attempts(plan.at.db, order.redemption_id)
        asked.update(one.asked for one in attempts)
        doubted += any(one.said == "unknown" for one in attempts)
    lines = await plan.at.ledger()
    struck, requests = await plan.at.struck()
    undecided = {one.key for one in mine if one.state not in order_states.ENDS}
    here = {
        one.key: (one.kind, one.asset.code, one.amount_minor)
        for one in mine
        if one.stands and one.key not in undecided
    }
    standing = [
        (one["key"], (one["kind"], one["currency"], one["amount_minor"]))
        for one in lines
        if one["state"] != "void" and one["key"] not in undecided
    ]
    there = dict(standing)
    seen = await reconciling.kept(
        plan.at.db,
        ordering.PARTNER_ID,
        since=plan.since + plan.shift,
        until=plan.until + plan.shift + timedelta(days=1),
    )
    return Told(
        orders=dict(by_outcome),
        asked=asked,
        doubted=doubted,
        struck=struck,
        requests=requests,
        here=Sum(len(here), sum(minor for *_, minor in here.values())),
        there=Sum(len(standing), sum(minor for _, (*_, minor) in standing)),
        lost=tuple(sorted(here.keys() - there.keys())),
        unpaid=tuple(sorted(there.keys() - here.keys())),
        differing=tuple(sorted(key for key in here.keys() & there if here[key] != there[key])),
        twice=tuple(key for key, n in Counter(key for key, _ in standing).items() if n > 1),
        spent_minor=sum(one["spent_minor"] for one in lines),
        days=Counter(one.state for one in seen),
        differences=tuple(each for one in seen for each in one.differences),
    )


def table(it: Told) -> rich.table.Table:
    """Orders by kind and outcome: how many, of how much."""
    made = rich.table.Table(
        title=f"Orders at {ordering.NAME}, in {coalition.ASSET}",
        title_justify="left",
        header_style="dim",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    made.add_column("Kind", no_wrap=True)
    for name in COLUMNS:
        made.add_column(name.capitalize(), justify="right")
    for kind in sorted({kind for kind, _ in it.orders}):
        sums = [it.orders.get((kind, name), Sum()) for name in COLUMNS]
        made.add_row(kind.replace("_", " "), *map(_shown, sums))
    return made


def lines(it: Told) -> dict[str, str]:
    """What else came of it, in a line each."""
    sends = ", ".join(f"{it.asked[name]:,} to {name}" for name in ("issue", "reverse"))
    said = f"{sends}, {it.asked['find']:,} look-ups; {it.doubted:,} orders were in doubt once"
    met = {name: count for name, count in sorted(it.struck.items()) if name != faults.TWICE}
    struck = ", ".join(f"{count:,} {name}" for name, count in met.items()) or "none"
    wrong = [
        f"{len(keys):,} {words}"
        for keys, words in (
            (it.lost, "here only"),
            (it.unpaid, "there only"),
            (it.differing, "different"),
            (it.twice, "twice"),
        )
        if keys
    ]
    same = ", ".join(wrong) or "nothing lost, nothing twice"
    days = ", ".join(f"{count:,} {state}" for state, count in sorted(it.days.items()))
    named = [f"{one.what} {one.subject}" for one in it.differences]
    return {
        "Asked": said,
        "Faults": f"{sum(met.values()):,} of {it.requests:,} requests: {struck};"
        f" {it.struck.get(faults.TWICE, 0):,} facts told twice",
        "Ledgers": f"{_shown(it.here)} here, {_shown(it.there)} there: {same}",
        "At tills": f"{_amount(it.spent_minor)} {coalition.ASSET} of it was spent in the shop",
        "Compared": "; ".join([f"{days} days", *named]),
    }


def _shown(one: Sum) -> str:
    return f"{one.count:,} of {_amount(one.minor)}" if one.count else "-"


def _amount(minor: int) -> str:
    return money.show(minor, money.asset(coalition.ASSET))
