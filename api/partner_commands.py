"""Commands about partners: which adapters there are, and the shops that they reach.

A secret is typed where nobody sees it, or piped in; it is never an argument, because arguments are
listed for every user of a machine. Each act is in the audit log.
"""

import contextlib
import enum
import sys
from typing import Annotated, Any, Final

import orjson
import rich.console
import typer
from rich.markup import escape

from api import speaking, terminal
from wallet import audit, database, errors, ids, money
from wallet.rules import orders

group: Final = typer.Typer(help="Partners: shops where members redeem.")
said: Final = rich.console.Console(stderr=True, highlight=False, soft_wrap=True)


class SecretName(enum.StrEnum):
    """As credentials.Name; a test compares both."""

    CREDENTIAL = "credential"
    CLIENT = "client"
    WEBHOOK = "webhook"


Reason = Annotated[str, typer.Option(help="Why, for the audit log.")]
Slug = Annotated[str, typer.Argument(metavar="PARTNER", help="The partner's short name.")]
Which = Annotated[SecretName, typer.Argument(help="What it is for.")]


def adapters(
    schema: Annotated[
        str | None, typer.Option(help="Print the JSON Schema of this one's configuration.")
    ] = None,
) -> None:
    """List the adapters of partners: what each can do, and what keeps one from being used."""
    from partners import registry

    known = speaking.adapters(terminal.configured())
    if schema is not None:
        told = registry.config_schema(known.find(schema))
        terminal.out.print_json(orjson.dumps(told).decode())
        return
    for one in known.listed():
        if one.kind is None:
            why = f"[red]{one.state}[/red]" if one.state != "not_allowed" else one.state
            terminal.out.print(f"{one.name}  {why}  {escape(one.why)}", soft_wrap=True)
            continue
        about = f"{one.kind.about} ({one.source})"
        terminal.out.print(f"{one.name}  {escape(about)}", soft_wrap=True)
        terminal.out.print(f"    {', '.join(_can(one.kind.caps))}", soft_wrap=True)
    if known.problems():
        raise typer.Exit(1)


def demo_partner(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where; 0: any.")] = 8900,
) -> None:
    """Run the demo partner: a shop that misbehaves by magic amounts, see docs/partners.md."""
    from partners import demo_partner as shop

    said.print(f"Its secret is {shop.SECRET}")
    shop.serve(port=port)


@group.command()
def add(
    slug: Annotated[str, typer.Argument(help="A short name, such as corner.")],
    adapter: Annotated[str, typer.Option(help="Which adapter reaches it.")],
    merchant: Annotated[str, typer.Option(help="Whose shop it is: a mer_ id.")],
    name: Annotated[str, typer.Option(help="What members call it.")],
    reason: Reason,
    offer: Annotated[
        list[str],
        typer.Option(
            metavar="KIND:LEAST:MOST[:STEP]", help="What it gives, e.g. gift_card:5.00:100.00."
        ),
    ],
    config: Annotated[str, typer.Option(help="The adapter's configuration, as JSON.")] = "{}",
    currency: Annotated[str, typer.Option(help="In which currency.")] = "EUR",
    territory: Annotated[
        list[str] | None, typer.Option(help="Only for members of this country, e.g. PT.")
    ] = None,
) -> None:
    """Register a partner. Repeating it with the same short name is refused."""
    from partners import directory

    house = terminal.configured()
    asset = _asset(currency)
    facts = directory.Facts(
        name=name,
        config=_config(config),
        offers=tuple(_offer(one, asset) for one in offer),
        territories=tuple(territory or ()),
    )

    async def register(db: database.Database) -> None:
        made = await directory.register(
            db,
            speaking.adapters(house),
            partner_id=ids.new(),
            merchant_id=terminal.identified("mer", merchant),
            slug=slug,
            adapter=adapter,
            asset=asset,
            facts=facts,
            reason=reason,
            actor=audit.SYSTEM,
        )
        terminal.out.print(ids.show("par", made.partner.partner_id))

    terminal.with_database(register)


