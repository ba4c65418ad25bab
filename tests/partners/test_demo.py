"""The demo partner does what its magic amounts say, and its adapter says what happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from partners import adapter, magic
from tests.partners import demo
from wallet import ids, money


def order(amount_minor: int) -> adapter.Order:
    return adapter.Order(
        key=ids.new().hex,
        kind="gift_card",
        money=adapter.Money(amount_minor, money.EUR),
        created_at=datetime.now(UTC),
        code="SPEND-ME",
    )


def of(asked: str) -> list[int]:
    return [cents for cents, spell in magic.MAGIC.items() if spell.asked == asked]


def kind_of(found: object) -> str:
    return type(found).__name__


# What each act looks like from outside, when it is all that happens.
SEEN = {
    "refuse": "Refused",
    "turn_away": "NotSent",
    "slow_down": "NotSent",
    "break": "Unknown",
    "hang": "Unknown",
    "cut": "Unknown",
    "babble": "Unknown",
    "flood": "Unknown",
    "redirect": "Unknown",
    "change": "Unknown",
    "hide": "Absent",
}


@pytest.mark.parametrize(
    "cents", [one for one, spell in magic.MAGIC.items() if spell.asked == "issue"]
)
async def test_magic_of_an_issue_is_what_the_table_says(
    cents: int, demo_partner: demo.Partner
) -> None:
    spell, config, ordered = magic.MAGIC[cents], demo_partner.config(), order(500 + cents)
    async with demo.speaking(demo_partner, config=config) as shop:
        first = await shop.issue(ordered)
        told = await demo.effects(demo_partner, config, ordered.key, "keyed")
        again = await shop.issue(ordered)

    assert SEEN[spell.act] == kind_of(first)
    assert int(spell.effect) == len(told["issued"])
    assert (SEEN[spell.act] if spell.always else "Issued") == kind_of(again)


@pytest.mark.parametrize(
    "cents", [one for one, spell in magic.MAGIC.items() if spell.asked == "find"]
)
async def test_magic_of_a_look_up_is_what_the_table_says(
    cents: int, demo_partner: demo.Partner
) -> None:
    spell, ordered = magic.MAGIC[cents], order(500 + cents)
    async with demo.speaking(demo_partner) as shop:
        issued = await shop.issue(ordered)
        looks = [kind_of(await shop.find(ordered)) for _ in range(spell.times + 1)]

    assert "Unknown" == kind_of(issued)
    assert [SEEN[spell.act]] * spell.times == looks[:-1]
    assert (SEEN[spell.act] if spell.always else "Receipt") == looks[-1]


@pytest.mark.parametrize(
    "cents", [one for one, spell in magic.MAGIC.items() if spell.asked == "reverse"]
)
async def test_magic_of_a_reversal_is_what_the_table_says(
    cents: int, demo_partner: demo.Partner
) -> None:
    spell, config, ordered = magic.MAGIC[cents], demo_partner.config(), order(500 + cents)
    async with demo.speaking(demo_partner, config=config) as shop:
        issued = await shop.issue(ordered)
        assert isinstance(issued, adapter.Issued)
        first = await shop.reverse(ordered, issued.receipt)
        told = await demo.effects(demo_partner, config, ordered.key, "keyed")
        again = await shop.reverse(ordered, issued.receipt)

    assert SEEN[spell.act] == kind_of(first)
    assert (0 if spell.effect else 500 + cents) == told["live"]
    assert (SEEN[spell.act] if spell.always else "Issued") == kind_of(again)


@pytest.mark.parametrize(("flavour", "times"), [("keyed", 1), ("natural", 1), ("none", 2)])
async def test_what_is_asked_twice_happens_as_often_as_the_flavour_says(
    flavour: str, times: int, demo_partner: demo.Partner
) -> None:
    config, ordered = demo_partner.config(), order(500)
    async with demo.speaking(demo_partner, flavour, config=config) as shop:
        results: list[Any] = [await shop.issue(ordered) for _ in range(2)]
    told = await demo.effects(demo_partner, config, ordered.key, flavour)

    assert [500] * times == told["issued"]
    assert [False, times == 1] == [one.replayed for one in results]


async def test_the_list_of_a_span_holds_what_was_issued_in_it(demo_partner: demo.Partner) -> None:
    async with demo.speaking(demo_partner) as shop:
        began, issued = datetime.now(UTC), await shop.issue(order(500))
        now = datetime.now(UTC) + timedelta(seconds=1)
        assert isinstance(issued, adapter.Issued)

        assert [issued.receipt] == await shop.issued_between(began, now)
        assert [] == await shop.issued_between(now, now + timedelta(days=1))
