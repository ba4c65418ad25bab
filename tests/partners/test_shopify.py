"""Shopify's two adapters keep the contract, and speak the dialect of the Admin API."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import httpx2
import pytest

from partners import adapter, credentials, http
from partners.adapters import shopify, shopify_gift_card, shopify_store_credit
from partners.conformance import contract, running
from tests.partners.platforms import loopback
from tests.partners.platforms import shopify as played
from wallet import money
from wallet.rules import orders

STORE = played.Store()


class Cards(loopback.Platform):
    adapter_class = shopify_gift_card.ShopifyGiftCard
    secret = played.TOKEN
    webhook_secret = "shpss_client_secret"
    refused_minor = 200_001

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        cards = STORE.by_code(order.code)
        return [_minor(Decimal(one["initialValue"]["amount"])) for one in cards]

    async def live(self, order: adapter.Order) -> int:
        cards = STORE.by_code(order.code)
        return sum(_minor(Decimal(one["balance"]["amount"])) for one in cards)

    def webhook(self, order: adapter.Order, receipt: adapter.Receipt) -> bytes:
        return played.message(STORE.spend(receipt.ref, "1.00"))

    def signed(self, body: bytes, *, secret: str, now: datetime) -> Mapping[str, str]:
        return played.signed(body, secret)


class Credit(loopback.Platform):
    adapter_class = shopify_store_credit.ShopifyStoreCredit
    secret = played.TOKEN
    refused_minor = 200_001

    def order(
        self, amount_minor: int | None = None, *, kind: orders.Kind | None = None
    ) -> adapter.Order:
        return dataclasses.replace(super().order(amount_minor, kind=kind), subject=STORE.customer())

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        moved = STORE.credit[order.subject or ""]
        amounts = [Decimal(one["amount"]["amount"]) for one in moved]
        return [_minor(one) for one in amounts if one > 0]

    async def live(self, order: adapter.Order) -> int:
        return _minor(STORE.balance(order.subject or ""))


CARDS = Cards(played.create(STORE), currency="EUR")
CREDIT = Credit(CARDS.app, currency="EUR")


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with loopback.serving(CARDS):
        CREDIT.address = CARDS.address
        yield


class TestShopifyGiftCard(contract.Contract):
    subject = CARDS


class TestShopifyStoreCredit(contract.Contract):
    subject = CREDIT


async def test_a_store_whose_bucket_is_empty_says_when_it_is_full_enough() -> None:
    STORE.available = -240
    try:
        async with running.opened(CARDS) as bench:
            answer = await bench.adapter.issue(CARDS.order())
    finally:
        STORE.available = 2000

    assert adapter.NotSent("asked to slow down", retry_after=timedelta(seconds=3)) == answer


async def test_a_scope_that_is_missing_is_a_matter_of_credentials() -> None:
    STORE.denied.add("giftCardCreate")
    try:
        async with running.opened(CARDS) as bench:
            answer = await bench.adapter.issue(CARDS.order())
    finally:
        STORE.denied.clear()

    assert adapter.NotSent("the credentials do not allow it", reauthorize=True) == answer


async def test_refusals_are_in_our_words() -> None:
    stranger = dataclasses.replace(CREDIT.order(), subject="404")
    dollars = dataclasses.replace(CREDIT.order(), money=adapter.Money(435, money.USD))
    async with running.opened(CREDIT) as bench:
        wishes = [stranger, dollars, CREDIT.order(200_001)]
        answers = [await bench.adapter.issue(one) for one in wishes]

    codes = [one.code for one in answers if isinstance(one, adapter.Refused)]
    assert ["not_linked", "currency", "amount"] == codes


async def test_a_card_that_is_partly_spent_keeps_what_is_left_of_it() -> None:
    order = CARDS.order()
    async with running.opened(CARDS) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        STORE.spend(issued.receipt.ref, "0.35")
        answer = await bench.adapter.reverse(order, issued.receipt)

    assert isinstance(answer, adapter.Refused)
    assert ("spent", 400) == (answer.code, await CARDS.live(order))


async def test_two_orders_of_one_customer_and_one_amount_are_told_apart() -> None:
    first = CREDIT.order()
    second = dataclasses.replace(CREDIT.order(), subject=first.subject)
    async with running.opened(CREDIT) as bench:
        issued = await bench.adapter.issue(first)
        found = await bench.adapter.find(second)
        both = await bench.adapter.issue(second)
        again = [await bench.adapter.find(one) for one in (first, second)]

    assert isinstance(found, adapter.Unknown)  # It may be there under another time.
    assert isinstance(issued, adapter.Issued)
    assert isinstance(both, adapter.Issued)
    assert [issued.receipt, both.receipt] == again


async def test_a_debit_that_may_be_of_another_order_is_left_to_a_person() -> None:
    first = CREDIT.order()
    second = dataclasses.replace(CREDIT.order(), subject=first.subject)
    async with running.opened(CREDIT) as bench:
        receipts = [await bench.adapter.issue(one) for one in (first, second)]
        assert all(isinstance(one, adapter.Issued) for one in receipts)
        STORE.moved(first.subject or "", Decimal("-4.35"), "ADJUSTMENT")
        answers = [await bench.adapter.find(one) for one in (first, second)]

    assert [adapter.Unknown, adapter.Unknown] == [type(one) for one in answers]


async def test_a_credit_whose_time_shopify_has_changed_is_never_taken_for_absent() -> None:
    order = CREDIT.order()
    STORE.expiry_moves = timedelta(hours=7)
    try:
        async with running.opened(CREDIT) as bench:
            answers = [await bench.adapter.issue(order), await bench.adapter.find(order)]
    finally:
        STORE.expiry_moves = timedelta(0)

    assert [adapter.Unknown, adapter.Unknown] == [type(one) for one in answers]


async def test_a_client_and_its_secret_are_exchanged_for_a_token_once_and_anew_when_it_ends() -> (
    None
):
    speaking = credentials.Speaking(shopify.CREDENTIAL, [played.CLIENT])
    before = len(STORE.tokens)
    async with _client(speaking) as client:
        shop = shopify_gift_card.ShopifyGiftCard(CARDS.read_config(), client)
        first = [await shop.find(CARDS.order()) for _ in range(2)]
        given = len(STORE.tokens) - before
        STORE.tokens.intersection_update({played.TOKEN})
        last = await shop.find(CARDS.order())

    assert [adapter.Absent()] * 3 == [*first, last]
    assert 1 == given
    assert 2 == len(STORE.tokens)


async def test_a_client_that_the_store_does_not_know_is_a_matter_of_credentials() -> None:
    speaking = credentials.Speaking(shopify.CREDENTIAL, ["cp-client-id:another"])
    async with _client(speaking) as client:
        shop = shopify_gift_card.ShopifyGiftCard(CARDS.read_config(), client)
        answer = await shop.issue(CARDS.order())

    assert isinstance(answer, adapter.NotSent)
    assert answer.reauthorize


def _client(speaking: httpx2.Auth) -> httpx2.AsyncClient:
    hosts = shopify_gift_card.ShopifyGiftCard.hosts(CARDS.read_config())
    return http.client(hosts=hosts, private=hosts, auth=speaking)


def _minor(amount: Decimal) -> int:
    return money.exact(amount, money.EUR)
