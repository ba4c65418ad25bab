"""When cashback becomes free, and what happens if the event never comes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from tests.rules.examples import NOON, TERMS
from tests.rules.strategies import cases
from wallet.rules import cashback, clock, contracts, purchases

DAY = timedelta(days=1)


def pending(event: Any, on_wait_end: Any = "mature") -> contracts.Terms:
    """Terms with a clock of 14 days after the event and a longest wait of 60."""
    return replace(
        TERMS,
        pending=contracts.Pending(event, 14, 60, on_wait_end),
        expiry=contracts.Expiry(days=10),
    )


@pytest.mark.parametrize("kind", ["paid", "shipped", "delivered", "stay_ended"])
def test_cashback_matures_so_many_days_after_the_event_the_contract_names(kind: Any) -> None:
    other: Any = "paid" if kind != "paid" else "shipped"
    events = (
        purchases.Event(other, NOON - 9 * DAY),
        purchases.Event(kind, NOON + 3 * DAY),
    )

    due = clock.start(pending(kind), events, NOON, "UTC")

    assert due == clock.Due(NOON + 17 * DAY, "mature", datetime(2026, 4, 7, tzinfo=UTC), None)


def test_a_clock_that_starts_with_the_report_needs_no_event() -> None:
    due = clock.start(pending("reported"), (), NOON, "UTC")

    assert (due.due_at, due.due_as, due.waits_for) == (NOON + 14 * DAY, "mature", None)


@pytest.mark.parametrize(
    ("on_wait_end", "due_as", "expires_at"),
    [("mature", "mature", datetime(2026, 5, 20, tzinfo=UTC)), ("cancel", "lapse", None)],
)
def test_without_the_event_the_longest_wait_decides(
    on_wait_end: str, due_as: str, expires_at: datetime | None
) -> None:
    due = clock.start(pending("delivered", on_wait_end), (), NOON, "UTC")

    assert (due.due_at, due.due_as) == (NOON + 60 * DAY, due_as)
    assert due.waits_for == "delivered"
    assert due.expires_at == expires_at


def test_a_late_event_costs_no_day_of_the_lots_life() -> None:
    told_at = NOON + 50 * DAY

    due = clock.start(
        pending("paid"), (purchases.Event("paid", NOON),), NOON, "UTC", known_at=told_at
    )

    assert due.due_at == told_at
    assert due.expires_at == datetime(2026, 5, 10, tzinfo=UTC)


def test_nothing_is_free_before_it_was_reported() -> None:
    long_ago = (purchases.Event("paid", NOON - 100 * DAY),)

    assert clock.start(pending("paid"), long_ago, NOON, "UTC").due_at == NOON


@given(cases())
def test_every_purchase_is_decided_within_the_longest_wait_or_its_event(
    case: tuple[purchases.Purchase, contracts.Contract],
) -> None:
    bought, under = case
    terms = under.terms.pending

    due = cashback.decide(bought, under, reported_at=NOON, tz="Europe/Berlin").clock

    last_event = max([one.at for one in bought.events], default=NOON)
    assert NOON <= due.due_at <= last_event + max(terms.days, terms.wait_days_max) * DAY
    assert due.due_as == "mature" or terms.on_wait_end == "cancel"
    assert due.expires_at is None or due.expires_at > due.due_at
