"""What campaigns give, how they stand beside each other, and what their limits take away."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as anything
from hypothesis import strategies as st

from tests.rules.campaigns import (
    NOBODY,
    OPERATOR,
    PLACE,
    ROOMY,
    ROSA,
    amounts,
    given,
    version,
    why,
)
from tests.rules.examples import contract, line, purchase
from tests.rules.strategies import any_purchase
from wallet.rules import cashback, contracts, local, purchases
from wallet.rules.campaigns import compiled, decide, facts, limits, outcome, programme, record

ACME, BAKERY = uuid.UUID(int=0xACE), uuid.UUID(int=0xBA)


@pytest.mark.parametrize(
    ("give", "minor"),
    [
        ({"give": "rate", "bps": 1000}, 250),
        ({"give": "amount", "minor": 200}, 200),
        ({"give": "amount", "minor": 200, "per": "unit"}, 800),
        ({"give": "points", "units": 1, "per_minor": 100}, 25),
        ({"give": "multiplier", "times_milli": 2000}, 0),
    ],
)
def test_each_effect_has_its_arithmetic(give: dict[str, Any], minor: int) -> None:
    bought = purchase(line(1, 1250, quantity_milli=3000), line(2, 1250, quantity_milli=1900))

    found = given(version(give=give), bought=bought)

    assert amounts(found) == ({"Campaign 1": minor} if minor else {})


def test_a_multiplier_adds_to_what_the_contract_gives() -> None:
    double = version(give={"give": "multiplier", "times_milli": 2500})
    under = contract(rates=contracts.Rates(default_bps=200))

    found = given(double, bought=purchase(line(1, 1000)), under=under)

    assert amounts(found) == {"Campaign 1": 30}


def test_points_days_multiply_points_and_are_asked_last() -> None:
    points = version(1, asset="PTS", give={"give": "points", "units": 1, "per_minor": 100})
    surprise = version(
        2,
        asset="PTS",
        give={"give": "multiplier", "times_milli": 7000, "of": "bonus"},
        stack={"group": "offers", "priority": 0},
    )

    found = given(surprise, points, bought=purchase(line(1, 4_250)))

    assert amounts(found) == {"Campaign 1": 42, "Campaign 2": 252}


def test_a_campaign_that_tops_up_lifts_the_contract_to_its_own_rate() -> None:
    ten = version(give={"give": "rate", "bps": 1000}, stack={"tops_up": True})
    five = contract(rates=contracts.Rates(default_bps=500))

    (granted,) = given(ten, bought=purchase(line(1, 1000)), under=five).granted

    assert granted.granted_minor == 50
    assert [(cut.by, cut.from_minor, cut.to_minor) for cut in granted.cuts] == [
        ("tops_up", 100, 50)
    ]


def test_a_personal_offer_stays_below_its_bound() -> None:
    personal = version(give={"give": "personal", "bps_max": 300})
    keen = replace(
        NOBODY, offers={uuid.UUID(int=1): {"beauty": facts.Offer(900), "food": facts.Offer(100)}}
    )
    bought = purchase(line(1, 1000), line(2, 1000, category="Food"), line(3, 1000, category="Milk"))

    (granted,) = given(personal, bought=bought, member=keen).granted

    assert [(one.bps, one.granted_minor) for one in granted.lines] == [
        (300, 30),
        (100, 10),
    ]


def test_what_the_contract_does_not_count_no_campaign_counts() -> None:
    base = replace(contract().terms.base, excluded_categories=("tobacco",))
    bought = purchase(line(1, 1000, category="Tobacco"), line(2, 1000, kind="shipping"))

    found = given(version(), bought=bought, under=contract(base=base))

    assert amounts(found) == {}


def test_of_a_group_that_wants_the_best_each_line_has_one_winner() -> None:
    offers = {"group": "offers"}
    broad = version(1, give={"give": "rate", "bps": 500}, stack=offers)
    narrow = version(
        2,
        give={"give": "rate", "bps": 1000},
        stack=offers,
        lines=[{"if": "category", "any_of": ["beauty"]}],
    )
    bought = purchase(line(1, 1000), line(2, 1000, category="Food"))

    found = given(broad, narrow, bought=bought)

    assert amounts(found) == {"Campaign 1": 50, "Campaign 2": 100}


def test_who_is_beaten_everywhere_is_told_by_whom() -> None:
    offers = {"group": "offers"}

    found = given(
        version(1, stack=offers), version(2, give={"give": "rate", "bps": 900}, stack=offers)
    )

    assert found.missed[0].reasons == ({"if": "beaten", "by": "Campaign 2"},)


def test_of_a_group_that_wants_the_first_priority_decides() -> None:
    first = {"group": "first"}
    low = version(1, give={"give": "rate", "bps": 900}, stack={**first, "priority": 5})
    high = version(2, stack={**first, "priority": 1})

    assert amounts(given(low, high)) == {"Campaign 2": 62}


def test_an_exclusive_campaign_bars_other_groups_from_its_lines() -> None:
    alone = version(1, stack={"exclusive": True}, lines=[{"if": "category", "any_of": ["beauty"]}])
    same_group, other = version(2), version(3, stack={"group": "offers"})
    bought = purchase(line(1, 1000), line(2, 1000, category="Food"))

    found = given(alone, same_group, other, bought=bought)

    assert amounts(found) == {"Campaign 1": 50, "Campaign 2": 100, "Campaign 3": 50}


@anything(st.permutations([1, 2, 3, 4]))
def test_the_order_of_making_decides_nothing(order: list[int]) -> None:
    versions = {
        1: version(1, stack={"group": "offers"}, give={"give": "rate", "bps": 700}),
        2: version(2, stack={"group": "offers"}, give={"give": "amount", "minor": 70}),
        3: version(3, caps={"purchase_minor": 20}),
        4: version(4, give={"give": "multiplier", "times_milli": 3000, "of": "bonus"}),
    }
    rules = programme.Rules(ROOMY.groups, purchase_cap_minor=120)

    found = given(*[versions[one] for one in order], rules=rules)

    assert outcome.document(found) == outcome.document(given(*versions.values(), rules=rules))


def test_a_cap_cuts_and_both_numbers_are_kept() -> None:
    (granted,) = given(version(caps={"purchase_minor": 40})).granted

    assert (granted.desired_minor, granted.granted_minor) == (62, 40)
    assert granted.cuts == (outcome.Cut("purchase_cap", 62, 40, 40),)
    assert sum(one.granted_minor for one in granted.lines) == 40


def test_a_members_cap_counts_what_the_period_has_given() -> None:
    monthly = version(caps={"member": [{"minor": 100, "per": "month"}]})
    day = local.day(purchase().purchased_at, "Europe/Lisbon")
    before = (facts.Used(day.replace(day=1), 70, 1), facts.Used(day.replace(month=2), 500, 3))
    member = replace(NOBODY, usage={uuid.UUID(int=1): before})

    (granted,) = given(monthly, member=member).granted

    assert granted.granted_minor == 30
    assert granted.cuts == (outcome.Cut("member_cap", 62, 30, 100, "month"),)


def test_a_grant_that_is_capped_to_nothing_is_still_shown() -> None:
    (granted,) = given(version(), room={("campaign", uuid.UUID(int=1), "EUR"): 0}).granted

    assert (granted.desired_minor, granted.granted_minor, granted.funders) == (62, 0, ())


def test_budgets_of_campaign_merchant_and_funder_each_cut() -> None:
    shared = version(
        funding=[{"funder": "merchant", "bps": 6000}, {"funder": "operator", "bps": 4000}],
        give={"give": "rate", "bps": 10_000},
    )
    own: facts.Budget = ("campaign", uuid.UUID(int=1), "EUR")
    shop: facts.Budget = ("merchant", ROSA, "EUR")
    house: facts.Budget = ("funder", OPERATOR, "EUR")

    found = given(shared, bought=purchase(line(1, 1000)), room={own: 900, shop: 800, house: 201})

    (granted,) = found.granted
    assert [cut.by for cut in granted.cuts] == ["budget", "merchant_budget", "funder_budget"]
    assert granted.funders == ((ROSA, 302), (OPERATOR, 201))
    assert found.draws == {own: 503, shop: 503, house: 201}
    assert found.short == {own, shop, house}


def test_two_campaigns_of_one_purchase_share_what_is_left() -> None:
    shop: facts.Budget = ("merchant", ROSA, "EUR")

    found = given(version(1), version(2), room={shop: 100})

    assert amounts(found) == {"Campaign 1": 62, "Campaign 2": 38}
    assert found.draws == {shop: 100}


def test_the_programme_caps_a_purchase_in_the_order_of_campaigns() -> None:
    rules = programme.Rules(ROOMY.groups, purchase_cap_minor=100)

    found = given(version(1), version(2), version(3), rules=rules)

    assert amounts(found) == {"Campaign 1": 62, "Campaign 2": 38, "Campaign 3": 0}


@anything(
    st.integers(0, 10**9),
    st.lists(st.integers(1, 9_000), min_size=1, max_size=6),
)
def test_funders_pay_the_whole_and_each_about_its_share(minor: int, weights: list[int]) -> None:
    left = 10_000 * len(weights)
    shares = [left * weight // sum(weights) for weight in weights]
    parts = [max(1, share // len(weights)) for share in shares]
    parts[0] += 10_000 - sum(parts)
    if parts[0] < 1:
        return
    funders = [str(uuid.UUID(int=place + 1)) for place in range(len(parts))]
    shared = version(
        funding=[
            {"funder": funder, "bps": part} for funder, part in zip(funders, parts, strict=True)
        ]
    )

    owed = dict(limits.split(shared.definition, minor, PLACE))

    assert sum(owed.values()) == minor
    for funder, part in zip(funders, parts, strict=True):
        exact, rest = divmod(minor * part, 10_000)
        assert owed.get(uuid.UUID(funder), 0) in (exact, exact + (1 if rest else 0))


def test_who_pays_two_shares_pays_both_out_of_one_budget() -> None:
    both = version(
        give={"give": "amount", "minor": 1_000_000_000},
        funding=[
            {"funder": "merchant", "bps": 1},
            {"funder": str(PLACE.merchant_id), "bps": 9_999},
        ],
    )
    room: dict[facts.Budget, int] = {("funder", PLACE.merchant_id, "EUR"): 1_000_000}

    (granted,) = given(both, bought=purchase(line(1, 2_000_000_000)), room=room).granted

    assert (granted.granted_minor, dict(granted.funders)) == (
        1_000_000,
        {PLACE.merchant_id: 1_000_000},
    )


def test_a_coupon_is_used_up_only_where_it_gave_something() -> None:
    coupon = [{"if": "coupon", "name": "hello"}]
    holder = replace(NOBODY, coupons={"hello": uuid.UUID(int=5)})
    broke: dict[facts.Budget, int] = {("campaign", uuid.UUID(int=1), "EUR"): 0}

    assert given(version(when=coupon), member=holder).coupons == (uuid.UUID(int=5),)
    assert given(version(when=coupon), member=holder, room=broke).coupons == ()
    assert given(version(), member=holder).coupons == ()


def test_a_benefit_is_given_without_money() -> None:
    free = version(give={"give": "benefit", "name": "free_shipping", "about": "Free shipping"})

    found = given(free)

    assert (found.granted, [one.version.version_id for one in found.given]) == (
        (),
        [free.version_id],
    )


def test_a_charity_gets_its_part_of_what_is_granted() -> None:
    kind = version(charity={"charity_id": str(uuid.UUID(int=77)), "bps": 5000})

    (granted,) = given(kind, bought=purchase(line(1, 1010))).granted

    assert (granted.granted_minor, granted.charity_minor) == (50, 25)


def test_what_rounds_to_nothing_says_so() -> None:
    assert why(given(version(), bought=purchase(line(1, 3)))) == ["nothing_left"]


RICH = replace(
    NOBODY,
    favourites=("beauty",),
    segments=frozenset({"parents"}),
    offers={uuid.UUID(int=4): {"beauty": facts.Offer(250, "rhythm")}},
    usage={uuid.UUID(int=3): (facts.Used(purchase().purchased_at.date(), 7, 1),)},
    coupons={"hello": uuid.UUID(int=5)},
)


def many() -> list[facts.Version]:
    """One campaign of each kind."""
    return [
        version(1, lines=[{"if": "favourite"}], give={"give": "rate", "bps": 700}),
        version(2, when=[{"if": "segment", "any_of": ["parents"]}]),
        version(3, caps={"member": [{"minor": 50, "per": "week"}], "purchase_minor": 45}),
        version(4, give={"give": "personal", "bps_max": 900}, stack={"group": "offers"}),
        version(5, give={"give": "amount", "minor": 33}, stack={"group": "offers"}),
        version(6, give={"give": "multiplier", "times_milli": 1500, "of": "offers"}),
        version(7, when=[{"if": "coupon", "name": "hello"}], stack={"tops_up": True}),
        version(8, when=[{"if": "minimum", "amount_minor": 1}], stack={"exclusive": True}),
    ]


@anything(any_purchase("EUR"), st.integers(0, 200), st.none() | st.integers(0, 300))
def test_whatever_is_bought_no_limit_is_passed_and_every_part_adds_up(
    bought: purchases.Purchase, left: int, cap: int | None
) -> None:
    room: dict[facts.Budget, int] = {("merchant", ROSA, "EUR"): left * 3}
    room[("campaign", uuid.UUID(int=2), "EUR")] = left
    rules = programme.Rules(ROOMY.groups, purchase_cap_minor=cap)

    found = given(*many(), bought=bought, under=contract(), member=RICH, room=room, rules=rules)

    for one in found.granted:
        assert one.granted_minor <= one.desired_minor
        assert one.granted_minor == sum(line.granted_minor for line in one.lines)
        assert one.granted_minor == sum(part for _, part in one.funders)
        assert all(0 <= line.granted_minor <= line.desired_minor for line in one.lines)
    assert all(spent <= room[budget] for budget, spent in found.draws.items())
    assert cap is None or found.total_minor("EUR") <= cap


@anything(any_purchase("EUR"))
def test_a_decision_is_reached_again_from_what_was_kept(bought: purchases.Purchase) -> None:
    versions = many()
    ready = compiled.compile_set(versions, ROOMY)
    room: dict[facts.Budget, int] = {("merchant", ROSA, "EUR"): 100}
    kept = record.load(
        record.dump(
            record.Record(tuple(one.version_id for one in ready.versions), ROOMY, PLACE, RICH, room)
        )
    )
    decided = cashback.decide(bought, contract())

    first = decide.decide(bought, decided, ready, place=PLACE, member=RICH, room=room)
    again = decide.decide(
        bought,
        decided,
        compiled.compile_set(reversed(versions), kept.rules),
        place=kept.place,
        member=kept.member,
        room=kept.room,
    )

    assert outcome.document(again) == outcome.document(first)
