"""A redemption's steps and its arithmetic."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.examples import NOON
from wallet import errors, money
from wallet.rules import redemption

SECOND = timedelta(seconds=1)
PERMITTED = {("held", "capture"), ("held", "release"), ("held", "expire"), ("captured", "refund")}


@pytest.mark.parametrize("state", redemption.STATES)
@pytest.mark.parametrize("step", get_args(redemption.Step))
def test_a_hold_is_resolved_once_and_only_a_capture_is_refunded(state: Any, step: Any) -> None:
    if (state, step) in PERMITTED:
        redemption.check_step(state, step)
        return

    expected = errors.RedemptionExpired if state == "expired" else errors.RedemptionClosed
    with pytest.raises(expected):
        redemption.check_step(state, step)


def test_a_hold_is_over_at_its_last_instant_though_no_sweep_came_by() -> None:
    redemption.check_step("held", "capture", now=NOON - SECOND, expires_at=NOON)
    redemption.check_step("held", "expire", now=NOON, expires_at=NOON)

    steps: tuple[redemption.Step, ...] = ("capture", "release")
    for step in steps:
        with pytest.raises(errors.RedemptionExpired):
            redemption.check_step("held", step, now=NOON, expires_at=NOON)


def test_a_refund_has_no_clock() -> None:
    redemption.check_step("captured", "refund", now=NOON + SECOND, expires_at=NOON)


def test_the_refusal_names_the_state() -> None:
    with pytest.raises(
        errors.RedemptionClosed, match="is released, so there is nothing to capture"
    ):
        redemption.check_step("released", "capture")


def test_a_capture_in_part_gives_the_rest_back() -> None:
    assert redemption.check_capture(1000, None, asset="EUR") == redemption.Capture(1000, 0)
    assert redemption.check_capture(1000, 1000, asset="EUR") == redemption.Capture(1000, 0)
    assert redemption.check_capture(1000, 999, asset="EUR") == redemption.Capture(999, 1)


def test_no_more_than_the_hold_is_captured() -> None:
    with pytest.raises(errors.CaptureExceedsHold, match=r"10\.00 EUR") as caught:
        redemption.check_capture(1000, 1001, asset="EUR")

    assert caught.value.data == {"held_minor": 1000, "asset": "EUR"}
    assert caught.value.path == ("amount",)


def test_refunds_in_part_end_with_a_refunded_redemption() -> None:
    first = redemption.check_refund(1000, 0, 400, asset="EUR")
    last = redemption.check_refund(1000, first.refunded_minor, None, asset="EUR")

    assert first == redemption.Refund(400, 400, "captured")
    assert last == redemption.Refund(600, 1000, "refunded")


@pytest.mark.parametrize(("refunded", "amount"), [(400, 601), (1000, 1), (1000, None)])
def test_no_more_than_the_capture_is_refunded(refunded: int, amount: int | None) -> None:
    with pytest.raises(errors.RefundExceedsCapture) as caught:
        redemption.check_refund(1000, refunded, amount, asset="EUR")

    assert caught.value.data == {"left_minor": 1000 - refunded, "asset": "EUR"}


@pytest.mark.parametrize("amount", [0, -1, money.AMOUNT_MAX_MINOR + 1, True, 1.5])
def test_an_amount_is_a_whole_number_above_zero(amount: Any) -> None:
    with pytest.raises(errors.AmountInvalid) as caught:
        redemption.check_capture(1000, amount, asset="EUR")
    with pytest.raises(errors.AmountInvalid):
        redemption.check_refund(1000, 0, amount, asset="EUR")

    assert caught.value.path == ("amount",)


@given(st.integers(1, 10**12), st.lists(st.integers(1, 10**6), max_size=20))
def test_refunds_never_pass_the_capture(captured: int, amounts: list[int]) -> None:
    refunded = 0
    for amount in amounts:
        try:
            refund = redemption.check_refund(captured, refunded, amount, asset="EUR")
        except errors.RefundExceedsCapture:
            assert refunded + amount > captured
            continue
        refunded = refund.refunded_minor
        assert (refund.state == "refunded") is (refunded == captured)

    assert refunded <= captured
