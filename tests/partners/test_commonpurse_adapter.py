"""The adapter of the partner protocol against the reference shop: faults, webhooks, requests."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio
import standardwebhooks
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from partners import adapter, http
from partners.adapters import commonpurse
from tests.partners import listening, openapi
from tests.partners import shop as shops
from wallet import money

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLOW = {"slow_ms": 400}
TIMEOUT_SECONDS = 0.25


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ears() -> AsyncIterator[listening.Ears]:
    """Where the shop's webhooks are sent to."""
    async with listening.ears() as heard:
        yield heard


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(
    tmp_path_factory: pytest.TempPathFactory, ears: listening.Ears
) -> AsyncIterator[shops.Shop]:
    """One shop for all tests here, with account 1 linked."""
    started = await shops.Shop.start(
        tmp_path_factory.mktemp("shop") / "data", webhook_url=ears.url, people=5
    )
    await started.app().link(1)
    yield started
    await started.stop()


@contextlib.asynccontextmanager
async def speaking(
    shop: shops.Shop, *, seconds: float = 10.0, check: bool = True
) -> AsyncIterator[commonpurse.Commonpurse]:
    """The adapter with a client as the product makes it; its exchanges are checked."""
    config = commonpurse.Settings(shop.protocol_url)
    hosts = commonpurse.Commonpurse.hosts(config)
    async with http.client(hosts=hosts, private=hosts, timeout_seconds=seconds) as client:
        client.headers["Authorization"] = f"Bearer {shop.keys.credential}"
        if check:
            client.event_hooks["response"].append(openapi.checked)
        yield commonpurse.Commonpurse(config, client)


def order(amount_minor: int = 1250, **facts: Any) -> adapter.Order:
    named = {"kind": "gift_card", "code": f"CP-{uuid.uuid4().hex[:12].upper()}"} | facts
    return adapter.Order(
        key=uuid.uuid4().hex,
        money=adapter.Money(amount_minor, money.EUR),
        created_at=datetime.now(UTC),
        memo="Redemption at Juniper",
        **named,
    )


async def effects(shop: shops.Shop, one: adapter.Order) -> list[int]:
    return [line["amount_minor"] for line in await shop.issued() if line["key"] == one.key]


