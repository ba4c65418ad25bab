"""The registry of clients: programs that may ask for tokens, and the secrets they prove it with.

Only the operator registers a client, and every act is in the audit log. A secret is shown once,
when it is made; what is kept is its hash. Replacing secrets and keys is in rotation.py.
"""

import dataclasses
import datetime
import hmac
import re
import time
import uuid
from collections.abc import Iterable
from typing import Any, Final, Protocol, cast

import orjson

from api.identity import opaque, registration
from wallet import audit, database, errors, ids, merchants
from wallet.rules import text

PREFIX: Final = "cp_cs_"
SHAPE: Final = re.compile(r"cp_cs_[A-Za-z0-9_-]{43}", re.ASCII)
NAME_CHARS_MAX: Final = 60  # it stands in the sentence of the consent page
SEEN_EVERY: Final = datetime.timedelta(minutes=1)  # a write for each request would cost more
RATE_SECONDS: Final = 60.0  # how long a process believes the limit it has read
OF_MERCHANTS: Final[frozenset[registration.Kind]] = frozenset({"merchant", "store"})
LIST_MAX: Final = 1_000  # clients in one list: more than any coalition has

_FIND: Final = """
    select client_id, kind, name, merchant_id, auth_method, redirect_uris, scopes, jwks,
        rate_per_minute, status, created_at, last_used_at
    from identity.client where client_id = $1
"""
_LIST: Final = """
    select client_id, kind, name, merchant_id, auth_method, redirect_uris, scopes, jwks,
        rate_per_minute, status, created_at, last_used_at
    from identity.client where $1::uuid is null or merchant_id = $1
    order by kind, name, client_id limit $2
"""
# A secret comes with its client or not at all.
_REGISTER: Final = """
    with made as (
        insert into identity.client (client_id, kind, name, merchant_id, auth_method, redirect_uris,
            scopes, jwks, rate_per_minute)
        values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9)
        on conflict (client_id) do nothing returning client_id
    ), kept as (
        insert into identity.client_secret (secret_id, client_id, secret_hash)
        select $10, client_id, $11 from made where $11::bytea is not null
    )
    select client_id from made
"""
_HASHES: Final = """
    select secret_id, secret_hash from identity.client_secret
    where client_id = $1 and (expires_at is null or expires_at > clock_timestamp())
"""
_SEEN_BY: Final = """
    update identity.client_secret set last_used_at = clock_timestamp()
    where secret_id = $1
      and (last_used_at is null or last_used_at < clock_timestamp() - $2::interval)
"""
_SEEN: Final = """
    update identity.client set last_used_at = clock_timestamp()
    where client_id = $1
      and (last_used_at is null or last_used_at < clock_timestamp() - $2::interval)
"""


class Connection(Protocol):
    """A database, or one connection of it inside a transaction: what a look-up needs."""

    async def fetch(self, statement: str, /, *arguments: Any) -> Any:
        """All rows of a query."""

    async def fetchrow(self, statement: str, /, *arguments: Any) -> Any:
        """The first row, or None."""

    async def execute(self, statement: str, /, *arguments: Any) -> Any:
        """Run a statement."""


@dataclasses.dataclass(frozen=True, slots=True)
class Client:
    """A program that may ask for tokens; `jwks` are public keys only."""

    client_id: str
    kind: registration.Kind
    name: str
    merchant_id: uuid.UUID | None
    auth_method: registration.AuthMethod
    redirect_uris: tuple[str, ...]
    scopes: frozenset[str]
    jwks: dict[str, Any] | None
    rate_per_minute: int | None
    status: str
    created_at: datetime.datetime
    last_used_at: datetime.datetime | None

    @property
    def active(self) -> bool:
        """False while the operator has suspended it: nothing it presents opens anything."""
        return self.status == "active"

    @property
    def may_introspect(self) -> bool:
        """True for a resource server, which may ask about any token."""
        return self.kind == "resource"


@dataclasses.dataclass(frozen=True, slots=True)
class Given:
    """A client after an act; `secret` is the new one's text, shown here and never again."""

    client: Client
    secret: str | None
    replayed: bool = False


async def find(db: Connection, client_id: str) -> Client | None:
    """Return the client of that id, suspended or not, or None."""
    row = await db.fetchrow(_FIND, client_id) if "\x00" not in client_id else None
    return None if row is None else _client(row)


async def list_of(db: Connection, merchant_id: uuid.UUID | None = None) -> list[Client]:
    """All clients, or those of one merchant; at most LIST_MAX."""
    return [_client(row) for row in await db.fetch(_LIST, merchant_id, LIST_MAX)]


async def check_secret(db: Connection, client_id: str, told: str) -> bool:
    """True if this is a live secret of the client. The comparison takes the same time always."""
    presented = opaque.hash_of(told) if SHAPE.fullmatch(told) else b""
    opened = None
    for row in await db.fetch(_HASHES, client_id) if "\x00" not in client_id else []:
        if hmac.compare_digest(row["secret_hash"], presented):
            opened = row["secret_id"]
    if opened is None:
        return False
    await db.execute(_SEEN_BY, opened, SEEN_EVERY)
    return True


