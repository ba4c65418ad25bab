"""Members: enrolling, finding, suspending. A member's wallet opens and closes with them.

The wallet's id follows from the member's, so enrolling is safe to repeat. A suspension changes the
member and the wallet in one statement, under the wallet's lock: no spend can slip past it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from wallet import audit, errors, ids, ledger, programme
from wallet.database import Database
from wallet.rules import text

NAME_CHARS_MAX = 120
EMAIL_CHARS_MAX = 254
"""RFC 5321's longest path, less its brackets."""

_SELECT = (
    "select member_id, wallet_id, display_name, email, status, created_at from coalition.member"
)


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the coalition, and where their value is."""

    member_id: UUID
    wallet_id: UUID
    display_name: str
    email: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A member who is enrolled; `replayed` if this id had been before."""

    member: Member
    replayed: bool


async def enrol(
    db: Database,
    *,
    member_id: UUID,
    email: str,
    display_name: str,
    actor: audit.Actor,
    reason: str | None = None,
) -> Enrolled:
    """Enrol a member and open the wallet. Repeating it is harmless; EMAIL_TAKEN for another's.

    A person gives a reason; None is for a system that enrols by its own rule.
    """
    if reason is not None:
        audit.check_reason(reason)
    text.check(display_name, "display_name", chars_max=NAME_CHARS_MAX)
    check_email(email)
    house = await programme.of(db)
    wallet_id = ids.derived(member_id, "wallet")
    try:
        created = await db.fetchval(
            "with opened as (select ledger.open_wallet($1, $2, $3, $4))"
            " insert into coalition.member (member_id, wallet_id, display_name, email)"
            " select $5, $2, $6, $7 from opened on conflict (member_id) do nothing"
            " returning member_id",
            ledger.bucket(wallet_id),
            wallet_id,
            house.asset.number,
            house.wallet_floor_minor,
            member_id,
            display_name,
            email,
        )
    except asyncpg.UniqueViolationError:
        raise errors.EmailTaken(path=("email",)) from None
    member = await find(db, member_id)
    if (member.email.lower(), member.display_name) != (email.lower(), display_name):
        raise errors.IdempotencyKeyReused(first_used_at=member.created_at)
    await audit.write(
        db, actor=actor, act="member.enrol", subject=member_id, reason=reason, once=member_id
    )
    return Enrolled(member, replayed=created is None)


async def find(db: Database, member_id: UUID, *path: str) -> Member:
    """The member with this id, or NOT_FOUND at the path by which it was sent."""
    return _member(await db.fetchrow(f"{_SELECT} where member_id = $1", member_id), *path)


async def find_by_email(db: Database, email: str) -> Member:
    """The member with this address, whatever its capitals, or NOT_FOUND."""
    return _member(await db.fetchrow(f"{_SELECT} where lower(email) = lower($1)", email))


async def of_wallet(db: Database, wallet_id: UUID) -> Member:
    """The member whose wallet it is, or NOT_FOUND."""
    return _member(await db.fetchrow(f"{_SELECT} where wallet_id = $1", wallet_id))


async def suspend(db: Database, member_id: UUID, *, reason: str, actor: audit.Actor) -> Member:
    """Stop earning and spending; what is held or pending goes on by its rules."""
    return await _set_status(
        db, member_id, status="suspended", state="suspended", reason=reason, actor=actor
    )


async def reinstate(db: Database, member_id: UUID, *, reason: str, actor: audit.Actor) -> Member:
    """Let a suspended member earn and spend again."""
    return await _set_status(
        db, member_id, status="active", state="open", reason=reason, actor=actor
    )


async def _set_status(
    db: Database, member_id: UUID, *, status: str, state: str, reason: str, actor: audit.Actor
) -> Member:
    audit.check_reason(reason)
    changed = await db.fetchval(
        "with m as (update coalition.member set status = $2 where member_id = $1"
        " returning wallet_id) select ledger.set_wallet_state("
        " get_byte(uuid_send(wallet_id), 15)::smallint, wallet_id, $3) from m",
        member_id,
        status,
        state,
    )
    if changed is None:
        raise errors.NotFound()
    await audit.write(db, actor=actor, act=f"member.{status}", subject=member_id, reason=reason)
    return await find(db, member_id)


def check_email(email: str) -> None:
    """Refuse what cannot be an address. Whether it works, only a message to it can tell."""
    text.check(email, "email", chars_max=EMAIL_CHARS_MAX)
    name, at, domain = email.rpartition("@")
    if not (name and at and "." in domain.strip(".")) or any(one.isspace() for one in email):
        raise errors.TextInvalid("This is not an e-mail address.", path=("email",))


def _member(row: Any, *path: str) -> Member:
    if row is None:
        raise errors.NotFound(path=path)
    return Member(**dict(row))
