"""What an award comes to after caps and budgets, and who pays which part of it."""

import uuid
from datetime import date
from typing import Any

import pytest

from tests.rules.test_referrals import version
from wallet import errors
from wallet.rules import awards
from wallet.rules.campaigns import facts, outcome

OPERATOR, ROSA, CAMPAIGN = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
TUESDAY = date(2026, 3, 10)
SHARED = [{"funder": "operator", "bps": 5_000}, {"funder": str(ROSA), "bps": 5_000}]
OWN: facts.Budget = ("campaign", CAMPAIGN, "EUR")
ROSAS: facts.Budget = ("funder", ROSA, "EUR")


def allow(minor: int, *used: facts.Used, room: Any = (), **changes: Any) -> awards.Allowed:
    """What limits leave of a wish."""
    return awards.allow(
        version(**{"funding": SHARED, **changes}),
        minor,
        campaign_id=CAMPAIGN,
        operator_id=OPERATOR,
        used=used,
        day=TUESDAY,
        room=dict(room),
    )


def test_funders_share_by_largest_remainder_and_all_of_it() -> None:
    found = allow(301)

    assert ((OPERATOR, 151), (ROSA, 150)) == found.funders
    assert (301, (), ()) == (found.minor, found.cuts, found.draws)


def test_a_merchant_of_no_purchase_pays_for_nothing() -> None:
    with pytest.raises(errors.CampaignInvalid) as caught:
        allow(1, funding=[{"funder": "merchant", "bps": 10_000}])

    assert ("funding",) == caught.value.path


def test_a_budget_cuts_and_says_so_and_is_drawn_by_what_is_left() -> None:
    found = allow(300, room={OWN: 200, ROSAS: 500})

    assert (outcome.Cut("budget", 300, 200, 200),) == found.cuts
    assert ((OWN, 200), (ROSAS, 100)) == found.draws


def test_a_funders_budget_cuts_to_the_most_whose_part_still_fits() -> None:
    found = allow(300, room={ROSAS: 70})

    assert 70 == dict(found.funders)[ROSA]
    assert ("funder_budget", 300) == (found.cuts[0].by, found.cuts[0].from_minor)
    assert found.minor in (140, 141)


def test_an_empty_budget_leaves_nothing_and_nobody_pays() -> None:
    found = allow(300, room={OWN: 0})

    assert (0, (), ()) == (found.minor, found.funders, found.draws)


@pytest.mark.parametrize(
    ("per", "left"), [("day", 300), ("week", 270), ("month", 240), ("year", 210), ("campaign", 180)]
)
def test_a_members_cap_counts_what_they_had_in_its_period(per: str, left: int) -> None:
    days = [date(2025, 12, 31), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 9)]
    used = [facts.Used(day, 30, 1) for day in days]

    found = allow(300, *used, caps={"member": [{"minor": 300, "per": per}]})

    assert left == found.minor


def test_the_charitys_part_is_rounded_down() -> None:
    charity = {"charity_id": str(ROSA), "bps": 3_333}

    assert 0 == awards.charity_minor(version(), 100)
    assert 33 == awards.charity_minor(version(charity=charity), 100)
