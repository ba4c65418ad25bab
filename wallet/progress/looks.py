"""Looks: whose standing is to be worked out again, and when: a list of errands in the database.

A wallet stands on it once. Whoever asks again while somebody looks is not lost: a look is only
struck off if nobody has asked since it was taken. Whatever fails is tried again later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from wallet.database import Database

PAUSE: Final = timedelta(seconds=2)
"""The pause after a first failure; it doubles with each further one."""
ALL_BATCH: Final = 10_000
"""Wallets of one statement, when everybody is looked at again: a tenth of a second."""
TRIES_COUNTED: Final = 10
"""Doublings of the pause: 2 seconds become half an hour, and stay there."""


@dataclass(frozen=True, slots=True)
class Look:
    """A wallet that is due; `asked` tells whether somebody asks again meanwhile."""

    wallet_id: UUID
    asked: int
    tries: int


async def ask(db: Database, wallets: Mapping[UUID, datetime]) -> None:
    """Ask for a look at each wallet at its instant; the earlier of two askings counts."""
    if not wallets:
        return
    rows = sorted(wallets.items())  # In one order, so that two who ask never wait for each other.
    await db.execute(
        "insert into coalition.look as k (wallet_id, at)"
        " select * from unnest($1::uuid[], $2::timestamptz[])"
        " on conflict (wallet_id) do update"
        " set at = least(k.at, excluded.at), asked = k.asked + 1, tries = 0",
        [wallet_id for wallet_id, _ in rows],
        [at for _, at in rows],
    )


async def ask_all(db: Database, *, at: datetime) -> None:
    """Ask for a look at every member's wallet, because what is looked for has changed.

    They are asked in batches, so that no statement is long; a batch that is asked twice is one.
    """
    last = UUID(int=0)
    while True:
        found = await db.fetchval(
            "with part as (select wallet_id from coalition.member where wallet_id > $2"
            " order by wallet_id limit $3),"
            " asked as (insert into coalition.look as k (wallet_id, at)"
            " select wallet_id, $1 from part on conflict (wallet_id) do update"
            " set at = least(k.at, excluded.at), asked = k.asked + 1)"
            " select wallet_id from part order by wallet_id offset $3 - 1",
            at,
            last,
            ALL_BATCH,
        )
        if found is None:
            return
        last = found


async def due(db: Database, *, now: datetime, limit: int) -> list[Look]:
    """The wallets whose time has come, the longest due first."""
    rows = await db.fetch(
        "select wallet_id, asked, tries from coalition.look where at <= $1 order by at limit $2",
        now,
        limit,
    )
    return [Look(**dict(row)) for row in rows]


async def done(db: Database, looks: Iterable[tuple[Look, datetime | None]]) -> None:
    """Strike looks off, or put them back for a later instant; askings since then stand."""
    rows = sorted(looks, key=lambda one: one[0].wallet_id)
    if not rows:
        return
    await db.execute(
        "with seen as (select * from unnest($1::uuid[], $2::bigint[], $3::timestamptz[])"
        " as s (wallet_id, asked, at)),"
        " off as (delete from coalition.look k using seen s"
        " where k.wallet_id = s.wallet_id and k.asked = s.asked and s.at is null)"
        " update coalition.look k set at = s.at, tries = 0 from seen s"
        " where k.wallet_id = s.wallet_id and k.asked = s.asked and s.at is not null",
        [look.wallet_id for look, _ in rows],
        [look.asked for look, _ in rows],
        [at for _, at in rows],
    )


async def failed(db: Database, look: Look, *, now: datetime) -> None:
    """Put a look off that failed, for longer each time."""
    pause = PAUSE * 2 ** min(look.tries, TRIES_COUNTED)
    await db.execute(
        "update coalition.look set at = $3, tries = least(tries + 1, 30)"
        " where wallet_id = $1 and asked = $2",
        look.wallet_id,
        look.asked,
        now + pause,
    )
