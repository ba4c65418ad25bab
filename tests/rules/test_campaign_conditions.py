"""Each condition of a campaign: when it holds, when it does not, and what it says was missing."""

import uuid
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from tests.rules.campaigns import NOBODY, PLACE, ROSA, ZONE, amounts, given, version, why
from tests.rules.examples import NOON, line, purchase
from wallet.rules.campaigns import facts, needs

BAKERY = uuid.UUID(int=0xBA)
PLAN = uuid.UUID(int=0xB1)
IN_PLAN = {"if": "membership", "any_of": [str(PLAN)]}


def when(condition: dict[str, Any], **changes: Any) -> facts.Version:
    return version(when=[condition], **changes)


def lines(condition: dict[str, Any]) -> facts.Version:
    return version(lines=[condition])


@pytest.mark.parametrize(
    ("condition", "facts_of_line", "counts"),
    [
        ({"if": "category", "any_of": ["beauty"]}, {"category": " BEAUTY"}, True),
        ({"if": "category", "any_of": ["beauty"]}, {"category": "food"}, False),
        ({"if": "category", "any_of": ["beauty"], "unless": True}, {"category": "food"}, True),
        ({"if": "category", "any_of": ["beauty"], "unless": True}, {"category": "Beauty"}, False),
        ({"if": "product", "any_of": ["4711"]}, {"product": "4711"}, True),
        ({"if": "product", "any_of": ["4711"]}, {"product": None}, False),
        ({"if": "product", "any_of": ["4711"], "unless": True}, {"product": None}, True),
        ({"if": "label", "any_of": ["organic"]}, {"labels": ("new", "organic")}, True),
        ({"if": "label", "any_of": ["organic"]}, {"labels": ("new",)}, False),
        ({"if": "label", "any_of": ["organic"]}, {"labels": ()}, False),
        ({"if": "label", "any_of": ["sale"], "unless": True}, {"labels": ("sale", "new")}, False),
        ({"if": "brand", "any_of": ["parley"]}, {"brand": "Parley"}, True),
        ({"if": "brand", "any_of": ["parley"]}, {"brand": None}, False),
    ],
)
def test_a_line_counts_by_its_words(
    condition: dict[str, Any], facts_of_line: dict[str, Any], counts: bool
) -> None:
    found = given(lines(condition), bought=purchase(line(1, 1000, **facts_of_line)))

    assert amounts(found) == ({"Campaign 1": 50} if counts else {})
    assert counts or why(found) == [condition["if"]]


def test_two_conditions_of_one_kind_must_both_hold() -> None:
    both = version(
        lines=[
            {"if": "label", "any_of": ["organic"]},
            {"if": "label", "any_of": ["local"]},
            {"if": "label", "any_of": ["sale"], "unless": True},
        ]
    )
    labels = [("organic",), ("local",), ("organic", "local"), ("organic", "local", "sale")]
    bought = purchase(*[line(place, 1000, labels=one) for place, one in enumerate(labels, 1)])

    (granted,) = given(both, bought=bought).granted

    assert [(one.number, one.granted_minor) for one in granted.lines] == [(3, 50)]


def test_a_green_label_counts_only_with_evidence_on_record() -> None:
    green = lines({"if": "certified", "label": "organic"})
    bought = purchase(line(1, 1000, product="oat", labels=("organic",)))
    proven = replace(PLACE, certified=frozenset({("organic", "oat")}))
    of_all = replace(PLACE, certified=frozenset({("organic", "")}))
    other = replace(PLACE, certified=frozenset({("organic", "rye"), ("local", "oat")}))

    assert amounts(given(green, bought=bought, place=proven)) == {"Campaign 1": 50}
    assert amounts(given(green, bought=bought, place=of_all)) == {"Campaign 1": 50}
    assert why(given(green, bought=bought, place=other)) == ["certified"]


def test_a_favourite_category_is_the_members_own() -> None:
    favourite = lines({"if": "favourite"})
    fond = replace(NOBODY, favourites=("beauty",))

    assert amounts(given(favourite, member=fond)) == {"Campaign 1": 62}
    assert why(given(favourite, member=NOBODY)) == ["favourite"]
    assert why(given(favourite, member=None)) == ["favourite"]


