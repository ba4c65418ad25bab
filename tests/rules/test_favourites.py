"""Favourites: often and lately, with a reason, the same each time, and none for who wants none."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wallet.rules import favourites

TODAY = date(2026, 11, 26)


def bought(category: str, *ages: int, kept_minor: int = 1_000) -> favourites.Bought:
    """Purchases so many days ago, in any order."""
    days = tuple(sorted(TODAY - timedelta(days=age) for age in ages))
    return favourites.Bought(category, days, kept_minor)


def chosen(*history: favourites.Bought, opted_out: bool = False) -> list[str]:
    return [one.category for one in favourites.choose(history, today=TODAY, opted_out=opted_out)]


HISTORIES = st.lists(
    st.builds(
        lambda name, ages, kept: bought(name, *ages, kept_minor=kept),
        st.text("abc", min_size=1, max_size=3),
        st.lists(st.integers(0, 200), min_size=1, max_size=12),
        st.integers(0, 10_000),
    ),
    unique_by=lambda one: one.category,
    max_size=12,
)


def test_what_is_bought_more_often_comes_first() -> None:
    assert ["coffee", "milk"] == chosen(bought("milk", 1, 8), bought("coffee", 1, 8, 15))


def test_of_equal_counts_the_later_bought_comes_first() -> None:
    assert ["milk", "coffee"] == chosen(bought("coffee", 61, 70), bought("milk", 1, 2))


def test_equals_are_ordered_by_last_day_then_by_what_was_kept_then_by_name() -> None:
    history = (
        bought("d", 3, 5, kept_minor=1),
        bought("c", 2, 5, kept_minor=1),
        bought("b", 2, 5, kept_minor=1),
        bought("a", 2, 5, kept_minor=2),
    )

    assert ["a", "b", "c", "d"] == chosen(*history)


def test_what_was_bought_once_or_too_long_ago_is_no_favourite() -> None:
    assert [] == chosen(bought("once", 3), bought("old", 90, 91, 92), bought("one left", 3, 90))


def test_there_are_at_most_so_many_favourites() -> None:
    history = [bought(str(number), 1, 2) for number in range(9)]

    assert favourites.PLACES_MAX == len(chosen(*history))


def test_who_wants_no_favourites_has_none() -> None:
    assert [] == chosen(bought("coffee", 1, 2, 3), opted_out=True)


def test_a_reason_says_how_often_in_how_many_days_and_when_last() -> None:
    (one,) = favourites.choose([bought("fresh COFFEE", 1, 1, 40, 89, 90)], today=TODAY)

    assert (
        favourites.Favourite(1, "fresh COFFEE", favourites.Reason(4, 90, date(2026, 11, 25))) == one
    )
    assert "You bought Fresh Coffee 4 times in the last 90 days." == favourites.sentence(
        one.category, one.reason
    )


def test_a_purchase_halves_every_120_days_by_the_table() -> None:
    scores = [
        favourites.score_milli(bought("x", age), TODAY) for age in (0, 29, 30, 119, 120, 240, 365)
    ]

    assert [1000, 1000, 841, 595, 500, 250, 125] == scores


def test_a_purchase_after_the_day_does_not_count() -> None:
    assert 1000 == favourites.score_milli(bought("x", -1, 0), TODAY)
    assert [] == chosen(bought("x", -1, 0))


@given(HISTORIES, st.randoms())
def test_the_order_of_the_history_does_not_matter(
    history: list[favourites.Bought], random: object
) -> None:
    mixed = list(history)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    found = favourites.choose(history, today=TODAY)

    assert favourites.choose(mixed, today=TODAY) == found
    assert [one.place for one in found] == list(range(1, len(found) + 1))


@given(HISTORIES)
def test_one_more_purchase_today_never_costs_a_favourite_its_place(
    history: list[favourites.Bought],
) -> None:
    before = chosen(*history)
    for category in before:
        more = [
            favourites.Bought(one.category, (*one.days, TODAY), one.kept_minor)
            if one.category == category
            else one
            for one in history
        ]

        assert chosen(*more).index(category) <= before.index(category)