@group.command(name="list")
def list_() -> None:
    """List the partners: short name, adapter, status, what they give, which secrets are set."""
    from partners import credentials, directory

    async def show(db: database.Database) -> None:
        found = await directory.page(db, first=directory.PAGE_MAX, after=None)
        while found:
            known = await credentials.known(db, [one.partner_id for one in found])
            for one in found:
                secrets = ", ".join(
                    f"{secret.name}{' (old)' if secret.is_old else ''}"
                    for secret in known[one.partner_id]
                )
                gives = ", ".join(_gives(offer, one.asset) for offer in one.offers)
                row = [one.slug, one.adapter, one.status, gives, secrets or "no secret"]
                terminal.out.print(escape("  ".join(row)), soft_wrap=True)
            last = found[-1]
            after = (last.name, last.partner_id)
            found = await directory.page(db, first=directory.PAGE_MAX, after=after)

    terminal.with_database(show)


@group.command()
def secret(
    partner: Slug,
    name: Which,
    reason: Reason,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="The one before it stays beside it for now.")
    ] = False,
) -> None:
    """Set a secret of a partner: typed where nobody sees it, or piped in. It is never shown."""
    from partners import credentials, directory, vault

    house = terminal.configured()
    piped = not sys.stdin.isatty()
    told = sys.stdin.readline() if piped else typer.prompt("The secret", hide_input=True)

    async def put(db: database.Database) -> None:
        found = await directory.of_slug(db, partner)
        await credentials.set_secret(
            db,
            vault.Vault(house.partner_keyring),
            secret_id=ids.new(),
            partner_id=found.partner_id,
            name=name.value,
            secret=told.strip(),
            keep_old=keep_old,
            reason=reason,
            actor=audit.SYSTEM,
        )
        terminal.out.print(f"The {name.value} of {escape(found.name)} is set.")

    terminal.with_database(put)


@group.command(name="drop-old")
def drop_old(partner: Slug, name: Which, reason: Reason) -> None:
    """Forget the older of two secrets, once the partner knows the new one."""
    from partners import credentials, directory

    async def drop(db: database.Database) -> None:
        found = await directory.of_slug(db, partner)
        dropped = await credentials.drop_old(
            db,
            partner_id=found.partner_id,
            name=name.value,
            reason=reason,
            actor=audit.SYSTEM,
        )
        terminal.out.print("It is forgotten." if dropped else "There was no older one.")

    terminal.with_database(drop)


@group.command()
def check(partner: Slug) -> None:
    """Ask a partner something harmless: is it there, is our secret taken? Status 1 if not."""
    from partners import directory, opening

    house = terminal.configured()

    async def ask(db: database.Database) -> opening.Checked:
        async with contextlib.aclosing(speaking.Speaking(house, db)) as spoken:
            return await opening.check(spoken.opener, await directory.of_slug(db, partner))

    checked = terminal.with_database(ask)
    colour = "green" if checked.well else "red"
    terminal.out.print(f"[{colour}]{escape(checked.seen)}[/{colour}]", soft_wrap=True)
    raise typer.Exit(0 if checked.well else 1)


def _can(caps: Any) -> list[str]:
    able = ["finds", "reverses", "reverses_in_part", "lists", "links", "reports"]
    return [*caps.kinds, *caps.currencies, caps.idempotency, *(o for o in able if getattr(caps, o))]


def _gives(offer: orders.Offer, asset: money.Asset) -> str:
    least = money.show(offer.minimum_minor, asset)
    return f"{offer.kind} {least} to {money.phrase(offer.maximum_minor, asset)}"


def _asset(currency: str) -> money.Asset:
    try:
        return money.asset(currency)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--currency") from None


def _config(text: str) -> dict[str, object]:
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        raise typer.BadParameter("give a JSON object", param_hint="--config")
    return told


def _offer(text: str, asset: money.Asset) -> orders.Offer:
    kind, *amounts = text.split(":")
    try:
        least, most, *rest = [money.parse(one, asset) for one in amounts]
        step = rest[0] if rest else 1
        (known,) = (one for one in orders.KINDS if one == kind)
        made = orders.Offer(known, least, most, step)
        orders.check_offer(made)
    except (ValueError, errors.Refusal) as wrong:
        raise typer.BadParameter(
            f"{text} is no KIND:LEAST:MOST[:STEP] with a kind of {', '.join(orders.KINDS)}:"
            f" {wrong}",
            param_hint="--offer",
        ) from None
    return made
