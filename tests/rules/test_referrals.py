"""Codes that can be said on the telephone, newcomers, and what an invitation needs next."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet import errors
from wallet.rules import referrals
from wallet.rules.campaigns import definition

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ANA, BEN, SHOP = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
TERMS = referrals.Terms(
    purchase_min_minor=2_000, within_days=90, clear_days=14, referrer_minor=500, most_per_year=3
)
NEWCOMER = referrals.Newcomer(BEN, NOON - DAY, has_bought=False, has_referrer=False)
BOUGHT = referrals.Bought(uuid.UUID(int=9), SHOP, NOON + DAY, 2_000, "yes", None)
WAITING = referrals.Standing("waiting", NOON, decided=False, decided_at=None, bought=None)
QUALIFIED = dataclasses.replace(WAITING, state="qualified", bought=BOUGHT)
PAID = dataclasses.replace(QUALIFIED, state="paid", decided=True, decided_at=NOON + 16 * DAY)
DEFINITION: dict[str, Any] = {
    "name": "Invite and win",
    "asset": "EUR",
    "starts_at": "2026-01-01T00:00:00Z",
    "on": {"on": "referral", "referrer_minor": 500, "purchase_min_minor": 2_000},
    "give": {"give": "amount", "minor": 300},
    "stack": {"group": "bonus", "priority": 10},
    "funding": [{"funder": "operator", "bps": 10_000}],
    "terms": {"text": {"en": "Both get a reward."}},
}


def version(**changes: Any) -> definition.Definition:
    """The campaign, but for what is given."""
    return msgspec.convert({**DEFINITION, **changes}, definition.Definition)


def after(days: int, it: referrals.Standing = WAITING) -> referrals.Step:
    """What an invitation needs so many days after it was accepted."""
    return referrals.step(it, TERMS, at=NOON + days * DAY)


@given(st.binary(min_size=referrals.RANDOM_BYTES, max_size=referrals.RANDOM_BYTES))
def test_a_code_is_read_however_it_is_typed(random: bytes) -> None:
    code = referrals.code(random)

    assert set(code) <= set(referrals.ALPHABET)
    assert code == referrals.read(code) == referrals.read(f"  {referrals.show(code).lower()} ")
    assert code == referrals.read(code.replace("L", "1").replace("Z", "2").replace("S", "5"))


@pytest.mark.parametrize("told", ["", "BCDF", "BCDFGHJKL", "BCDFGHJ!", "AAAAAAAA", "\x00" * 8])
def test_what_cannot_be_a_code_is_refused_at_its_field(told: str) -> None:
    with pytest.raises(errors.ReferralInvalid) as caught:
        referrals.read(told)

    assert ("code",) == caught.value.path


def test_only_a_newcomer_is_brought_once_and_by_somebody_else() -> None:
    late = dataclasses.replace(NEWCOMER, joined_at=NOON - 31 * DAY)
    on_time = dataclasses.replace(NEWCOMER, joined_at=NOON - 30 * DAY)

    referrals.check(NEWCOMER, ANA, at=NOON)
    referrals.check(on_time, ANA, at=NOON)
    for friend, referrer, refusal in [
        (NEWCOMER, None, errors.ReferralInvalid),
        (NEWCOMER, BEN, errors.ReferralInvalid),
        (dataclasses.replace(NEWCOMER, has_bought=True), ANA, errors.ReferralClosed),
        (dataclasses.replace(NEWCOMER, has_referrer=True), ANA, errors.ReferralClosed),
        (late, ANA, errors.ReferralClosed),
    ]:
        with pytest.raises(refusal):
            referrals.check(friend, referrer, at=NOON)


def test_a_campaign_takes_invitations_if_it_asks_only_what_an_invitation_can_answer() -> None:
    nowhere = version(funding=[{"funder": "merchant", "bps": 10_000}])
    asking = version(when=[{"if": "minimum", "amount_minor": 1}])
    on_purchase = version(on={"on": "purchase"})

    assert referrals.takes_invitations(version())
    assert not any(referrals.takes_invitations(one) for one in (nowhere, asking, on_purchase))


def test_the_friend_gets_the_amount_or_something_that_is_none() -> None:
    assert 300 == referrals.friend_minor(version())
    assert 0 == referrals.friend_minor(version(give={"give": "coupon", "name": "welcome"}))


def test_an_invitation_waits_for_a_purchase_and_lapses_when_none_was_reported_in_time() -> None:
    assert referrals.Step("look", NOON + referrals.LOOK) == after(0)
    assert "look" == after(92).act
    assert referrals.Step("lapse") == after(93)


def test_a_purchase_counts_from_the_end_of_its_return_window_or_of_its_own_clock() -> None:
    slow = dataclasses.replace(BOUGHT, due_at=NOON + 60 * DAY)

    found = after(1, dataclasses.replace(WAITING, bought=BOUGHT))
    later = after(1, dataclasses.replace(WAITING, bought=slow))

    assert referrals.Step("qualify", NOON + 15 * DAY) == found
    assert referrals.Step("qualify", NOON + 60 * DAY) == later


def test_nothing_is_decided_before_the_purchase_is_clear_and_confirmed() -> None:
    pending = dataclasses.replace(BOUGHT, confirmed="not_yet")

    assert referrals.Step("look", NOON + 15 * DAY) == after(14, QUALIFIED)
    assert referrals.Step("decide") == after(15, QUALIFIED)
    assert "look" == after(15, dataclasses.replace(QUALIFIED, bought=pending)).act


@pytest.mark.parametrize("state", ["qualified", "quarantined"])
@pytest.mark.parametrize(
    "bought",
    [
        None,
        dataclasses.replace(BOUGHT, kept_minor=1_999),
        dataclasses.replace(BOUGHT, confirmed="never"),
    ],
)
def test_a_purchase_that_went_back_leaves_the_friend_time_for_another(
    state: referrals.State, bought: referrals.Bought | None
) -> None:
    it = dataclasses.replace(QUALIFIED, state=state, bought=bought)

    assert "disqualify" == after(15, it).act


def test_what_is_decided_is_carried_out_and_what_comes_back_later_takes_it_along() -> None:
    decided = dataclasses.replace(QUALIFIED, decided=True, decided_at=NOON + 15 * DAY)
    back = dataclasses.replace(BOUGHT, kept_minor=1_999)

    assert referrals.Step("pay") == after(15, decided)
    assert "look" == after(20, PAID).act
    assert referrals.Step("look", None) == after(16 + 400, PAID)
    assert referrals.Step("reverse") == after(20, dataclasses.replace(PAID, bought=back))


@pytest.mark.parametrize("state", ["refused", "reversed", "lapsed"])
def test_what_is_over_is_not_looked_at_again(state: referrals.State) -> None:
    assert referrals.Step("look", None) == after(1, dataclasses.replace(PAID, state=state))


def test_the_first_free_seat_of_the_year_is_taken_and_then_there_is_none() -> None:
    assert 1 == referrals.seat([], 3)
    assert 2 == referrals.seat([1, 3], 3)
    assert referrals.seat([3, 1, 2], 3) is None


def test_a_reward_counts_in_the_year_of_the_programmes_calendar() -> None:
    midnight = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert 2026 == referrals.year_of(midnight, "Europe/Lisbon")
    assert 2027 == referrals.year_of(midnight, "Europe/Madrid")
