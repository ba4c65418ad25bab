"""Commands about trusted documents: what members' apps may ask of this installation.

A manifest is registered whole or not at all. Before a new version of the schema is served, `check`
says which registered documents it would break: those fields cannot go yet.
"""

from pathlib import Path
from typing import Annotated, Final

import rich.console
import typer
from rich.markup import escape

from api import terminal
from wallet import audit, database

group: Final = typer.Typer(help="Trusted documents: what members' apps may send.")
said: Final = rich.console.Console(stderr=True, highlight=False, soft_wrap=True)


@group.command()
def register(
    files: Annotated[
        list[Path],
        typer.Argument(help="Manifests of Apollo, Relay or graphql-codegen.", exists=True),
    ],
    app: Annotated[str, typer.Option(help="Whose they are, e.g. iOS 4.2.")] = "",
) -> None:
    """Register the documents of manifests, all or none. Safe to repeat."""
    from api.graphql import documents, manifests, schema, trusted

    house = terminal.configured()
    seen = documents.Documents(schema.build()._schema)
    fitting: dict[str, trusted.Document] = {}
    wrong: list[str] = []
    for file in files:
        try:
            entries = manifests.read(file.read_bytes())
        except manifests.Unreadable as error:
            wrong.append(f"{file}: {error}")
            continue
        for entry in entries:
            try:
                one = trusted.fit(seen, entry.body, cost_max=house.cost_max)
            except trusted.Unfit as error:
                wrong.append(f"{file}: {entry.known_as[:16]}…: {error}")
            else:
                fitting[one.digest] = one
    if wrong:
        for sentence in wrong:
            said.print(f"[red]{escape(sentence)}[/red]")
        said.print("Nothing was registered.")
        raise typer.Exit(1)

    async def store(db: database.Database) -> None:
        await trusted.register(db, list(fitting.values()), app=app)
        await audit.write(
            db,
            actor=audit.SYSTEM,
            act="documents.register",
            detail={"app": app, "documents": sorted(fitting)},
        )

    terminal.with_database(store)
    terminal.out.print(f"{len(fitting)} documents are registered.")


@group.command(name="list")
def list_() -> None:
    """List the registered documents: hash, cost in points, kind, name, scopes, app."""
    from api.graphql import documents, schema, trusted

    seen = documents.Documents(schema.build()._schema)

    async def show(db: database.Database) -> None:
        for one in await trusted.registered(db):
            try:
                facts = trusted.fit(seen, one.body, cost_max=trusted.ANY_COST)
            except trusted.Unfit:
                price, scopes = "unfit", ""
            else:
                price = f"{facts.cost}"
                if facts.cost_most != facts.cost:
                    price += f" to {facts.cost_most}"
                scopes = " ".join(facts.scopes)
            row = f"{one.digest}  {price:>11}  {one.kind:<12}  {one.name}"
            more = [f"({scopes})" if scopes else "", one.app]
            terminal.out.print(escape("  ".join([row, *filter(None, more)])), soft_wrap=True)

    terminal.with_database(show)


@group.command()
def check() -> None:
    """Say which registered documents no longer fit the schema; status 1 if there is one."""
    from api.graphql import documents, schema, trusted

    house = terminal.configured()
    seen = documents.Documents(schema.build()._schema)

    async def judge(db: database.Database) -> None:
        found = await trusted.registered(db)
        broken = 0
        for one in found:
            try:
                trusted.fit(seen, one.body, cost_max=house.cost_max)
            except trusted.Unfit as error:
                broken += 1
                whose = f" of {one.app}" if one.app else ""
                said.print(
                    f"[red]{escape(one.name)}{escape(whose)} ({one.digest}): {escape(str(error))}"
                    "[/red]"
                )
        if broken:
            said.print("Keep what they use, or retire them when no installed app needs them.")
            raise typer.Exit(1)
        terminal.out.print(f"All {len(found)} registered documents fit the schema.")

    terminal.with_database(judge)


@group.command()
def retire(
    hashes: Annotated[list[str], typer.Argument(help="The hash of each, 64 hexadecimal digits.")],
) -> None:
    """Withdraw documents by hash; running servers stop taking them within a minute."""
    from api.graphql import documents, trusted

    digests = [one.removeprefix("sha256:") for one in hashes]
    for one in digests:
        if not documents.SHA256.fullmatch(one):
            raise typer.BadParameter("give 64 lower-case hexadecimal digits", param_hint="hashes")

    async def withdraw(db: database.Database) -> None:
        missing = 0
        for digest in digests:
            name = await trusted.retire(db, digest)
            if name is None:
                missing += 1
                said.print(f"[red]{digest} is not registered.[/red]")
                continue
            await audit.write(
                db, actor=audit.SYSTEM, act="documents.retire", detail={"document": digest}
            )
            terminal.out.print(f"{escape(name)} is retired.")
        if missing:
            raise typer.Exit(1)

    terminal.with_database(withdraw)
