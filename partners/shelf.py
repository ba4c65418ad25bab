"""The shelf of a shop without an API: its codes lie in our database, sealed; each is given once.

A code is taken by one statement that skips what others are taking, so nobody waits for anybody; the
key of an order is unique, so an order has one code however often it asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from partners import adapter, vault
from partners.adapters import csv
from wallet import money
from wallet.database import Database

TABLE: Final = "partner.stock"
COLUMN: Final = "sealed"
LIST_MAX: Final = 100_000
"""Codes of one list: as many as `opening` takes."""

_FACTS: Final = "stock_id, asset, amount, state, kid, sealed, order_key, taken_at"
# Should a transaction be given up between the two steps, the code is free again: it is one step.
_TAKE: Final = f"""
update partner.stock set state = 'taken', order_key = $2, taken_at = clock_timestamp(),
       changed_at = clock_timestamp()
 where stock_id = (select stock_id from partner.stock where partner_id = $1 and state = 'free'
   and kind = $3 and asset = $4 and amount = $5 order by stock_id limit 1 for update skip locked)
returning {_FACTS}
"""  # noqa: S608 - columns of ours
_FIND: Final = (
    f"select {_FACTS} from partner.stock"  # noqa: S608 - columns of ours
    " where partner_id = $1 and order_key = $2"
)
_BACK: Final = """
update partner.stock
   set state = case state when 'taken' then 'returning' else state end,
       changed_at = case state when 'taken' then clock_timestamp() else changed_at end
 where partner_id = $1 and order_key = $2 returning state
"""
_BETWEEN: Final = (
    f"select {_FACTS} from partner.stock where partner_id = $1 and taken_at >= $2"  # noqa: S608
    " and taken_at < $3 order by taken_at, stock_id limit $4"
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The shelf of one partner, as `partners.adapters.csv` wants it."""

    db: Database
    ring: vault.Vault
    partner_id: UUID

    async def take(self, order: adapter.Order) -> tuple[adapter.Receipt, bool] | None:
        """Take a code of exactly the amount; None if none is left."""
        worth = order.money
        for _ in range(2):
            before = await self.find(order.key)
            if before is not None:
                return before, True
            try:
                row = await self.db.fetchrow(
                    _TAKE,
                    *(self.partner_id, order.key, order.kind),
                    *(worth.asset.number, worth.amount_minor),
                )
            except asyncpg.UniqueViolationError:
                continue  # The same order, asked for twice at once: the other one took it.
            return None if row is None else (self._receipt(row), False)
        return None

    async def find(self, key: str) -> adapter.Receipt | None:
        """The code that was taken for an order."""
        row = await self.db.fetchrow(_FIND, self.partner_id, key)
        return None if row is None else self._receipt(row)

    async def give_back(self, key: str) -> csv.Back | None:
        """Put a code on the list of those that the shop is to void, unless it has told us more."""
        state: csv.Back | None = await self.db.fetchval(_BACK, self.partner_id, key)
        return state

    async def taken_between(self, since: datetime, until: datetime) -> Sequence[adapter.Receipt]:
        """What was taken in a span; the end is out."""
        rows = await self.db.fetch(_BETWEEN, self.partner_id, since, until, LIST_MAX + 1)
        return [self._receipt(row) for row in rows]

    def _receipt(self, row: Any) -> adapter.Receipt:
        state: adapter.State = row["state"] if row["state"] in ("void", "spent") else "live"
        sealed = vault.Sealed(row["kid"], row["sealed"])
        plain = self.ring.open(sealed, table=TABLE, row=row["stock_id"], column=COLUMN)
        return adapter.Receipt(
            ref=row["stock_id"].hex,
            money=adapter.Money(row["amount"], money.asset_by_number(row["asset"])),
            state=state,
            key=row["order_key"],
            code=plain.decode(),
            issued_at=row["taken_at"],
        )
