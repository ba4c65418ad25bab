"""Medusa's two adapters keep the contract, and speak Medusa's dialect."""

import dataclasses
from collections.abc import Iterator
from decimal import Decimal

import pytest

from partners import adapter
from partners.conformance import contract, running
from tests.partners.platforms import loopback
from tests.partners.platforms import medusa as played
from wallet import money

SHOP = played.Shop()
GIFTS = played.Gifts(played.create(SHOP))
CREDIT = played.Credit(GIFTS.app)


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with loopback.serving(GIFTS):
        CREDIT.address = GIFTS.address
        yield


class TestMedusaGiftCard(contract.Contract):
    subject = GIFTS


class TestMedusaStoreCredit(contract.Contract):
    subject = CREDIT


async def test_an_amount_is_sent_as_the_exact_number_that_it_is() -> None:
    order = GIFTS.order(1999)
    async with running.opened(GIFTS) as bench:
        await bench.adapter.issue(order)
    (card,) = await GIFTS.cards(order)

    assert Decimal("19.99") == card["value"]


async def test_a_card_that_was_used_is_spent_and_not_taken_back() -> None:
    order = GIFTS.order()
    async with running.opened(GIFTS) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        (card,) = await GIFTS.cards(order)
        SHOP.move(card["store_credit_account"]["id"], "debit", Decimal("4.35"), "An order")
        answer = await bench.adapter.reverse(order, issued.receipt)
        found = await bench.adapter.find(order)

    assert isinstance(answer, adapter.Refused)
    assert isinstance(found, adapter.Receipt)
    assert ("spent", "spent") == (answer.code, found.state)


async def test_a_customer_who_is_none_gets_no_account() -> None:
    order = dataclasses.replace(CREDIT.order(), subject="cus_nobody")
    async with running.opened(CREDIT) as bench:
        answer = await bench.adapter.issue(order)

    assert isinstance(answer, adapter.Refused)
    assert "not_linked" == answer.code
    assert [] == await CREDIT.accounts(order)


async def test_credit_is_found_behind_many_pages_of_others() -> None:
    await CREDIT.reset()
    order = CREDIT.order()
    async with running.opened(CREDIT) as bench:
        (account,) = await CREDIT.accounts(order) or [SHOP.open("eur", order.subject)]
        for _ in range(250):
            SHOP.move(account["id"], "credit", Decimal("0.01"), "A cent")
        await bench.adapter.issue(order)
        found = await bench.adapter.find(order)

    assert isinstance(found, adapter.Receipt)
    assert adapter.Money(435, money.EUR) == found.money
