"""The audit log: who looked at or did what, and why. Append-only; a look-up is an act too."""

from dataclasses import dataclass
from uuid import UUID

import orjson

from wallet import ids
from wallet.database import Database


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a member, a merchant, a staff person, or the system itself (no id)."""

    kind: str
    actor_id: UUID | None = None


SYSTEM = Actor("system")


async def write(
    db: Database,
    *,
    actor: Actor,
    act: str,
    subject: UUID | None = None,
    reason: str | None = None,
    detail: dict[str, object] | None = None,
) -> None:
    """Record one act. `act` is a dotted noun and verb, e.g. "member.find"."""
    await db.execute(
        "insert into coalition.audit (audit_id, actor_kind, actor_id, act, subject_id, reason,"
        " detail) values ($1, $2, $3, $4, $5, $6, $7::jsonb)",
        ids.new(),
        actor.kind,
        actor.actor_id,
        act,
        subject,
        reason,
        None if detail is None else orjson.dumps(detail).decode(),
    )