async def test_an_order_is_issued_found_listed_and_taken_back(shop: shops.Shop) -> None:
    one = order(expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    async with speaking(shop) as spoken:
        absent = await spoken.find(one)
        since = datetime.now(UTC)
        made = await spoken.issue(one)
        again = await spoken.issue(one)
        found = await spoken.find(one)
        listed = await spoken.issued_between(since, datetime.now(UTC) + timedelta(seconds=1))
        assert isinstance(made, adapter.Issued)
        part = adapter.Receipt(made.receipt.ref, adapter.Money(250, money.EUR))
        back = await spoken.reverse(one, part)
        repeated = await spoken.reverse(one, part)
        other = await spoken.reverse(one, made.receipt)

    receipt = made.receipt
    assert adapter.Absent() == absent
    assert (one.key, one.money, one.code, "live", False) == (
        *(receipt.key, receipt.money, receipt.code, receipt.state),
        made.replayed,
    )
    assert adapter.Issued(receipt, replayed=True) == again
    assert receipt == found
    assert [receipt] == listed
    assert isinstance(back, adapter.Issued)
    assert (adapter.Money(250, money.EUR), "void") == (back.receipt.money, back.receipt.state)
    assert adapter.Issued(back.receipt, replayed=True) == repeated
    assert isinstance(other, adapter.Unknown)


async def test_the_shops_noes_become_our_words(shop: shops.Shop) -> None:
    usd = order()
    chf = adapter.Money(100, money.Asset(756, "CHF", 2, "money"))
    asked = {
        "amount": order(500_001),
        "currency": adapter.Order(usd.key, "gift_card", chf, usd.created_at),
        "not_linked": order(kind="store_credit", code="", subject="shopper_00002"),
    }
    async with speaking(shop) as spoken:
        answers = {name: await spoken.issue(one) for name, one in asked.items()}
        credit = await spoken.issue(order(kind="points", code="", subject="shopper_00001"))

    for name, answer in answers.items():
        assert isinstance(answer, adapter.Refused), name
        assert name == answer.code
    assert isinstance(credit, adapter.Issued)


@pytest.mark.parametrize(
    ("fault", "expected", "effect"),
    [
        ("drop_before", adapter.Unknown, False),
        ("drop_after", adapter.Unknown, True),
        ("error_before", adapter.Unknown, False),
        ("error_after", adapter.Unknown, True),
        ("slow_before", adapter.Unknown, True),
        ("slow_after", adapter.Unknown, True),
        ("busy", adapter.NotSent, False),
        ("away", adapter.Unknown, False),
        ("unauthorized", adapter.NotSent, False),
        ("garbage", adapter.Unknown, True),
        ("cut", adapter.Unknown, True),
        ("redirect", adapter.Unknown, True),
        ("huge", adapter.Unknown, True),
        ("other_currency", adapter.Unknown, True),
    ],
)
async def test_each_fault_is_what_it_is_and_the_same_key_mends_it(
    shop: shops.Shop, fault: str, expected: type[object], effect: bool
) -> None:
    one = order()
    await shop.set_faults(rates_bps={fault: 10_000}, on=["issue", "reverse"], **SLOW)
    async with speaking(shop, seconds=TIMEOUT_SECONDS, check=False) as spoken:
        answer = await spoken.issue(one)
        if fault == "slow_before":
            early = await spoken.find(one)
            await asyncio.sleep(0.5)
            assert adapter.Absent() == early  # and present later: why `settles` is waited for
        happened = await effects(shop, one)
        counts = await shop.struck()
        await shop.set_faults()
        found = await spoken.find(one)
        mended = await spoken.issue(one)

    assert isinstance(answer, expected)
    assert [one.money.amount_minor] * effect == happened
    assert effect == isinstance(found, adapter.Receipt)
    assert isinstance(mended, adapter.Issued)
    assert effect == mended.replayed
    assert {fault: 1} == counts
    assert [one.money.amount_minor] == await effects(shop, one)


async def test_the_same_seed_strikes_the_same_orders(shop: shops.Shop) -> None:
    rates = {"error_before": 2_000, "busy": 2_000}
    runs = []
    keys = [order() for _ in range(20)]
    for seed in (7, 7, 8):
        await shop.set_faults(seed=seed, rates_bps=rates, on=["find"])
        async with speaking(shop, check=False) as spoken:
            runs.append([repr(await spoken.find(one)) for one in keys])
    await shop.set_faults()

    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert 3 == len(set(runs[0]))


async def test_the_switch_refuses_what_is_no_fault(shop: shops.Shop) -> None:
    answers = [
        await shop.admin.post("/faults", json={"rates_bps": {"flood": 1}}),
        await shop.admin.post("/faults", json={"rates_bps": {"busy": 6_000, "cut": 5_000}}),
        await shop.admin.post("/faults", json={"rates_bps": {"busy": -1}}),
    ]

    assert [400, 400, 400] == [answer.status_code for answer in answers]


async def test_what_is_spent_at_the_till_is_told_and_believed_by_its_signature(
    shop: shops.Shop, ears: listening.Ears
) -> None:
    one = order()
    async with speaking(shop) as spoken:
        await spoken.issue(one)
        await shop.browser().send("/till", what=one.code, amount="12.50")
        told = await ears.about(one.key, 2)
        secrets = (shop.keys.webhook,)
        events = [spoken.events(_delivery(message, secrets)) for message in told]
        wrong = [
            _delivery(told[1], ("whsec_" + "A" * 43 + "=",)),
            _delivery(told[1], ()),
            _delivery(told[1], secrets, body=told[1].body.replace(b"spent", b"void")),
            _delivery(told[1], secrets, now=datetime.now(UTC) + timedelta(minutes=6)),
            _delivery(told[1], secrets, changed={"webhook-id": "another"}),
            _delivery(told[1], secrets, changed={"webhook-signature": ""}),
        ]
        for delivery in wrong:
            with pytest.raises(adapter.SignatureInvalid):
                spoken.events(delivery)

    for message in told:
        openapi.message(message.headers, message.body)
        # The library of the standard's own people believes it too.
        standardwebhooks.Webhook(shop.keys.webhook).verify(message.body, message.headers)
        assert one.code.encode() not in message.body
    assert [("live", one.key, one.money), ("spent", one.key, one.money)] == [
        (event.state, event.key, event.money) for (event,) in events
    ]


async def test_a_fact_that_is_told_twice_or_not_heard_keeps_its_id(
    shop: shops.Shop, ears: listening.Ears
) -> None:
    twice, late = order(), order()
    async with speaking(shop) as spoken:
        await shop.set_faults(rates_bps={"told_twice": 10_000})
        await spoken.issue(twice)
        doubled = await ears.about(twice.key, 2)
        await shop.set_faults()
        ears.status = 503
        await spoken.issue(late)
        await ears.about(late.key, 1)
        ears.status = 204
        retried = await ears.about(late.key, 2)

    for told in (doubled, retried):
        assert 1 == len({message.headers["webhook-id"] for message in told})
        assert 1 == len({message.body for message in told})


async def test_a_shop_that_is_busy_away_or_a_stranger_says_so_as_the_document_does(
    shop: shops.Shop,
) -> None:
    statuses = []
    for fault in ("busy", "away", "unauthorized"):
        await shop.set_faults(rates_bps={fault: 10_000}, on=["find", "list", "account"])
        statuses += [
            (await shop.partner.get(path)).status_code
            for path in (f"/redemptions/{order().key}", "/redemptions", "/account")
        ]
    await shop.set_faults()

    assert [429] * 3 + [503] * 3 + [401] * 3 == statuses


async def test_a_signed_message_that_we_do_not_know_says_nothing(shop: shops.Shop) -> None:
    body = b'{"type": "redemption.lent", "timestamp": "2026-03-02T12:00:00Z", "data": {}}'
    now = datetime.now(UTC).replace(microsecond=0)
    signature = standardwebhooks.Webhook(shop.keys.webhook).sign("evt_1", now, body.decode())
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }
    async with speaking(shop) as spoken:
        delivery = adapter.Delivery(headers, body, "", (shop.keys.webhook,), now)

        assert [] == spoken.events(delivery)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 404, "json": {"detail": "Not Found"}},
        {"status": 404, "text": "<h1>Not Found</h1>"},
        {"status": 200, "json": {"key": "another"}},
        {"status": 200, "json": []},
        {"status": 200, "json": None},
        {"status": 204, "text": ""},
        {"status": 200, "change": {"key": "0" * 32}},
        {"status": 200, "change": {"amount_minor": 1249}},
        {"status": 200, "change": {"amount_minor": 1250.0}},
        {"status": 200, "change": {"currency": "XXX"}},
        {"status": 200, "change": {"state": "asleep"}},
        {"status": 200, "change": {"issued_at": "yesterday"}},
    ],
    ids=str,
)
async def test_an_answer_that_is_not_the_protocols_states_nothing(answer: dict[str, Any]) -> None:
    one = order()
    async with _lying(one, answer) as spoken:
        results = [await spoken.issue(one), await spoken.reverse(one, _receipt(one))]
        listed = await spoken.issued_between(one.created_at, one.created_at)
        found = await spoken.find(one)

    assert [adapter.Unknown, adapter.Unknown] == [type(result) for result in results]
    assert isinstance(listed, adapter.Unknown)
    # About the amount a shop may say what it likes: whoever looks compares.
    assert isinstance(found, adapter.Unknown) or _money(found) != one.money


