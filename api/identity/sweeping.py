"""Forgetting: what has ended in `identity` is kept for a day, to be looked into, and then deleted.

A used code or refresh token must be known for as long as somebody may present it again, so those
stay until a day after their own end, not after their use. A consent goes with the last that hung
from it. Tokens made at the command line stay: the audit log names them.
"""

from typing import Final

from wallet import database

# Which rows of which table have ended; the key says which is which while they are locked.
_ENDED: Final = (
    ("authorization_request", "key_hash", "expires_at < {day_ago}"),
    ("authorization_code", "code_hash", "expires_at < {day_ago}"),
    ("client_assertion", "(client_id, jti_hash)", "expires_at < {day_ago}"),
    ("refresh_token", "refresh_id", "expires_at < {day_ago}"),
    ("token", "token_id", "expires_at < {day_ago} and grant_id is not null"),
    ("once", "secret_hash", "expires_at < {day_ago}"),
    ("session", "session_id", "expires_at < {day_ago}"),
    ("throttle", "key_hash", "empty_at < {day_ago}"),
    # A merchant's client has one family for all its tokens, so there is nothing to gain there.
    (
        "access_grant",
        "grant_id",
        """
            created_at < {day_ago} and principal_kind <> 'merchant'
            and not exists (select from identity.token t where t.grant_id = g.grant_id)
            and not exists (select from identity.refresh_token r where r.grant_id = g.grant_id)
            and not exists (select from identity.authorization_code c where c.grant_id = g.grant_id)
        """,
    ),
)
# Whoever works on a row just now keeps it; it is found again at the next turn.
_SWEEP: Final = """
    with swept as (
        delete from identity.{table} where {key} in (
            select {columns} from identity.{table} g where {ended} limit $1 for update skip locked
        ) returning 1
    )
    select to_jsonb(count(*)) from swept
"""


async def sweep(db: database.Database, *, limit: int) -> int:
    """Delete at most `limit` rows of each table; return the most that were deleted of one."""
    most = 0
    for table, key, ended in _ENDED:
        statement = _SWEEP.format(
            table=table,
            key=key,
            columns=key.strip("()"),
            ended=ended.format(day_ago="clock_timestamp() - interval '1 day'"),
        )
        most = max(most, await db.bulk(statement, limit))
    return most
