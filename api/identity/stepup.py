"""Step-up: before value leaves by a new way, the member must have signed in a moment ago.

A stolen phone or token is worth most where its owner never was. So the first spend at a merchant,
from a device, or of an amount that the member never came near asks for a fresh sign-in
(`max_age=300` at /oauth/authorize); for what was done before, the token alone is enough.
"""

import datetime
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from wallet import errors
from wallet.rules import spending

FRESH: Final = datetime.timedelta(minutes=5)
"""Long enough to come back from the sign-in page and find the merchant, and no longer."""
SKEW: Final = datetime.timedelta(minutes=1)
"""How far another provider's clock may be ahead of ours before its word is not believed."""

Sign: TypeAlias = spending.Sign | Literal["new_charity", "unlock", "linking"]
_AGAIN: Final = "Sign in again with max_age=300, then send this again."
WORDS: Final[dict[Sign, str]] = {
    "new_partner": f"This is the first time at this merchant. {_AGAIN}",
    "new_device": f"Nothing was spent from this device before. {_AGAIN}",
    "unusual_amount": f"This is far more than you ever spent at once. {_AGAIN}",
    "new_charity": f"This is the first gift to this charity. {_AGAIN}",
    "unlock": f"This opens a wallet that was locked. {_AGAIN}",
    "linking": "Connecting a shop needs a sign-in with max_age=300. Sign in, then send this again.",
}
"""What is new, in the order in which it is said where more than one is."""


def is_fresh(authenticated_at: datetime.datetime | None, *, now: datetime.datetime) -> bool:
    """True if the person signed in within the last five minutes; never known is not fresh."""
    if authenticated_at is None:
        return False
    return -SKEW <= now - authenticated_at <= FRESH


def check(
    authenticated_at: datetime.datetime | None,
    *,
    now: datetime.datetime,
    signs: Sequence[Sign],
    path: tuple[str, ...] = (),
) -> None:
    """Refuse what is new without a fresh sign-in: STEP_UP_REQUIRED; nothing new needs none."""
    if signs and not is_fresh(authenticated_at, now=now):
        raise errors.StepUpRequired(WORDS[signs[0]], path=path)
