"""Refresh tokens: each works once and is answered with the next one.

A second use means that two hold one token, and nobody can tell the thief from the owner, so the
whole family ends. One exception keeps phones signed in: an answer may be lost on the way. A public
client may present the same token again within GRACE, if the successor was never seen; then that
successor is retired and a new one given, once. Whoever holds the retired one gives themselves away.
"""

import dataclasses
import datetime
import uuid
from collections.abc import Sequence
from typing import Any, Final

from api.identity import opaque
from api.oauth import bridge, families
from wallet import ids

PREFIX: Final = "cp_rt_"
LIFE: Final = datetime.timedelta(days=30)  # an app that was not opened for a month is signed out
GRACE: Final = datetime.timedelta(seconds=10)  # a phone asks again at once, or after a tunnel

_SAVE: Final = """
    insert into identity.refresh_token (refresh_id, token_hash, grant_id, client_id, scopes,
        expires_at)
    values ($1, $2, $3, $4, $5, clock_timestamp() + $6::interval)
"""
_OF: Final = "select grant_id, client_id from identity.refresh_token where token_hash = $1"
# A successor that is neither rotated nor retired was never presented: the answer may be lost.
_FIND: Final = """
    select r.refresh_id, r.scopes, r.rotated_at is not null as rotated,
           r.retired_at is not null as retired, r.expires_at <= clock_timestamp() as expired,
           r.successor_id, r.rotated_at + $2::interval >= clock_timestamp() as recent,
           coalesce(s.rotated_at is null and s.retired_at is null, false) as successor_unseen
    from identity.refresh_token r
    left join identity.refresh_token s on s.refresh_id = r.successor_id
    where r.token_hash = $1
"""
_ROTATE: Final = """
    update identity.refresh_token
    set rotated_at = coalesce(rotated_at, clock_timestamp()), successor_id = $2
    where refresh_id = $1
"""
_RETIRE: Final = """
    update identity.refresh_token set retired_at = clock_timestamp() where refresh_id = any($1)
"""
_CLOSE_ACCESS: Final = """
    update identity.token set revoked_at = clock_timestamp()
    where grant_id = $1 and revoked_at is null
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token that may be used; `lost` is the successor whose answer never arrived."""

    refresh_id: uuid.UUID
    family: families.Family
    client_id: str
    scopes: tuple[str, ...]
    lost: uuid.UUID | None

    def check_client(self, client: Any) -> bool:
        """True for the client it was given to."""
        return bool(client.get_client_id() == self.client_id)

    def get_scope(self) -> str:
        """What was consented to."""
        return " ".join(self.scopes)


def find(rows: bridge.Rows, text: str, client_id: str, *, grace: bool) -> Refresh | None:
    """Return a refresh token that its own client may use now, with its family locked.

    A token that was used before ends the family, unless `grace` allows for a lost answer: the same
    token again within GRACE, its successor never seen, and never a second time.
    """
    family = families.locked(rows, _OF, text, client_id)
    if family is None or family.revoked:
        return None
    row = rows.row(_FIND, opaque.hash_of(text), GRACE)
    lost = None
    if row["rotated"] or row["retired"]:
        answered = row["retired"] or not row["recent"] or not row["successor_unseen"]
        if answered or not grace:
            families.revoke(rows, family.grant_id, "a refresh token was presented twice")
            return None
        lost = row["successor_id"]
    if row["expired"]:
        return None
    return Refresh(
        refresh_id=row["refresh_id"],
        family=family,
        client_id=client_id,
        scopes=tuple(row["scopes"]),
        lost=lost,
    )


def save(
    rows: bridge.Rows,
    text: str,
    *,
    family: families.Family,
    client_id: str,
    scopes: Sequence[str],
) -> uuid.UUID:
    """Store a new refresh token and return its id."""
    refresh_id = ids.new()
    rows.run(
        _SAVE,
        refresh_id,
        opaque.hash_of(text),
        family.grant_id,
        client_id,
        list(scopes),
        LIFE,
    )
    return refresh_id


def give_back(rows: bridge.Rows, used: Refresh) -> None:
    """Kill what a lost answer carried, before another is given; there will be no third."""
    if used.lost is not None:
        rows.run(_RETIRE, [used.lost, used.refresh_id])
        rows.run(_CLOSE_ACCESS, used.family.grant_id)


def rotate(rows: bridge.Rows, used: Refresh, successor_id: uuid.UUID) -> None:
    """Put a new refresh token in the place of a used one."""
    rows.run(_ROTATE, used.refresh_id, successor_id)
