"""Signs that an invitation is none: the same person, a ring, a farm; each with its points."""

import dataclasses
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from wallet.rules import suspicion

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SHOP, MARKET = uuid.UUID(int=100), uuid.UUID(int=101)


def person(number: int, **facts: Any) -> suspicion.Person:
    """Somebody who has nothing in common with others, but for what is given."""
    plain: dict[str, Any] = {
        "email": f"{'abcdef'[number]}@example.org",
        "display_name": f"Ana {'Abreu Bento Costa Dias Eanes Faria'.split()[number]}",
        "birth_date": None,
        "instruments": frozenset(),
        "suspended": False,
    }
    return suspicion.Person(uuid.UUID(int=number), **{**plain, **facts})


def facts(friend: suspicion.Person, referrer: suspicion.Person, **more: Any) -> suspicion.Facts:
    """An invitation among honest people, but for what is given."""
    plain: dict[str, Any] = {
        "accepted_at": NOON,
        "accepted": (NOON,),
        "above": (),
        "deals": (suspicion.Deal(SHOP, 2_345),),
        "purchase_min_minor": 2_000,
    }
    return suspicion.Facts(friend, referrer, **{**plain, **more})


HONEST = facts(person(1), person(2))


def names(found: suspicion.Score) -> list[str]:
    return [one.name for one in found.reasons]


def test_honest_people_have_no_points() -> None:
    assert ("pay", suspicion.Score(0, ())) == suspicion.decide(HONEST)
    assert "Nothing stands out." == suspicion.sentence(0, [])


def test_whoever_invites_themselves_is_refused_outright() -> None:
    decision, found = suspicion.decide(facts(person(1), person(1)))

    assert ("refuse", ["self"]) == (decision, names(found))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ana.abreu@gmail.com", "AnaAbreu+friend@googlemail.com"),
        ("ana@example.org", "A.N.A@Example.org"),
        ("ana@pm.me", "ana+2@protonmail.com"),
    ],
)
def test_one_mailbox_behind_two_addresses_is_set_aside(one: str, other: str) -> None:
    decision, found = suspicion.decide(facts(person(1, email=one), person(2, email=other)))

    assert ("quarantine", ["mailbox"]) == (decision, names(found))


def test_other_addresses_are_other_mailboxes() -> None:
    assert suspicion.mailbox("ana@gmail.com") != suspicion.mailbox("ana@example.org")
    assert suspicion.mailbox("ana@gmail.com") != suspicion.mailbox("anna@gmail.com")


def test_a_surname_is_a_weak_sign_and_with_the_birthday_or_a_card_a_strong_one() -> None:
    born = date(1990, 2, 3)
    family = [person(one, display_name=f"{'XY'[one]} de SOUSA") for one in (0, 1)]
    twins = [dataclasses.replace(one, birth_date=born) for one in family]
    card = frozenset({"card:aurora:7f3a"})
    household = [dataclasses.replace(one, instruments=card) for one in family]

    assert ("pay", ["surname"]) == _told(facts(*family))
    assert ("quarantine", ["person"]) == _told(facts(*twins))
    assert ("quarantine", ["surname", "instrument"]) == _told(facts(*household))
    assert ("pay", []) == _told(facts(person(1, birth_date=born), person(2, birth_date=born)))


def test_cards_of_one_kind_are_not_one_card() -> None:
    kind = frozenset({"card:aurora", "cash"})

    assert ("pay", []) == _told(facts(person(1, instruments=kind), person(2, instruments=kind)))


def test_a_name_of_one_word_is_no_surname() -> None:
    assert suspicion.surname("Ana") is None
    assert "sousa" == suspicion.surname("  Ana  de Sousa ")


@pytest.mark.parametrize("length", [2, 3, 4, 5])
def test_a_ring_of_up_to_five_is_found(length: int) -> None:
    people = [uuid.UUID(int=one) for one in range(1, length + 1)]
    ring = facts(person(1), person(2), above=(*people[2:], people[0], people[1])[:4])

    decision, found = suspicion.decide(ring)

    assert ("quarantine", ["ring"]) == (decision, names(found))
    assert length == found.reasons[0].counted


def test_a_chain_is_no_ring_and_a_friend_of_a_ring_is_near_one() -> None:
    chain = tuple(uuid.UUID(int=one) for one in (3, 4, 5, 6))
    beside = tuple(uuid.UUID(int=one) for one in (3, 2, 3, 2))

    assert ("pay", []) == _told(facts(person(1), person(2), above=chain))
    assert ("quarantine", ["ring"]) == _told(facts(person(1), person(2), above=beside))


def test_a_farm_is_seen_by_its_hour_and_a_slow_one_by_its_day() -> None:
    farm = tuple(NOON + minute * timedelta(minutes=5) for minute in range(12))
    slow = tuple(NOON - 12 * HOUR + one * 2 * HOUR for one in range(12))
    friends = tuple(NOON + one * HOUR * 2 for one in range(4))

    found = suspicion.score(dataclasses.replace(HONEST, accepted=farm))

    assert (suspicion.HOUR_POINTS, 12) == (found.points, found.reasons[0].counted)
    assert ("quarantine", ["day"]) == _told(dataclasses.replace(HONEST, accepted=slow))
    assert ("pay", []) == _told(dataclasses.replace(HONEST, accepted=friends))


def test_an_hour_is_counted_around_this_friend_only() -> None:
    times = [NOON, *(NOON + 3 * HOUR + one * timedelta(minutes=1) for one in range(9))]

    assert 1 == suspicion.most_within(times, NOON, HOUR)
    assert 9 == suspicion.most_within(times, times[1], HOUR)
    assert 0 == suspicion.most_within([], NOON, HOUR)


@pytest.mark.parametrize(
    ("deals", "expected"),
    [
        ([(SHOP, 2_100)] * 3, ["alike"]),
        ([(SHOP, 2_100)] * 2, []),
        ([(SHOP, 2_100)] * 2 + [(MARKET, 2_100)], []),
        ([(SHOP, 2_100)] * 2 + [(SHOP, 2_101)], []),
        ([(SHOP, 2_201)] * 3, []),
    ],
)
def test_purchases_made_only_for_the_reward_are_alike(
    deals: list[tuple[uuid.UUID, int]], expected: list[str]
) -> None:
    made = tuple(suspicion.Deal(*one) for one in deals)

    assert expected == names(suspicion.score(dataclasses.replace(HONEST, deals=made)))


def test_nobody_is_rewarded_beside_a_suspended_member_without_a_look() -> None:
    assert ("quarantine", ["suspended"]) == _told(facts(person(1, suspended=True), person(2)))
    assert ("quarantine", ["suspended"]) == _told(facts(person(1), person(2, suspended=True)))


def test_the_sentence_says_points_threshold_and_every_sign() -> None:
    found = suspicion.score(
        facts(person(1, email="b@example.org"), person(2, email="b@example.org"))
    )
    said = suspicion.sentence(found.points, [one.sentence for one in found.reasons])

    assert said == (
        "100 points, a person decides from 50 on. Letters to both members arrive in the same"
        " mailbox."
    )


def _told(asked: suspicion.Facts) -> tuple[str, list[str]]:
    decision, found = suspicion.decide(asked)
    return decision, names(found)
