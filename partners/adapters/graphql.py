"""GraphQL over HTTP, as shops speak it: one address, 200 for nearly everything, errors beside data.

What an error means depends on where it stands. One at the whole operation, or at its one field,
came before anything was done; one further inside came after, and the effect may be there.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import httpx2
import msgspec

from partners import adapter, faults

DENIED: Final = frozenset({"ACCESS_DENIED", "FORBIDDEN", "UNAUTHENTICATED"})
SLOW: Final = frozenset({"THROTTLED"})
CLOSED: Final = frozenset({402, 403, 404, 423})
"""The shop is frozen, closed, gone or locked: the question did not reach it."""
PAUSE_MAX: Final = 60
"""Seconds: a bucket that is full in a minute is never waited for longer."""


async def ask(
    client: httpx2.AsyncClient,
    url: str,
    query: str,
    variables: Mapping[str, object],
    *,
    headers: Mapping[str, str] | None = None,
) -> Mapping[str, Any] | adapter.NotSent | adapter.Unknown:
    """Ask one thing; its data if there is no error beside it, or what the error means."""
    reply = await faults.ask(
        client, "POST", url, json={"query": query, "variables": variables}, headers=headers
    )
    if not isinstance(reply, faults.Reply):
        return reply
    if reply.status in CLOSED:
        return adapter.NotSent(f"answered {reply.status}", reauthorize=reply.status == 403)
    answer = reply.read(_Answer)
    if answer is None or not (reply.ok or answer.errors):
        return adapter.Unknown(f"answered {reply.status}, and nothing of GraphQL")
    if answer.errors:
        return _wrong(answer)
    return answer.data or adapter.Unknown("answered without data")


class _Told(msgspec.Struct):
    code: str = ""


class _Error(msgspec.Struct):
    message: str = ""
    path: list[str | int] | None = None
    extensions: _Told | None = None

    @property
    def code(self) -> str:
        """Its code, empty if it has none."""
        return "" if self.extensions is None else self.extensions.code

    @property
    def is_before(self) -> bool:
        """True if nothing of the operation was carried out."""
        return self.path is None or len(self.path) <= 1


class _Status(msgspec.Struct):
    currently_available: Decimal = msgspec.field(name="currentlyAvailable", default=Decimal(0))
    restore_rate: Decimal = msgspec.field(name="restoreRate", default=Decimal(0))


class _Cost(msgspec.Struct):
    requested: Decimal = msgspec.field(name="requestedQueryCost", default=Decimal(0))
    status: _Status | None = msgspec.field(name="throttleStatus", default=None)


class _Extensions(msgspec.Struct):
    cost: _Cost | None = None


class _Answer(msgspec.Struct):
    data: dict[str, Any] | None = None
    errors: list[_Error] = []
    extensions: _Extensions | None = None


def _wrong(answer: _Answer) -> adapter.NotSent | adapter.Unknown:
    codes = {one.code for one in answer.errors}
    before = all(one.is_before for one in answer.errors)
    if before and codes <= SLOW:
        return adapter.NotSent("asked to slow down", retry_after=_pause(answer.extensions))
    if before and codes <= DENIED:
        return adapter.NotSent("the credentials do not allow it", reauthorize=True)
    # Our codes are in what we ask, and errors repeat what was asked: only their own are told.
    return adapter.Unknown(f"answered {', '.join(sorted(codes - {''})) or 'an error'}"[:200])


def _pause(told: _Extensions | None) -> timedelta | None:
    """How long the bucket takes to hold what the question costs."""
    cost = None if told is None else told.cost
    if cost is None or cost.status is None or cost.status.restore_rate <= 0:
        return None
    missing = cost.requested - cost.status.currently_available
    seconds = max(1, -int(-missing // cost.status.restore_rate)) if missing > 0 else 1
    return timedelta(seconds=min(seconds, PAUSE_MAX))
