"""Staff: the people who work for the operator, and the role that limits what they may give."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg

from wallet import audit, errors, members
from wallet.database import Database
from wallet.rules import text

ROLES: Final = ("support", "supervisor", "operator", "left")
"""Whoever has left opens no door any more; what they did keeps their name."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the staff."""

    staff_id: UUID
    name: str
    email: str
    role: str


async def add(
    db: Database, *, staff_id: UUID, name: str, email: str, role: str, actor: audit.Actor
) -> Person:
    """Add a person. Repeating it is harmless; EMAIL_TAKEN for another's address."""
    text.check(name, "name", chars_max=members.NAME_CHARS_MAX)
    members.check_email(email)
    _check_role(role)
    try:
        created = await db.fetchval(
            "insert into coalition.staff (staff_id, name, email, role) values ($1, $2, $3, $4)"
            " on conflict (staff_id) do nothing returning staff_id",
            staff_id,
            name,
            email,
            role,
        )
    except asyncpg.UniqueViolationError:
        raise errors.EmailTaken(path=("email",)) from None
    if created is not None:
        await audit.write(db, actor=actor, act="staff.add", subject=staff_id)
    return await find(db, staff_id)


async def change_role(
    db: Database, staff_id: UUID, *, role: str, reason: str, actor: audit.Actor
) -> Person:
    """Give a person another role; what their tokens may do follows at once."""
    _check_role(role)
    audit.check_reason(reason)
    await db.execute("update coalition.staff set role = $2 where staff_id = $1", staff_id, role)
    person = await find(db, staff_id)
    await audit.write(
        db,
        actor=actor,
        act="staff.role",
        subject=staff_id,
        reason=reason,
        detail={"role": role},
    )
    return person


async def find(db: Database, staff_id: UUID) -> Person:
    """The person with this id, or NOT_FOUND."""
    row = await db.fetchrow(
        "select staff_id, name, email, role from coalition.staff where staff_id = $1", staff_id
    )
    if row is None:
        raise errors.NotFound()
    return Person(**dict(row))


async def find_many(db: Database, staff_ids: list[UUID]) -> dict[UUID, Person]:
    """The people with these ids, for a loader; those that are not there are left out."""
    rows = await db.fetch(
        "select staff_id, name, email, role from coalition.staff where staff_id = any($1)",
        staff_ids,
    )
    return {row["staff_id"]: Person(**dict(row)) for row in rows}


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise errors.TextInvalid(f"A role is one of {', '.join(ROLES)}.", path=("role",))
