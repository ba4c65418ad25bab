"""Allowances: what one of the staff may give away in a day, which no race can pass."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from wallet.database import Database

TICKETS: Final = 0
"""Tickets of draws, in the place of an asset: they are counted and not weighed."""
_TAKE: Final = (
    "with done as ({done}),"
    " taken as (insert into coalition.allowance as a (staff_id, day, asset, spent)"
    " select $1, (clock_timestamp() at time zone 'UTC')::date::text, $2, $3::bigint"
    " where not exists (select 1 from done) and $3::bigint <= $4::bigint"
    " on conflict (staff_id, day, asset) do update set spent = a.spent + excluded.spent"
    " where a.spent + excluded.spent <= $4::bigint returning 1)"
    " select exists (select 1 from done) or exists (select 1 from taken)"
)


async def take(
    db: Database,
    staff_id: UUID,
    asset: int,
    amount: int,
    *,
    most: int,
    done: str,
    told: Sequence[object],
) -> int | None:
    """Take an amount out of a colleague's day before anything is given; what is left if too little.

    What is refused afterwards has used up some of the day: the limit errs on the safe side. A
    replay takes nothing, whatever its answer was: `done` asks, with `told` from $5 on, whether it
    is one.
    """
    allowed = await db.fetchval(_TAKE.format(done=done), staff_id, asset, amount, most, *told)
    if allowed:
        return None
    spent = await db.fetchval(
        "select spent from coalition.allowance where staff_id = $1 and asset = $2"
        " and day = (clock_timestamp() at time zone 'UTC')::date::text",
        staff_id,
        asset,
    )
    return max(0, most - (spent or 0))
