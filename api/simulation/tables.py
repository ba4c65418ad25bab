"""A simulation as tables for a terminal: sums, then who pays, where, when, and what stood out.

Members are named by their ids only: who they are is for the console, where a look-up is logged.
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

import rich.console
import rich.table

from wallet import ids, money
from wallet.campaigns import simulate
from wallet.rules import local
from wallet.rules.campaigns import whatif

ASSUMED: Final = {
    "terms": "every member had accepted the terms",
    "coupon": "every member showed the coupon each time",
    "experiment": "every member was in the arm that is asked for",
    "favourite": "no member had favourites",
    "offers": "no member had personal offers",
    "gifts": "no coupon that it gave was used",
    "returns": "what came back made no room again under caps and budget",
}
REASONS: Final = {
    "nothing_left": "nothing that counts was left of the basket",
    "nth_purchase": "not the purchase in the row that counts",
    "bought_at": "not bought at the other merchant before",
    "budget": "the budget was used up",
    "member_cap": "the member had had all they could get",
    "beaten": "another campaign gave more",
    "excluded": "another campaign excluded it",
}


def show(
    console: rich.console.Console,
    simulation: simulate.Simulation,
    *,
    name: str,
    names: Mapping[UUID, str],
    seconds: int,
    zone: str,
) -> None:
    """Print all of it; `names` are those of merchants and of the operator, days those of `zone`."""
    period, result = simulation.period, simulation.result
    asset = money.asset(result.asset)
    if not period.complete:
        console.print(
            f"[yellow]Ended early after {seconds} seconds, with {period.done:,} of"
            f" {period.total:,} purchases: the sums are of these only.[/yellow]"
        )
    console.print(_summary(simulation, name, asset, zone))
    parts = (
        ("Who pays", "Funder", result.funders),
        ("Where", "Merchant", result.merchants),
        ("When", "Month", result.months),
    )
    for title, column, rows in parts:
        console.print(_parts(title, column, rows, names, asset))
    console.print(_winners(result.winners, asset))
    console.print(_cases("Highest grants", result.dearest, names, asset))
    console.print(_cases("Highest shares of a purchase", result.steepest, names, asset))
    if result.cuts:
        console.print(_cuts(result, asset))
    if result.misses:
        console.print(_misses(result))
    if result.losses:
        console.print(_losses(result, asset))
    for one in period.assumed:
        console.print(f"Assumed: {ASSUMED[one]}.")
    if result.exhausted_on is not None:
        console.print(f"The budget first fell short on {result.exhausted_on}.")


def table(title: str, first: str, *others: str) -> rich.table.Table:
    """Make a table without rules: the first column text, the others numbers."""
    made = rich.table.Table(
        title=title,
        title_justify="left",
        header_style="dim",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    made.add_column(first, no_wrap=True)
    for name in others:
        made.add_column(name, justify="right", no_wrap=True)
    return made


def percent(share: int, whole: int) -> str:
    """Write a share as a percentage with one decimal, rounded down."""
    if not whole:
        return "-"
    tenths = share * 1000 // whole
    return f"{tenths // 10}.{tenths % 10} %"


def _summary(
    simulation: simulate.Simulation, name: str, asset: money.Asset, zone: str
) -> rich.table.Table:
    period, result = simulation.period, simulation.result
    first = local.day(period.since, zone)
    last = local.day(period.until - datetime.timedelta(microseconds=1), zone)
    made = table(f"{name}, {first} to {last}", "", "")
    per_member = result.granted_minor // result.members if result.members else 0
    for words, value in (
        ("Cost", money.phrase(result.granted_minor, asset)),
        ("Wished before caps and budget", money.phrase(result.desired_minor, asset)),
        ("Purchases considered", f"{result.considered:,}"),
        (
            "Purchases reached",
            f"{result.reached:,} ({percent(result.reached, result.considered)})",
        ),
        ("Members reached", f"{result.members:,}"),
        ("Lines that would change", f"{result.lines:,}"),
        ("Cost of what was paid there", percent(result.granted_minor, result.reached_total_minor)),
        ("Cost for each member reached", money.phrase(per_member, asset)),
    ):
        made.add_row(words, value)
    if result.gifts:
        made.add_row("Coupons and benefits", f"{result.gifts:,}")
    return made


def _parts(
    title: str,
    column: str,
    parts: Iterable[whatif.Part],
    names: Mapping[UUID, str],
    asset: money.Asset,
) -> rich.table.Table:
    made = table(title, column, "Purchases", asset.code)
    for part in parts:
        made.add_row(
            _named(part.name, names), f"{part.purchases:,}", money.show(part.granted_minor, asset)
        )
    return made


def _named(name: UUID | str, names: Mapping[UUID, str]) -> str:
    return name if isinstance(name, str) else names.get(name, str(name))


def _winners(winners: Iterable[whatif.Winner], asset: money.Asset) -> rich.table.Table:
    made = table("Members who get most", "Member", "Purchases", asset.code)
    for one in winners:
        made.add_row(
            ids.show("mem", one.member_id),
            f"{one.purchases:,}",
            money.show(one.granted_minor, asset),
        )
    return made


def _cases(
    title: str, cases: Iterable[whatif.Case], names: Mapping[UUID, str], asset: money.Asset
) -> rich.table.Table:
    made = table(title, "Purchase", "Merchant", "Paid", "Given", "Share")
    for one in cases:
        made.add_row(
            ids.show("pur", one.purchase_id),
            names.get(one.merchant_id, "-"),
            money.show(one.total_minor, asset),
            money.show(one.granted_minor, asset),
            percent(one.granted_minor, one.total_minor),
        )
    return made


def _cuts(result: whatif.Result, asset: money.Asset) -> rich.table.Table:
    made = table("What limits took away", "Limit", "Purchases", asset.code)
    for one in result.cuts:
        made.add_row(one.by.replace("_", " "), f"{one.purchases:,}", money.show(one.minor, asset))
    return made


def _misses(result: whatif.Result) -> rich.table.Table:
    made = table("Purchases that got nothing", "Because of", "Purchases", "Of this only")
    for one in result.misses:
        words = REASONS.get(one.kind, one.kind.replace("_", " "))
        made.add_row(words, f"{one.purchases:,}", f"{one.nearly:,}")
    return made


def _losses(result: whatif.Result, asset: money.Asset) -> rich.table.Table:
    made = table("What other campaigns would give less", "Campaign", "Purchases", asset.code)
    for one in result.losses:
        made.add_row(one.name, f"{one.purchases:,}", money.show(one.lost_minor, asset))
    return made
