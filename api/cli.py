"""The command line: everything an operator starts, from the first look to the nightly check.

Each command reads the settings once, finds the database (the given one, or the embedded one of the
data folder) and calls one thing. A refusal or a database that is away ends with one sentence and a
status of 1, never with a traceback. What only one command needs is imported by that command, so
that a short one does not wait for the web application.
"""

import asyncio
import datetime
import pathlib
import sys
from typing import Annotated, Final

import asyncpg
import rich.console
import rich.markup as markup
import typer
import uvloop

from api import (
    catalogue,
    credentials,
    partner_commands,
    postgres,
    reconciled,
    remitted,
    scoring,
    stock_commands,
    terminal,
)
from api.journey import span
from partners.reference_shop import command as reference_shop
from wallet import audit, database, errors, ids, money, programme, seal, staff

app: Final = typer.Typer(
    name="commonpurse",
    help="The open coalition wallet.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
replay: Final = typer.Typer(help="Replay real purchases into an installation.")
app.add_typer(replay, name="replay")
app.add_typer(credentials.client, name="client")
app.add_typer(catalogue.group, name="documents")
app.command()(remitted.remittance)
app.command()(reconciled.reconcile)
app.command()(reference_shop.shop)
app.command()(partner_commands.adapters)
app.command(name="demo-partner")(partner_commands.demo_partner)
app.add_typer(partner_commands.group, name="partner")
app.add_typer(stock_commands.group, name="stock")


@app.command()
def up() -> None:
    """Start everything: database, demo coalition, API, worker. For a first look."""
    from api import demo, serving

    house = terminal.configured()
    serving.check_port(house)
    with terminal.reached(house, alone=True) as dsn:
        uvloop.run(demo.run(house, dsn, terminal.out))


@app.command()
def serve(
    work_too: Annotated[
        bool, typer.Option("--work", help="Run the worker in this process too.")
    ] = False,
) -> None:
    """Serve the API."""
    from api import serving

    house = terminal.configured()
    with terminal.reached(house) as dsn:
        uvloop.run(serving.serve(house, dsn, work_too=work_too))


@app.command()
def work() -> None:
    """Run the worker: notices, maturity, expiry, seals and the nightly laws."""
    from api import serving

    house = terminal.configured()
    with terminal.reached(house) as dsn:
        uvloop.run(serving.work(house, dsn))


@app.command(name="migrate")
def migrate_() -> None:
    """Bring the database up to date. Safe to repeat."""
    from wallet import migrate

    with terminal.reached(terminal.configured()) as dsn:
        asyncio.run(migrate.upgrade(dsn))
    terminal.out.print("The database is up to date.")


@app.command(name="programme")
def programme_(
    name: Annotated[str, typer.Argument(help="The programme's name, as members see it.")],
    asset: Annotated[str, typer.Option(help="Its currency, e.g. EUR.")] = "EUR",
    time_zone: Annotated[str, typer.Option(help="Where its days end.")] = "UTC",
) -> None:
    """Create the programme. Once per installation; repeating it changes nothing."""

    async def create(db: database.Database) -> None:
        await programme.create(
            db, operator_id=ids.new(), name=name, time_zone=time_zone, asset=asset
        )
        made = await programme.of(db)
        terminal.out.print(
            f"The programme is {made.name}, in {made.asset.code}, days of {made.time_zone}."
        )

    terminal.with_database(create)


@app.command(name="staff")
def staff_(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    email: Annotated[str, typer.Argument(help="The person's e-mail address.")],
    role: Annotated[str, typer.Option(help="support, supervisor or operator.")] = "support",
) -> None:
    """Add a person of the staff, and print the id that `token` needs."""

    async def add(db: database.Database) -> None:
        person = await staff.add(
            db, staff_id=ids.new(), name=name, email=email, role=role, actor=audit.SYSTEM
        )
        terminal.out.print(ids.show("sta", person.staff_id))

    terminal.with_database(add)


@app.command()
def role(
    person: Annotated[str, typer.Argument(help="Whose: a sta_ id.")],
    new: Annotated[
        str, typer.Argument(metavar="ROLE", help="support, supervisor, operator or left.")
    ],
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")],
) -> None:
    """Give a person of the staff another role; it holds from the next request on.

    The role `left` ends all they could do.
    """

    async def change(db: database.Database) -> None:
        staff_id = terminal.identified("sta", person)
        changed = await staff.change_role(db, staff_id, role=new, reason=reason, actor=audit.SYSTEM)
        terminal.out.print(f"{changed.name} is {changed.role} now.")

    terminal.with_database(change)


app.command()(credentials.token)
app.command()(credentials.revoke)
app.command()(credentials.invite)
app.command()(credentials.rekey)
app.command()(credentials.keyring)


def _day(text: str | datetime.date) -> datetime.date:
    # A default passes through the parser too.
    return text if isinstance(text, datetime.date) else datetime.date.fromisoformat(text)


_DAY: Final = typer.Option(parser=_day, metavar="YYYY-MM-DD", help="A day of 2017, included.")


@replay.command(name="complete-journey")
def complete_journey(
    since: Annotated[datetime.date, _DAY] = span.FIRST_DAY,
    until: Annotated[datetime.date, _DAY] = span.LAST_DAY,
    households: Annotated[
        int | None, typer.Option(min=1, help="How many households; all if not given.")
    ] = None,
    shift_days: Annotated[
        int, typer.Option(help="Move every day by so many, e.g. to end the year yesterday.")
    ] = 0,
    campaigns: Annotated[
        bool, typer.Option("--campaigns", help="With the campaigns of the data in force.")
    ] = False,
    schemes: Annotated[
        bool,
        typer.Option("--schemes", help="With tiers, milestones, a board, raffles and pledges."),
    ] = False,
    partners: Annotated[
        bool,
        typer.Option("--partners", help="With a partner shop beside it, where members redeem."),
    ] = False,
    faults: Annotated[
        float,
        typer.Option(min=0, max=1, help="The share of calls to the shop that meet a fault."),
    ] = 0,
    seed: Annotated[int, typer.Option(help="Which calls the faults strike.")] = 0,
) -> None:
    """Replay a year of real shopping (dunnhumby Complete Journey): earn, mature, redeem, return."""
    from api.replay import command
    from wallet import migrate

    house = terminal.configured()
    beside = None
    if partners:
        # What faults do would be told line by line; what a person must hear of is an error.
        terminal.set_up_logs(house.model_copy(update={"log_level": "error"}))
        beside = command.Beside(house, round(faults * 10_000), seed)
    with terminal.reached(house) as dsn:
        asyncio.run(migrate.upgrade(dsn))
        sound = asyncio.run(
            command.run(
                dsn,
                since=since,
                until=until,
                households=households,
                shift_days=shift_days,
                campaigns=campaigns,
                schemes=schemes,
                beside=beside,
                console=terminal.out,
            )
        )
    raise typer.Exit(0 if sound else 1)


@app.command(name="simulate")
def simulate_(
    file: Annotated[
        pathlib.Path | None,
        typer.Argument(exists=True, dir_okay=False, help="A campaign's definition, as JSON."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=730, help="How many days back.")] = 90,
    until: Annotated[
        datetime.date | None,
        typer.Option(parser=_day, metavar="YYYY-MM-DD", help="The last day; now if not given."),
    ] = None,
    seconds: Annotated[
        int, typer.Option(min=1, help="After so long it ends with what it has.")
    ] = 60,
    journey: Annotated[
        bool,
        typer.Option("--journey", help="The campaigns of the replayed year, all together."),
    ] = False,
) -> None:
    """Run a draft over the purchases of the last days: cost and reach. Nothing is written."""
    from api.simulation import command
    from api.simulation import journey as journeys

    if (file is None) is not journey:
        raise typer.BadParameter("Give a file, or --journey.")

    async def run(db: database.Database) -> None:
        if file is None:
            await journeys.run(db, seconds=seconds, console=terminal.out)
        else:
            draft = command.read(file)
            await command.run(
                db, draft, days=days, until=until, seconds=seconds, console=terminal.out
            )

    terminal.with_database(run)


@app.command(name="evaluate-offers")
def evaluate_offers(
    households: Annotated[
        int | None, typer.Option(min=1, help="How many households; all if not given.")
    ] = None,
) -> None:
    """Measure the scorer of offers on a year of real shopping, beside two plain rivals."""
    from api import offers_report

    scorer = scoring.load(terminal.configured().offer_scorer)
    offers_report.run(scorer, households=households, console=terminal.out)


@app.command(name="schema")
def schema_() -> None:
    """Print the GraphQL schema."""
    from api.graphql import schema

    sys.stdout.write(schema.text(schema.build()))


@app.command(name="doctor")
def doctor_() -> None:
    """Examine this installation: versions, privileges, guards, keys and every law."""
    from api import speaking
    from wallet import doctor

    async def examine(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
        findings = [*await doctor.examine(connection), _adapters()]
        for finding in findings:
            ill = "[red]ILL [/red]" if finding.grave else "[yellow]look[/yellow]"
            mark = "[green]well[/green]" if finding.well else ill
            seen = markup.escape(finding.seen)
            terminal.out.print(f"{mark}  {finding.what}: {seen}", soft_wrap=True)
        return all(finding.well for finding in findings if finding.grave)

    def _adapters() -> doctor.Finding:
        wrong = speaking.adapters(terminal.configured()).problems()
        seen = " ".join(one.why for one in wrong) or "none is broken, no name is claimed twice"
        return doctor.Finding(not wrong, "every adapter of partners can be used", seen, grave=False)

    raise typer.Exit(0 if terminal.as_owner(examine) else 1)


@app.command()
def reproduce(
    purchase: Annotated[str, typer.Argument(help="Which purchase: a pur_ id.")],
) -> None:
    """Decide an old purchase again from what was kept of its day, and say what differs."""
    from wallet.campaigns import reproduce as again

    async def decide(db: database.Database) -> bool:
        found = await again.reproduce(db, terminal.identified("pur", purchase))
        for line in found.decision.lines:
            terminal.out.print(f"line {line.number}  {line.sentence}", soft_wrap=True)
        for one in found.outcome.granted:
            asset = money.asset(one.version.definition.asset)
            gave = money.phrase(one.granted_minor, asset)
            terminal.out.print(f"campaign  {one.version.definition.name}: {gave}", soft_wrap=True)
        for difference in found.differences:
            terminal.out.print(f"[red]Not as it was decided: {difference}.[/red]")
        if not found.differences:
            terminal.out.print("This is what was decided, to the word.")
        return not found.differences

    raise typer.Exit(0 if terminal.with_database(decide) else 1)


@app.command()
def verify() -> None:
    """Recompute every seal from the rows and name what was tampered with."""

    async def compare(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
        with terminal.out.status("Recomputing the seals") as status:
            findings = await seal.verify(
                connection, progress=lambda rows: status.update(f"{rows:,} rows recomputed")
            )
        for finding in findings:
            terminal.out.print(f"[red]{finding.sentence}[/red]", soft_wrap=True)
        if not findings:
            terminal.out.print("Every sealed row is as it was posted, and every law holds.")
        return not findings

    raise typer.Exit(0 if terminal.as_owner(compare) else 1)


@app.command(name="verify-draw")
def verify_draw(
    file: Annotated[pathlib.Path, typer.Argument(help="An export: /draws/<id>.json of a server.")],
) -> None:
    """Check a draw from its export, without a server: each number is drawn again."""
    from api import draws

    if not draws.check(file, terminal.out):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; what a person can mend is said in one sentence."""
    try:
        app(standalone_mode=True)
    except errors.Refusal as refusal:
        _fail(refusal.message)
    except errors.Unavailable as away:
        _fail(f"{away} Is the database running, and is DATABASE_URL right?")
    except (postgres.Unusable, scoring.Unloadable) as unusable:
        _fail(str(unusable))
    except asyncpg.PostgresError as error:
        _fail(f"The database refused: {error}")
    except OSError as error:
        _fail(str(error))


def _fail(sentence: str) -> None:
    rich.console.Console(stderr=True, highlight=False).print(f"[red]{sentence}[/red]")
    raise SystemExit(1)


if __name__ == "__main__":
    main()
