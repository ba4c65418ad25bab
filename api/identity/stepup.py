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

LINKING: Final = (
    "Connecting a shop needs a sign-in with max_age=300. Sign in, then send this again."
)


def is_fresh(authenticated_at: datetime.datetime | None, *, now: datetime.datetime) -> bool:
    """True if the person signed in within the last five minutes; never known is not fresh."""
    if authenticated_at is None:
        return False
    return -SKEW <= now - authenticated_at <= FRESH


def check(
    authenticated_at: datetime.datetime | None, *, now: datetime.datetime, known: bool
) -> None:
    """Refuse a new way without a fresh sign-in: STEP_UP_REQUIRED."""
    if not known and not is_fresh(authenticated_at, now=now):
        raise errors.StepUpRequired(path=("merchant_id",))


def check_giving(
    authenticated_at: datetime.datetime | None, *, now: datetime.datetime, known: bool
) -> None:
    """The same for a charity that was never given anything."""
    if not known and not is_fresh(authenticated_at, now=now):
        raise errors.StepUpRequired(FIRST_GIFT, path=("charity_id",))


def check_linking(authenticated_at: datetime.datetime | None, *, now: datetime.datetime) -> None:
    """Refuse to connect a shop without a fresh sign-in, whatever was connected before."""
    if not is_fresh(authenticated_at, now=now):
        raise errors.StepUpRequired(LINKING, path=("partner_id",))
