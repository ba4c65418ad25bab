"""The command that starts the reference shop: `commonpurse shop`, or this package alone."""

import asyncio
import datetime
import pathlib
from typing import Annotated

import rich.console
import typer

from partners.reference_shop import serving, shoppers
from partners.reference_shop import shop as shops


def shop(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port to listen on.")] = 8100,
    origin: Annotated[
        str | None, typer.Option(help="Where browsers reach it. Default: the port on 127.0.0.1.")
    ] = None,
    folder: Annotated[
        pathlib.Path | None, typer.Option(help="Keeps its secrets and all that has happened.")
    ] = None,
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="Where a code may be sent; may be repeated.")
    ] = None,
    webhook_url: Annotated[
        str | None, typer.Option(help="Where it tells what was spent or taken back.")
    ] = None,
    people: Annotated[int, typer.Option(help="How many shoppers have an account.")] = 5,
    access_seconds: Annotated[int, typer.Option(help="How long an access token is good.")] = 600,
) -> None:
    """Start the reference shop, a partner to try things with. A demonstration, not a shop."""
    at = shops.open_shop(
        origin or f"http://127.0.0.1:{port}",
        partner=shops.Partner(tuple(redirect_uri or ()), webhook_url),
        people=people,
        access_life=datetime.timedelta(seconds=access_seconds),
        folder=folder,
    )
    _say(at, folder)
    asyncio.run(serving.serve(at, host=host, port=port))


def _say(at: shops.Shop, folder: pathlib.Path | None) -> None:
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