@pytest.mark.parametrize(
    ("boundary", "amount_minor", "missing_minor"),
    [
        ("at_least", 19_999, 1),
        ("at_least", 20_000, None),
        ("above", 20_000, 1),
        ("above", 20_001, None),
    ],
)
def test_a_minimum_has_two_sides(
    boundary: str, amount_minor: int, missing_minor: int | None
) -> None:
    least = when({"if": "minimum", "amount_minor": 20_000, "boundary": boundary})

    found = given(least, bought=purchase(line(1, amount_minor)))

    if missing_minor is None:
        assert list(amounts(found)) == ["Campaign 1"]
    else:
        assert found.missed[0].reasons[0]["missing_minor"] == missing_minor


def test_a_minimum_is_measured_on_what_counts_or_on_the_basket() -> None:
    bought = purchase(line(1, 5000), line(2, 15_000, category="food"))
    beauty = [{"if": "category", "any_of": ["beauty"]}]
    least = {"if": "minimum", "amount_minor": 20_000}

    matching = given(version(lines=beauty, when=[least]), bought=bought)
    basket = given(version(lines=beauty, when=[{**least, "measured_on": "basket"}]), bought=bought)

    assert (why(matching), amounts(basket)) == (["minimum"], {"Campaign 1": 250})


@pytest.mark.parametrize(
    ("condition", "facts_of_purchase", "holds"),
    [
        ({"if": "store", "any_of": ["berlin-mitte"]}, {}, True),
        ({"if": "store", "any_of": ["berlin-mitte"]}, {"store": None}, False),
        ({"if": "channel", "any_of": ["app", "online"]}, {"channel": "app"}, True),
        ({"if": "channel", "any_of": ["app", "online"]}, {}, False),
        ({"if": "instrument", "any_of": ["card:aurora"]}, {"instrument": "card:aurora/gold"}, True),
        ({"if": "instrument", "any_of": ["card:aurora"]}, {"instrument": "card:aurora"}, True),
        ({"if": "instrument", "any_of": ["card:aurora/"]}, {"instrument": "card:aurora/1"}, True),
        ({"if": "instrument", "any_of": ["card:aurora"]}, {"instrument": "card:auroral"}, False),
        ({"if": "instrument", "any_of": ["card:aurora"]}, {"instrument": "card:other"}, False),
        ({"if": "instrument", "any_of": ["card:aurora"]}, {}, False),
        ({"if": "subscription"}, {"subscription": "box", "delivery": 3}, True),
        ({"if": "subscription", "up_to": 2}, {"subscription": "box", "delivery": 3}, False),
        ({"if": "subscription"}, {}, False),
        ({"if": "quantity", "at_least_milli": 1000}, {}, True),
        ({"if": "quantity", "at_least_milli": 1001}, {}, False),
    ],
)
def test_a_basket_is_asked_how_and_where(
    condition: dict[str, Any], facts_of_purchase: dict[str, Any], holds: bool
) -> None:
    found = given(when(condition), bought=purchase(**facts_of_purchase))

    assert amounts(found) == ({"Campaign 1": 62} if holds else {})
    assert holds or why(found) == [condition["if"]]


def test_a_bundle_needs_each_of_its_categories() -> None:
    bundle = when({"if": "bundle", "all_of": ["coffee", "cupcakes"]})
    coffee, cake = line(1, 300, category="Coffee"), line(2, 400, category="Cupcakes")

    alone = given(bundle, bought=purchase(coffee))

    assert amounts(given(bundle, bought=purchase(coffee, cake))) == {"Campaign 1": 35}
    assert alone.missed[0].reasons[0]["missing"] == ["cupcakes"]


