"""Commands about the stock of shops without an API: codes in, and what became of them out and in.

Codes are money: a file with codes goes to the output alone, and nothing is said of one elsewhere.
"""

import csv
import enum
import sys
from pathlib import Path
from typing import Annotated, Final

import rich.console
import typer

from api import terminal
from wallet import audit, database, money

group: Final = typer.Typer(help="Stock: codes of shops without an API.")
said: Final = rich.console.Console(stderr=True, highlight=False, soft_wrap=True)

Partner = Annotated[str, typer.Argument(metavar="PARTNER", help="The partner's short name.")]
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit log.")]


class Kind(enum.StrEnum):
    """What codes of a shop may be."""

    GIFT_CARD = "gift_card"
    COUPON = "coupon"


@group.command()
def load(
    partner: Partner,
    file: File,
    reason: Reason,
    kind: Annotated[Kind, typer.Option(help="What the codes are.")] = Kind.GIFT_CARD,
) -> None:
    """Load a shop's own codes, all or nothing: a CSV file with the columns code and amount."""
    from partners import directory, stock, vault

    house = terminal.configured()

    async def read(db: database.Database) -> None:
        found = await directory.of_slug(db, partner)
        codes = await stock.load(
            db,
            vault.Vault(house.partner_keyring),
            found,
            kind=kind.value,
            file=file.read_text(encoding="utf-8-sig"),
            reason=reason,
            actor=audit.SYSTEM,
        )
        terminal.out.print(f"{codes} codes are on the shelf.")

    terminal.with_database(read)


@group.command()
def levels(partner: Partner) -> None:
    """Say how many codes there are of each amount, and how they stand."""
    from partners import directory, stock

    async def show(db: database.Database) -> None:
        for one in await stock.levels(db, await directory.of_slug(db, partner)):
            worth = money.phrase(one.amount_minor, one.asset)
            terminal.out.print(f"{one.kind}  {worth}  {one.state}  {one.count}")

    terminal.with_database(show)


@group.command(name="to-void")
def to_void(partner: Partner, reason: Reason) -> None:
    """Print the codes that the shop is to void, as CSV, until it has said what became of them."""
    from partners import directory, stock, vault

    house = terminal.configured()

    async def show(db: database.Database) -> None:
        found = await directory.of_slug(db, partner)
        ring = vault.Vault(house.partner_keyring)
        rows = await stock.to_void(db, ring, found, reason=reason, actor=audit.SYSTEM)
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(("code", "amount", "currency", "order"))
        for one in rows:
            worth = money.show(one.amount_minor, one.asset)
            out.writerow((one.code, worth, one.asset.code, one.order_key))
        said.print(f"{len(rows)} codes are to be voided.")

    terminal.with_database(show)


@group.command()
def settle(partner: Partner, file: File, reason: Reason) -> None:
    """Hear which codes are spent or void: the shop's CSV file with the columns code and state."""
    from partners import directory, stock, vault

    house = terminal.configured()

    async def hear(db: database.Database) -> None:
        done = await stock.settle(
            db,
            vault.Vault(house.partner_keyring),
            await directory.of_slug(db, partner),
            file=file.read_text(encoding="utf-8-sig"),
            reason=reason,
            actor=audit.SYSTEM,
        )
        terminal.out.print(f"{done.changed} codes changed.")
        for lines, what in ((done.strangers, "are not ours"), (done.unasked, "were not given")):
            if lines:
                said.print(f"Lines with codes that {what}: {', '.join(map(str, lines))}.")

    terminal.with_database(hear)
