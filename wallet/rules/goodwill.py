"""Goodwill: what support may credit out of the operator's pocket, and never without a reason.

Three limits hold together: one credit, one member over 30 days, one colleague over a day. They are
meant in amounts that feel alike in every currency, and a role without limits may give nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from wallet import errors, money
from wallet.rules import text

MEMBER_WINDOW: Final = timedelta(days=30)
"""How far back a member's goodwill is added up: a month of trying again with another colleague."""
STAFF_WINDOW: Final = timedelta(days=1)
"""How far back a colleague's goodwill is added up: what one stolen session could give away."""
REASON_CHARS_MIN: Final = 10
"""Shorter is no reason: "ok", "test" and "asdf" do not explain a payment a year later."""
REASON_CHARS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Limits:
    """The most of one credit, of one member's window and of one colleague's, in minor units."""

    once_minor: int
    member_minor: int
    staff_minor: int


# About the worth of one euro; a limit needs no exchange rate, only the right order of size.
_ABOUT_ONE_EURO: Final = {
    "EUR": 100,
    "USD": 100,
    "GBP": 100,
    "BRL": 500,
    "JPY": 150,
    "KWD": 300,
    "PTS": 100,
}
_EUROS: Final = {
    "support": (20, 50, 500),
    "supervisor": (100, 300, 3000),
    "operator": (100, 300, 3000),
}
_TICKETS: Final = {"support": 50, "supervisor": 500, "operator": 500}
"""A ticket may win more than any credit, so they are few: a draw that went wrong for some."""
NOBODY: Final = Limits(0, 0, 0)
CHECKER: Final = "supervisor"
"""Whose limits a proposal has to fit: the lowest role that may approve it."""


def limits(role: str, asset: str = "EUR") -> Limits:
    """Find the limits of `support`, `supervisor` or `operator` in an asset; others give nothing."""
    euros = _EUROS.get(role)
    if euros is None:
        return NOBODY
    unit_minor = _ABOUT_ONE_EURO[asset]
    once, member, staff = euros
    return Limits(once * unit_minor, member * unit_minor, staff * unit_minor)


def tickets(role: str) -> int:
    """How many tickets of draws `support`, `supervisor` or `operator` may give in a day."""
    return _TICKETS.get(role, 0)


def check(
    amount_minor: int,
    reason: str,
    member_sum_minor: int,
    staff_sum_minor: int,
    *,
    role: str = "support",
    asset: str = "EUR",
) -> None:
    """Refuse a credit without amount or reason, or above a limit.

    The sums are what the member got and the colleague gave within their windows, without this one.
    Raises AMOUNT_INVALID, REASON_MISSING, TEXT_INVALID, or GOODWILL_LIMIT with `allowed_minor`.
    """
    if type(amount_minor) is not int or not 0 < amount_minor <= money.AMOUNT_MAX_MINOR:
        raise errors.AmountInvalid(path=("amount",))
    if len(reason.strip()) < REASON_CHARS_MIN:
        raise errors.ReasonMissing(
            f"A reason of at least {REASON_CHARS_MIN} letters is needed. Write why, then send "
            "it again.",
            path=("reason",),
        )
    text.check(reason, "reason", chars_max=REASON_CHARS_MAX)
    most = limits(role, asset)
    allowed_minor = min(
        most.once_minor,
        most.member_minor - member_sum_minor,
        most.staff_minor - staff_sum_minor,
    )
    if amount_minor > allowed_minor:
        raise errors.GoodwillLimit(
            path=("amount",), allowed_minor=max(0, allowed_minor), asset=asset
        )