@pytest.mark.parametrize(
    ("at", "schedule", "holds"),
    [
        # A Saturday and Sunday around the change to summer time in Lisbon, 29 March 2026, 01:00.
        ("2026-03-27T23:59:59Z", {"days": ["sat", "sun"]}, False),
        ("2026-03-28T00:00:00Z", {"days": ["sat", "sun"]}, True),
        ("2026-03-29T22:59:59Z", {"days": ["sat", "sun"]}, True),
        ("2026-03-29T23:00:00Z", {"days": ["sat", "sun"]}, False),
        ("2026-03-30T16:59:00Z", {"since": "18:00", "until": "20:00"}, False),
        ("2026-03-30T17:00:00Z", {"since": "18:00", "until": "20:00"}, True),
        ("2026-03-30T19:00:00Z", {"since": "18:00", "until": "20:00"}, False),
        # Over midnight: Friday's evening ends on Saturday at two.
        ("2026-03-06T22:30:00Z", {"days": ["fri"], "since": "22:00", "until": "02:00"}, True),
        ("2026-03-07T01:59:00Z", {"days": ["fri"], "since": "22:00", "until": "02:00"}, True),
        ("2026-03-07T02:00:00Z", {"days": ["fri"], "since": "22:00", "until": "02:00"}, False),
        ("2026-03-07T22:30:00Z", {"days": ["fri"], "since": "22:00", "until": "02:00"}, False),
    ],
)
def test_hours_and_days_are_the_programmes(at: str, schedule: dict[str, Any], holds: bool) -> None:
    bought = purchase(purchased_at=datetime.fromisoformat(at))

    found = given(when({"if": "schedule", **schedule}), bought=bought)

    assert bool(found.granted) is holds


@pytest.mark.parametrize(
    ("birth", "day", "away"),
    [
        ("1990-03-10", "2026-03-10", 0),
        ("1990-03-10", "2026-03-08", -2),
        ("1990-12-30", "2027-01-02", 3),
        ("1990-01-02", "2026-12-30", -3),
        ("1992-02-29", "2026-02-28", 0),
        ("1992-02-29", "2028-02-29", 0),
        ("1990-07-01", "2026-03-10", None),
    ],
)
def test_a_birthday_is_as_far_as_the_nearest_one(birth: str, day: str, away: int | None) -> None:
    found = facts.birthday_distance(date.fromisoformat(birth), date.fromisoformat(day))

    assert found == away


def test_a_birthday_pays_once_whatever_the_date_on_file_says_later() -> None:
    gift = when({"if": "birthday", "days_before": 3, "days_after": 3})
    born = replace(NOBODY, birthday_known=True, birthday_days=2)
    used = replace(born, usage={uuid.UUID(int=1): (facts.Used(date(2025, 6, 1), 60, 1),)})
    long_ago = replace(born, usage={uuid.UUID(int=1): (facts.Used(date(2025, 3, 11), 60, 1),)})

    assert amounts(given(gift, member=born)) == {"Campaign 1": 62}
    assert given(gift, member=used).missed[0].reasons[0]["why"] == "used"
    assert amounts(given(gift, member=long_ago)) == {"Campaign 1": 62}
    assert given(gift, member=NOBODY).missed[0].reasons[0]["why"] == "unknown"
    assert given(gift, member=replace(born, birthday_days=4)).missed[0].reasons[0]["why"] == (
        "another_day"
    )


def test_a_birthday_gift_that_came_to_nothing_or_went_back_was_none() -> None:
    asks = {"if": "birthday"}
    coupon = when(asks, give={"give": "coupon", "name": "hello"})
    born = replace(NOBODY, birthday_known=True, birthday_days=0)
    nothing = replace(born, usage={uuid.UUID(int=1): (facts.Used(date(2025, 6, 1), 0, 1),)})

    assert amounts(given(when(asks), member=nothing)) == {"Campaign 1": 62}
    assert given(coupon, member=born).given
    assert given(coupon, member=nothing).missed[0].reasons[0]["why"] == "used"


def history(condition: dict[str, Any], purchases: int, kept_minor: int = 0) -> facts.Member:
    """A member of whom the question of this condition has this answer."""
    asked = needs.of([when(condition)]).measures(merchant_id=ROSA, at=NOON, zone=ZONE)
    return replace(NOBODY, measures=dict.fromkeys(asked, facts.Measured(purchases, kept_minor)))


@pytest.mark.parametrize(
    ("n", "every", "before", "holds"),
    [(1, False, 0, True), (1, False, 1, False), (3, False, 2, True), (3, True, 5, True)]
    + [(3, False, 5, False), (3, True, 4, False)],
)
def test_the_nth_purchase_is_counted_with_those_before(
    n: int, every: bool, before: int, holds: bool
) -> None:
    condition = {"if": "nth_purchase", "n": n, "every": every}

    found = given(when(condition), member=history(condition, before))

    assert bool(found.granted) is holds
    assert holds or found.missed[0].reasons[0]["this"] == before + 1