async def test_a_list_without_an_end_is_given_up() -> None:
    one = order()
    page = {"redemptions": [_redemption(one)], "next": "again"}
    async with _lying(one, {"status": 200, "json": page}) as spoken:
        assert isinstance(
            await spoken.issued_between(one.created_at, one.created_at), adapter.Unknown
        )


def _delivery(
    message: listening.Message,
    secrets: tuple[str, ...],
    *,
    body: bytes | None = None,
    now: datetime | None = None,
    changed: dict[str, str] | None = None,
) -> adapter.Delivery:
    headers = message.headers | (changed or {})
    return adapter.Delivery(
        headers, message.body if body is None else body, "", secrets, now or datetime.now(UTC)
    )


def _money(found: adapter.Found) -> adapter.Money:
    assert isinstance(found, adapter.Receipt)
    return found.money


def _receipt(one: adapter.Order) -> adapter.Receipt:
    return adapter.Receipt("ref", one.money)


def _redemption(one: adapter.Order) -> dict[str, Any]:
    return {
        "key": one.key,
        "ref": "jo_1",
        "kind": one.kind,
        "amount_minor": one.money.amount_minor,
        "currency": "EUR",
        "state": "live",
        "spent_minor": 0,
        "reversed_minor": 0,
        "issued_at": "2026-03-02T12:00:00Z",
    }


@contextlib.asynccontextmanager
async def _lying(
    one: adapter.Order, answer: dict[str, Any]
) -> AsyncIterator[commonpurse.Commonpurse]:
    """The adapter before an application that answers everything alike."""

    async def lie(_request: Request) -> Response:
        told = answer.get("json", {**_redemption(one), **answer.get("change", {})})
        text = answer.get("text")
        if text is not None:
            return Response(text, answer["status"], media_type="text/html")
        return Response(json.dumps(told), answer["status"], media_type="application/json")

    application = Starlette(
        routes=[Route("/{path:path}", lie, methods=["GET", "POST"])],
    )
    transport = httpx2.ASGITransport(application)
    async with httpx2.AsyncClient(transport=transport) as client:
        yield commonpurse.Commonpurse(commonpurse.Settings("https://shop.example/v1"), client)
