"""What members are told: the amount, who, why, and the last day as they know it."""

from datetime import UTC, datetime

from wallet import money
from wallet.rules import notices

EUR = money.asset("EUR")
# Midnight in Lisbon in summer: the first instant after 1 July.
ENDS_AT = datetime(2027, 7, 1, 23, tzinfo=UTC)


def told(topic: str, **facts: object) -> str | None:
    plain: dict[str, object] = {"merchant": "Rosa Drugstore", "amount_minor": 500}
    return notices.sentence(
        notices.Facts(topic, EUR, "Europe/Lisbon", **{**plain, **facts})  # type: ignore[arg-type]
    )


def test_what_became_free_names_its_last_day() -> None:
    assert (
        "5.00 EUR from Rosa Drugstore is yours to spend at any partner until 1 July 2027."
        == told("lot.matured", expires_at=ENDS_AT)
    )
    assert "5.00 EUR from Rosa Drugstore is yours to spend at any partner." == told("lot.matured")


def test_a_warning_says_when_and_what_to_do() -> None:
    assert "5.00 EUR from Rosa Drugstore expires after 1 July 2027. Spend it before then." == told(
        "lot.expiring", expires_at=ENDS_AT
    )


def test_a_return_says_why_and_what_is_owed() -> None:
    assert (
        "5.00 EUR of cashback was taken back because goods went back to Rosa Drugstore (broken)."
        " 2.00 EUR of it was already spent; your next cashback makes up for it first."
        == told("purchase.returned", reason="broken", deficit_minor=200)
    )


def test_a_return_that_took_nothing_is_not_told() -> None:
    assert told("purchase.returned", amount_minor=0) is None


def test_a_return_says_which_campaign_gives_nothing_for_what_is_kept() -> None:
    lost = (
        notices.Lost("Big Basket", 400, money.EUR, whole=True),
        notices.Lost("Every Day", 100, money.EUR, whole=False),
    )

    assert (
        "5.00 EUR of cashback was taken back because goods went back to Rosa Drugstore. What you"
        " kept is not enough for Big Basket: all of its 4.00 EUR went back."
        == told("purchase.returned", lost=lost)
    )


def test_a_return_says_what_it_took_in_points() -> None:
    lost = (notices.Lost("Points", 20, money.PTS, whole=False),)

    assert (
        "5.00 EUR of cashback and 20 points were taken back because goods went back to Rosa"
        " Drugstore." == told("purchase.returned", lost=lost)
    )
    assert told("purchase.returned", lost=lost, amount_minor=0) == (
        "20 points were taken back because goods went back to Rosa Drugstore."
    )


def test_a_refund_says_what_got_extra_days() -> None:
    assert (
        "Rosa Drugstore gave you 5.00 EUR back, with its original last day."
        " 1.00 EUR of it had expired meanwhile and got some extra days."
        == told("redemption.refunded", extended_minor=100)
    )


def test_an_award_says_for_what_and_by_which_campaign() -> None:
    assert "You earned 5.00 EUR at Rosa Drugstore for a review, with Say It." == told(
        "award.posted", award="review", campaign="Say It"
    )
    assert "You earned 5.00 EUR at the coalition." == told(
        "award.posted", award="custom", merchant=None
    )
    assert told("award.posted", award="visit", amount_minor=0) is None


def test_an_award_that_was_taken_back_says_why_and_what_is_owed() -> None:
    back = told("award.reversed", award="referral", reason="The purchase was returned.")
    spent = told("award.reversed", award="custom", reason=None, deficit_minor=100)

    assert back is not None
    assert back.endswith(
        "that you earned for an invitation was taken back (The purchase was returned)."
    )
    assert spent is not None
    assert "taken back. 1.00 EUR of it was already spent" in spent
    assert told("award.reversed", amount_minor=0) is None


def test_what_went_to_a_charity_says_who_promised_it() -> None:
    assert (
        "5.00 EUR of your cashback from Rosa Drugstore went to River Fund, as Clean Water promised."
        == told("lot.shared", charity="River Fund", campaign="Clean Water")
    )
    assert told("lot.shared", amount_minor=0) is None


def test_a_gift_is_told_with_its_charity_and_whether_it_was_pledged() -> None:
    gave = "You gave 5.00 EUR to River Fund"

    assert f"{gave}." == told("donation.posted", charity="River Fund", gift="once")
    assert f"{gave}, as you pledged." == told("donation.posted", charity="River Fund", gift="share")
    assert f"{gave} by rounding up, as you pledged." == told(
        "donation.posted", charity="River Fund", gift="round_up"
    )
    assert f"{gave} before it expired." == told(
        "donation.posted", charity="River Fund", gift="expiring"
    )


def test_a_benefit_says_what_it_is_and_its_last_day() -> None:
    assert (
        "Rosa Drugstore gives you Free Shipping: on your next order."
        " It is yours to use until 1 July 2027."
        == told(
            "benefit.granted",
            benefit="Free Shipping",
            about="on your next order.",
            expires_at=ENDS_AT,
        )
    )
    assert "Rosa Drugstore gives you TEA-5." == told("benefit.granted", benefit="TEA-5")


def test_a_campaign_at_its_limit_says_what_it_would_have_been() -> None:
    assert (
        "Big Basket gave 5.00 EUR instead of 25.00 EUR at Rosa Drugstore: a limit of it is reached."
        == told("campaign.capped", campaign="Big Basket", desired_minor=2500)
    )
    assert told("campaign.capped", campaign="Big Basket", desired_minor=500) is None


def test_what_the_member_stands_beside_is_not_told() -> None:
    assert [None, None] == [told("redemption.held"), told("purchase.posted")]


def test_a_milestone_is_told_with_what_a_return_would_do() -> None:
    kept = told("milestone.completed", milestone="Ten coffees")
    lent = told("milestone.completed", milestone="Ten coffees", taken_back=True)

    assert "You reached Ten coffees." == kept
    assert (
        "You reached Ten coffees. If goods go back and too little is left, what it gave is taken"
        " back." == lent
    )
    assert (
        "Ten coffees is no longer reached, because goods went back. What it gave is taken back."
        == told("milestone.taken_back", milestone="Ten coffees")
    )
