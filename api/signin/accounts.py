"""Accounts: the people who may sign in, members and staff alike, and what they sign in with.

A person exists from the day they are enrolled; the row of the account comes with the first thing
there is to know of it: a password, a confirmed address, a language.
"""

import dataclasses
import datetime
import uuid
from typing import Any, Final

from api.identity import sessions
from wallet import database, members

_PEOPLE: Final[dict[sessions.Kind, str]] = {
    "member": """
        select m.member_id as principal_id, m.display_name as name, m.email,
               a.password_hash, a.password_at, a.email_verified_at, a.locale
        from coalition.member m left join identity.account a on a.principal_id = m.member_id
        where """,
    "staff": """
        select m.staff_id as principal_id, m.name, m.email,
               a.password_hash, a.password_at, a.email_verified_at, a.locale
        from coalition.staff m left join identity.account a on a.principal_id = m.staff_id
        where m.role <> 'left' and """,
}
_KEYS: Final[dict[sessions.Kind, str]] = {"member": "m.member_id = $1", "staff": "m.staff_id = $1"}
_SET: Final = """
    insert into identity.account as a (principal_id, principal_kind, password_hash, password_at,
        email_verified_at, locale)
    values ($1, $2, $3::text, case when $3::text is null then null else clock_timestamp() end,
        case when $4 then clock_timestamp() end, $5)
    on conflict (principal_id) do update set
        password_hash = coalesce(excluded.password_hash, a.password_hash),
        password_at = coalesce(excluded.password_at, a.password_at),
        email_verified_at = coalesce(a.email_verified_at, excluded.email_verified_at),
        locale = coalesce(excluded.locale, a.locale)
"""
_REHASH: Final = """
    update identity.account set password_hash = $3 where principal_id = $1 and password_hash = $2
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in. `locale` is None until they choose a language."""

    kind: sessions.Kind
    principal_id: uuid.UUID
    name: str
    email: str
    password_hash: str | None = dataclasses.field(repr=False)
    password_at: datetime.datetime | None
    email_verified_at: datetime.datetime | None
    locale: str | None


async def find(
    db: database.Database, kind: sessions.Kind, principal_id: uuid.UUID
) -> Person | None:
    """Return the person with this id."""
    return _person(kind, await db.fetchrow(_PEOPLE[kind] + _KEYS[kind], principal_id))


async def find_by_email(db: database.Database, kind: sessions.Kind, email: str) -> Person | None:
    """Return the person with this address, whatever its capitals."""
    if not email or len(email) > members.EMAIL_CHARS_MAX:
        return None
    return _person(kind, await db.fetchrow(f"{_PEOPLE[kind]} lower(m.email) = lower($1)", email))


async def change(
    db: database.Database,
    person: Person,
    *,
    password_hash: str | None = None,
    email_verified: bool = False,
    locale: str | None = None,
) -> None:
    """Set what is given; an address that was confirmed stays so."""
    await db.execute(_SET, person.principal_id, person.kind, password_hash, email_verified, locale)


async def rehash(db: database.Database, person: Person, password_hash: str) -> None:
    """Store the same password by today's parameters, unless it has been changed meanwhile."""
    await db.execute(_REHASH, person.principal_id, person.password_hash, password_hash)


def _person(kind: sessions.Kind, row: Any) -> Person | None:
    return None if row is None else Person(kind=kind, **dict(row))
