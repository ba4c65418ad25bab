"""Opaque bearer tokens: made here, hashed at rest, looked up once per request.

A token is 256 random bits behind the prefix `cp_at_`, which secret scanners can recognise. Only its
SHA-256 is stored, so a dump of the database opens no door; a fast hash is enough because the secret
is random, not chosen. A token that is unknown, expired, revoked or made for another audience is
answered alike: there is no principal.
"""

import dataclasses
import datetime
import re
import uuid
from collections.abc import Iterable
from typing import Any, Final, Literal

from api.identity import opaque, sessions
from wallet import database, ids, members

PREFIX: Final = "cp_at_"
AUDIENCE: Final = "commonpurse"
LIFE_MAX: Final = datetime.timedelta(days=400)  # a forgotten token dies within about a year
SHAPE: Final = re.compile(r"cp_at_[A-Za-z0-9_-]{43}", re.ASCII)

Kind = Literal["member", "merchant", "staff"]

# What each kind of principal may ever be given; a token carries a part of it.
SCOPES: Final[dict[Kind, frozenset[str]]] = {
    "member": frozenset({"member"}),
    "merchant": frozenset(
        {
            "purchases:report",
            "purchases:read",
            "redemptions:write",
            "redemptions:read",
            "statements:read",
            "webhooks:manage",
        }
    ),
    "staff": frozenset(
        {
            "support:read",
            "support:credit",
            "support:suspend",
            "support:approve",
            "support:audit",
            "merchants:write",
            "campaigns:read",
            "campaigns:write",
        }
    ),
}

# What a person of the staff may be given goes by the role; lowering a role lowers its tokens.
ROLE_SCOPES: Final[dict[str, frozenset[str]]] = {
    "support": frozenset({"support:read", "support:credit", "support:suspend"}),
    "supervisor": frozenset(
        {
            "support:read",
            "support:credit",
            "support:suspend",
            "support:approve",
            "support:audit",
            "campaigns:read",
        }
    ),
    "operator": SCOPES["staff"],
    "left": frozenset(),
}

_INSERT: Final = """
    insert into identity.token
        (token_id, token_hash, principal_kind, principal_id, scopes, audience, label, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8)
"""
_FIND: Final = """
    select t.token_id, t.principal_kind, t.principal_id, t.scopes, t.client_id, t.expires_at,
           coalesce(g.authenticated_at, t.created_at) as authenticated_at, s.role,
           m.wallet_id, m.display_name, m.email, m.status, m.created_at,
           t.grant_id is null or g.spends_since is not null as device_known,
           (select epoch from coalition.programme) as epoch, clock_timestamp() as at
    from identity.token t
    left join identity.access_grant g on g.grant_id = t.grant_id
    left join identity.client c on c.client_id = t.client_id
    left join coalition.staff s on t.principal_kind = 'staff' and s.staff_id = t.principal_id
    left join coalition.member m on t.principal_kind = 'member' and m.member_id = t.principal_id
    where t.token_hash = $1 and t.audience = $2
      and t.revoked_at is null and t.expires_at > clock_timestamp()
      and (t.grant_id is null
           or (g.grant_id is not null and g.revoked_at is null and c.status = 'active'))
      and s.role is distinct from 'left'
"""
_ROLE: Final = "select role from coalition.staff where staff_id = $1"
_REVOKE: Final = """
    update identity.token set revoked_at = clock_timestamp()
    where token_id = $1 and revoked_at is null
    returning token_id
"""
_REVOKE_TEXT: Final = """
    update identity.token set revoked_at = clock_timestamp()
    where token_hash = $1 and revoked_at is null
    returning token_id
"""
_REVOKE_LABEL: Final = """
    update identity.token set revoked_at = clock_timestamp()
    where label = $1 and label <> '' and revoked_at is null and expires_at > clock_timestamp()
    returning token_id
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a member, a merchant or a person of the staff, and what the token allows.

    `role` is the role of a person of the staff, which limits what they may give; `member` is read
    along with a member's token, because hardly a request does without. Each is None for the rest.
    `token_id` is the session's id for a person of the staff who signed in with a browser. `epoch`
    and `at` are the programme's epoch and the instant, as the books had them at that look.
    `device_known` is false for a sign-in from which nothing was ever spent.
    """

    token_id: uuid.UUID
    kind: Kind
    principal_id: uuid.UUID
    scopes: frozenset[str]
    role: str | None = None
    member: members.Member | None = None
    client_id: str | None = None
    expires_at: datetime.datetime | None = None
    authenticated_at: datetime.datetime | None = None
    epoch: int | None = None
    at: datetime.datetime | None = None
    device_known: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Minted:
    """A new token; `text` is shown once and never stored."""

    token_id: uuid.UUID
    text: str


