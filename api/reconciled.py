"""Reconciliation on the command line: a day at each partner, and each difference by its name."""

import contextlib
import datetime
from typing import Annotated

import rich.table
import typer

from api import speaking, terminal
from partners import directory, reconciling
from wallet import database, money, programme
from wallet.rules import local


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def reconcile(
    partner: Annotated[
        str | None, typer.Option(help="Its short name; all partners if not given.")
    ] = None,
    day: Annotated[
        datetime.date | None,
        typer.Option(parser=_day, metavar="YYYY-MM-DD", help="Yesterday if not given."),
    ] = None,
) -> None:
    """Compare a day at partners with the books. Status 1 if something differs or did not answer."""
    house = terminal.configured()

    async def compare(db: database.Database) -> bool:
        zone = (await programme.of(db)).time_zone
        now = await db.fetchval("select clock_timestamp()")
        of = day or local.day(now, zone) - datetime.timedelta(days=1)
        if partner is None:
            named = await directory.page(db, first=directory.PAGE_MAX, after=None)
        else:
            named = [await directory.of_slug(db, partner)]
        table = rich.table.Table("partner", "state", "here", "there", "what differs", box=None)
        clean = True
        async with contextlib.aclosing(speaking.Speaking(house, db)) as speak:
            for one in named:
                done = await reconciling.reconcile(speak.saga, speak.opener, one, of)
                clean = clean and done.state == "clean"
                table.add_row(*_row(one, done))
        terminal.out.print(f"{of.isoformat()}, days of {zone}")
        terminal.out.print(table)
        return clean

    raise typer.Exit(0 if terminal.with_database(compare) else 1)


def _row(one: directory.Partner, done: reconciling.Reconciled) -> list[str]:
    def amount(count: int, minor: int) -> str:
        return f"{count}: {money.phrase(minor, one.asset)}"

    told = [f"{each.what} {each.subject}" for each in done.differences]
    if done.reason is not None:
        told.append(done.reason)
    return [
        one.slug,
        done.state,
        amount(done.here_count, done.here_minor),
        amount(done.there_count, done.there_minor),
        "\n".join(told),
    ]
