"""Prepaid subscriptions, without a database: what each delivery is worth, and what is refused."""

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.wallet import factories
from wallet import errors
from wallet.rules import subscriptions as rules
from wallet.rules.subscriptions import Delivered

BOX: dict[str, Any] = {
    "reference": "box-1",
    "asset": "EUR",
    "deliveries": 12,
    "total_minor": 10_000,
    "rhythm": "monthly",
}


def box(**changes: Any) -> rules.Subscription:
    made = rules.Subscription(**{**BOX, **changes})
    rules.check(made)
    return made


def check(
    one: rules.Subscription,
    delivery: int,
    *amounts_minor: int,
    kept: tuple[Delivered, ...] = (),
    cancelled: bool = False,
    asset: str = "EUR",
) -> None:
    bought = factories.purchase(
        *amounts_minor, subscription=one.reference, delivery=delivery, asset=asset
    )
    rules.check_delivery(one, bought, cancelled=cancelled, kept=kept)


def test_a_year_of_boxes_for_a_hundred_comes_to_a_hundred() -> None:
    assert [834] * 4 + [833] * 8 == rules.shares(box())


@hypothesis.given(total=st.integers(1, 10**12), deliveries=st.integers(1, 1000))
def test_shares_differ_by_one_unit_at_most_and_add_up(total: int, deliveries: int) -> None:
    found = rules.shares(box(total_minor=total, deliveries=deliveries))

    assert (deliveries, total) == (len(found), sum(found))
    assert max(found) - min(found) <= 1


@hypothesis.given(
    total=st.integers(1, 10**12),
    deliveries=st.integers(1, 60),
    made=st.sets(st.integers(1, 60)),
)
def test_what_was_delivered_and_what_is_left_are_what_was_paid(
    total: int, deliveries: int, made: set[int]
) -> None:
    one = box(total_minor=total, deliveries=deliveries)
    shares = rules.shares(one)
    kept = [Delivered(it, shares[it - 1]) for it in sorted(made) if it <= deliveries]

    assert total == rules.left_minor(one, kept) + sum(it.total_minor for it in kept)


def test_a_delivery_of_its_share_passes() -> None:
    check(box(), 1, 800, 34, kept=(Delivered(2, 834),))
    check(box(), 12, 833)


@pytest.mark.parametrize(
    ("case", "says", "path"),
    [
        ({"delivery": 13, "amount": 833}, "Only 12 deliveries were paid for.", "delivery"),
        ({"delivery": 2, "amount": 834}, "Delivery 2 has been made.", "delivery"),
        ({"delivery": 1, "amount": 833}, "Delivery 1 is worth 8.34 EUR", "lines"),
        ({"delivery": 1, "amount": 834, "cancelled": True}, "was cancelled", None),
    ],
)
def test_what_was_not_paid_for_is_refused_with_what_is_wrong(
    case: dict[str, Any], says: str, path: str | None
) -> None:
    with pytest.raises(errors.SubscriptionInvalid) as caught:
        check(
            box(),
            case["delivery"],
            case["amount"],
            kept=(Delivered(2, 834),),
            cancelled=case.get("cancelled", False),
        )

    assert says in caught.value.message
    assert (() if path is None else (path,)) == caught.value.path


def test_another_currency_is_refused() -> None:
    with pytest.raises(errors.CurrencyMismatch):
        check(box(), 1, 834, asset="USD")


def test_as_the_merchant_reports_it_a_delivery_may_be_anything_up_to_what_is_left() -> None:
    one = box(amounts="as_reported")
    check(one, 1, 9_000, kept=(Delivered(2, 1_000),))

    with pytest.raises(errors.SubscriptionInvalid) as caught:
        check(one, 1, 9_001, kept=(Delivered(2, 1_000),))
    assert "Only 90.00 EUR of what was paid is left." in caught.value.message
    assert 9_000 == rules.left_minor(one, [Delivered(2, 1_000)])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"deliveries": 0}, "SUBSCRIPTION_INVALID"),
        ({"deliveries": 1001}, "SUBSCRIPTION_INVALID"),
        ({"total_minor": 0}, "AMOUNT_INVALID"),
        ({"total_minor": 10**12 + 1}, "AMOUNT_INVALID"),
        ({"reference": ""}, "TEXT_INVALID"),
        ({"rhythm": "x" * 65}, "TEXT_INVALID"),
    ],
)
def test_what_can_be_no_subscription_is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(errors.Refusal) as caught:
        box(**changes)

    assert code == caught.value.code
