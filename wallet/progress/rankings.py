"""Rankings: the best of a board's window, and where one member stands, at a million members.

Both are read from one index in its order. A place is counted by bands of scores that are kept
beside the scores, so it costs the same however many stand above; see decision 15.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from wallet import sql
from wallet.database import Database

TOP_MAX: Final = 100
"""Rows of a board that are shown: nobody reads further, and whoever is further down sees where."""
NEIGHBOURS: Final = 2
"""Members shown above and below whoever asks."""


@dataclass(frozen=True, slots=True)
class Row:
    """One place of a board; `name` is what the member has chosen, None for none."""

    place: int
    wallet_id: UUID
    score: int
    reached_at: datetime
    name: str | None


async def top(db: Database, board_id: UUID, period: str, *, first: int) -> list[Row]:
    """The best of a window. Of equal scores: who had it first, then the wallet's id."""
    assert 1 <= first <= TOP_MAX
    rows = await db.fetch(sql.load("queries/board_top"), board_id, period, first)
    return [Row(place, **dict(row)) for place, row in enumerate(rows, 1)]


async def around(db: Database, board_id: UUID, period: str, wallet_id: UUID) -> Sequence[Row]:
    """A member's own place with NEIGHBOURS above and below; nothing for who is not ranked."""
    rows = await db.fetch(sql.load("queries/board_around"), board_id, period, wallet_id, NEIGHBOURS)
    return [Row(**dict(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a member stands on one board's window."""

    board_id: UUID
    period: str
    score: int
    reached_at: datetime
    place: int


async def ranks(
    db: Database, wallet_id: UUID, asked: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], Rank]:
    """Where a member stands on each of these windows, in one round trip; those without are out."""
    rows = await db.fetch(
        sql.load("queries/board_ranks"),
        wallet_id,
        [board_id for board_id, _ in asked],
        [period for _, period in asked],
    )
    return {(row["board_id"], row["period"]): Rank(**dict(row)) for row in rows}
