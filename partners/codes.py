"""The secret codes of orders: what a member spends at a partner, known to us before it is issued.

A code that we choose is a MAC of the order's id: the same at every try, guessed by nobody, and kept
nowhere. One that the partner chooses is sealed, bound to its order. Either is shown to its member
and to nobody else.
"""

from typing import Final
from uuid import UUID

from partners import vault
from wallet import orders
from wallet.database import Database

PURPOSE: Final = "order"
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS: Final = 16
"""80 bits; shops take 8 to 20 letters and digits, and a person may have to type them."""
TABLE: Final = "partner.order_code"
COLUMN: Final = "sealed"


def ours(ring: vault.Vault, redemption_id: UUID, kid: str) -> str:
    """The code that we choose for an order. Raises vault.Unreadable if its key is gone."""
    _, bits = ring.mac(PURPOSE, redemption_id.bytes, kid)
    value = int.from_bytes(bits[: LETTERS * 5 // 8])
    return "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(LETTERS)))


async def keep(db: Database, ring: vault.Vault, redemption_id: UUID, code: str) -> None:
    """Keep a code that the partner chose, in place of ours."""
    sealed = ring.seal(code.encode(), table=TABLE, row=redemption_id, column=COLUMN)
    await db.execute(
        "insert into partner.order_code (redemption_id, kid, sealed) values ($1, $2, $3)"
        " on conflict (redemption_id) do update set kid = excluded.kid, sealed = excluded.sealed",
        *(redemption_id, sealed.kid, sealed.text),
    )


async def of(db: Database, ring: vault.Vault, order: orders.Order) -> str:
    """The code that works for an order: the partner's, or ours. Raises vault.Unreadable."""
    row = await db.fetchrow(
        "select kid, sealed from partner.order_code where redemption_id = $1", order.redemption_id
    )
    if row is None:
        return ours(ring, order.redemption_id, order.kid)
    sealed = vault.Sealed(row["kid"], row["sealed"])
    return ring.open(sealed, table=TABLE, row=order.redemption_id, column=COLUMN).decode()