@pytest.mark.parametrize(
    ("mode", "before_minor", "holds"),
    [
        ("reached", 8_765, False),
        ("reached", 8_766, True),
        ("reached", 9_999, True),
        ("reached", 10_000, False),
        ("beyond", 10_000, True),
        ("beyond", 8_765, False),
    ],
)
def test_spending_counts_from_the_purchase_that_crosses_it(
    mode: str, before_minor: int, holds: bool
) -> None:
    condition = {"if": "spent", "at_least_minor": 10_000, "when": mode}

    found = given(when(condition), member=history(condition, 1, before_minor))

    assert bool(found.granted) is holds


def test_having_bought_elsewhere_opens_an_offer_here() -> None:
    condition = {"if": "bought_at", "any_of": [str(BAKERY)], "within_days": 7}
    named = replace(PLACE, names={BAKERY: "Corner Oven"})

    missed = given(when(condition), member=history(condition, 0), place=named).missed

    assert given(when(condition), member=history(condition, 1)).granted
    assert missed[0].reasons == ({"if": "bought_at", "within_days": 7, "any_of": ["Corner Oven"]},)


@pytest.mark.parametrize(
    ("condition", "member", "holds"),
    [
        ({"if": "segment", "any_of": ["parents"]}, {"segments": frozenset({"parents"})}, True),
        ({"if": "segment", "any_of": ["parents"]}, {}, False),
        ({"if": "segment", "any_of": ["parents"], "unless": True}, {}, True),
        ({"if": "tier", "any_of": ["gold"]}, {"tier": "gold"}, True),
        ({"if": "tier", "any_of": ["gold"]}, {}, False),
        (IN_PLAN, {"memberships": frozenset({PLAN})}, True),
        (IN_PLAN, {"memberships": frozenset({BAKERY})}, False),
        ({**IN_PLAN, "unless": True}, {"memberships": frozenset({PLAN})}, False),
        ({**IN_PLAN, "unless": True}, {}, True),
        ({"if": "joined", "within_days": 30}, {"joined_days": 30}, True),
        ({"if": "joined", "within_days": 30}, {"joined_days": 31}, False),
        ({"if": "coupon", "name": "hello"}, {"coupons": {"hello": uuid.UUID(int=5)}}, True),
        ({"if": "coupon", "name": "hello"}, {}, False),
        (
            {"if": "experiment", "experiment_id": str(uuid.UUID(int=9)), "arm": "b"},
            {"arms": {uuid.UUID(int=9): "b"}},
            True,
        ),
        (
            {"if": "experiment", "experiment_id": str(uuid.UUID(int=9)), "arm": "b"},
            {"arms": {uuid.UUID(int=9): "a"}},
            False,
        ),
    ],
)
def test_a_member_is_asked_who_they_are(
    condition: dict[str, Any], member: dict[str, Any], holds: bool
) -> None:
    found = given(when(condition), member=replace(NOBODY, **member))

    assert bool(found.granted) is holds
    assert holds or why(found) == [condition["if"]]


def test_somebody_unknown_is_told_that_only_members_are() -> None:
    assert why(given(when({"if": "segment", "any_of": ["parents"]}), member=None)) == ["member"]


def test_terms_that_want_to_be_accepted_wait_for_it() -> None:
    asking = version(terms={"text": {"en": "Only with you."}, "acceptance": True})
    agreed = replace(NOBODY, accepted=frozenset({asking.version_id}))

    assert why(given(asking)) == ["terms"]
    assert amounts(given(asking, member=agreed)) == {"Campaign 1": 62}


def test_a_purchase_is_asked_only_what_its_campaigns_want_to_know() -> None:
    plain = needs.of([version()])
    capped = needs.of([version(caps={"member": [{"minor": 500, "per": "month"}]})])
    grouped = needs.of([when({"if": "segment", "any_of": ["parents"]})])

    assert (plain.personal, plain.stateful) == (False, False)
    assert (grouped.personal, grouped.stateful) == (True, False)
    assert capped.usage(date(2026, 3, 10)) == {uuid.UUID(int=1): date(2026, 3, 1)}
    assert capped.stateful
