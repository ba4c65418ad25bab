"""Commands about what opens a door: tokens made by hand, and the clients that ask for their own.

Each act is in the audit log. What opens a door is printed once, alone on the output, so that it can
be piped to where it belongs; what is said about it goes to the error stream.
"""

import datetime
import enum
import sys
from pathlib import Path
from typing import Annotated, Final

import orjson
import rich.console
import typer
from rich.markup import escape

from api import terminal
from api.identity import bearer, clients, registration, rotation, sessions
from wallet import audit, database, ids

client: Final = typer.Typer(help="Clients: programs that ask for tokens of their own.")
said: Final = rich.console.Console(stderr=True, highlight=False, soft_wrap=True)

KINDS: Final[dict[str, bearer.Kind]] = {"mem": "member", "mer": "merchant", "sta": "staff"}

DOES: Final = {"resource": "introspects", "store": "asks at the gift-card door"}
"""What a client without scopes is for."""
PERSONS: Final[dict[str, sessions.Kind]] = {"mem": "member", "sta": "staff"}


def token(
    principal: Annotated[str, typer.Argument(help="Whose it is: a mem_, mer_ or sta_ id.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do; all of its kind if not given.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="How long it lives.")] = 90,
    label: Annotated[str, typer.Option(help="A name to find it by.")] = "",
) -> None:
    """Make a bearer token. It is shown once; only its hash is kept."""
    prefix = principal.partition("_")[0]
    if prefix not in KINDS:
        raise typer.BadParameter("give a mem_, mer_ or sta_ id", param_hint="principal")

    async def mint(db: database.Database) -> None:
        try:
            made = await bearer.mint(
                db,
                kind=KINDS[prefix],
                principal_id=terminal.identified(prefix, principal),
                scopes=scope,
                life=datetime.timedelta(days=days),
                label=label,
            )
        except ValueError as wrong:
            raise typer.BadParameter(str(wrong), param_hint="--scope") from None
        said.print(f"Its id is {ids.show('tok', made.token_id)}.")
        terminal.out.print(made.text, soft_wrap=True)

    terminal.with_database(mint)


def revoke(
    which: Annotated[
        str, typer.Argument(help="A tok_ id, or - to read the token from the input.")
    ] = "",
    label: Annotated[str, typer.Option(help="Instead: every token of this label.")] = "",
) -> None:
    """Close a bearer token at once."""
    if bool(which) == bool(label):
        raise typer.BadParameter("give a tok_ id, or - , or --label", param_hint="which")

    async def close(db: database.Database) -> None:
        if label:
            closed = await bearer.revoke_labelled(db, label)
        elif which == "-":
            # Never an argument: others on the machine can read those.
            closed = await bearer.revoke_text(db, sys.stdin.readline().strip())
        else:
            token_id = terminal.identified("tok", which)
            closed = [token_id] if await bearer.revoke(db, token_id) else []
        for token_id in closed:
            await audit.write(db, actor=audit.SYSTEM, act="token.revoke", subject=token_id)
            terminal.out.print(f"{ids.show('tok', token_id)} is closed.")
        if not closed:
            said.print("There is no such open token.")
            raise typer.Exit(1)

    terminal.with_database(close)


def rekey(
    partners: Annotated[
        bool, typer.Option("--partners", help="The keys that seal partners' secrets instead.")
    ] = False,
) -> None:
    """Add a key, which signs id tokens from now on; the older ones stay published."""
    from api.oauth import keys
    from partners import vault

    house = terminal.configured()
    file = house.partner_keyring if partners else keys.path(house)
    try:
        kid = vault.add(file) if partners else keys.add(file)
    except keys.Unusable as unusable:
        said.print(f"[red]The file {file} is unusable: {escape(str(unusable))}.[/red]")
        raise typer.Exit(1) from None
    said.print(f"The key {kid} is in {file}. A running server has it at once.")


def keyring(
    prune: Annotated[bool, typer.Option("--prune", help="Remove keys that nothing needs.")] = False,
) -> None:
    """Say how many sealed secrets of partners need each key; the first key seals what is new."""
    from partners import keyfile, rewrap, vault

    file = terminal.configured().partner_keyring
    try:
        kids = vault.Vault(file).kids
    except keyfile.Unusable as unusable:
        said.print(f"[red]{escape(str(unusable))}[/red]")
        raise typer.Exit(1) from None

    async def count(db: database.Database) -> dict[str, int]:
        return await rewrap.counts(db)

    needed = terminal.with_database(count)
    for kid in kids:
        gone = prune and kid != kids[0] and kid not in needed
        if gone:
            vault.remove(file, kid)
        terminal.out.print(f"{kid} {needed.get(kid, 0)}{' removed' if gone else ''}")
    for kid in sorted(set(needed) - set(kids)):
        said.print(f"[red]The key {kid} is not in {file}, and {needed[kid]} need it.[/red]")
    if set(needed) - set(kids):
        raise typer.Exit(1)


def invite(
    person: Annotated[str, typer.Argument(help="Who is to sign in: a mem_ or sta_ id.")],
) -> None:
    """Print a link that works once: it lets a person choose a password or add a passkey."""
    from api.signin import recovery

    prefix = person.partition("_")[0]
    if prefix not in PERSONS:
        raise typer.BadParameter("give a mem_ or sta_ id", param_hint="person")
    house = terminal.configured()

    async def make(db: database.Database) -> None:
        link = await recovery.invite(
            db,
            house,
            kind=PERSONS[prefix],
            principal_id=terminal.identified(prefix, person),
        )
        terminal.out.print(link, soft_wrap=True)

    terminal.with_database(make)


class Kind(enum.StrEnum):
    """As registration.Kind, for the command line."""

    app = "app"
    merchant = "merchant"
    resource = "resource"
    store = "store"


_CLIENT: Final = typer.Argument(metavar="CLIENT", help="The client's id, cli_...")
_REASON: Final = typer.Option(help="Why, for the audit log.")
_KEYS: Final = typer.Option(
    exists=True, dir_okay=False, help="A file with a JWKS of its public keys, for private_key_jwt."
)


@client.command(name="add")
def add(
    kind: Annotated[Kind, typer.Argument(help="app, merchant, resource or store.")],
    name: Annotated[str, typer.Argument(help="Its name, as people see it.")],
    merchant: Annotated[str, typer.Option(help="Whose program: a mer_ id.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may ask for; all of its kind if not given.")
    ] = None,
    redirect: Annotated[
        list[str] | None, typer.Option(help="Where codes may be sent, for an app. Up to 10.")
    ] = None,
    auth: Annotated[
        str,
        typer.Option(help="client_secret_basic, client_secret_post or private_key_jwt."),
    ] = "",
    keys: Annotated[Path | None, _KEYS] = None,
    rate: Annotated[int | None, typer.Option(help="Its own limit, in points a minute.")] = None,
) -> None:
    """Register a client: an app of members, a merchant's program or store, a resource server."""
    jwks = None if keys is None else _jwks(keys)

    async def register(db: database.Database) -> None:
        given = await clients.register(
            db,
            key=ids.new(),
            kind=kind.value,
            name=name,
            merchant_id=terminal.identified("mer", merchant) if merchant else None,
            scopes=registration.SCOPES[kind.value] if scope is None else scope,
            redirect_uris=redirect or (),
            auth_method=auth or ("private_key_jwt" if jwks is not None else None),
            jwks=jwks,
            rate_per_minute=rate,
            actor=audit.SYSTEM,
        )
        terminal.out.print(given.client.client_id)
        _show(given)

    terminal.with_database(register)


@client.command(name="list")
def list_(
    merchant: Annotated[str, typer.Option(help="Only those of one merchant: a mer_ id.")] = "",
) -> None:
    """List the clients, what they may do, when they were here, and how old their secrets are."""

    async def show(db: database.Database) -> None:
        found = await clients.list_of(
            db, terminal.identified("mer", merchant) if merchant else None
        )
        live = await rotation.secrets_of(db, [one.client_id for one in found])
        for one in found:
            terminal.out.print(f"[bold]{one.client_id}[/bold]  {one.kind}, {one.status}")
            lines = [
                escape(one.name),
                " ".join(sorted(one.scopes)) or DOES[one.kind],
                f"{one.auth_method}; here {_day(one.last_used_at)}",
                *(escape(uri) for uri in one.redirect_uris),
                *(
                    f"secret of {_day(secret.created_at)}, used {_day(secret.last_used_at)}"
                    + (f", ends {secret.expires_at:%Y-%m-%d %H:%M}" if secret.expires_at else "")
                    for secret in live[one.client_id]
                ),
            ]
            for line in lines:
                terminal.out.print(f"    {line}", soft_wrap=True)

    terminal.with_database(show)


@client.command()
def rotate(
    client_id: Annotated[str, _CLIENT],
    reason: Annotated[str, _REASON],
    hours: Annotated[
        int, typer.Option(min=0, max=720, help="How long the old secret still works.")
    ] = 24,
) -> None:
    """Make a new secret. The old one works for a while longer; with --hours 0 it ends at once."""

    async def act(db: database.Database) -> None:
        _show(
            await rotation.secret_add(
                db,
                client_id,
                secret_id=ids.new(),
                overlap=datetime.timedelta(hours=hours),
                actor=audit.SYSTEM,
                reason=reason,
            )
        )

    terminal.with_database(act)


@client.command()
def retire(client_id: Annotated[str, _CLIENT], reason: Annotated[str, _REASON]) -> None:
    """End the older of two secrets now: everything has moved to the new one."""

    async def act(db: database.Database) -> None:
        live = (await rotation.secrets_of(db, [client_id])).get(client_id, [])
        if len(live) < rotation.SECRETS_MAX:
            said.print("This client has one secret or none, so there is no older one to end.")
            raise typer.Exit(1)
        await rotation.secret_revoke(
            db, client_id, live[0].secret_id, actor=audit.SYSTEM, reason=reason
        )
        terminal.out.print(f"The secret of {_day(live[0].created_at)} opens nothing any more.")

    terminal.with_database(act)


@client.command(name="keys")
def keys_(
    client_id: Annotated[str, _CLIENT],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A JWKS, public.")],
    reason: Annotated[str, _REASON],
) -> None:
    """Replace the public keys of a client of private_key_jwt."""
    jwks = _jwks(file)

    async def act(db: database.Database) -> None:
        replaced = await rotation.jwks_replace(
            db, client_id, jwks, actor=audit.SYSTEM, reason=reason
        )
        terminal.out.print(f"It has {len((replaced.jwks or {})['keys'])} keys now.")

    terminal.with_database(act)


@client.command()
def suspend(client_id: Annotated[str, _CLIENT], reason: Annotated[str, _REASON]) -> None:
    """Close a client's doors, and those of every token that it has."""

    async def act(db: database.Database) -> None:
        await clients.suspend(db, client_id, actor=audit.SYSTEM, reason=reason)
        terminal.out.print("It is suspended.")

    terminal.with_database(act)


@client.command()
def reinstate(client_id: Annotated[str, _CLIENT], reason: Annotated[str, _REASON]) -> None:
    """Let a suspended client in again."""

    async def act(db: database.Database) -> None:
        await clients.reinstate(db, client_id, actor=audit.SYSTEM, reason=reason)
        terminal.out.print("It is active.")

    terminal.with_database(act)


def _show(given: clients.Given) -> None:
    if given.secret is not None:
        said.print("Its secret is shown now and never again:")
        terminal.out.print(given.secret, soft_wrap=True)


def _day(instant: datetime.datetime | None) -> str:
    return "never" if instant is None else f"{instant:%Y-%m-%d}"


def _jwks(file: Path) -> object:
    try:
        return orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        raise typer.BadParameter(f"{file} is not JSON") from None
