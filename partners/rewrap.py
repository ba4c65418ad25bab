"""Sealing anew what older keys sealed, so that a key can be removed once nothing needs it.

A row is opened and sealed again only if it is still as it was read, so a token that was replaced in
between stays. What does not open is told, and left as it is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from partners import vault
from wallet import database

PAGE: Final = 200
"""Rows of one turn: some milliseconds, so that a stop never waits."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something sealed lies: a table with a UUID by which its rows are bound, and columns.

    The key's id is in the column `kid`. Without columns the table holds nothing sealed, but the key
    that a code was made with (`Vault.mac`): it is counted, and cannot be sealed anew.
    """

    table: str
    row: str
    columns: tuple[str, ...]


PLACES: Final = (
    Place("partner.secret", "secret_id", ("sealed",)),
    Place("partner.link", "link_id", ("sealed",)),
    Place("partner.link_attempt", "link_id", ("sealed",)),
    Place("partner.endpoint_secret", "secret_id", ("sealed",)),
    Place("partner.order_code", "redemption_id", ("sealed",)),
    Place("ledger.partner_order", "redemption_id", ()),
    Place("partner.stock", "stock_id", ("sealed",)),
    # A code is known again by the key that its digest was made with, so that key must stay.
    Place("(select digest_kid as kid from partner.stock) as digests", "stock_id", ()),
)
"""Every place, in every story. Whoever seals something new adds its line."""


@dataclass(frozen=True, slots=True)
class Done:
    """What one turn did: rows sealed anew, and the ids of those that did not open."""

    rows: int
    unreadable: tuple[UUID, ...] = ()


async def counts(db: database.Database, places: Sequence[Place] = PLACES) -> dict[str, int]:
    """How many rows each key is needed for. One that is not named may be removed."""
    found: Counter[str] = Counter()
    for place in places:
        rows = await db.fetch(
            f"select kid, count(*) as number from {place.table}"  # noqa: S608 - ours
            " where kid is not null group by kid"
        )
        found.update({row["kid"]: row["number"] for row in rows})
    return dict(found)


async def rewrap(
    db: database.Database,
    ring: vault.Vault,
    places: Sequence[Place] = PLACES,
    *,
    limit: int = PAGE,
) -> Done:
    """Seal at most `limit` rows anew with the first key; 0 rows when all are."""
    rows, unreadable = 0, []
    for place in places:
        after = UUID(int=0)
        while place.columns and rows < limit:
            page = await _page(db, place, ring.kid, after, limit - rows)
            for row_id, kid, texts in page:
                try:
                    rows += await _again(db, ring, place, row_id, kid, texts)
                except vault.Unreadable:
                    unreadable.append(row_id)
            if not page:
                break
            after = page[-1][0]
    return Done(rows, tuple(unreadable))


async def _page(
    db: database.Database, place: Place, kid: str, after: UUID, limit: int
) -> list[tuple[UUID, str, list[bytes | None]]]:
    columns = ", ".join(place.columns)
    rows = await db.fetch(
        f"select {place.row} as id, kid, {columns} from {place.table}"  # noqa: S608 - ours
        f" where kid <> $1 and {place.row} > $2 order by {place.row} limit $3",
        kid,
        after,
        limit,
    )
    return [(row["id"], row["kid"], [row[one] for one in place.columns]) for row in rows]


async def _again(
    db: database.Database,
    ring: vault.Vault,
    place: Place,
    row_id: UUID,
    kid: str,
    texts: list[bytes | None],
) -> int:
    """Seal one row anew if nobody has changed it; the number of rows that were."""
    fresh: list[bytes | None] = []
    new_kid = ring.kid
    for column, text in zip(place.columns, texts, strict=True):
        if text is None:
            fresh.append(None)
            continue
        plain = ring.open(vault.Sealed(kid, text), table=place.table, row=row_id, column=column)
        sealed = ring.seal(plain, table=place.table, row=row_id, column=column)
        if sealed.kid != new_kid:
            return 0  # A key came in between two columns: the next turn takes them all with it.
        fresh.append(sealed.text)
    number = len(place.columns)
    sets = ", ".join(f"{one} = ${at}" for at, one in enumerate(place.columns, start=4))
    same = " and ".join(
        f"{one} is not distinct from ${at}"
        for at, one in enumerate(place.columns, start=4 + number)
    )
    tag = await db.execute(
        f"update {place.table} set kid = $3, {sets}"  # noqa: S608 - names of ours
        f" where {place.row} = $1 and kid = $2 and {same}",
        *(row_id, kid, new_kid),
        *fresh,
        *texts,
    )
    return int(tag.split()[-1])
