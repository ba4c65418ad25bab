"""A family: everything that came of one consent, or of one merchant's client proving itself.

One row of identity.access_grant stands for it, and its codes, access tokens and refresh tokens hang
from that row: revoking it ends them all at once. Whatever changes a family locks that row first, so
two requests with one code or one refresh token come one after the other, and the second one sees
what the first one did. Used codes and refresh tokens are kept; that is how a second use is known.

Texts are random, 256 bits, behind a prefix that secret scanners can recognise; only their SHA-256
is stored.
"""

import dataclasses
import datetime
import re
import uuid
from collections.abc import Sequence
from typing import Any, Final

from api.identity import bearer, opaque
from api.oauth import bridge
from wallet import ids

PREFIXES: Final[dict[bearer.Kind, str]] = {"member": "mem", "merchant": "mer", "staff": "sta"}
SHAPE: Final = re.compile(r"cp_(ac|at|rt)_[A-Za-z0-9_-]{43}", re.ASCII)

ACCESS_LIFE: Final = datetime.timedelta(minutes=10)  # the most that a stolen one is worth

_OPEN: Final = """
    insert into identity.access_grant (grant_id, client_id, principal_kind, principal_id, scopes,
        session_id, authenticated_at, amr)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_OWN: Final = """
    select grant_id from identity.access_grant
    where client_id = $1 and principal_kind = 'merchant' and principal_id = $2
      and revoked_at is null
    order by created_at limit 1
"""
_LOCK: Final = """
    select grant_id, principal_kind, principal_id, authenticated_at, amr,
           revoked_at is not null as revoked
    from identity.access_grant where grant_id = $1 for update
"""
_REVOKE: Final = """
    update identity.access_grant set revoked_at = clock_timestamp(), revoked_why = $2
    where grant_id = $1 and revoked_at is null
"""
_SAVE_ACCESS: Final = """
    insert into identity.token (token_id, token_hash, principal_kind, principal_id, scopes,
        audience, client_id, grant_id, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp() + $9::interval)
"""
_CLOSE_ONE: Final = """
    update identity.token set revoked_at = clock_timestamp()
    where token_hash = $1 and revoked_at is null
"""
_ACCESS_LIVE: Final = """
    select t.grant_id, t.client_id, t.principal_kind, t.principal_id, t.scopes, t.created_at,
           t.expires_at, t.audience
    from identity.token t
    left join identity.access_grant g on g.grant_id = t.grant_id
    left join identity.client c on c.client_id = t.client_id
    where t.token_hash = $1 and t.revoked_at is null and t.expires_at > clock_timestamp()
      and (t.grant_id is null
           or (g.grant_id is not null and g.revoked_at is null and c.status = 'active'))
"""
_REFRESH_LIVE: Final = """
    select r.grant_id, r.client_id, g.principal_kind, g.principal_id, r.scopes, r.created_at,
           r.expires_at
    from identity.refresh_token r
    join identity.access_grant g using (grant_id)
    join identity.client c on c.client_id = r.client_id
    where r.token_hash = $1 and r.rotated_at is null and r.retired_at is null
      and r.expires_at > clock_timestamp() and g.revoked_at is null and c.status = 'active'
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Whom a family speaks for: Authlib's user. For a merchant's client it is the merchant."""

    kind: bearer.Kind
    principal_id: uuid.UUID
    session_id: uuid.UUID | None = None
    authenticated_at: datetime.datetime | None = None
    amr: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The id that tokens and claims name, such as mem_..."""
        return ids.show(PREFIXES[self.kind], self.principal_id)

    def get_user_id(self) -> str:
        """The same subject, by Authlib's name for it."""
        return self.subject


