"""Draws: numbers that are even, the same for whoever draws them again, and lists without favour."""

import copy
import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules import draws
from wallet.rules.draws import definition, sampler, verify

SEEDS = st.binary(min_size=32, max_size=32)
BELOW = st.integers(1, sampler.BELOW_MAX)


def wheel(**changes: Any) -> definition.Wheel:
    return msgspec.convert({**draws.WHEEL, **changes}, definition.Wheel)


def raffle(**changes: Any) -> definition.Raffle:
    return msgspec.convert({**draws.RAFFLE, **changes}, definition.Raffle)


def wrong(document: dict[str, Any]) -> list[str]:
    """What does not hold of an export."""
    return [one.says for one in verify.verify(document) if one.holds is False]


def test_a_number_is_the_first_eight_bytes_of_an_hmac() -> None:
    digest = hmac.new(b"s" * 32, b"a\nb\n0", hashlib.sha256).digest()

    assert int.from_bytes(digest[:8], "big") % 100 == sampler.number(b"s" * 32, ("a", "b"), 100)


@given(seed=SEEDS, below=BELOW, message=st.tuples(st.text("abc"), st.text("xyz")))
def test_a_number_is_below_its_bound_and_the_same_again(
    seed: bytes, below: int, message: tuple[str, str]
) -> None:
    number = sampler.number(seed, message, below)

    assert 0 <= number < below
    assert number == sampler.number(seed, message, below)


def test_numbers_that_would_be_likelier_are_passed_over() -> None:
    """With a bound just above a half of all numbers, about half of them are passed over."""
    below, firsts = (1 << 63) + 1, []
    for n in range(200):
        digest = hmac.digest(b"s" * 32, f"{n}\n0".encode(), "sha256")
        firsts.append(int.from_bytes(digest[:8], "big") < below)
        assert sampler.number(b"s" * 32, (str(n),), below) < below

    assert 60 < sum(firsts) < 140


def test_ten_thousand_numbers_are_even() -> None:
    """Pearson's chi-square with 9 degrees of freedom: 27.88 is passed once in a thousand seeds."""
    counted = Counter(sampler.number(draws.seed(), (str(n),), 10) for n in range(10_000))
    off = sum((counted[one] - 1_000) ** 2 for one in range(10))

    assert off < 27_880


def test_a_wheel_falls_by_its_weights() -> None:
    counted = Counter(
        sampler.chosen([1, 2, 7], sampler.number(draws.seed(), (str(n),), 10)) for n in range(9_000)
    )
    expected = [900, 1_800, 6_300]
    # Thousandths of chi-square with 2 degrees of freedom: 13.82 is passed once in a thousand.
    off = sum(1_000 * (counted[n] - one) ** 2 // one for n, one in enumerate(expected))

    assert off < 13_820


@given(weights=st.lists(st.integers(1, 1 << 34), min_size=1, max_size=50), data=st.data())
def test_each_number_falls_on_the_weight_that_covers_it(
    weights: list[int], data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, sum(weights) - 1))
    place = sampler.chosen(weights, number)

    assert sum(weights[:place]) <= number < sum(weights[: place + 1])


@given(seed=SEEDS, entries=st.integers(0, 30), wanted=st.integers(0, 40))
def test_winners_are_different_tickets_of_the_list(seed: bytes, entries: int, wanted: int) -> None:
    tickets = [draws.ticket(n) for n in range(entries)]
    drawn = sampler.winners(seed, tickets, wanted, draw="d", definition="h")

    assert min(entries, wanted) == len(drawn) == len(set(drawn))
    assert set(drawn) <= set(tickets)


@given(seed=SEEDS, tickets=st.permutations([draws.ticket(n) for n in range(12)]))
def test_the_order_in_which_people_entered_changes_nothing(seed: bytes, tickets: list[str]) -> None:
    again = sampler.winners(seed, sorted(tickets), 12, draw="d", definition="h")

    assert again == sampler.winners(seed, tickets, 12, draw="d", definition="h")


def test_every_order_of_three_is_as_likely() -> None:
    counted = Counter(
        tuple(sampler.winners(draws.seed(str(n)), "abc", 3, draw="d", definition="h"))
        for n in range(3_000)
    )
    off = sum((one - 500) ** 2 for one in counted.values())

    assert 6 == len(counted)
    assert off < 20_520 * 500 // 1_000  # chi-square of 5 degrees of freedom, once in a thousand


@given(name=st.text(min_size=1), weight=st.integers(1, 99))
def test_a_definition_has_another_hash_when_anything_in_it_is_another(
    name: str, weight: int
) -> None:
    one = {"name": name, "weight": weight}

    assert sampler.definition_hash(one) == sampler.definition_hash(dict(reversed(one.items())))
    assert sampler.definition_hash(one) != sampler.definition_hash({**one, "weight": weight + 1})


