"""`python -m bench`: start a server, fill it, measure, print, and clean up.

Everything is bounded in time and in count, listens on loopback only, and stops by itself. A bar
that is missed is printed as missed, and the exit code stays 0: a benchmark informs, it does not
judge.
"""

import asyncio
import dataclasses
import os
import shlex
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api import postgres
from bench import findings, machine, plan, report, server, stage
from bench.measures import (
    boards,
    bulk,
    campaigns,
    growth,
    hot_merchant,
    movement,
    over_http,
    weight,
)

URL_VARIABLE = "COMMONPURSE_BENCH_DATABASE_URL"
MEASURES: dict[str, Callable[[stage.Stage], Awaitable[findings.Finding]]] = {
    "movement": movement.measure,
    "hot-merchant": hot_merchant.measure,
    "bulk": bulk.measure,
    "campaigns": campaigns.measure,
    "http": over_http.measure,
    "weight": weight.measure,
    "growth": growth.measure,
    "boards": boards.measure,
}


def main(
    *,
    full: Annotated[
        bool, typer.Option("--full/--quick", help="More and longer rounds; quick is about 3 min.")
    ] = False,
    rows_10m: Annotated[
        bool, typer.Option("--rows-10m", help="Also fill a ledger of 10 million rows (10 GB).")
    ] = False,
    tiny: Annotated[bool, typer.Option(help="The smallest sizes: only proves it works.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help=f"One measure: {', '.join(MEASURES)}; may repeat.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Write the run to bench/results.")] = True,
) -> None:
    """Measure ratios side by side, on this machine, in this run."""
    sizes = plan.TINY if tiny else plan.FULL if full else plan.QUICK
    if rows_10m:
        rows = (*sizes.ledger_rows, plan.ROWS_10M)
        sizes = dataclasses.replace(sizes, ledger_rows=rows)
    chosen = only or [name for name in MEASURES if name != "http" or sizes.http]
    if wrong := [name for name in chosen if name not in MEASURES]:
        raise typer.BadParameter(f"There is no measure {wrong[0]}: {', '.join(MEASURES)}.")
    dsn = os.environ.get(URL_VARIABLE)
    command = shlex.join(["python", "-m", "bench", *sys.argv[1:]])
    console = Console()
    with tempfile.TemporaryDirectory() as scratch:
        # The tests measure nothing, and must not wait for a run that does.
        folder = Path(scratch) / "server" if tiny else server.FOLDER
        try:
            with server.start(dsn, folder) as on:
                facts, found = asyncio.run(run(on, sizes, chosen, command, console))
        except postgres.Busy:
            console.print("Another benchmark runs here. Two at once would measure each other.")
            raise typer.Exit(1) from None
    console.print(report.markdown(facts, found), markup=False, highlight=False, soft_wrap=True)
    if tiny:
        console.print("The smallest run only proves that it works: its figures mean nothing.")
    elif keep:
        console.print(f"Written to {report.keep(facts, found)}.", highlight=False)


async def run(
    on: server.Server, sizes: plan.Plan, chosen: list[str], command: str, console: Console
) -> tuple[dict[str, Any], list[findings.Finding]]:
    """Run the chosen measures; returns the machine and what was found."""
    facts = await machine.facts(on, command)
    found = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("filling the books", total=None)
        measure = ""

        def tick(what: str) -> None:
            progress.update(task, description=f"{measure}: {what}")

        await on.clean()
        await on.age()
        try:
            place = await stage.build(on, sizes, tick)
            for measure in chosen:
                finding = await MEASURES[measure](place)
                finding.load = machine.load()
                found.append(finding)
                report.show(progress.console, finding)
        finally:
            await on.clean()
    return facts, found


if __name__ == "__main__":
    command = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    command.command()(main)
    command()
