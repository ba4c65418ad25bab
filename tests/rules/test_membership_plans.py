"""Plans of paid memberships: how long a term is, and which plans mean nothing."""

from datetime import date
from typing import Any

import pytest

from tests.rules.test_memberships import MONTHLY, plan
from wallet import errors
from wallet.rules.progress import memberships as rules
from wallet.rules.schemes import memberships as plans


@pytest.mark.parametrize(
    ("anchor", "count", "unit", "after", "expected"),
    [
        ("2026-01-31", 1, "month", "2026-01-31", "2026-02-28"),
        ("2026-01-31", 1, "month", "2026-02-28", "2026-03-31"),
        ("2024-01-31", 1, "month", "2024-01-31", "2024-02-29"),
        ("2024-02-29", 1, "year", "2024-02-29", "2025-02-28"),
        ("2024-02-29", 1, "year", "2027-02-28", "2028-02-29"),
        ("2026-10-31", 4, "month", "2026-10-31", "2027-02-28"),
        ("2026-12-15", 1, "month", "2026-12-15", "2027-01-15"),
        ("2026-03-10", 30, "day", "2026-03-10", "2026-04-09"),
        ("2026-03-10", 30, "day", "2026-04-09", "2026-05-09"),
    ],
)
def test_a_term_ends_on_the_same_day_of_its_month_or_on_the_last_one(
    anchor: str, count: int, unit: Any, after: str, expected: str
) -> None:
    term = plans.Term(count=count, unit=unit)

    found = rules.until(date.fromisoformat(anchor), term, after=date.fromisoformat(after))

    assert date.fromisoformat(expected) == found


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"asset": "PTS"}, ("asset",)),
        ({"asset": "XXX"}, ("asset",)),
        ({"term": plans.Term(count=61, unit="month")}, ("term", "count")),
        ({"term": MONTHLY, "grace_days": 28}, ("grace_days",)),
        ({"term": MONTHLY, "remind_days": 28}, ("remind_days",)),
        (
            {"cancelling": plans.Cancelling(refund="full_within_days", entitled="at_once")},
            ("cancelling", "days"),
        ),
        ({"cancelling": plans.Cancelling(refund="pro_rata_days")}, ("cancelling", "entitled")),
        (
            {"entitlements": (plans.Entitlement(word="tea", text="Tea."),) * 2},
            ("entitlements", "1", "word"),
        ),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused_at_the_field(
    changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(errors.SchemeInvalid) as caught:
        plan(**changes)

    assert path == caught.value.path
