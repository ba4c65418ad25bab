"""Refusals: one class for each code, a message that helps, and data that survives storage."""

import pickle
import re

import pytest

from wallet import errors

CODES = """
AMOUNT_INVALID CURRENCY_MISMATCH IDEMPOTENCY_KEY_REUSED IDEMPOTENCY_IN_PROGRESS INSUFFICIENT_FUNDS
NOT_FOUND MEMBER_SUSPENDED MERCHANT_SUSPENDED CONTRACT_MISSING REFERENCE_USED PURCHASE_INVALID
RETURN_EXCEEDS_PURCHASE REDEMPTION_CODE_INVALID REDEMPTION_CODE_USED REDEMPTION_CODE_EXPIRED
REDEMPTION_EXPIRED REDEMPTION_CLOSED CAPTURE_EXCEEDS_HOLD REFUND_EXCEEDS_CAPTURE EVENT_INVALID
EMAIL_TAKEN SLUG_TAKEN GOODWILL_LIMIT REASON_MISSING TOO_MANY TERMS_INVALID TEXT_INVALID
CLIENT_INVALID SECRET_LIMIT STEP_UP_REQUIRED APPROVAL_OWN APPROVAL_CLOSED CAMPAIGN_INVALID
ACTIVITY_INVALID PROFILE_INVALID EXPERIMENT_INVALID COUPON_INVALID REFERRAL_INVALID BUDGET_TOO_SMALL
BADGE_EXPIRED SCHEME_INVALID TIER_OVERRIDE_INVALID
NOT_ELIGIBLE CONTEST_CLOSED QUIZ_CLOSED GAME_SCORE_INVALID
ACTIVITY_LIMIT CAMPAIGN_CLOSED EXPERIMENT_CLOSED REFERRAL_CLOSED
PLAY_INVALID SELF_EXCLUDED PLAY_LIMIT AGE_GATE JURISDICTION_GATE TICKET_USED TICKET_EXPIRED
TICKET_LIMIT DRAW_CLOSED
MEMBERSHIP_INVALID SUBSCRIPTION_INVALID
MEMBERSHIP_CLOSED SUBSCRIPTION_CLOSED
CHARITY_INVALID CHARITY_UNKNOWN CHARITY_UNVERIFIED CHARITY_CLOSED AGREEMENT_MISSING
PLEDGE_INVALID PLEDGE_CLOSED
PARTNER_CLOSED LINK_REQUIRED SPEND_LOCKED SPENDING_REVIEW MERCHANT_NOT_ACCEPTED
NOTHING_DUE REMITTANCE_CLOSED REMITTANCE_OPEN
ADAPTER_UNAVAILABLE PARTNER_INVALID LINK_UNAVAILABLE
REDEMPTION_AT_PARTNER ORDER_CLOSED ORDER_FINAL
CARD_INVALID CARD_LIMIT CARD_ENDED CANCELLATION_EXCEEDS_REST
ENDPOINT_INVALID ENDPOINT_LIMIT ENDPOINT_CLOSED
""".split()


def test_every_code_has_its_class() -> None:
    assert sorted(CODES) == sorted(errors.CODES)


@pytest.mark.parametrize("code", CODES)
def test_the_tree_drawn_at_the_top_shows_every_class_and_code(code: str) -> None:
    name = errors.CODES[code].__name__

    assert re.search(rf"-- {name} +{code}\b", errors.__doc__ or "")
    assert code == re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()


@pytest.mark.parametrize("code", CODES)
def test_every_message_says_what_is_wrong_and_then_what_to_do(code: str) -> None:
    refusal = errors.of(code)

    assert refusal.code == code
    assert len(re.findall(r"[.]( |$)", refusal.message)) >= 2 or code == "SLUG_TAKEN"
    assert len(refusal.message) <= 120
    assert ":" in (type(refusal).__doc__ or "")


def test_a_refusal_carries_its_path_and_data() -> None:
    refusal = errors.of("INSUFFICIENT_FUNDS", path=["amount"], available_minor=1234, asset="EUR")

    assert isinstance(refusal, errors.InsufficientFunds)
    assert refusal.path == ("amount",)
    assert refusal.data == {"available_minor": 1234, "asset": "EUR"}
    assert refusal.message == (
        "There is 12.34 EUR to spend, less than was asked. Ask for at most that."
    )
    assert str(refusal) == refusal.message


def test_what_helps_is_in_the_message_where_it_is_known() -> None:
    amounts = {"asset": "JPY"}

    assert "50 JPY" in errors.of("GOODWILL_LIMIT", allowed_minor=50, **amounts).message
    assert "50 JPY" in errors.of("CAPTURE_EXCEEDS_HOLD", held_minor=50, **amounts).message
    assert "50 JPY" in errors.of("REFUND_EXCEEDS_CAPTURE", left_minor=50, **amounts).message
    assert "500" in errors.of("TOO_MANY", limit=500).message
    assert errors.of("INSUFFICIENT_FUNDS").message == errors.InsufficientFunds.advice


def test_refusals_are_equal_when_they_say_the_same() -> None:
    one = errors.of("TOO_MANY", path=("lines",), limit=500)

    assert one == errors.TooMany(path=("lines",), limit=500)
    assert hash(one) == hash(errors.TooMany(path=("lines",), limit=500))
    assert one != errors.TooMany(path=("lines",), limit=501)
    assert one != errors.TooMany(path=(), limit=500)
    assert errors.of("NOT_FOUND") != errors.of("EMAIL_TAKEN", errors.NotFound.advice)
    assert one != "TOO_MANY"


def test_a_refusal_survives_being_sent_to_another_process() -> None:
    refusal = errors.of("INSUFFICIENT_FUNDS", path=("amount",), available_minor=1, asset="EUR")

    assert pickle.loads(pickle.dumps(refusal)) == refusal


def test_an_unknown_code_is_a_bug_and_not_a_refusal() -> None:
    with pytest.raises(KeyError):
        errors.of("NO_SUCH_CODE")


def test_an_absent_database_is_not_a_refusal() -> None:
    assert not issubclass(errors.Unavailable, errors.Refusal)
