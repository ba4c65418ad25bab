"""Square's adapter keeps the contract, and speaks Square's dialect."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pytest

from partners import adapter
from partners.adapters import square
from partners.conformance import contract, running
from tests.partners.platforms import loopback
from tests.partners.platforms import square as played


class Seller(loopback.Platform):
    adapter_class = square.Square
    secret = played.TOKEN
    webhook_secret = "square-signature-key"
    refused_minor = played.BALANCE_MAX + 1

    def __init__(self) -> None:
        self.shop = played.Shop()
        super().__init__(played.create(self.shop), location_id=played.LOCATION)

    async def issued(self, order: adapter.Order) -> Sequence[int]:
        acts = self.shop.of(f"CP{order.code}", "ACTIVATE")
        return [one["activate_activity_details"]["amount_money"]["amount"] for one in acts]

    async def live(self, order: adapter.Order) -> int:
        cards = [one for one in self.shop.cards.values() if one["gan"] == f"CP{order.code}"]
        return sum(one["balance_money"]["amount"] for one in cards)

    def webhook(self, order: adapter.Order, receipt: adapter.Receipt) -> bytes:
        return played.message(self.shop.of(f"CP{order.code}", "ACTIVATE")[0])

    def signed(self, body: bytes, *, secret: str, now: datetime) -> Mapping[str, str]:
        told = played.signature(self.webhook_url, body, secret)
        return {"x-square-hmacsha256-signature": told}


SELLER = Seller()


@pytest.fixture(scope="module", autouse=True)
def _served() -> Iterator[None]:
    with loopback.serving(SELLER):
        yield


class TestSquare(contract.Contract):
    subject = SELLER


async def test_a_card_that_was_made_and_never_activated_is_worth_nothing_and_is_used_later() -> (
    None
):
    order = SELLER.order()
    async with running.opened(SELLER) as bench:
        wanted = {"type": "DIGITAL", "gan_source": "OTHER", "gan": f"CP{order.code}"}
        assert isinstance(SELLER.shop.made(wanted), dict)
        before = await bench.adapter.find(order)

    assert adapter.Absent() == before


async def test_what_is_no_plain_no_of_squares_is_said_in_our_words() -> None:
    async with running.opened(SELLER) as bench:
        much = await bench.adapter.issue(SELLER.order(played.BALANCE_MAX + 1))
        order = SELLER.order()
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        SELLER.shop.acted(_act(issued.receipt, "REDEEM", 1))
        spent = await bench.adapter.reverse(order, issued.receipt)

    assert isinstance(much, adapter.Refused)
    assert isinstance(spent, adapter.Refused)
    assert ("amount", "spent") == (much.code, spent.code)


async def test_what_happened_to_a_card_is_told_when_it_is_looked_for() -> None:
    seen = []
    async with running.opened(SELLER) as bench:
        for kind, amount in (("REDEEM", 1), ("REDEEM", 434), ("DEACTIVATE", 0)):
            order = SELLER.order()
            issued = await bench.adapter.issue(order)
            assert isinstance(issued, adapter.Issued)
            if kind == "REDEEM" and amount > 1:
                SELLER.shop.acted(_act(issued.receipt, kind, 1))
            SELLER.shop.acted(_act(issued.receipt, kind, amount))
            found = await bench.adapter.find(order)
            assert isinstance(found, adapter.Receipt)
            assert order.money == found.money
            seen.append(found.state)

    assert ["live", "spent", "void"] == seen


async def test_a_message_tells_of_a_spent_card_only_when_nothing_is_left() -> None:
    order = SELLER.order()
    told = []
    async with running.opened(SELLER) as bench:
        issued = await bench.adapter.issue(order)
        assert isinstance(issued, adapter.Issued)
        for amount in (35, 400):
            done = SELLER.shop.acted(_act(issued.receipt, "REDEEM", amount))
            assert isinstance(done, dict)
            body = played.message(done["gift_card_activity"])
            told.append(bench.adapter.events(SELLER.delivery(body)))

    assert [] == list(told[0])
    assert [("spent", issued.receipt.ref)] == [(one.state, one.ref) for one in told[1]]


async def test_a_message_for_another_address_of_ours_is_nobodys() -> None:
    body = b'{"event_id":"evt"}'
    elsewhere = {
        "x-square-hmacsha256-signature": played.signature(
            "https://wallet.example/other", body, SELLER.webhook_secret
        )
    }
    async with running.opened(SELLER) as bench:
        with pytest.raises(adapter.SignatureInvalid):
            bench.adapter.events(SELLER.delivery(body, elsewhere))


async def test_a_list_leaves_out_cards_that_others_activated() -> None:
    began = datetime.now(UTC)
    made = SELLER.shop.made({"type": "DIGITAL", "gan_source": "OTHER", "gan": "SOLDATTHETILL"})
    assert isinstance(made, dict)
    theirs = adapter.Receipt(made["gift_card"]["id"], SELLER.order().money)
    SELLER.shop.acted(_act(theirs, "ACTIVATE", 500))
    async with running.opened(SELLER) as bench:
        await bench.adapter.issue(SELLER.order())
        listed = await bench.adapter.issued_between(began, datetime.now(UTC))

    assert isinstance(listed, list)
    assert [435] == [one.money.amount_minor for one in listed]


def _act(card: adapter.Receipt, kind: str, amount: int) -> dict[str, object]:
    details = {"amount_money": {"amount": amount, "currency": "EUR"}}
    return {"type": kind, "gift_card_id": card.ref, f"{kind.lower()}_activity_details": details}
