"""What a person has allowed: the apps connected to their wallet, and how to disconnect one.

A consent is a row of identity.access_grant, and the family of tokens that came of it. Every token
is checked against that row, so a consent that is taken back is over at that instant, everywhere.
"""

import dataclasses
import datetime
import uuid
from typing import Final

from wallet import database

LIST_MAX: Final = 100  # one on each phone one ever had; the account page shows them all

# A sign-in that was begun and left without its first token is no connection.
_OF: Final = """
    select g.grant_id, g.client_id, c.name as client_name, g.scopes, g.created_at as since
    from identity.access_grant g join identity.client c using (client_id)
    where g.principal_id = $1 and g.principal_kind = $2 and g.revoked_at is null
      and (exists (select from identity.refresh_token r where r.grant_id = g.grant_id
                   and r.rotated_at is null and r.retired_at is null
                   and r.expires_at > clock_timestamp())
           or exists (select from identity.token t where t.grant_id = g.grant_id
                      and t.revoked_at is null and t.expires_at > clock_timestamp()))
    order by g.created_at desc, g.grant_id
    limit $3
"""
_REVOKE: Final = """
    update identity.access_grant set revoked_at = clock_timestamp(), revoked_why = $3
    where grant_id = $1 and principal_id = $2 and revoked_at is null
    returning grant_id
"""
_REVOKE_ALL: Final = """
    with revoked as (
        update identity.access_grant set revoked_at = clock_timestamp(), revoked_why = $2
        where principal_id = $1 and revoked_at is null
        returning grant_id
    )
    select count(*) from revoked
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Consent:
    """One app that is connected, what it may do, and since when."""

    grant_id: uuid.UUID
    client_id: str
    client_name: str
    scopes: frozenset[str]
    since: datetime.datetime


async def of(
    db: database.Database, principal_id: uuid.UUID, *, kind: str = "member"
) -> list[Consent]:
    """Return what a person has allowed and is still in force, newest first."""
    rows = await db.fetch(_OF, principal_id, kind, LIST_MAX)
    return [Consent(**{**row, "scopes": frozenset(row["scopes"])}) for row in rows]


async def revoke(
    db: database.Database, grant_id: uuid.UUID, *, principal_id: uuid.UUID, why: str
) -> bool:
    """Disconnect an app at once; False if it is not connected, or to somebody else."""
    return await db.fetchval(_REVOKE, grant_id, principal_id, why) is not None


async def revoke_all(db: database.Database, principal_id: uuid.UUID, *, why: str) -> int:
    """Disconnect every app of a person, as after a lost phone; returns how many there were."""
    disconnected: int = await db.fetchval(_REVOKE_ALL, principal_id, why)
    return disconnected
