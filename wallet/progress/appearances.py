"""Appearances: the name by which others see a member on boards, and whether they are on them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wallet import ledger, members, programme
from wallet.database import Database
from wallet.progress import advance, boards
from wallet.rules.ranking import names


@dataclass(frozen=True, slots=True)
class Shown:
    """How a member is shown on boards: by which name, and whether at all."""

    name: str | None = None
    left: bool = False


async def shown(db: Database, wallet_id: UUID) -> Shown:
    """How a member is shown; without a name, and on boards, until they say otherwise."""
    row = await db.fetchrow(
        "select name, left_at is not null as left from coalition.board_member where wallet_id = $1",
        wallet_id,
    )
    return Shown() if row is None else Shown(**dict(row))


async def set_name(
    db: Database, member: members.Member, name: str | None, *, now: datetime | None = None
) -> Shown:
    """Choose the name that others see, or none; repeating it changes nothing. TEXT_INVALID."""
    kept = None if name is None else names.check(name)
    return await _set(db, member, kept, named=True, left=None, now=now)


async def leave(db: Database, member: members.Member, *, now: datetime | None = None) -> Shown:
    """Take a member off all boards, and rank them no more."""
    return await _set(db, member, None, named=False, left=True, now=now)


async def join(db: Database, member: members.Member, *, now: datetime | None = None) -> Shown:
    """Rank a member again who had left, with all that counts in the windows of now."""
    found = await _set(db, member, None, named=False, left=False, now=now)
    await advance.settle(db, [member.wallet_id], now=now, stories=[boards])
    return found


async def _set(
    db: Database,
    member: members.Member,
    name: str | None,
    *,
    named: bool,
    left: bool | None,
    now: datetime | None,
) -> Shown:
    house = await programme.of(db)
    answer = await db.call(
        "select ledger.set_board_member($1, $2, $3, $4, $5, $6, $7)",
        ledger.bucket(member.wallet_id),
        member.wallet_id,
        house.asset.number,
        name,
        named,
        left,
        now,
    )
    ledger.replayed(answer)
    return Shown(answer["name"], answer["left"])
