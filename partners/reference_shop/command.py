"""The command that starts the reference shop: `commonpurse shop`, or this package alone."""

import asyncio
import datetime
import pathlib
from typing import TYPE_CHECKING, Annotated

import msgspec
import rich.console
import typer

if TYPE_CHECKING:
    from partners.reference_shop import faults
    from partners.reference_shop import shop as shops


def shop(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port to listen on.")] = 8100,
    origin: Annotated[
        str | None, typer.Option(help="Where browsers reach it. Unset: the port on 127.0.0.1.")
    ] = None,
    folder: Annotated[
        pathlib.Path | None, typer.Option(help="Keeps its secrets and all that has happened.")
    ] = None,
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="Where a code may be sent; may be repeated.")
    ] = None,
    webhook_url: Annotated[
        str | None, typer.Option(help="Where it tells what was issued, spent or taken back.")
    ] = None,
    people: Annotated[int, typer.Option(help="How many shoppers have an account.")] = 5,
    access_seconds: Annotated[int, typer.Option(help="How long an access token is good.")] = 600,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="Goes wrong so often, in basis points: drop_after=500; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Which requests the faults strike.")] = 0,
    with_parent: Annotated[
        bool, typer.Option("--with-parent", help="End when whoever started it is gone.")
    ] = False,
) -> None:
    """Start the reference shop, a partner to try things with. A demonstration, not a shop."""
    from partners.reference_shop import serving
    from partners.reference_shop import shop as shops

    setting = _setting(fault or [], seed)
    at = shops.open_shop(
        origin or f"http://127.0.0.1:{port}",
        partner=shops.Partner(tuple(redirect_uri or ()), webhook_url),
        people=people,
        access_life=datetime.timedelta(seconds=access_seconds),
        folder=folder,
    )
    _say(at, folder)
    asyncio.run(serving.serve(at, setting, host=host, port=port, with_parent=with_parent))


def _setting(told: list[str], seed: int) -> "faults.Setting":
    """Read the faults of the command line."""
    from partners.reference_shop import faults

    try:
        rates = {name: int(rate) for name, _, rate in (one.partition("=") for one in told)}
        return msgspec.convert({"rates_bps": rates, "seed": seed}, faults.Setting)
    except (ValueError, msgspec.ValidationError) as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None


def _say(at: "shops.Shop", folder: pathlib.Path | None) -> None:
    from partners.reference_shop import shop as shops
    from partners.reference_shop import shoppers

    out = rich.console.Console(highlight=False)
    where = f"its secrets are in {folder / 'keys.json'}" if folder else "it forgets all at its end"
    person = next(iter(at.shoppers.all()))
    lines = [
        f"The reference shop is at {at.origin}: a demonstration, {where}.",
        f"Shoppers sign in with {shoppers.PASSWORD}, such as {person.email}.",
        f"The partner protocol is spoken at {at.origin}{shops.PROTOCOL}.",
    ]
    if folder is None:
        lines += [
            f"Partner credential: {at.keys.credential}",
            f"OAuth client: {at.keys.client_id} {at.keys.client_secret}",
            f"Webhooks are signed with: {at.keys.webhook}",
            f"Whoever runs it: {at.keys.admin}",
        ]
    out.print("\n".join(lines), soft_wrap=True)
