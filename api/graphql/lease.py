"""How long a caller may stay: until the token that let them in ends, by its time or by revocation.

A request is over before its token matters again; a stream is not. So who is connected is looked up
again when the token should have expired, and twice a minute in between.
"""

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from typing import Final

from api.graphql import failures
from api.identity import bearer
from wallet import errors

SOON_SECONDS: Final = 1.0  # when our clock says "expired" and the database does not yet

Again = Callable[[], Awaitable[bearer.Principal]]
"""Looks the caller up again, by what they came in with; raises failures.Failure if that ended."""


async def end(principal: bearer.Principal, again: Again, *, check_seconds: float) -> None:
    """Return when the caller may no longer stay; look at least as often as that."""
    while True:
        await asyncio.sleep(_pause(principal, check_seconds))
        try:
            found = await again()
        except failures.Failure:
            return
        except errors.Unavailable:
            if _expired(principal):
                return
            continue  # nobody is sent away because the database is
        if not principal.scopes <= found.scopes:
            return
        principal = found


def ended() -> failures.Failure:
    """What somebody is told who may no longer stay."""
    return failures.Failure("UNAUTHENTICATED", "The token has ended. Come back with a new one.")


def _expired(principal: bearer.Principal) -> bool:
    now = datetime.datetime.now(datetime.UTC)
    return principal.expires_at is not None and principal.expires_at < now


def _pause(principal: bearer.Principal, check_seconds: float) -> float:
    if principal.expires_at is None:
        return check_seconds
    left = (principal.expires_at - datetime.datetime.now(datetime.UTC)).total_seconds()
    return min(max(left + 0.05, SOON_SECONDS), check_seconds)
