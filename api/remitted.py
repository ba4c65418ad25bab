"""The proof of a payment to a charity: every gift that it is made of, as CSV or JSON.

The entries add up to the amount, to the cent; they name no member. Whoever has the books can ask
for it again at any time, and gets the same.
"""

import csv
import enum
import io
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Final

import orjson
import typer

from api import terminal
from wallet import database, ids, money
from wallet.charities import remittances, tracing

PAGE: Final = 1000
"""Entries of one question; a batch may have many, and none has to fit into memory twice."""
COLUMNS: Final = ("movement", "source", "amount", "currency", "paid_by", "happened_at")


class Format(enum.StrEnum):
    """How the entries are written."""

    CSV = "csv"
    JSON = "json"


def remittance(
    batch: Annotated[str, typer.Argument(help="Which batch: a rem_ id.")],
    written: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.CSV,
) -> None:
    """Write down every gift that a payment to a charity is made of."""

    async def export(db: database.Database) -> str:
        return await text(db, terminal.identified("rem", batch), written)

    typer.echo(terminal.with_database(export), nl=False)


async def text(db: database.Database, remittance_id: uuid.UUID, written: Format) -> str:
    """Return a batch and its entries; NOT_FOUND for none."""
    found = await remittances.find(db, remittance_id)
    rows = [_row(one, found.asset) async for one in entries(db, remittance_id)]
    if written is Format.CSV:
        sheet = io.StringIO()
        writer = csv.DictWriter(sheet, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return sheet.getvalue()
    amount = None if found.amount_minor is None else money.show(found.amount_minor, found.asset)
    document = {
        "remittance": ids.show("rem", remittance_id),
        "charity": ids.show("cha", found.charity_id),
        "state": found.state,
        "amount": amount,
        "currency": found.asset.code,
        "bankReference": found.bank_reference,
        "proofReference": found.proof_reference,
        "proofSha256": found.proof_sha256,
        "valueDate": found.value_date,
        "entries": rows,
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n"


async def entries(db: database.Database, remittance_id: uuid.UUID) -> AsyncIterator[tracing.Entry]:
    """Go through the movements that a batch is made of."""
    after: tuple[int, int] | None = None
    while True:
        page = await tracing.entries(db, remittance_id, first=PAGE, after=after)
        for one in page:
            yield one
        if len(page) < PAGE:
            return
        after = (page[-1].bucket, page[-1].version)


def _row(one: tracing.Entry, asset: money.Asset) -> dict[str, str]:
    return {
        "movement": ids.show("mov", one.movement_id),
        "source": one.source,
        "amount": money.show(one.amount_minor, asset),
        "currency": asset.code,
        "paid_by": "" if one.merchant_id is None else ids.show("mer", one.merchant_id),
        "happened_at": one.happened_at.isoformat(),
    }