@dataclasses.dataclass(frozen=True, slots=True)
class Family:
    """A family whose row is locked by this transaction."""

    grant_id: uuid.UUID
    person: Person
    revoked: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """A live token of either kind, as revocation and introspection see it."""

    token_hash: bytes
    grant_id: uuid.UUID | None
    client_id: str | None
    person: Person
    scopes: tuple[str, ...]
    issued_at: datetime.datetime
    expires_at: datetime.datetime
    audience: str | None

    @property
    def refreshes(self) -> bool:
        """True for a refresh token; it has no audience but us."""
        return self.audience is None

    def check_client(self, client: Any) -> bool:
        """True for the client it was given to."""
        return bool(client.get_client_id() == self.client_id)

    def is_expired(self) -> bool:
        """Never: only live tokens are found."""
        return False

    def is_revoked(self) -> bool:
        """Never: only live tokens are found."""
        return False


def start(rows: bridge.Rows, *, client_id: str, person: Person, scopes: Sequence[str]) -> Family:
    """Begin the family of a new consent."""
    grant_id = ids.new()
    rows.run(
        _OPEN,
        grant_id,
        client_id,
        person.kind,
        person.principal_id,
        list(scopes),
        person.session_id,
        person.authenticated_at,
        list(person.amr),
    )
    return Family(grant_id=grant_id, person=person, revoked=False)


def own(
    rows: bridge.Rows, *, client_id: str, merchant_id: uuid.UUID, scopes: Sequence[str]
) -> Family:
    """Return the family of a merchant's client, begun when there is none."""
    person = Person(kind="merchant", principal_id=merchant_id)
    row = rows.row(_OWN, client_id, merchant_id)
    if row is None:
        return start(rows, client_id=client_id, person=person, scopes=scopes)
    return Family(grant_id=row["grant_id"], person=person, revoked=False)


def locked(rows: bridge.Rows, statement: str, text: str, client_id: str) -> Family | None:
    """Lock the family of a code or token, but only for the client it was given to."""
    found = rows.row(statement, opaque.hash_of(text)) if SHAPE.fullmatch(text) else None
    if found is None or found["client_id"] != client_id:
        return None
    row = rows.row(_LOCK, found["grant_id"])
    if row is None:
        return None
    person = Person(
        kind=row["principal_kind"],
        principal_id=row["principal_id"],
        authenticated_at=row["authenticated_at"],
        amr=tuple(row["amr"]),
    )
    return Family(grant_id=row["grant_id"], person=person, revoked=row["revoked"])


def revoke(rows: bridge.Rows, grant_id: uuid.UUID, why: str) -> None:
    """End a family: every token of it is dead when this is committed."""
    rows.run(_REVOKE, grant_id, why)


def save_access(
    rows: bridge.Rows, text: str, *, family: Family, client_id: str, scopes: Sequence[str]
) -> None:
    """Store a new access token."""
    rows.run(
        _SAVE_ACCESS,
        ids.new(),
        opaque.hash_of(text),
        family.person.kind,
        family.person.principal_id,
        list(scopes),
        bearer.AUDIENCE,
        client_id,
        family.grant_id,
        ACCESS_LIFE,
    )


def find(rows: bridge.Rows, text: str) -> Known | None:
    """Return a live access or refresh token, whoever it belongs to."""
    if not SHAPE.fullmatch(text):
        return None
    for statement in (_ACCESS_LIVE, _REFRESH_LIVE):
        row = rows.row(statement, opaque.hash_of(text))
        if row is not None:
            return Known(
                token_hash=opaque.hash_of(text),
                grant_id=row["grant_id"],
                client_id=row["client_id"],
                person=Person(kind=row["principal_kind"], principal_id=row["principal_id"]),
                scopes=tuple(row["scopes"]),
                issued_at=row["created_at"],
                expires_at=row["expires_at"],
                audience=row.get("audience"),
            )
    return None


def close(rows: bridge.Rows, token: Known) -> None:
    """Revoke one access token; a refresh token takes its family with it (RFC 7009)."""
    if token.refreshes and token.grant_id is not None:
        revoke(rows, token.grant_id, "the client gave it back")
    else:
        rows.run(_CLOSE_ONE, token.token_hash)
