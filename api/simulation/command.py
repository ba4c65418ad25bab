"""`commonpurse simulate`: a draft from a file, a bar while it runs, and a report to read."""

import contextlib
import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import orjson
import rich.console
import rich.progress

from api.simulation import deadline, tables
from wallet import errors, programme
from wallet.campaigns import simulate
from wallet.database import Database
from wallet.rules import local
from wallet.rules.campaigns import definition as definitions
from wallet.rules.campaigns import drafts

FILE_BYTES_MAX: Final = 2_000_000
"""A definition with the most products that a condition may name is about a quarter of it."""


def read(path: Path) -> definitions.Definition:
    """Read a draft from a file. CAMPAIGN_INVALID says what is wrong, and where."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise errors.CampaignInvalid(f"The file is larger than {FILE_BYTES_MAX:,} bytes.")
    try:
        raw = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as problem:
        raise errors.CampaignInvalid(f"The file is not JSON: {problem}.") from None
    try:
        return drafts.read(raw)
    except errors.CampaignInvalid as problem:
        where = ".".join(problem.path) or "the file"
        raise errors.CampaignInvalid(f"{where}: {problem.message}", path=problem.path) from None


async def run(
    db: Database,
    draft: definitions.Definition,
    *,
    days: int,
    until: datetime.date | None,
    seconds: int = deadline.SECONDS,
    console: rich.console.Console,
) -> simulate.Simulation:
    """Simulate a draft up to and with the local day `until` (now, if not given), and print it."""
    with bar(console, "Simulating") as progress:
        found = await simulate.simulate(
            db,
            definition=draft,
            days=days,
            until=await end_of(db, until),
            progress=progress,
            late=deadline.after(seconds),
        )
    house = await programme.of(db)
    tables.show(
        console,
        found,
        name=draft.name,
        names=await names_of(db),
        seconds=seconds,
        zone=house.time_zone,
    )
    if not found.period.total:
        console.print("There are no purchases in this time. Is --until right?")
    return found


async def end_of(db: Database, day: datetime.date | None) -> datetime.datetime | None:
    """Give the instant at which a local day is over."""
    if day is None:
        return None
    house = await programme.of(db)
    return local.midnight(day + datetime.timedelta(days=1), house.time_zone)


async def names_of(db: Database) -> dict[UUID, str]:
    """Name the merchants and the operator."""
    house = await programme.of(db)
    rows = await db.fetch("select merchant_id, name from coalition.merchant")
    return {house.operator_id: "the operator"} | {row["merchant_id"]: row["name"] for row in rows}


@contextlib.contextmanager
def bar(console: rich.console.Console, what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is while it lasts."""
    shown = rich.progress.Progress(
        rich.progress.TextColumn("{task.description}"),
        rich.progress.BarColumn(),
        rich.progress.TaskProgressColumn(),
        rich.progress.TextColumn("{task.completed:,} purchases"),
        rich.progress.TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
