"""What a member can redeem at a partner, and all the reasons why not."""

from dataclasses import replace

import hypothesis
import pytest
from hypothesis import strategies

from wallet.rules import eligibility, orders
from wallet.rules.eligibility import Member, Partner

OFFER = orders.Offer("gift_card", 500, 10_000, 250)
RICH = Member(available_minor=20_000, country="PT")


@pytest.mark.parametrize(
    ("available", "most"),
    [(500, 500), (749, 500), (750, 750), (10_000, 10_000), (99_999, 10_000)],
)
def test_the_most_is_what_is_there_in_whole_steps(available: int, most: int) -> None:
    found = eligibility.judge(replace(RICH, available_minor=available), Partner(), OFFER)

    assert eligibility.Eligible(most) == found


@pytest.mark.parametrize(
    ("member", "partner", "reason"),
    [
        ({"active": False}, {}, "member_suspended"),
        ({"locked": True}, {}, "spend_locked"),
        ({}, {"open": False}, "partner_closed"),
        ({}, {"accepted": False}, "not_accepted"),
        ({"country": "FR"}, {"territories": ("PT",)}, "territory"),
        ({"country": "FR"}, {"coalition": ("PT",)}, "territory"),
        ({"country": None}, {"territories": ("PT",)}, "country_unknown"),
        ({}, {"needs_link": True}, "link_needed"),
        ({}, {"needs_link": True, "link": "reauth_required"}, "link_again"),
        ({"available_minor": 499}, {}, "too_little"),
        ({"one_most_minor": 499}, {}, "limit"),
    ],
)
def test_each_reason_stands_alone(
    member: dict[str, object], partner: dict[str, object], reason: str
) -> None:
    found = eligibility.judge(
        replace(RICH, **member),  # type: ignore[arg-type]
        replace(Partner(), **partner),  # type: ignore[arg-type]
        OFFER,
    )

    assert (None, (reason,)) == (found.most_minor, found.reasons)


def test_every_reason_is_given_at_once_in_the_order_to_mend_them() -> None:
    nobody = Member(0, active=False, locked=True)
    nowhere = Partner(False, False, True, "none", ("PT",))

    assert (
        *("member_suspended", "spend_locked", "partner_closed", "not_accepted"),
        *("country_unknown", "link_needed", "too_little"),
    ) == eligibility.judge(nobody, nowhere, OFFER).reasons


amounts = strategies.integers(1, 50_000)


@hypothesis.given(
    available=amounts,
    limit=strategies.none() | amounts,
    minimum=amounts,
    more=amounts,
    step=amounts,
)
def test_what_is_said_to_be_the_most_fits_the_offer_and_is_there(
    available: int, limit: int | None, minimum: int, more: int, step: int
) -> None:
    offer = orders.Offer("coupon", minimum, minimum + more, step)
    found = eligibility.judge(
        Member(available_minor=available, one_most_minor=limit), Partner(), offer
    )

    if found.most_minor is None:
        assert found.reasons
    else:
        assert orders.fits(offer, found.most_minor)
        assert found.most_minor <= available
        assert limit is None or found.most_minor <= limit
        assert not orders.fits(offer, found.most_minor + step) or (
            found.most_minor + step > min(available, limit or available)
        )