async def mint(
    db: database.Database,
    *,
    kind: Kind,
    principal_id: uuid.UUID,
    scopes: Iterable[str] | None = None,
    life: datetime.timedelta = datetime.timedelta(days=90),
    label: str = "",
    audience: str = AUDIENCE,
) -> Minted:
    """Make a token; without `scopes` it gets all that its kind, or its role, may have.

    Raises ValueError for a scope beyond that, or a life outside 1 s to LIFE_MAX.
    """
    allowed, whose = SCOPES[kind], str(kind)
    if kind == "staff":
        whose = await db.fetchval(_ROLE, principal_id) or whose
        allowed = ROLE_SCOPES.get(whose, allowed)
    wanted = allowed if scopes is None else frozenset(scopes)
    if not wanted or not wanted <= allowed:
        raise ValueError(f"A {whose} token may have: {', '.join(sorted(allowed))}.")
    if not datetime.timedelta(seconds=1) <= life <= LIFE_MAX:
        raise ValueError(f"A token lives at most {LIFE_MAX.days} days.")
    token_id = ids.new()
    text = opaque.new(PREFIX)
    await db.execute(
        _INSERT,
        token_id,
        opaque.hash_of(text),
        kind,
        principal_id,
        sorted(wanted),
        audience,
        label,
        life,
    )
    return Minted(token_id=token_id, text=text)


async def find(db: database.Database, text: str, *, audience: str = AUDIENCE) -> Principal | None:
    """Return whom a presented token speaks for, or None if it opens nothing."""
    if not SHAPE.fullmatch(text):
        return None
    row = await db.fetchrow(_FIND, opaque.hash_of(text), audience)
    if row is None:
        return None
    scopes = frozenset(row["scopes"])
    if row["principal_kind"] == "staff":
        scopes &= ROLE_SCOPES.get(row["role"], frozenset())
    return Principal(
        token_id=row["token_id"],
        kind=row["principal_kind"],
        principal_id=row["principal_id"],
        scopes=scopes,
        role=row["role"],
        member=_member(row) if row["wallet_id"] is not None else None,
        client_id=row["client_id"],
        expires_at=row["expires_at"],
        authenticated_at=row["authenticated_at"],
        epoch=row["epoch"],
        at=row["at"],
        device_known=row["device_known"],
    )


async def of_session(db: database.Database, session: sessions.Session) -> Principal | None:
    """Return a person of the staff who signed in with a browser, with all that the role may do."""
    if session.kind != "staff" or session.principal_id is None:
        return None
    role = await db.fetchval(_ROLE, session.principal_id)
    if role in (None, "left"):
        return None
    return Principal(
        token_id=session.session_id,
        kind="staff",
        principal_id=session.principal_id,
        scopes=ROLE_SCOPES.get(role, frozenset()),
        role=role,
        authenticated_at=session.signed_in_at,
    )


async def revoke(db: database.Database, token_id: uuid.UUID) -> bool:
    """Close a token at once; False if it was unknown or already revoked."""
    return await db.fetchval(_REVOKE, token_id) is not None


async def revoke_text(db: database.Database, text: str) -> list[uuid.UUID]:
    """Close the token that somebody found; the list is empty if it was closed or unknown."""
    if not SHAPE.fullmatch(text):
        return []
    return [row["token_id"] for row in await db.fetch(_REVOKE_TEXT, opaque.hash_of(text))]


async def revoke_labelled(db: database.Database, label: str) -> list[uuid.UUID]:
    """Close every live token of a label; returns which."""
    return [row["token_id"] for row in await db.fetch(_REVOKE_LABEL, label)]


def _member(row: Any) -> members.Member:
    return members.Member(
        member_id=row["principal_id"],
        wallet_id=row["wallet_id"],
        display_name=row["display_name"],
        email=row["email"],
        status=row["status"],
        created_at=row["created_at"],
    )
