"""Paid memberships: what a payment buys, and what goes back of it, day by day.

A payment buys whole local days of the programme's zone: from the day it was made, or from the end
of what was paid before, up to the day a term later (the 31st of a month is its last day, and 29
February the 28th). Each term keeps what was paid for it, so that of a term that ends early the
days used and the days left add up to exactly that; only the one term that runs is ever rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, TypeAlias

from wallet import errors, money
from wallet.rules import local
from wallet.rules.schemes.memberships import Cancelling, Membership, Term

PAID_AGO_MAX: Final = timedelta(days=7)
"""How late a payment may be reported: a shop that was offline for longer asks the operator."""
AHEAD_MAX: Final = timedelta(minutes=5)
"""How far a seller's clock may be ahead of ours."""
TERMS_AHEAD_MAX: Final = 2
"""Terms paid before they begin: the next one, and one more that somebody was given."""

DAY: Final = timedelta(days=1)

Kind: TypeAlias = Literal["started", "renewed", "changed", "cancelled", "lapsed", "reinstated"]
Closed: TypeAlias = Literal["cancelled", "lapsed"]
State: TypeAlias = Literal["active", "in_grace", "cancelled", "lapsed"]
Why: TypeAlias = Literal["no_refund", "days_left", "whole", "used_up"]
"""Why so much is refunded: the plan refunds nothing; the days that are left; all that was not
begun, or was cancelled in time; or there is nothing left."""


@dataclass(frozen=True, slots=True)
class Paid:
    """A term that was paid for: from a local day up to another, and what it is worth."""

    from_day: date
    until_day: date
    worth_minor: int

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until_day - self.from_day).days


@dataclass(frozen=True, slots=True)
class Standing:
    """A membership as its acts left it; `terms` are those that count, the oldest first.

    `anchor` is the day from which the terms are counted: a term that began on a 31st ends on a
    31st again after a shorter month. `last_at` is when it was last paid for, or began.
    """

    closed: Closed | None
    last_at: datetime
    anchor: date
    entitled_until: datetime
    terms: tuple[Paid, ...]

    @property
    def until_day(self) -> date:
        """The first local day that is not paid for."""
        return self.terms[-1].until_day


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens to a membership, and how it stands after it.

    `paid` is the term that it buys, None for an end. `credit_minor` is what of an older plan was
    counted towards it.
    """

    kind: Kind
    anchor: date
    until_day: date
    entitled_until: datetime
    paid: Paid | None = None
    paid_minor: int = 0
    refund_minor: int = 0
    credit_minor: int = 0
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of terms: in money, and why it is so much."""

    minor: int
    why: Why


def check_time(paid_at: datetime, *, known_at: datetime) -> None:
    """Refuse a payment of the future, or one that is reported too late: MEMBERSHIP_INVALID."""
    if paid_at > known_at + AHEAD_MAX:
        raise errors.MembershipInvalid(
            "This payment lies in the future. Check the clock that set it.", path=("paid_at",)
        )
    if paid_at < known_at - PAID_AGO_MAX:
        raise errors.MembershipInvalid(
            f"This payment is older than {PAID_AGO_MAX.days} days. Ask the operator to correct it.",
            path=("paid_at",),
        )


def start(plan: Membership, *, paid_at: datetime, paid_minor: int, zone: str) -> Act:
    """Begin a membership with its first payment, on the local day of it."""
    check_price(plan, paid_minor)
    day = local.day(paid_at, zone)
    paid = Paid(day, until(day, plan.term, after=day), paid_minor)
    return _paid("started", plan, day, paid, zone=zone, paid_minor=paid_minor)


def renew(
    plan: Membership,
    standing: Standing,
    *,
    paid_at: datetime,
    now: datetime,
    paid_minor: int,
    zone: str,
) -> Act:
    """Add a term: behind the last one if it was paid in time, with grace; else from that day on.

    It reinstates what had run out when it is reported. MEMBERSHIP_CLOSED if it was cancelled,
    MEMBERSHIP_INVALID for a term further ahead than TERMS_AHEAD_MAX.
    """
    if standing.closed == "cancelled":
        raise errors.MembershipClosed(state="cancelled")
    _check_order(standing, paid_at)
    check_price(plan, paid_minor)
    day = local.day(paid_at, zone)
    if sum(one.from_day > day for one in standing.terms) >= TERMS_AHEAD_MAX:
        raise errors.MembershipInvalid(
            f"It is paid until {standing.until_day}. Report the next payment when a term has begun."
        )
    in_time = paid_at < standing.entitled_until
    anchor, begins = (standing.anchor, standing.until_day) if in_time else (day, day)
    paid = Paid(begins, until(anchor, plan.term, after=begins), paid_minor)
    over = standing.closed == "lapsed" or now >= standing.entitled_until
    kind: Kind = "reinstated" if over else "renewed"
    return _paid(kind, plan, anchor, paid, zone=zone, paid_minor=paid_minor)


