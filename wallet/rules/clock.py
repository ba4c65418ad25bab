"""The pending clock: which event starts it, when it runs out, and what happens then.

Cashback waits for the event that the contract names, because goods come back and stays are
cancelled. If the event never comes, the longest wait decides: nothing is pending for ever, and
nothing is lost without a rule that says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from wallet.rules import contracts, expiry, purchases


@dataclass(frozen=True, slots=True)
class Due:
    """When a purchase's cashback is decided and how, as far as is known now.

    At `due_at` it matures (and expires at `expires_at`, None for never) or lapses (`expires_at` is
    then None too). `waits_for` is the event that would set another time, None once it is known.
    """

    due_at: datetime
    due_as: Literal["mature", "lapse"]
    expires_at: datetime | None
    waits_for: contracts.PendingEvent | None = None


def start(
    terms: contracts.Terms,
    events: Sequence[purchases.Event],
    reported_at: datetime,
    tz: str,
    *,
    known_at: datetime | None = None,
) -> Due:
    """Set the clock of a purchase reported at `reported_at` by the events known so far.

    With the event: mature `days` (of 24 hours) after it, but never before we knew of it, `known_at`
    (the report itself, if it is not given), so that a late event costs no day of the lot's life.
    Without it: what the contract says for the end of the longest wait, counted from the report.
    """
    pending = terms.pending
    started_at = _started_at(pending, events, reported_at)
    if started_at is not None:
        ready_at = started_at + timedelta(days=pending.days)
        return _mature(max(ready_at, known_at or reported_at), terms, tz, waits_for=None)
    wait_ends_at = reported_at + timedelta(days=pending.wait_days_max)
    if pending.on_wait_end == "mature":
        return _mature(wait_ends_at, terms, tz, waits_for=pending.event)
    return Due(wait_ends_at, "lapse", None, waits_for=pending.event)


def _started_at(
    pending: contracts.Pending, events: Sequence[purchases.Event], reported_at: datetime
) -> datetime | None:
    if pending.event == "reported":
        return reported_at
    return next((event.at for event in events if event.kind == pending.event), None)


def _mature(
    due_at: datetime,
    terms: contracts.Terms,
    tz: str,
    *,
    waits_for: contracts.PendingEvent | None,
) -> Due:
    return Due(due_at, "mature", expiry.expires_at(due_at, terms.expiry, tz), waits_for)
