"""Step-up: before value leaves by a new way, the member must have signed in a moment ago.

A stolen phone or token is worth most at a merchant where its owner never was. So the first code for
a merchant asks for a fresh sign-in (`max_age=300` at /oauth/authorize); where the member has spent
before, the token alone is enough.
"""

import datetime
from typing import Final

from wallet import errors

FRESH: Final = datetime.timedelta(minutes=5)
"""Long enough to come back from the sign-in page and find the merchant, and no longer."""
SKEW: Final = datetime.timedelta(minutes=1)
"""How far another provider's clock may be ahead of ours before its word is not believed."""

FIRST_GIFT: Final = (
    "This is the first gift to this charity. Sign in again with max_age=300, then send this again."
)
"""What is said before a charity is given something for the first time."""


def is_fresh(authenticated_at: datetime.datetime | None, *, now: datetime.datetime) -> bool:
    """True if the person signed in within the last five minutes; never known is not fresh."""
    if authenticated_at is None:
        return False
    return -SKEW <= now - authenticated_at <= FRESH


def check(
    authenticated_at: datetime.datetime | None,
    *,
    now: datetime.datetime,
    known: bool,
    message: str | None = None,
    path: tuple[str, ...] = ("merchant_id",),
) -> None:
    """Refuse a new way without a fresh sign-in: STEP_UP_REQUIRED."""
    if not known and not is_fresh(authenticated_at, now=now):
        raise errors.StepUpRequired(message, path=path)
