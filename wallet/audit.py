"""The audit log: who looked at or did what, and why. Append-only; a look-up is an act too.

A row also says by which document and in which request it was done, so that what a colleague typed
can be found again. An act with an id of its own is written once, however often it is repeated.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from wallet import errors, ids
from wallet.database import Database
from wallet.rules import text

REASON_CHARS_MAX: Final = 500
"""A reason is read in a list by somebody in a hurry; the story belongs in the ticket."""
TRAIL_MAX: Final = 101
"""One screen of an auditor, and the row that says that more follow."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a member, a merchant, a staff person, or the system itself (no id).

    `document_hash` is the SHA-256 of the GraphQL document, `request_id` the id of the request.
    """

    kind: str
    actor_id: UUID | None = None
    document_hash: bytes | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log."""

    audit_id: UUID
    actor_kind: str
    actor_id: UUID | None
    act: str
    subject_id: UUID | None
    reason: str | None
    detail: dict[str, Any]
    document_hash: bytes | None
    request_id: str | None
    happened_at: datetime


SYSTEM = Actor("system")


async def write(
    db: Database,
    *,
    actor: Actor,
    act: str,
    subject: UUID | None = None,
    reason: str | None = None,
    detail: dict[str, object] | None = None,
    once: UUID | None = None,
) -> None:
    """Record one act. `act` is a dotted noun and verb, e.g. "member.find".

    `once` is the id of what was done: a repetition that mends a crash between the act and its row
    writes the row that is missing, and never a second one.
    """
    await db.execute(
        "insert into coalition.audit (audit_id, actor_kind, actor_id, act, subject_id, reason,"
        " detail, document_hash, request_id) values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9)"
        " on conflict (audit_id) do nothing",
        ids.new() if once is None else ids.derived(once, act),
        actor.kind,
        actor.actor_id,
        act,
        subject,
        reason,
        None if detail is None else orjson.dumps(detail).decode(),
        actor.document_hash,
        actor.request_id,
    )


async def trail(
    db: Database, subject_id: UUID, *, first: int, before: tuple[datetime, UUID] | None
) -> list[Entry]:
    """What was done to or seen of a subject, newest first; `before` is the last one seen."""
    assert 0 < first <= TRAIL_MAX
    at, last = before or (None, None)
    rows = await db.fetch(
        "select audit_id, actor_kind, actor_id, act, subject_id, reason,"
        " coalesce(detail, '{}') as detail, document_hash, request_id, happened_at"
        " from coalition.audit where subject_id = $1"
        " and ($2::timestamptz is null or (happened_at, audit_id) < ($2, $3::uuid))"
        " order by happened_at desc, audit_id desc limit $4",
        subject_id,
        at,
        last,
        first,
    )
    return [Entry(**{**dict(row), "detail": orjson.loads(row["detail"])}) for row in rows]


def check_reason(reason: str, *path: str) -> None:
    """Refuse an act without its reason: REASON_MISSING, or TEXT_INVALID for what cannot be kept."""
    if not reason.strip():
        raise errors.ReasonMissing(path=path or ("reason",))
    text.check(reason, *(path or ("reason",)), chars_max=REASON_CHARS_MAX)
