"""Rate limits on attempts: passwords, letters, codes. In the database: all processes share them.

The generic cell rate algorithm: for each key one instant is kept, at which everything used would be
given back. An attempt moves it ahead by one interval; when it is further ahead than the allowance,
the attempt is refused and moves nothing. One row, one statement, no counter to reset.
"""

import dataclasses
import datetime
import hashlib
from typing import Final

from wallet import database

_TAKE: Final = """
    insert into identity.throttle as t (key_hash, empty_at)
    values ($1, clock_timestamp() + $2::interval)
    on conflict (key_hash) do update
        set empty_at = greatest(t.empty_at, clock_timestamp()) + $2::interval
        where greatest(t.empty_at, clock_timestamp()) + $2::interval
            <= clock_timestamp() + $3::interval
    returning key_hash
"""
_WAIT: Final = """
    select empty_at + $2::interval - clock_timestamp() - $3::interval
    from identity.throttle where key_hash = $1
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Allowance:
    """So many attempts at once, and as many again in each window."""

    attempts: int
    window: datetime.timedelta

    @property
    def interval(self) -> datetime.timedelta:
        """How long one attempt takes to be given back."""
        return self.window / self.attempts


async def take(db: database.Database, allowance: Allowance, *key: str) -> datetime.timedelta | None:
    """Use one attempt of a key such as ("password", address); None if it was there to use.

    Otherwise returns how long to wait.
    """
    key_hash = _hash(key)
    taken = await db.fetchval(_TAKE, key_hash, allowance.interval, allowance.window)
    if taken is not None:
        return None
    wait = await db.fetchval(_WAIT, key_hash, allowance.interval, allowance.window)
    return max(wait or datetime.timedelta(0), datetime.timedelta(seconds=1))


async def forget(db: database.Database, *key: str) -> None:
    """Give a key everything back."""
    await db.execute("delete from identity.throttle where key_hash = $1", _hash(key))


def _hash(key: tuple[str, ...]) -> bytes:
    return hashlib.sha256("\x1f".join(key).encode()).digest()
