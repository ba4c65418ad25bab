"""What goods that come back take back of campaigns, and that no loop of buying pays."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given as anything
from hypothesis import strategies as st

from tests.rules.campaigns import ROSA, given, version
from tests.rules.examples import contract, line, purchase
from wallet import money
from wallet.rules import cashback, contracts, purchases, returns, text
from wallet.rules.campaigns import facts
from wallet.rules.campaigns import returns as back

VERSION = uuid.UUID(int=1001)


class Sold:
    """A purchase with its grants in memory, as the books would keep them."""

    def __init__(self, *versions: facts.Version, bought: purchases.Purchase) -> None:
        under = contract(rates=contracts.Rates(0))
        decided = cashback.decide(bought, under)
        self.definitions = {one.version_id: one.definition for one in versions}
        self.granted = given(*versions, bought=bought, under=under).granted
        self.grants = [
            back.SoldGrant(one.number, grant.version.version_id, one.granted_minor, 0)
            for grant in self.granted
            for one in grant.lines
        ]
        self.bases = {
            line.number: (text.key(line.category), one.base_minor)
            for line, one in zip(bought.lines, decided.lines, strict=True)
        }
        self.lines = [
            returns.SoldLine(
                line.number,
                line.quantity_milli,
                line.amount_minor,
                one.credited_minor,
                0,
                0,
                0,
                money.Rounding.HALF_EVEN,
            )
            for line, one in zip(bought.lines, decided.lines, strict=True)
        ]

    def bring(self, *asked: returns.ReturnLine) -> int:
        """Bring lines back and give what campaigns take back for them."""
        now = returns.decide(tuple(self.lines), asked)
        left = back.kept(self.lines, now, self.bases)
        taken = back.decide(self.grants, self.definitions, left)
        self._book(now, taken)
        return sum(one.reversed_minor for one in taken)

    def _book(self, now: Sequence[returns.LineReturn], taken: Sequence[back.GrantReturn]) -> None:
        by_line = {one.number: one for one in now}
        self.lines = [
            replace(
                line,
                returned_quantity_milli=line.returned_quantity_milli
                + by_line[line.number].quantity_milli,
                returned_amount_minor=line.returned_amount_minor
                + by_line[line.number].amount_minor,
                reversed_minor=line.reversed_minor + by_line[line.number].reversed_minor,
            )
            if line.number in by_line
            else line
            for line in self.lines
        ]
        more = {(one.number, one.version_id): one.reversed_minor for one in taken}
        self.grants = [
            replace(
                one,
                reversed_minor=one.reversed_minor + more.get((one.number, one.version_id), 0),
            )
            for one in self.grants
        ]

    @property
    def kept_minor(self) -> int:
        """What is left of all grants."""
        return sum(one.granted_minor - one.reversed_minor for one in self.grants)


def least(amount_minor: int, **changes: Any) -> facts.Version:
    """10 % from a minimum on."""
    return version(
        give={"give": "rate", "bps": 1000},
        when=[{"if": "minimum", "amount_minor": amount_minor}],
        **changes,
    )


def all_of(number: int) -> returns.ReturnLine:
    return returns.ReturnLine(number)


def test_what_is_kept_keeps_its_part() -> None:
    sold = Sold(least(10_000), bought=purchase(line(1, 10_000), line(2, 10_000)))

    assert sold.bring(all_of(2)) == 1000
    assert sold.kept_minor == 1000


def test_coming_back_below_the_minimum_takes_all_of_it() -> None:
    sold = Sold(least(15_000), bought=purchase(line(1, 10_000), line(2, 10_000)))

    assert sold.bring(all_of(2)) == 2000
    assert sold.bring(all_of(1)) == 0


def test_a_campaign_may_say_that_what_is_kept_keeps_its_part_all_the_same() -> None:
    lenient = least(15_000, on_return="proportional")
    sold = Sold(lenient, bought=purchase(line(1, 10_000), line(2, 10_000)))

    assert sold.bring(all_of(2)) == 1000


def test_the_minimum_is_asked_of_all_lines_that_counted_also_of_those_that_others_won() -> None:
    best = {"group": "offers"}
    broad = least(15_000, stack=best)
    narrow = version(
        2,
        give={"give": "rate", "bps": 2000},
        stack=best,
        lines=[{"if": "category", "any_of": ["food"]}],
    )
    bought = purchase(line(1, 8_000), line(2, 8_000, category="Food"), line(3, 4_000))
    sold = Sold(broad, narrow, bought=bought)

    taken = sold.bring(all_of(3))

    assert (taken, sold.kept_minor) == (400, 800 + 1600)


def test_a_bundle_that_is_broken_goes_back_whole() -> None:
    bundle = version(
        give={"give": "amount", "minor": 500},
        when=[{"if": "bundle", "all_of": ["coffee", "cupcakes"]}],
    )
    bought = purchase(
        line(1, 300, category="Coffee"),
        line(2, 700, category="Cupcakes", quantity_milli=2000),
    )
    sold = Sold(bundle, bought=bought)

    assert sold.bring(returns.ReturnLine(2, quantity_milli=1000)) == 175
    assert sold.bring(all_of(1)) == 325
    assert sold.kept_minor == 0


def test_too_few_units_take_all_back() -> None:
    three = version(when=[{"if": "quantity", "at_least_milli": 3000}])
    sold = Sold(three, bought=purchase(line(1, 3000, quantity_milli=3000)))

    assert sold.bring(returns.ReturnLine(1, quantity_milli=1000)) == 150


def test_a_multiplier_goes_with_what_it_multiplied() -> None:
    double = version(
        2,
        give={"give": "multiplier", "times_milli": 2000, "of": "bonus"},
        stack={"group": "offers"},
    )
    sold = Sold(least(15_000), double, bought=purchase(line(1, 10_000), line(2, 10_000)))

    assert sold.bring(all_of(2)) == 4000
    assert sold.kept_minor == 0


def test_a_multiplier_goes_with_the_part_of_its_group_that_goes_back() -> None:
    always = version(3, give={"give": "rate", "bps": 100})
    fivefold = version(
        2,
        give={"give": "multiplier", "times_milli": 5000, "of": "bonus"},
        stack={"group": "offers"},
    )
    bought = purchase(line(1, 10_000), line(2, 10_000))
    sold = Sold(least(15_000), always, fivefold, bought=bought)
    assert sold.kept_minor == 5 * (2000 + 200)

    taken = sold.bring(all_of(2))

    # What the minimum paid is gone from the kept line too, and so is what multiplied it.
    assert (taken, sold.kept_minor) == (5 * 2100, 5 * 100)


def test_a_line_that_cost_nothing_keeps_by_its_units() -> None:
    gross = replace(contract().terms.base, discounts="gross")
    bought = purchase(line(1, 0, discount_minor=1000, quantity_milli=2000))
    under = contract(base=gross, rates=contracts.Rates(0))
    (granted,) = given(version(), bought=bought, under=under).granted

    left = back.kept(
        [returns.SoldLine(1, 2000, 0, 0, 0, 0, 0, money.Rounding.HALF_EVEN)],
        [returns.LineReturn(1, 1000, 0, 0)],
        {1: ("beauty", 1000)},
    )
    grants = [back.SoldGrant(1, VERSION, granted.granted_minor, 0)]

    assert back.decide(grants, {VERSION: version().definition}, left) == (
        back.GrantReturn(1, VERSION, 25),
    )


def test_what_goes_back_is_shared_over_the_funders_by_what_is_left_of_each() -> None:
    lots = [
        back.SoldLot(uuid.UUID(int=1), VERSION, ROSA, 60, 0),
        back.SoldLot(uuid.UUID(int=2), VERSION, ROSA, 41, 1),
        back.SoldLot(uuid.UUID(int=3), uuid.UUID(int=9), ROSA, 100, 0),
    ]

    assert back.lots(lots, {VERSION: 50}) == ((uuid.UUID(int=1), 30), (uuid.UUID(int=2), 20))
    assert back.lots(lots, {VERSION: 100, uuid.UUID(int=9): 1}) == (
        (uuid.UUID(int=1), 60),
        (uuid.UUID(int=2), 40),
        (uuid.UUID(int=3), 1),
    )


@st.composite
def baskets(draw: st.DrawFn) -> purchases.Purchase:
    """One to five lines of some units each."""
    found = [
        line(
            number,
            draw(st.integers(0, 20_000)),
            quantity_milli=draw(st.sampled_from([1000, 2000, 3000])),
            category=draw(st.sampled_from(["Coffee", "Cupcakes", "Food"])),
        )
        for number in range(1, draw(st.integers(2, 6)))
    ]
    return purchase(*found)


@anything(baskets(), st.randoms(use_true_random=False), st.integers(1, 25_000))
def test_whatever_comes_back_in_whatever_steps_ends_at_nothing(
    bought: purchases.Purchase, chance: Any, least_minor: int
) -> None:
    sold = Sold(
        least(least_minor, stack={"group": "offers"}),
        version(2, give={"give": "amount", "minor": 77}, stack={"group": "offers"}),
        version(3, when=[{"if": "bundle", "all_of": ["coffee", "cupcakes"]}]),
        version(4, give={"give": "multiplier", "times_milli": 3000, "of": "offers"}),
        version(5, caps={"purchase_minor": 91}, give={"give": "rate", "bps": 900}),
        version(6, give={"give": "rate", "bps": 33}, stack={"group": "offers"}),
        bought=bought,
    )
    earned = sold.kept_minor
    taken = 0
    for one in chance.sample(list(bought.lines), len(bought.lines)):
        for _ in range(one.quantity_milli // 1000):
            taken += sold.bring(returns.ReturnLine(one.number, quantity_milli=1000))

    assert taken == earned
    assert sold.kept_minor == 0
