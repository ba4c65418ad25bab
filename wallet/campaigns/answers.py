"""What the books answer to campaigns about members, with standings that surely hold.

A tier follows from what the member bought, so it may be out of date the moment after a purchase.
Whoever decides by one has it worked out anew first: an upgrade is never late, worker or not.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import orjson

from wallet import errors, sql
from wallet.database import Database
from wallet.rules.tiers import running

LOOKS_MAX: Final = 12
"""How often standings are worked out anew because the member's facts moved in between."""

Look: TypeAlias = Callable[[Sequence[uuid.UUID], datetime], Awaitable[object]]
"""Works out anew where members stand on ladders, by their wallets, as of an instant at least."""


async def ask(
    db: Database,
    questions: Sequence[Mapping[str, Any]],
    ladders: Sequence[tuple[Sequence[running.Running], datetime]],
    look: Look | None,
) -> list[Any]:
    """Answers of `queries/campaign_facts`, with standings that hold at the instants beside them.

    IDEMPOTENCY_IN_PROGRESS if a member's facts never rest.
    """
    text = orjson.dumps(questions, default=str).decode()
    for _ in range(LOOKS_MAX):
        rows = await db.fetch(sql.load("queries/campaign_facts"), text)
        late = {
            question["wallet"]: at
            for question, row, (every, at) in zip(questions, rows, ladders, strict=True)
            if question["wallet"] is not None and _is_late(row, every, at)
        }
        if not late or look is None:
            return rows
        await look(sorted(late), max(late.values()))
    raise errors.IdempotencyInProgress()


def _is_late(row: Any, every: Sequence[running.Running], at: datetime) -> bool:
    held = standings(row) if every else {}
    if row["facts"] is None:
        return False  # No wallet in the house's asset, so the write will refuse it.
    return not all(
        running.is_fresh(one, held.get(one.scheme_id), row["facts"], at) for one in every
    )


def standings(row: Any) -> dict[uuid.UUID, running.Row]:
    """The member's standings of an answer, by ladder."""
    return {uuid.UUID(one["scheme_id"]): one for one in orjson.loads(row["standings"] or "[]")}
