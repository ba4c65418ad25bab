"""The next better option: nothing is named that would not be paid."""

from dataclasses import replace

from hypothesis import given as anything
from hypothesis import strategies as st

from tests.rules.campaigns import given, version
from tests.rules.examples import contract, line, purchase
from wallet.rules import cashback, contracts, purchases
from wallet.rules.campaigns import better, facts, outcome

FIVE = contract(rates=contracts.Rates(500))


def option(
    *versions: facts.Version,
    bought: purchases.Purchase,
    under: contracts.Contract = FIVE,
    room: facts.Room | None = None,
) -> better.Next | None:
    """What a little more would bring."""

    def decide(basket: purchases.Purchase) -> tuple[int, outcome.Outcome]:
        found = given(*versions, bought=basket, under=under, room=room)
        by_contract = cashback.decide(basket, under).credited_minor
        return by_contract + found.total_minor(basket.asset), found

    credited_minor, found = decide(bought)
    return better.best(bought, found, credited_minor, decide)


def big(number: int = 1, amount_minor: int = 20_000) -> facts.Version:
    """10 % from an amount on."""
    return version(
        number,
        give={"give": "rate", "bps": 1000},
        when=[{"if": "minimum", "amount_minor": amount_minor}],
    )


def test_what_is_missing_and_what_it_brings_are_exact() -> None:
    found = option(big(), bought=purchase(line(1, 18_760)))

    assert found is not None
    # 10 % of 200.00, and 5 % of the 12.40 by the contract.
    assert (found.missing_minor, found.gain_minor) == (1240, 2000 + 62)


def test_a_campaign_whose_budget_is_gone_is_no_option() -> None:
    one = big()
    room: facts.Room = {("campaign", one.campaign_id, "EUR"): 0}

    assert option(one, bought=purchase(line(1, 18_760)), room=room) is None


def test_what_brings_most_for_what_it_asks_is_named() -> None:
    found = option(big(1, 20_000), big(2, 19_000), bought=purchase(line(1, 18_760)))

    assert found is not None
    assert (found.version.campaign_id.int, found.missing_minor) == (2, 240)


def test_where_a_part_is_paid_with_cashback_more_is_missing_of_what_counts() -> None:
    base = replace(FIVE.terms.base, cashback_part_earns=False)
    under = contract(rates=contracts.Rates(500), base=base)
    food = version(
        give={"give": "rate", "bps": 1000},
        when=[{"if": "minimum", "amount_minor": 10_000}],
        lines=[{"if": "category", "any_of": ["food"]}],
    )
    bought = purchase(
        line(1, 10_000, category="Food"),
        line(2, 10_000, category="Tea"),
        paid_with_cashback_minor=1_000,
    )

    found = option(food, bought=bought, under=under)

    assert found is not None
    # 5.00 of what was paid with cashback lies on the food, and more of it the dearer the food is.
    assert found.missing_minor > 500
    assert _amount_that_counts(food, bought, under, found.missing_minor) == 10_000


def _amount_that_counts(
    one: facts.Version,
    bought: purchases.Purchase,
    under: contracts.Contract,
    missing_minor: int,
) -> int:
    first, *others = bought.lines
    dearer = replace(first, amount_minor=first.amount_minor + missing_minor)
    more = replace(bought, lines=(dearer, *others))
    (granted,) = given(one, bought=more, under=under).granted
    return granted.lines[0].base_minor


@anything(
    st.lists(st.integers(0, 9_999), min_size=1, max_size=4),
    st.integers(0, 5_000),
    st.integers(1, 30_000),
    st.booleans(),
)
def test_whoever_adds_it_is_credited_what_was_named(
    amounts: list[int], paid_minor: int, least_minor: int, earns: bool
) -> None:
    base = replace(FIVE.terms.base, cashback_part_earns=earns)
    under = contract(rates=contracts.Rates(500), base=base)
    bought = purchase(
        *[line(place, one) for place, one in enumerate(amounts, 1)],
        paid_with_cashback_minor=min(paid_minor, sum(amounts)),
    )
    one = big(1, least_minor)
    before = given(one, bought=bought, under=under)

    found = option(one, bought=bought, under=under)

    if found is None:
        return
    number = before.missed[0].lines[0]
    more = replace(
        bought,
        lines=tuple(
            replace(each, amount_minor=each.amount_minor + found.missing_minor)
            if each.number == number
            else each
            for each in bought.lines
        ),
    )
    credited_minor = [
        cashback.decide(each, under).credited_minor
        + given(one, bought=each, under=under).total_minor("EUR")
        for each in (bought, more)
    ]
    assert credited_minor[1] - credited_minor[0] == found.gain_minor