def change(
    old: Membership,
    new: Membership,
    standing: Standing,
    *,
    paid_at: datetime,
    now: datetime,
    paid_minor: int | None,
    zone: str,
) -> Act:
    """Go over to another plan on that day; what is left of the old one counts towards it.

    Whatever is left over goes back. With `paid_minor`, AMOUNT_INVALID unless it is just what is
    due. MEMBERSHIP_CLOSED unless the membership runs and is paid for.
    """
    _check_running(standing, now)
    _check_order(standing, paid_at)
    if (old.seller, old.asset) != (new.seller, new.asset):
        raise errors.MembershipInvalid(
            "This plan is sold by somebody else, or in another currency. Start it by itself.",
            path=("plan_id",),
        )
    day = local.day(paid_at, zone)
    credit_minor = 0
    if old.change == "pro_rata_days":
        # That day belongs to the new plan.
        credit_minor = sum(_unused(one, day) for one in standing.terms)
    due_minor = max(0, new.price_minor - credit_minor)
    if paid_minor is not None and paid_minor != due_minor:
        due = money.phrase(due_minor, money.asset(new.asset))
        raise errors.AmountInvalid(
            f"What is due for this change on {day} is {due}. Take that, and report it.",
            path=("paid",),
        )
    act = _paid(
        "changed",
        new,
        day,
        Paid(day, until(day, new.term, after=day), new.price_minor),
        zone=zone,
        paid_minor=due_minor,
    )
    back_minor = credit_minor + due_minor - new.price_minor
    return replace(act, credit_minor=credit_minor, refund_minor=back_minor)


def cancel(plan: Membership, standing: Standing, *, now: datetime, zone: str) -> Act:
    """End a membership, with that day or with what is paid for, and say what goes back.

    MEMBERSHIP_CLOSED if it has ended already.
    """
    if standing.closed is not None:
        raise errors.MembershipClosed(state=standing.closed)
    day = local.day(now, zone)
    left = refund(standing.terms, day, plan.cancelling)
    ends = standing.until_day
    if plan.cancelling.entitled == "at_once":
        ends = min(ends, day + DAY)
    return Act(
        "cancelled",
        standing.anchor,
        standing.until_day,
        # Nobody who has cancelled waits for a payment, so there is no grace.
        max(now, local.midnight(ends, zone)) if ends > day else now,
        refund_minor=left.minor,
        why=left.why,
    )


def lapse(standing: Standing, *, now: datetime) -> Act | None:
    """Let a membership run out whose time is over; None while it is not."""
    if standing.closed is not None or now < standing.entitled_until:
        return None
    return Act("lapsed", standing.anchor, standing.until_day, standing.entitled_until)


def refund(terms: Sequence[Paid], day: date, said: Cancelling) -> Left:
    """What goes back of terms that end with a day, that day being used."""
    if said.refund == "none":
        return Left(0, "no_refund")
    running = [one for one in terms if one.until_day > day]
    whole = [
        one.from_day > day
        or (said.refund == "full_within_days" and (day - one.from_day).days < said.days)
        for one in running
    ]
    minor = sum(
        one.worth_minor if all_of else _unused(one, day + DAY)
        for one, all_of in zip(running, whole, strict=True)
    )
    if minor == 0:
        return Left(0, "used_up")
    return Left(minor, "whole" if all(whole) else "days_left")


def state(
    closed: Closed | None,
    until_day: date,
    entitled_until: datetime,
    *,
    now: datetime,
    zone: str,
) -> State:
    """How a membership stands at an instant, whether the worker has come by or not."""
    if closed is not None:
        return closed
    if now >= entitled_until:
        return "lapsed"
    return "active" if local.day(now, zone) < until_day else "in_grace"


def last_day(kind: Kind, until_day: date, entitled_until: datetime, zone: str) -> date:
    """The last day that an act left: of what is paid for, or at an end of being let in."""
    if kind in ("cancelled", "lapsed"):
        return local.day(entitled_until - timedelta(microseconds=1), zone)
    return until_day - DAY


def check_price(plan: Membership, paid_minor: int) -> None:
    """Refuse a payment above the price; less is a discount of the seller's."""
    if not 0 <= paid_minor <= plan.price_minor:
        price = money.phrase(plan.price_minor, money.asset(plan.asset))
        raise errors.AmountInvalid(
            f"This plan costs {price}. Report what was paid for it, at most that.",
            path=("paid",),
        )


def until(anchor: date, term: Term, *, after: date) -> date:
    """The first end of a term, counted from an anchor, that lies after a day."""
    if term.unit == "day":
        times = (after - anchor).days // term.count + 1
        return anchor + timedelta(days=term.count * times)
    months = term.count * (12 if term.unit == "year" else 1)
    gone = (after.year - anchor.year) * 12 + after.month - anchor.month
    times = max(1, gone // months)
    while (end := local.months_on(anchor, months * times)) <= after:
        times += 1
    return end


def _paid(
    kind: Kind, plan: Membership, anchor: date, paid: Paid, *, zone: str, paid_minor: int
) -> Act:
    lasts = local.midnight(paid.until_day + timedelta(days=plan.grace_days), zone)
    return Act(kind, anchor, paid.until_day, lasts, paid, paid_minor)


def _check_running(standing: Standing, now: datetime) -> None:
    if standing.closed is not None:
        raise errors.MembershipClosed(state=standing.closed)
    if now >= standing.entitled_until:
        raise errors.MembershipClosed(state="lapsed")


def _check_order(standing: Standing, paid_at: datetime) -> None:
    if paid_at < standing.last_at:
        raise errors.MembershipInvalid(
            "A later payment has been reported. Report payments in the order of their times.",
            path=("paid_at",),
        )


def _unused(one: Paid, from_day: date) -> int:
    """What of a term is left from a day on, rounded once."""
    left = min(one.days, max(0, (one.until_day - from_day).days))
    return money.divide(one.worth_minor * left, one.days, money.Rounding.HALF_EVEN)
