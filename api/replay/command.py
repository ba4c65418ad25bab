"""The replay at a terminal: a progress bar, a table of merchants, speeds, and the laws."""

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import rich.console
import rich.progress
import rich.table

from api import settings
from api.journey import promotions, source, span
from api.replay import ordered, shop, taking_part
from api.replay import year as years
from api.simulation import journey
from wallet import money
from wallet.database import Database

POOL_SIZE: Final = 6
"""Connections for single movements; the batches have their own."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A partner shop to be run beside the year, and how often something goes wrong there."""

    house: settings.Settings
    faults_bps: int
    seed: int


async def run(
    dsn: str,
    *,
    since: date = span.FIRST_DAY,
    until: date = span.LAST_DAY,
    households: int | None = None,
    shift_days: int = 0,
    campaigns: bool = False,
    schemes: bool = False,
    beside: Beside | None = None,
    console: rich.console.Console,
) -> bool:
    """Replay into a migrated database and print what came of it; true if every law holds.

    Days are days of 2017, both included; `households` takes so many of them, in order of number.
    With a shop `beside` it, what stands there must be what stands here, too.
    Raises ModuleNotFoundError with what to install, or the refusals of `year.replay`.
    """
    async with contextlib.AsyncExitStack() as stack:
        db = await Database.connect(dsn, size=POOL_SIZE)
        stack.push_async_callback(db.close)
        with console.status("Reading a year of shopping"):
            year = source.read()
            if households is not None:
                year = year.of(year.households(households))
            planned = promotions.read(year) if campaigns else ()
        at = None
        if beside is not None:
            with console.status("Starting the partner shop"):
                at = await stack.enter_async_context(
                    shop.beside(db, beside.house, faults_bps=beside.faults_bps, seed=beside.seed)
                )
        summary = await _watched(
            db,
            year,
            since=since,
            until=until,
            shift_days=shift_days,
            campaigns=planned,
            schemes=schemes,
            at=at,
            console=console,
        )
    _tell(console, summary)
    return not summary.breaches and (summary.orders is None or summary.orders.sound)


async def _watched(
    db: Database,
    year: source.Source,
    *,
    since: date,
    until: date,
    shift_days: int,
    campaigns: Sequence[promotions.Promotion],
    schemes: bool,
    at: shop.Shop | None,
    console: rich.console.Console,
) -> years.Summary:
    bar = rich.progress.Progress(
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.TaskProgressColumn(),
        rich.progress.TextColumn("{task.fields[purchases]:,} purchases"),
        rich.progress.TimeElapsedColumn(),
        rich.progress.TimeRemainingColumn(),
        console=console,
    )
    with bar:
        days = (until - since).days + 1
        task = bar.add_task("Opening the shops", total=days, purchases=0)

        def progress(step: years.Step) -> None:
            what = f"{step.date:%d %b %Y}"
            bar.update(task, advance=1, description=what, purchases=step.purchases)

        return await years.replay(
            db,
            year,
            since=since,
            until=until,
            shift_days=shift_days,
            campaigns=campaigns,
            schemes=schemes,
            at=at,
            progress=progress,
        )


def _tell(console: rich.console.Console, summary: years.Summary) -> None:
    console.print(_table(summary))
    if summary.campaigns:
        console.print(journey.compared(summary.campaigns))
    if summary.taking_part:
        console.print(_taking_part(summary.taking_part))
    if summary.orders:
        console.print(ordered.table(summary.orders))
        console.print(_named(ordered.lines(summary.orders)))
    console.print(f"Days    {summary.first} to {summary.last}")
    for words, counted in (
        ("Done", summary.done),
        ("Before", summary.replayed),
        ("Refused", summary.refused),
    ):
        if any(counted.values()):
            console.print(f"{words:<8}{_listed(counted)}")
    console.print(_speed(summary))
    if not summary.breaches:
        console.print("Laws    [green]all hold[/green]")
    for breach in summary.breaches:
        console.print(f"[red]Broken: {breach.law}[/red] {breach.rows[0]}", soft_wrap=True)


def _table(summary: years.Summary) -> rich.table.Table:
    asset = money.asset("USD")
    # No rules between the columns: a year's sums then fit into 80 columns.
    table = rich.table.Table(
        title="The coalition, in USD",
        title_justify="left",
        header_style="dim",
        box=None,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("Merchant", no_wrap=True)
    for name in ("Purchases", "Spent", "Promised", "Issued", "Honoured", "Net"):
        table.add_column(name, justify="right")
    rows = summary.merchants
    for one in rows:
        amounts = (one.spent_minor, one.promised_minor, one.issued_minor, one.honoured_minor)
        shown = [money.show(minor, asset) for minor in (*amounts, one.net_minor)]
        table.add_row(one.name, f"{one.purchases:,}", *shown)
    sums = (
        sum(one.spent_minor for one in rows),
        sum(one.promised_minor for one in rows),
        sum(one.issued_minor for one in rows),
        sum(one.honoured_minor for one in rows),
        sum(one.net_minor for one in rows),
    )
    table.add_row(
        "All",
        f"{sum(one.purchases for one in rows):,}",
        *(money.show(minor, asset) for minor in sums),
        style="bold",
    )
    return table


def _taking_part(told: taking_part.Told) -> rich.table.Table:
    it = told.counted
    given = money.show(told.donated_minor, money.asset("USD"))
    rows = {
        "Tiers": _listed(Counter(it.tiers)),
        "Changes": _listed(Counter(it.changes)),
        "Milestones": _listed(Counter(told.milestones)),
        "Taken back": f"{it.taken_back:,} after returns",
        "Board": f"best of {told.period}: {', '.join(map(str, told.board))} merchants",
        "Raffles": f"{told.raffles} drawn, {told.verified} verified from their exports;"
        f" {it.tickets:,} tickets, {it.entries:,} entries, {it.prizes:,} prizes",
        "Gifts": f"{it.donations:,} by pledge, {given} USD",
    }
    return _named(rows, title="What members took part in")


def _named(rows: Mapping[str, str], *, title: str | None = None) -> rich.table.Table:
    table = rich.table.Table(
        title=title,
        title_justify="left",
        show_header=False,
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
    )
    for name, words in rows.items():
        table.add_row(name, words)
    return table


def _speed(summary: years.Summary) -> str:
    seconds = max(summary.seconds, 0.001)
    movements = summary.after.movements - summary.before.movements
    return (
        f"Speed   {summary.done['purchases'] / seconds:,.0f} purchases, "
        f"{summary.done['lines'] / seconds:,.0f} lines and {movements / seconds:,.0f} movements "
        f"a second, over {seconds:,.0f} seconds with everything in them"
    )


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counted.items() if count)
