"""The partner protocol at the reference shop, by its document: every exchange here is checked."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.partners import openapi
from tests.partners import shop as shops

pytestmark = pytest.mark.asyncio(loop_scope="module")

CARD: dict[str, Any] = {"kind": "gift_card", "amount_minor": 1250, "currency": "EUR"}
CREDIT: dict[str, Any] = {"kind": "store_credit", "amount_minor": 900, "currency": "EUR"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[shops.Shop]:
    """One shop for all tests here: each has keys and a shopper of its own."""
    started = await shops.Shop.start(tmp_path_factory.mktemp("shop") / "data", people=50)
    yield started
    await started.stop()


def new_key() -> str:
    return uuid.uuid4().hex


def code() -> str:
    return f"CP-{uuid.uuid4().hex[:12].upper()}"


async def issue(
    shop: shops.Shop, key: str, *, by: httpx2.AsyncClient | None = None, **wanted: Any
) -> httpx2.Response:
    http = by or shop.partner
    return await http.post("/redemptions", headers={"Idempotency-Key": key}, json=wanted)


async def effects(shop: shops.Shop, key: str) -> list[int]:
    return [one["amount_minor"] for one in await shop.issued() if one["key"] == key]


async def test_a_gift_card_is_issued_found_and_taken_back(shop: shops.Shop) -> None:
    key, secret = new_key(), code()
    made = await issue(shop, key, **CARD, code=secret, memo="Redemption at Juniper")
    found = await shop.partner.get(f"/redemptions/{key}")
    back = await shop.partner.post(f"/redemptions/{key}/reversal", json={})
    again = await shop.partner.post(f"/redemptions/{key}/reversal", json={"amount_minor": 1250})

    assert [201, 200, 201, 200] == [one.status_code for one in (made, found, back, again)]
    assert ("live", secret, key) == tuple(made.json()[name] for name in ("state", "code", "key"))
    assert made.json() == found.json()
    assert ("void", 1250) == (back.json()["state"], back.json()["reversed_minor"])
    assert back.json() == again.json()


async def test_a_code_of_the_shops_own_is_answered_where_none_was_sent(shop: shops.Shop) -> None:
    key = new_key()
    made, again = await issue(shop, key, **CARD), await issue(shop, key, **CARD)

    assert made.json()["code"].startswith("JUN-")
    assert (200, made.json()) == (again.status_code, again.json())


async def test_of_twenty_requests_with_one_key_one_issues(shop: shops.Shop) -> None:
    key, wanted = new_key(), {**CARD, "code": code()}
    answers = await asyncio.gather(*(issue(shop, key, **wanted) for _ in range(20)))

    assert [200] * 19 + [201] == sorted(answer.status_code for answer in answers)
    assert 1 == len({answer.json()["ref"] for answer in answers})
    assert [1250] == await effects(shop, key)


@pytest.mark.parametrize(
    "changed",
    [{"amount_minor": 1251}, {"currency": "USD"}, {"kind": "coupon"}, {"memo": "another"}],
    ids=str,
)
async def test_a_key_with_other_contents_is_told_apart_from_a_no(
    shop: shops.Shop, changed: dict[str, Any]
) -> None:
    key, wanted = new_key(), {**CARD, "code": code()}
    await issue(shop, key, **wanted)
    other = await issue(shop, key, **(wanted | changed))

    assert (409, "key_reused") == (other.status_code, other.json()["code"])
    assert [1250] == await effects(shop, key)


async def test_store_credit_needs_an_account_that_is_linked_now(shop: shops.Shop) -> None:
    app = shop.app()
    stranger = await issue(shop, new_key(), **CREDIT, subject="nobody")
    nameless = await issue(shop, new_key(), **CREDIT)
    before = await issue(shop, new_key(), **CREDIT, subject="shopper_00021")
    tokens = await app.link(21)
    linked = await issue(shop, new_key(), **CREDIT, subject="shopper_00021")
    await app.ask("revoke", token=tokens["refresh_token"])
    after = await issue(shop, new_key(), **CREDIT, subject="shopper_00021")

    codes = [one.json()["code"] for one in (stranger, nameless, before, after)]
    assert ["not_linked"] * 4 == codes
    assert 201 == linked.status_code
    assert linked.json()["code"] is None


async def test_a_token_opens_its_own_account_and_nothing_else(shop: shops.Shop) -> None:
    app = shop.app()
    mine = shop.speaking((await app.link(22))["access_token"])
    theirs = shop.speaking((await shop.app().link(23))["access_token"])
    key = new_key()
    made = await issue(shop, key, by=mine, **CREDIT)
    foreign = await issue(shop, new_key(), by=theirs, **CREDIT, subject="shopper_00022")
    looked = await theirs.get(f"/redemptions/{key}")
    taken = await theirs.post(f"/redemptions/{key}/reversal", json={})
    listed = await mine.get("/redemptions", params=span())

    assert (201, "shopper_00022") == (made.status_code, made.json()["subject"])
    assert [403, 404, 404, 403] == [one.status_code for one in (foreign, looked, taken, listed)]
    assert 200 == (await mine.get(f"/redemptions/{key}")).status_code
    assert 403 == (await mine.get("/capabilities")).status_code
    assert 403 == (await shop.partner.get("/account")).status_code


async def test_what_a_scope_does_not_allow_is_refused(shop: shops.Shop) -> None:
    app = shop.app()
    location = await shop.browser(24).allow(app.address(scope="account"))
    tokens = (await app.redeem(shops.told(location)["code"])).json()
    made = await issue(shop, new_key(), by=shop.speaking(tokens["access_token"]), **CREDIT)
    named = await issue(shop, new_key(), **CREDIT, subject="shopper_00024")

    assert (403, "forbidden") == (made.status_code, made.json()["code"])
    assert "not_linked" == named.json()["code"]


async def test_a_part_is_taken_back_once_and_the_rest_stays(shop: shops.Shop) -> None:
    key = new_key()
    await issue(shop, key, **CARD, code=code())
    url = f"/redemptions/{key}/reversal"
    too_much = await shop.partner.post(url, json={"amount_minor": 1251})
    part = await shop.partner.post(url, json={"amount_minor": 250})
    same = await shop.partner.post(url, json={"amount_minor": 250})
    other = await shop.partner.post(url, json={"amount_minor": 300})

    assert (422, "amount") == (too_much.status_code, too_much.json()["code"])
    assert ("live", 250) == (part.json()["state"], part.json()["reversed_minor"])
    assert [201, 200, 409] == [one.status_code for one in (part, same, other)]


async def test_what_was_spent_at_the_till_is_not_taken_back(shop: shops.Shop) -> None:
    key, secret = new_key(), code()
    await issue(shop, key, **CARD, code=secret)
    till = shop.browser()
    page = await till.send("/till", what=secret.lower(), amount="5.00")
    too_much = await till.send("/till", what=secret, amount="7.51")
    nonsense = await till.send("/till", what=secret, amount="1e2")
    whole = await shop.partner.post(f"/redemptions/{key}/reversal", json={})
    rest = await shop.partner.post(f"/redemptions/{key}/reversal", json={"amount_minor": 750})

    assert "Taken: 5.00 EUR." in page.text
    assert "There is 7.50 EUR to spend." in too_much.text
    assert 422 == nonsense.status_code
    assert (422, "spent") == (whole.status_code, whole.json()["code"])
    stands = rest.json()
    assert ("spent", 500, 750) == tuple(
        stands[name] for name in ("state", "spent_minor", "reversed_minor")
    )


async def test_the_list_has_each_redemption_once_and_ends(shop: shops.Shop) -> None:
    since = datetime.now(UTC)
    keys = [new_key() for _ in range(105)]
    for key in keys:
        await issue(shop, key, **CARD)
    until = datetime.now(UTC)
    first = (await shop.partner.get("/redemptions", params=span(since, until))).json()
    rest = {**span(since, until), "cursor": first["next"]}
    second = (await shop.partner.get("/redemptions", params=rest)).json()
    issued_at = first["redemptions"][0]["issued_at"]
    at = datetime.fromisoformat(issued_at)
    only = await shop.partner.get("/redemptions", params=span(at, at + timedelta(microseconds=1)))
    none = await shop.partner.get("/redemptions", params=span(since, at))

    assert keys == [one["key"] for one in first["redemptions"] + second["redemptions"]]
    assert ("100", None) == (first["next"], second["next"])
    assert [keys[0]] == [one["key"] for one in only.json()["redemptions"]]
    assert [] == none.json()["redemptions"]


@pytest.mark.parametrize(
    ("wanted", "status", "expected"),
    [
        ({**CARD, "amount_minor": 500_001}, 422, "amount"),
        ({**CARD, "currency": "CHF"}, 422, "currency"),
        ({**CARD, "amount_minor": 0}, 400, "invalid"),
        ({**CARD, "amount_minor": -5}, 400, "invalid"),
        ({**CARD, "amount_minor": 12.5}, 400, "invalid"),
        ({**CARD, "amount_minor": 12.0}, 400, "invalid"),
        ({**CARD, "amount_minor": "1250"}, 400, "invalid"),
        ({**CARD, "amount_minor": True}, 400, "invalid"),
        ({**CARD, "amount_minor": 10**30}, 400, "invalid"),
        ({**CARD, "currency": "eur"}, 400, "invalid"),
        ({**CARD, "kind": "cash"}, 400, "invalid"),
        ({**CARD, "code": "short"}, 400, "invalid"),
        ({**CARD, "expires_at": "2030-01-01T00:00:00"}, 400, "invalid"),
        ({**CARD, "memo": "x" * 201}, 400, "invalid"),
        ({"kind": "gift_card"}, 400, "invalid"),
        ([], 400, "invalid"),
    ],
    ids=str,
)
async def test_what_cannot_be_issued_is_refused_with_a_code(
    shop: shops.Shop, wanted: Any, status: int, expected: str
) -> None:
    key = new_key()
    answer = await shop.partner.post("/redemptions", headers={"Idempotency-Key": key}, json=wanted)

    assert (status, expected) == (answer.status_code, answer.json()["code"])
    assert [] == await effects(shop, key)


async def test_two_redemptions_cannot_have_one_code(shop: shops.Shop) -> None:
    secret = code()
    await issue(shop, new_key(), **CARD, code=secret)
    other = await issue(shop, new_key(), **CARD, code=secret.lower())

    assert (422, "code_taken") == (other.status_code, other.json()["code"])


async def test_what_cannot_be_read_is_said_to_be_invalid(shop: shops.Shop) -> None:
    url, json = "/redemptions", {"Content-Type": "application/json"}
    keyed = {**json, "Idempotency-Key": new_key()}
    answers = [
        await shop.partner.post(url, headers=keyed, content=b"{"),
        await shop.partner.post(url, headers=keyed, content=b'{"memo": "\xff"}'),
        await shop.partner.post(url, headers=keyed, content=b" " * 20_000),
        await shop.partner.post(url, headers={"Idempotency-Key": new_key()}, data={"a": "b"}),
        await shop.partner.post(url, headers=json, json=CARD),
        await shop.partner.post(url, headers={"Idempotency-Key": "../../etc"}, json=CARD),
        await shop.partner.get(f"{url}/short"),
        await shop.partner.get(url),
        await shop.partner.get(url, params={"since": "yesterday", "until": "today"}),
        await shop.partner.get(url, params={**span(), "cursor": "-1"}),
        await shop.partner.get(f"{url}?since=2026-01-01&since=2026-01-02&until=2026-01-03"),
    ]

    assert [(400, "invalid")] * len(answers) == [
        (answer.status_code, answer.json()["code"]) for answer in answers
    ]


async def test_nothing_is_answered_without_a_credential(shop: shops.Shop) -> None:
    key = new_key()
    statuses = []
    for header in ("", "Bearer wrong", f"Basic {shop.keys.credential}", "Bearer"):
        async with httpx2.AsyncClient(
            base_url=shop.protocol_url, event_hooks={"response": [openapi.checked]}
        ) as http:
            headers = {"Authorization": header}
            keyed = {**headers, "Idempotency-Key": key}
            statuses += [
                (await http.get("/capabilities", headers=headers)).status_code,
                (await http.get("/account", headers=headers)).status_code,
                (await http.get("/redemptions", headers=headers)).status_code,
                (await http.get(f"/redemptions/{key}", headers=headers)).status_code,
                (await http.post("/redemptions", headers=keyed, json=CARD)).status_code,
                (await http.post(f"/redemptions/{key}/reversal", headers=headers)).status_code,
            ]

    assert {401} == set(statuses)
    assert [] == await effects(shop, key)


async def test_only_whoever_runs_the_shop_sees_its_ledger_and_turns_the_switch(
    shop: shops.Shop,
) -> None:
    async with shops.bearer(shop.url, shop.keys.credential) as http:
        answers = [
            await http.get("/ledger"),
            await http.get("/faults"),
            await http.post("/faults", json={}),
            await http.post("/partner", json={}),
        ]

    assert [401] * 4 == [answer.status_code for answer in answers]


async def test_the_shop_says_what_it_can_do(shop: shops.Shop) -> None:
    told = (await shop.partner.get("/capabilities")).json()

    needing = [one["kind"] for one in told["kinds"] if one["needs_account"]]
    assert ["store_credit", "points"] == needing
    assert "EUR" in told["currencies"]


@pytest.mark.slow
async def test_a_shop_that_is_killed_remembers_what_it_has_told(tmp_path: Path) -> None:
    shop = await shops.Shop.start(tmp_path / "data")
    try:
        key, secret = new_key(), code()
        made = (await issue(shop, key, **CARD, code=secret)).json()
        await shop.browser().send("/till", what=secret, amount="2.50")
        await shop.kill()
        with (tmp_path / "data" / "journal.jsonl").open("ab") as journal:
            journal.write(b'{"did":"issued","key":"cut off')
        await shop.again()
        found = (await shop.partner.get(f"/redemptions/{key}")).json()
        again = await issue(shop, key, **CARD, code=secret)
        await issue(shop, new_key(), **CARD)
        await shop.kill()
        await shop.again()

        assert {**made, "spent_minor": 250} == found == again.json()
        assert 200 == again.status_code
        assert 2 == len(await shop.issued())
    finally:
        await shop.stop()


def span(since: datetime | None = None, until: datetime | None = None) -> dict[str, str]:
    now = datetime.now(UTC)
    first, last = since or now - timedelta(days=1), until or now + timedelta(days=1)
    return {"since": first.isoformat(), "until": last.isoformat()}


@pytest.mark.slow
async def test_a_shop_ends_with_whoever_started_it_even_if_they_are_killed() -> None:
    port = shops.free_port()
    command = f"{sys.executable} -m partners.reference_shop --with-parent --port={port}"
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-c", f"{command} & wait"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(shops.SECONDS_TO_START), httpx2.AsyncClient() as http:
        await _until(http, port, answers=True)
        shell.kill()
        await shell.wait()
        await _until(http, port, answers=False)


async def _until(http: httpx2.AsyncClient, port: int, *, answers: bool) -> None:
    """Wait until a shop answers, or does not any more."""
    found = not answers
    while found is not answers:
        await asyncio.sleep(0.05)
        try:
            found = (await http.get(f"http://127.0.0.1:{port}/healthz")).is_success
        except httpx2.TransportError:
            found = False