async def touch(db: Connection, client_id: str) -> None:
    """Note that a client was here; a write at most once a minute."""
    await db.execute(_SEEN, client_id, SEEN_EVERY)


async def rate(db: database.Database, client_id: str) -> int | None:
    """Return the client's own limit in points a minute, None if it has none.

    A process asks once a minute for each client, and notes then that the client was here.
    """
    now = time.monotonic()
    known = cast("tuple[float, int | None] | None", db.known.get(("client.rate", client_id)))
    if known is not None and now - known[0] < RATE_SECONDS:
        return known[1]
    client = await find(db, client_id)
    if client is None:
        return None
    await touch(db, client_id)
    # One entry for each registered client, so the memory of it has a bound.
    db.known["client.rate", client_id] = (now, client.rate_per_minute)
    return client.rate_per_minute


async def register(
    db: database.Database,
    *,
    key: uuid.UUID,
    kind: registration.Kind,
    name: str,
    scopes: Iterable[str] = (),
    merchant_id: uuid.UUID | None = None,
    auth_method: str | None = None,
    redirect_uris: Iterable[str] = (),
    jwks: object = None,
    rate_per_minute: int | None = None,
    actor: audit.Actor,
    reason: str | None = None,
) -> Given:
    """Register a client; its id follows from `key`, so repeating it is harmless.

    CLIENT_INVALID names the field at fault, NOT_FOUND is for a merchant that is not there. A repeat
    shows no secret: it is not kept. The same key with other facts is refused.
    """
    if reason is not None:
        audit.check_reason(reason)
    text.check(name, "name", chars_max=NAME_CHARS_MAX)
    if (kind in OF_MERCHANTS) != (merchant_id is not None):
        raise errors.ClientInvalid(
            "A merchant's client names its merchant, and no other does.", path=("merchant_id",)
        )
    method = registration.auth_method(auth_method, kind)
    facts = {
        "kind": kind,
        "name": name,
        "merchant_id": merchant_id,
        "auth_method": method,
        "redirect_uris": registration.redirects(redirect_uris, kind),
        "scopes": registration.scopes(scopes, kind),
        "jwks": registration.jwks(jwks, method),
        "rate_per_minute": registration.rate(rate_per_minute),
    }
    if merchant_id is not None:
        await merchants.find(db, merchant_id)
    client_id = ids.show("cli", key)
    secret = new_secret() if method in registration.WITH_SECRET else None
    made = await db.fetchval(
        _REGISTER,
        client_id,
        *(stored(value) for value in facts.values()),
        ids.derived(key, "secret"),
        None if secret is None else opaque.hash_of(secret),
    )
    client = await known(db, client_id)
    if any(getattr(client, field) != value for field, value in facts.items()):
        raise errors.IdempotencyKeyReused(first_used_at=client.created_at)
    detail: dict[str, object] = {"kind": kind, "scopes": sorted(client.scopes)}
    await audit.write(
        db,
        actor=actor,
        act="client.register",
        subject=key,
        reason=reason,
        detail=detail,
        once=key,
    )
    return Given(client, secret if made is not None else None, replayed=made is None)


async def suspend(
    db: database.Database, client_id: str, *, actor: audit.Actor, reason: str
) -> Client:
    """Close a client's doors: it gets no token, and those that it has open nothing meanwhile."""
    return await _set_status(db, client_id, "suspended", actor, reason)


async def reinstate(
    db: database.Database, client_id: str, *, actor: audit.Actor, reason: str
) -> Client:
    """Let a suspended client in again."""
    return await _set_status(db, client_id, "active", actor, reason)


async def _set_status(
    db: database.Database, client_id: str, status: str, actor: audit.Actor, reason: str
) -> Client:
    audit.check_reason(reason)
    await known(db, client_id)
    await db.execute(
        "update identity.client set status = $2 where client_id = $1", client_id, status
    )
    subject = ids.parse("cli", client_id)
    await audit.write(db, actor=actor, act=f"client.{status}", subject=subject, reason=reason)
    return await known(db, client_id)


async def known(db: Connection, client_id: str) -> Client:
    """Return the client of that id, or NOT_FOUND."""
    client = await find(db, client_id)
    if client is None:
        raise errors.NotFound(path=("client_id",))
    return client


def _client(row: Any) -> Client:
    facts = dict(row)
    facts["redirect_uris"] = tuple(facts["redirect_uris"])
    facts["scopes"] = frozenset(facts["scopes"])
    facts["jwks"] = None if facts["jwks"] is None else orjson.loads(facts["jwks"])
    return Client(**facts)


def stored(value: object) -> object:
    """Write a fact of a client as the driver takes it."""
    match value:
        case frozenset():
            return sorted(value)
        case tuple():
            return list(value)
        case dict():
            return orjson.dumps(value).decode()
    return value


def new_secret() -> str:
    """Make the text of a secret: a prefix that scanners of leaked secrets know, and 256 bits."""
    return opaque.new(PREFIX)