def test_odds_are_exact() -> None:
    assert [("Coffee", 30, 100), ("Thank you", 70, 100)] == definition.odds(wheel())


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"closes_at": draws.NOON.isoformat()}, ("closes_at",)),
        ({"consolation": None}, ("consolation",)),
        ({"consolation": "Coffee"}, ("consolation",)),
        ({"prizes": draws.WHEEL["prizes"] * 2}, ("prizes", "2", "name")),
        ({"tickets": {"per_purchase": {"min_minor": 100}}}, ("tickets",)),
        (
            {"prizes": [{"name": n, "weight": sampler.BELOW_MAX} for n in "ab"]},
            ("prizes",),
        ),
    ],
)
def test_a_wheel_that_contradicts_itself_is_refused_at_its_field(
    changes: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(definition.Problem) as problem:
        definition.check(wheel(**changes))

    assert path == problem.value.path


def test_a_raffle_is_not_drawn_before_it_closes() -> None:
    with pytest.raises(definition.Problem) as problem:
        definition.check(raffle(draw_at=draws.NOON.isoformat()))

    assert ("draw_at",) == problem.value.path


def test_the_first_prize_goes_to_the_first_that_are_drawn() -> None:
    prizes = [definition.prize_of(raffle(), place) for place in range(4)]

    assert ["Basket", "Soap", "Soap", None] == [one and one.name for one in prizes]


@pytest.mark.parametrize(
    "document", [draws.wheel(), draws.raffle(), draws.raffle(2), draws.raffle(chance="beacon")]
)
def test_an_honest_draw_verifies(document: dict[str, Any]) -> None:
    found = verify.verify(document)

    assert all(one.holds for one in found), found


def test_a_seed_that_is_still_secret_leaves_its_spins_open() -> None:
    document = draws.wheel()
    document["epochs"][0]["seed"] = None
    found = verify.verify(document)

    assert verify.holds(found)
    assert ["20 spins cannot be checked until their seed is revealed"] == [
        one.says for one in found if one.holds is None
    ]


def change(document: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a document with something else at a place such as `epochs.0.seed`."""
    changed = copy.deepcopy(document)
    *steps, last = [int(one) if one.isdigit() else one for one in path.split(".")]
    place: Any = changed
    for step in steps:
        place = place[step]
    place[last] = value
    return changed


def drop(document: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    del changed["epochs"][0]["turns"][4]
    return changed


def renumber(document: dict[str, Any]) -> dict[str, Any]:
    """A spin is dropped, and those after it and the count are moved up to hide it."""
    changed = drop(document)
    for number, turn in enumerate(changed["epochs"][0]["turns"], 1):
        turn["number"] = number
    changed["epochs"][0]["spins"] -= 1
    return changed


TAMPERED: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "an outcome": (
        lambda: change(
            change(draws.wheel(), "epochs.0.turns.0.drawn", "Coffee"),
            "epochs.0.turns.0.given",
            "Coffee",
        ),
        "each spin draws what its seed says",
    ),
    "a weight": (
        lambda: change(draws.wheel(), "definitions.ver_1.prizes.0.weight", 29),
        "the definitions are those that were published",
    ),
    "a dropped spin": (lambda: drop(draws.wheel()), "spins are numbered without gaps"),
    "a spin that was spun twice": (
        lambda: change(draws.wheel(), "epochs.0.turns.1.ticket", draws.ticket(1)),
        "each ticket was spun once",
    ),
    "a seed": (
        lambda: change(draws.wheel(), "epochs.0.seed", draws.seed("other").hex()),
        "each revealed seed is the one that was committed to",
    ),
    "a commitment that came late": (
        lambda: change(
            draws.wheel(), "epochs.0.committed_at", (draws.NOON + draws.DAY).isoformat()
        ),
        "each seed was committed to before its use",
    ),
    "the members' own seed": (
        lambda: change(draws.wheel(60), "epochs.0.turns.0.client_seed", "other-7"),
        "each spin draws what its seed says",
    ),
    "a ticket of the list": (
        lambda: change(draws.raffle(), "frozen.tickets.3", draws.ticket(999)),
        "the list has the hash it says",
    ),
    "a count": (
        lambda: change(draws.raffle(), "frozen.count", 11),
        "the list has as many tickets as it says",
    ),
    "a winner": (
        lambda: change(draws.raffle(), "places.0.ticket", draws.raffle()["places"][4]["ticket"]),
        "the winners are those that the seed says",
    ),
    "a missing alternate": (
        lambda: change(draws.raffle(), "places", draws.raffle()["places"][:4]),
        "the winners are those that the seed says",
    ),
    "a prize": (
        lambda: change(draws.raffle(), "places.1.prize", "Basket"),
        "each prize went to the next in order",
    ),
    "public chance": (
        lambda: change(draws.raffle(chance="beacon"), "randomness.value", "other"),
        "the winners are those that the seed says",
    ),
    "a round that was not named": (
        lambda: change(draws.raffle(chance="beacon"), "randomness.round", "4712"),
        "the chance is the one that was named",
    ),
    "the seed of a raffle": (
        lambda: change(draws.raffle(), "seed", draws.seed("other").hex()),
        "the revealed seed is the one that was committed to",
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_what_was_changed_is_found(what: str) -> None:
    tampered, says = TAMPERED[what]

    assert says in wrong(tampered())


def test_who_is_given_more_than_there_was_is_named() -> None:
    document = draws.wheel()
    gone = next(
        n for n, turn in enumerate(document["epochs"][0]["turns"]) if turn["given"] != turn["drawn"]
    )
    found = verify.verify(change(document, f"epochs.0.turns.{gone}.given", "Coffee"))

    assert [(f"spin 1/{gone + 1} gave Coffee, but Coffee was gone",)] == [
        one.wrong for one in found if one.holds is False
    ]


def test_a_prize_that_was_passed_goes_to_the_next_alternate() -> None:
    document = change(draws.raffle(), "places.0.passed", True)

    assert ["each prize went to the next in order"] == wrong(document)
    assert [] == wrong(change(document, "places.3.prize", "Basket"))


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"kind": "wheel"},
        {**draws.wheel(), "format": "other"},
        change(draws.wheel(), "epochs.0.seed", "zz"),
        change(draws.wheel(), "definitions.ver_1.prizes", []),
        change(draws.raffle(), "drawn_at", "yesterday"),
    ],
)
def test_what_is_no_export_is_said_to_be_none(document: Any) -> None:
    with pytest.raises(ValueError, match="export"):
        verify.verify(document)
