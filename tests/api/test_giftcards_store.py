"""A store over real HTTP: a day of orders, many at once, and what is left of it in the books."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Final

import httpx2
import pytest

from api.identity import clients
from tests import serving
from tests.api import storefront
from tests.wallet import factories
from wallet import database, members, money
from wallet.cards import cards

ORDERS: Final = 20
PAGE: Final = Path(__file__).parents[2] / "docs" / "gift-card-door.md"
EXAMPLE: Final = re.findall(
    r"^\| `(?:transactions|settlements|cancellations)` \|.*\|$",
    PAGE.read_text(encoding="utf-8"),
    re.MULTILINE,
)


@pytest.fixture
async def ana(coalition: factories.Coalition) -> members.Member:
    """A member with 20.00 EUR."""
    member = await coalition.member()
    await coalition.fill(member, 2_000)
    return member


@pytest.fixture
async def store(
    db: database.Database, coalition: factories.Coalition, tmp_path: Path
) -> AsyncIterator[storefront.Store]:
    """A store, and the product behind a real socket."""
    merchant_id = await coalition.merchant()
    async with (
        serving.serve(db, data_dir=tmp_path) as house,
        httpx2.AsyncClient(base_url=house.origin) as http,
    ):
        yield await storefront.opened(db, http, merchant_id)


@pytest.fixture
async def card(db: database.Database, store: storefront.Store, ana: members.Member) -> str:
    """A card of Ana's for the store, known by its number alone."""
    client = await clients.known(db, store.key)
    assert client.merchant_id is not None
    made = await cards.make(db, member_id=ana.member_id, merchant_id=client.merchant_id)
    (found,) = (await store.search(made.number)).body
    return str(found["id"])


def ends(answers: list[storefront.Answer]) -> Counter[str]:
    """How many answers of each kind there are."""
    return Counter("done" if one.status == 200 else one.code for one in answers)


async def test_a_day_of_a_store_leaves_books_that_agree_with_its_own(
    store: storefront.Store, card: str, coalition: factories.Coalition, ana: members.Member
) -> None:
    chance = random.Random(7)
    left = Decimal(20)
    for order in range(7):
        value = Decimal(chance.randrange(200, 500)) / 100
        held = await store.transact(card, float(value), orderInfo={"orderId": f"v{order}"})
        if held.status != 200:
            assert held.code == "INSUFFICIENT_FUNDS"
            continue
        transaction, settled = held.body["id"], Decimal(0)
        for share in (2, 4):
            part = (value / share).quantize(Decimal("0.01"))
            settled += part
            assert 200 == (await store.settle(card, transaction, float(part))).status
        back = (value / 3).quantize(Decimal("0.01"))
        assert 200 == (await store.cancel(card, transaction, float(back))).status
        left -= value - back
        place = f"/giftcards/{card}/transactions/{transaction}/settlements"
        listed = await store.ask("GET", place)
        assert settled == sum(one["value"] for one in listed.body)

    read = await store.ask("GET", f"/giftcards/{card}")

    assert f"{left:.2f}" == storefront.numbers_of(read, "balance")
    assert round(left * 100) == (await coalition.faces(ana)).available


async def test_the_example_of_the_page_is_what_happens(
    store: storefront.Store, card: str, coalition: factories.Coalition, ana: members.Member
) -> None:
    told = [tuple(cell.strip(" `") for cell in row.split("|")[1:5]) for row in EXAMPLE]
    transaction, seen = "", []
    for kind, value, _available, _held in told:
        if kind == "transactions":
            transaction = (await store.transact(card, float(value))).body["id"]
        else:
            assert 200 == (await store.step(kind, card, transaction, float(value))).status
        faces = await coalition.faces(ana)
        seen.append((kind, value, *(money.show(one, money.EUR) for one in faces_of(faces))))

    assert len(told) >= 5
    assert told == seen


def faces_of(faces: factories.Faces) -> tuple[int, int]:
    return faces.available, faces.held


async def test_twenty_orders_at_once_hold_no_more_than_there_is(
    store: storefront.Store, card: str
) -> None:
    token = (await store.ask("GET", f"/giftcards/{card}")).body["redemptionToken"]
    answers = await asyncio.gather(
        *(
            store.transact(card, 3, redemptionToken=token, orderInfo={"orderId": f"v{order}"})
            for order in range(ORDERS)
        )
    )
    listed = await store.ask("GET", f"/giftcards/{card}/transactions")

    assert {"done": 6, "INSUFFICIENT_FUNDS": 14} == ends(answers)
    assert {one.body["id"] for one in answers if one.status == 200} == {
        one["id"] for one in listed.body
    }


async def test_a_request_sent_eight_times_at_once_is_done_once(
    store: storefront.Store, card: str, coalition: factories.Coalition, ana: members.Member
) -> None:
    token = (await store.ask("GET", f"/giftcards/{card}")).body["redemptionToken"]
    held = await asyncio.gather(
        *(store.transact(card, 10, redemptionToken=token, requestId="r-1") for _ in range(8))
    )
    transaction = held[0].body["id"]
    steps = await asyncio.gather(
        *(store.settle(card, transaction, 6, requestId="r-1") for _ in range(8)),
        *(store.cancel(card, transaction, 4, requestId="r-1") for _ in range(8)),
    )

    assert 1 == len({one.text for one in held})
    assert {"done": 16} == ends(list(steps))
    assert 2 == len({one.text for one in steps})
    faces = await coalition.faces(ana)
    assert (1_400, 0) == (faces.available, faces.held)


async def test_a_settlement_against_a_cancellation_leaves_nothing_spent(
    store: storefront.Store, card: str, coalition: factories.Coalition, ana: members.Member
) -> None:
    for order in range(4):
        held = await store.transact(card, 5, orderInfo={"orderId": f"v{order}"})
        transaction = held.body["id"]
        answers = await asyncio.gather(
            store.settle(card, transaction, 5), store.cancel(card, transaction, 5)
        )

        assert 200 == answers[1].status
        assert answers[0].status == 200 or answers[0].code == "REDEMPTION_CLOSED"

    faces = await coalition.faces(ana)
    assert (2_000, 0) == (faces.available, faces.held)
