"""Browser sessions: a cookie with a random secret, of which only the hash is stored.

A session begins anonymous, so that what a browser was asked for (a client's request, a challenge)
is bound to that browser. Signing in always makes a new session with a new secret: a cookie that
somebody planted before gains nothing. It ends by itself, by sign-out, or everywhere at once.
"""

import dataclasses
import datetime
import re
import uuid
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api import settings
from api.identity import opaque
from wallet import database, ids

Kind: TypeAlias = Literal["member", "staff"]

ANONYMOUS_LIFE: Final = datetime.timedelta(hours=1)
LIFE: Final[dict[Kind, datetime.timedelta]] = {
    "member": datetime.timedelta(days=30),
    "staff": datetime.timedelta(hours=12),  # a working day: tomorrow begins with a new sign-in
}
FRESH: Final = datetime.timedelta(minutes=5)
"""How long ago a person may have signed in for what needs them present."""
SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
BROWSER_CHARS_MAX: Final = 200
SEEN_EVERY: Final = datetime.timedelta(minutes=1)  # a row per page would be a write per picture

_INSERT: Final = """
    insert into identity.session (session_id, secret_hash, principal_kind, principal_id, amr,
        signed_in_at, browser, expires_at)
    values ($1, $2, $3, $4, $5, case when $3::text is null then null else clock_timestamp() end,
        $6, clock_timestamp() + $7::interval)
    returning session_id, principal_kind, principal_id, amr, signed_in_at, seen_at
"""
_FIND: Final = """
    select session_id, principal_kind, principal_id, amr, signed_in_at, seen_at
    from identity.session
    where secret_hash = $1 and revoked_at is null and expires_at > clock_timestamp()
"""
_SEEN: Final = """
    update identity.session set seen_at = clock_timestamp()
    where session_id = $1 and seen_at < clock_timestamp() - $2::interval
"""
_END: Final = """
    update identity.session set revoked_at = clock_timestamp()
    where session_id = $1 and revoked_at is null
"""
_END_ALL: Final = """
    update identity.session set revoked_at = clock_timestamp()
    where principal_kind = $1 and principal_id = $2 and revoked_at is null
      and session_id is distinct from $3
"""
_END_ONE: Final = """
    update identity.session set revoked_at = clock_timestamp()
    where session_id = $1 and principal_kind = $2 and principal_id = $3 and revoked_at is null
    returning session_id
"""
_OF: Final = """
    select session_id, browser, signed_in_at, seen_at from identity.session
    where principal_kind = $1 and principal_id = $2
      and revoked_at is null and expires_at > clock_timestamp()
    order by seen_at desc limit $3
"""
LISTED_MAX: Final = 50  # more browsers than anybody recognises; "everywhere else" ends the rest


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """A browser, and who has signed in with it; nobody yet if `kind` is None."""

    session_id: uuid.UUID
    kind: Kind | None
    principal_id: uuid.UUID | None
    amr: tuple[str, ...]
    signed_in_at: datetime.datetime | None
    seen_at: datetime.datetime

    def fresh(self, now: datetime.datetime) -> bool:
        """True if the person signed in within FRESH."""
        return self.signed_in_at is not None and now - self.signed_in_at <= FRESH


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """A session as its owner sees it."""

    session_id: uuid.UUID
    browser: str
    signed_in_at: datetime.datetime
    seen_at: datetime.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """A new session; `secret` goes into the cookie and nowhere else."""

    session: Session
    secret: str


def cookie_name(house: settings.Settings) -> str:
    """The cookie's name; behind TLS its prefix makes the browser refuse it from anywhere else."""
    return "__Host-commonpurse" if house.secure else "commonpurse"


async def find(
    db: database.Database, house: settings.Settings, request: HTTPConnection
) -> Session | None:
    """Return the live session of a request, or None."""
    secret = request.cookies.get(cookie_name(house), "")
    if not SHAPE.fullmatch(secret):
        return None
    row = await db.fetchrow(_FIND, opaque.hash_of(secret))
    if row is None:
        return None
    found = _session(row)
    if datetime.datetime.now(datetime.UTC) - found.seen_at > SEEN_EVERY:
        await db.execute(_SEEN, found.session_id, SEEN_EVERY)
    return found


async def begin(db: database.Database, request: Request) -> Opened:
    """Open an anonymous session."""
    return await _open(db, request, None, None, (), ANONYMOUS_LIFE)


async def sign_in(
    db: database.Database,
    request: Request,
    *,
    before: Session | None,
    kind: Kind,
    principal_id: uuid.UUID,
    amr: Sequence[str],
) -> Opened:
    """Open a session for a person, with a new secret; what the browser had before is over.

    `amr` says how they showed who they are (RFC 8176), such as `pwd` or `hwk`. Requests that wait
    for the person follow them into the new session.
    """
    opened = await _open(db, request, kind, principal_id, amr, LIFE[kind])
    if before is not None:
        await db.execute(
            "update identity.authorization_request set session_id = $2 where session_id = $1",
            before.session_id,
            opened.session.session_id,
        )
        await end(db, before)
    return opened


async def end(db: database.Database, session: Session) -> None:
    """Sign out."""
    await db.execute(_END, session.session_id)


async def end_all(
    db: database.Database,
    *,
    kind: Kind,
    principal_id: uuid.UUID,
    keep: uuid.UUID | None = None,
) -> None:
    """Sign a person out of every browser but one."""
    await db.execute(_END_ALL, kind, principal_id, keep)


async def end_one(
    db: database.Database, session_id: uuid.UUID, *, kind: Kind, principal_id: uuid.UUID
) -> bool:
    """Sign out one of a person's browsers; False if it is not theirs."""
    return await db.fetchval(_END_ONE, session_id, kind, principal_id) is not None


async def of(db: database.Database, kind: Kind, principal_id: uuid.UUID) -> list[Listed]:
    """Return where a person is signed in, the latest first."""
    return [Listed(**row) for row in await db.fetch(_OF, kind, principal_id, LISTED_MAX)]


def give(response: Response, house: settings.Settings, opened: Opened) -> None:
    """Put the session's cookie on an answer."""
    kind = opened.session.kind
    response.set_cookie(
        cookie_name(house),
        opened.secret,
        max_age=int((LIFE[kind] if kind else ANONYMOUS_LIFE).total_seconds()),
        path="/",
        secure=house.secure,
        httponly=True,
        samesite="lax",
    )


def take(response: Response, house: settings.Settings) -> None:
    """Remove the session's cookie."""
    response.delete_cookie(
        cookie_name(house), path="/", secure=house.secure, httponly=True, samesite="lax"
    )


async def _open(
    db: database.Database,
    request: Request,
    kind: Kind | None,
    principal_id: uuid.UUID | None,
    amr: Sequence[str],
    life: datetime.timedelta,
) -> Opened:
    secret = opaque.new()
    browser = request.headers.get("user-agent", "")[:BROWSER_CHARS_MAX].replace("\x00", "")
    row = await db.fetchrow(
        _INSERT, ids.new(), opaque.hash_of(secret), kind, principal_id, list(amr), browser, life
    )
    return Opened(session=_session(row), secret=secret)


def _session(row: Any) -> Session:
    return Session(
        session_id=row["session_id"],
        kind=row["principal_kind"],
        principal_id=row["principal_id"],
        amr=tuple(row["amr"]),
        signed_in_at=row["signed_in_at"],
        seen_at=row["seen_at"],
    )
