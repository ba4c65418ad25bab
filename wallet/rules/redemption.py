"""The life of a redemption: held, then captured, released or expired; a capture may be refunded.

A hold is resolved exactly once. A capture may take less than was held, the rest goes back at once;
only what a gift card holds is captured and released in parts, and stays `held` while a part is.
A refund may come in parts; the last of them makes the redemption `refunded`. The database re-checks
all of this under its lock; here it is said once, with the words.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from wallet import errors, money

State = Literal["held", "captured", "released", "expired", "refunded"]
Step = Literal["capture", "release", "expire", "refund"]

STATES: Final[tuple[State, ...]] = ("held", "captured", "released", "expired", "refunded")

STEPS: Final[dict[tuple[State, Step], tuple[State, ...]]] = {
    ("held", "capture"): ("captured",),
    ("held", "release"): ("released",),
    ("held", "expire"): ("expired",),
    ("captured", "refund"): ("captured", "refunded"),
}
"""Every step there is, and the states it may lead to; a refund in part stays `captured`."""


@dataclass(frozen=True, slots=True)
class Capture:
    """How a hold is resolved: what the merchant gets and what goes back, in minor units."""

    captured_minor: int
    released_minor: int


@dataclass(frozen=True, slots=True)
class Refund:
    """What goes back of a capture, the sum so far with it, and the state after it."""

    amount_minor: int
    refunded_minor: int
    state: State


def check_amount(amount_minor: int, *path: str) -> None:
    """Refuse an amount that is not a whole number above zero, up to the largest: AMOUNT_INVALID."""
    if type(amount_minor) is not int or not 0 < amount_minor <= money.AMOUNT_MAX_MINOR:
        raise errors.AmountInvalid(path=path or ("amount",))


def check_step(
    state: State,
    step: Step,
    *,
    now: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Refuse a step that the state does not permit: REDEMPTION_EXPIRED or REDEMPTION_CLOSED.

    A hold past `expires_at` counts as expired although the sweep has not come by (give `now` too).
    """
    late = now is not None and expires_at is not None and now >= expires_at
    if state == "expired" or (state == "held" and late and step != "expire"):
        raise errors.RedemptionExpired
    if (state, step) not in STEPS:
        raise errors.RedemptionClosed(
            f"This redemption is {state}, so there is nothing to {step}. Look at its state first.",
            state=state,
        )


def check_capture(held_minor: int, amount_minor: int | None, *, asset: str) -> Capture:
    """Divide a hold: `amount_minor` is captured (all of it, if None), the rest is released.

    Raises AMOUNT_INVALID, or CAPTURE_EXCEEDS_HOLD with `held_minor`.
    """
    if amount_minor is None:
        return Capture(held_minor, 0)
    check_amount(amount_minor)
    if amount_minor > held_minor:
        raise errors.CaptureExceedsHold(path=("amount",), held_minor=held_minor, asset=asset)
    return Capture(amount_minor, held_minor - amount_minor)


def check_refund(
    captured_minor: int, refunded_minor: int, amount_minor: int | None, *, asset: str
) -> Refund:
    """Refund `amount_minor` of a capture (all that is left, if None).

    Raises AMOUNT_INVALID, or REFUND_EXCEEDS_CAPTURE with `left_minor`.
    """
    left_minor = captured_minor - refunded_minor
    assert left_minor >= 0
    if amount_minor is not None:
        check_amount(amount_minor)
    if left_minor == 0 or (amount_minor is not None and amount_minor > left_minor):
        raise errors.RefundExceedsCapture(path=("amount",), left_minor=left_minor, asset=asset)
    refunds_minor = left_minor if amount_minor is None else amount_minor
    state: State = "refunded" if refunds_minor == left_minor else "captured"
    return Refund(refunds_minor, refunded_minor + refunds_minor, state)
