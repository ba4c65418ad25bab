"""Secrets that work once: the link in a letter, the challenge to a passkey. Stored as hashes.

Each is made for one purpose, and where that makes sense for one browser or one person. Taking it
is one statement, so of two who try at the same moment one is told no.
"""

import dataclasses
import datetime
import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

import orjson

from api.identity import opaque
from wallet import database

SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)

_INSERT: Final = """
    insert into identity.once
        (secret_hash, purpose, session_id, principal_kind, principal_id, detail, expires_at)
    values ($1, $2, $3, $4, $5, $6::jsonb, clock_timestamp() + $7::interval)
"""
_LIVE: Final = """
    secret_hash = $1 and purpose = any($2) and session_id is not distinct from $3
    and used_at is null and expires_at > clock_timestamp()
"""
_PEEK: Final = f"""
    select purpose, principal_kind, principal_id, detail from identity.once where {_LIVE}
"""  # noqa: S608 - both parts are constants of ours
_TAKE: Final = f"""
    update identity.once set used_at = clock_timestamp() where {_LIVE}
    returning purpose, principal_kind, principal_id, detail
"""  # noqa: S608 - both parts are constants of ours
_VOID: Final = """
    update identity.once set used_at = clock_timestamp()
    where principal_id = $1 and purpose = any($2) and used_at is null
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What a secret was made for, and for whom."""

    purpose: str
    kind: str | None
    principal_id: uuid.UUID | None
    detail: Mapping[str, Any]


async def make(
    db: database.Database,
    purpose: str,
    life: datetime.timedelta,
    *,
    session_id: uuid.UUID | None = None,
    kind: str | None = None,
    principal_id: uuid.UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> str:
    """Make a secret and return it; only its hash is kept."""
    secret = opaque.new()
    told = orjson.dumps(detail or {}).decode()
    await db.execute(
        _INSERT, opaque.hash_of(secret), purpose, session_id, kind, principal_id, told, life
    )
    return secret


async def peek(db: database.Database, secret: str, *purposes: str) -> Found | None:
    """Return what a secret of no browser is for, without using it."""
    if not SHAPE.fullmatch(secret):
        return None
    return _found(await db.fetchrow(_PEEK, opaque.hash_of(secret), list(purposes), None))


async def take(
    db: database.Database, secret: str, *purposes: str, session_id: uuid.UUID | None = None
) -> Found | None:
    """Use a secret up; None if it is unknown, used, too old, of another browser or purpose."""
    if not SHAPE.fullmatch(secret):
        return None
    return _found(await db.fetchrow(_TAKE, opaque.hash_of(secret), list(purposes), session_id))


async def void(db: database.Database, principal_id: uuid.UUID, *purposes: str) -> None:
    """Let nothing that was made for a person work any more."""
    await db.execute(_VOID, principal_id, list(purposes))


def _found(row: Any) -> Found | None:
    if row is None:
        return None
    return Found(
        purpose=row["purpose"],
        kind=row["principal_kind"],
        principal_id=row["principal_id"],
        detail=orjson.loads(row["detail"] or "{}"),
    )
