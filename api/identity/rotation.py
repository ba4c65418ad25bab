"""Replacing what a client proves itself with: a new secret beside the old one, or new public keys.

For a while both secrets open the door, so that a shop moves over without closing; never more than
two live at once. Only hashes are kept, so a new text is shown to whoever made it and never again.
"""

import dataclasses
import datetime
import uuid
from collections.abc import Sequence
from typing import Final

from api.identity import clients, opaque, registration
from wallet import audit, database, errors, ids

SECRETS_MAX: Final = 2  # the old one and the new one
OVERLAP: Final = datetime.timedelta(hours=24)  # a night to move every till over
OVERLAP_MAX: Final = datetime.timedelta(days=30)

_SECRETS: Final = """
    select client_id, secret_id, created_at, expires_at, last_used_at from identity.client_secret
    where client_id = any($1) and (expires_at is null or expires_at > clock_timestamp())
    order by created_at, secret_id
"""
_END_OLDER: Final = """
    update identity.client_secret set expires_at = clock_timestamp() + $2::interval
    where client_id = $1 and (expires_at is null or expires_at > clock_timestamp() + $2::interval)
"""
_END: Final = """
    update identity.client_secret set expires_at = clock_timestamp()
    where client_id = $1 and secret_id = $2
      and (expires_at is null or expires_at > clock_timestamp())
    returning secret_id
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Secret:
    """A live secret, as far as anybody may know it again."""

    secret_id: uuid.UUID
    created_at: datetime.datetime
    expires_at: datetime.datetime | None
    last_used_at: datetime.datetime | None


async def secrets_of(db: clients.Connection, client_ids: Sequence[str]) -> dict[str, list[Secret]]:
    """The live secrets of these clients, the oldest first."""
    found: dict[str, list[Secret]] = {client_id: [] for client_id in client_ids}
    for row in await db.fetch(_SECRETS, list(client_ids)):
        facts = dict(row)
        found[facts.pop("client_id")].append(Secret(**facts))
    return found


async def secret_add(
    db: database.Database,
    client_id: str,
    *,
    secret_id: uuid.UUID,
    overlap: datetime.timedelta | None = OVERLAP,
    actor: audit.Actor,
    reason: str | None = None,
) -> clients.Given:
    """Make a new secret; the older ones end after `overlap`, or stay if that is None.

    Repeating it with one `secret_id` changes nothing and shows no secret. SECRET_LIMIT if two would
    still live beside the new one; an overlap of zero ends them at once, for a secret that leaked.
    """
    if reason is not None:
        audit.check_reason(reason)
    client = await clients.known(db, client_id)
    if client.auth_method not in registration.WITH_SECRET:
        raise errors.ClientInvalid(
            "This client has no secret. Replace its keys instead.", path=("client_id",)
        )
    if overlap is not None and not datetime.timedelta(0) <= overlap <= OVERLAP_MAX:
        raise errors.ClientInvalid(
            f"Two secrets live side by side for at most {OVERLAP_MAX.days} days.", path=("overlap",)
        )
    shown = clients.new_secret()
    added = await _insert(db, client_id, secret_id, opaque.hash_of(shown), overlap)
    await _audit(db, client_id, "client.secret.add", actor, reason, once=secret_id)
    return clients.Given(client, shown if added else None, replayed=not added)


async def _insert(
    db: database.Database,
    client_id: str,
    secret_id: uuid.UUID,
    secret_hash: bytes,
    overlap: datetime.timedelta | None,
) -> bool:
    async with db.transaction() as connection:
        # Two rotations at once would each count one secret; the second waits here for the first.
        await connection.execute(
            "select from identity.client where client_id = $1 for update", client_id
        )
        known = await connection.fetchrow(
            "select client_id, created_at from identity.client_secret where secret_id = $1",
            secret_id,
        )
        if known is not None:
            if known["client_id"] != client_id:
                raise errors.IdempotencyKeyReused(first_used_at=known["created_at"])
            return False
        if overlap is not None:
            await connection.execute(_END_OLDER, client_id, overlap)
        if len((await secrets_of(connection, [client_id]))[client_id]) >= SECRETS_MAX:
            raise errors.SecretLimit()
        await connection.execute(
            "insert into identity.client_secret (secret_id, client_id, secret_hash)"
            " values ($1, $2, $3)",
            secret_id,
            client_id,
            secret_hash,
        )
    return True


async def secret_revoke(
    db: database.Database,
    client_id: str,
    secret_id: uuid.UUID,
    *,
    actor: audit.Actor,
    reason: str | None = None,
) -> bool:
    """End one secret at once; False if the client has no such live secret."""
    if reason is not None:
        audit.check_reason(reason)
    ended = await db.fetchval(_END, client_id, secret_id)
    if ended is not None:
        await _audit(db, client_id, "client.secret.revoke", actor, reason)
    return ended is not None


async def jwks_replace(
    db: database.Database,
    client_id: str,
    jwks: object,
    *,
    actor: audit.Actor,
    reason: str | None = None,
) -> clients.Client:
    """Replace the public keys of a client of private_key_jwt; the old ones end at once.

    To overlap, send the old and the new key together first.
    """
    if reason is not None:
        audit.check_reason(reason)
    client = await clients.known(db, client_id)
    if client.auth_method != "private_key_jwt":
        raise errors.ClientInvalid(
            "This client has no keys. Rotate its secret instead.", path=("client_id",)
        )
    checked = registration.jwks(jwks, client.auth_method)
    await db.execute(
        "update identity.client set jwks = $2::jsonb where client_id = $1",
        client_id,
        clients.stored(checked),
    )
    await _audit(db, client_id, "client.keys.replace", actor, reason)
    return await clients.known(db, client_id)


async def _audit(
    db: database.Database,
    client_id: str,
    act: str,
    actor: audit.Actor,
    reason: str | None,
    once: uuid.UUID | None = None,
) -> None:
    subject = ids.parse("cli", client_id)
    await audit.write(db, actor=actor, act=act, subject=subject, reason=reason, once=once)
