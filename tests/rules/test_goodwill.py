"""Goodwill: within limits, and never without a reason."""

from typing import Any

import pytest

from wallet import errors, money
from wallet.rules import goodwill

REASON = "Parcel lost, cashback lapsed"


def refused(*given: Any, **also: Any) -> errors.Refusal:
    with pytest.raises(errors.Refusal) as caught:
        goodwill.check(*given, **also)
    return caught.value


def test_each_limit_holds_to_the_smallest_unit() -> None:
    goodwill.check(2000, REASON, 0, 0)
    goodwill.check(1000, REASON, 4000, 0)
    goodwill.check(500, REASON, 0, 49_500)

    assert refused(2001, REASON, 0, 0).data["allowed_minor"] == 2000
    assert refused(1001, REASON, 4000, 0).data["allowed_minor"] == 1000
    assert refused(501, REASON, 0, 49_500).data["allowed_minor"] == 500


def test_what_may_still_be_given_is_never_below_zero() -> None:
    refusal = refused(1, REASON, 9000, 0)

    assert refusal.data == {"allowed_minor": 0, "asset": "EUR"}
    assert refusal.code == "GOODWILL_LIMIT"
    assert "0.00 EUR" in refusal.message


def test_a_supervisor_may_give_more_and_an_unknown_role_nothing() -> None:
    goodwill.check(10_000, REASON, 0, 0, role="supervisor")

    assert refused(10_001, REASON, 0, 0, role="supervisor").code == "GOODWILL_LIMIT"
    assert refused(1, REASON, 0, 0, role="merchant").code == "GOODWILL_LIMIT"


@pytest.mark.parametrize("asset", [one.code for one in money.ASSETS])
def test_every_asset_has_limits_that_grow_from_one_credit_to_a_colleagues_day(asset: str) -> None:
    for role in ("support", "supervisor"):
        found = goodwill.limits(role, asset)

        assert 0 < found.once_minor < found.member_minor < found.staff_minor
    assert goodwill.limits("support", asset) != goodwill.limits("supervisor", asset)


@pytest.mark.parametrize("reason", ["", "   ", "ok", " " * 50, "\t because "])
def test_a_credit_without_a_real_reason_is_refused(reason: str) -> None:
    refusal = refused(100, reason, 0, 0)

    assert (refusal.code, refusal.path) == ("REASON_MISSING", ("reason",))


@pytest.mark.parametrize("reason", ["x" * 501, "a reason with \x00", "a reason with \ud800"])
def test_a_reason_that_cannot_be_stored_is_refused(reason: str) -> None:
    assert refused(100, reason, 0, 0).code == "TEXT_INVALID"


@pytest.mark.parametrize("amount", [0, -1, money.AMOUNT_MAX_MINOR + 1, 1.0])
def test_a_credit_is_a_whole_amount_above_zero(amount: Any) -> None:
    assert refused(amount, REASON, 0, 0).code == "AMOUNT_INVALID"
