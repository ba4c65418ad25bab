"""Redeeming at a partner through the API: the demo partner, a process of its own, over HTTP."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest

from api import app, settings, speaking
from api.graphql import partner_redemptions, shapes
from api.identity import bearer
from partners import directory, saga
from tests.api import client, stopping
from tests.conftest import Connection
from tests.partners import demo, standing
from tests.wallet import factories
from wallet import audit, database, ids, members
from wallet.campaigns import profiles
from wallet.rules import eligibility, order_states, orders
from wallet.rules import spending as rules

OPTIONS = """{ viewer { redemptionOptions { partnerId partnerName eligible most { amount }
  offer { kind minimum { amount } maximum { amount } step { amount } }
  reasons { code sentence } } } }"""
CREATE = """mutation Redeem($input: RedemptionCreateInput!) { redemptionCreate(input: $input) {
  redemption { id status amount { amount } atPartner { status kind code reference partnerId } }
  replayed errors { ... on UserError { code message path } } } }"""
REVERSE = """mutation Back($input: RedemptionReverseInput!) { redemptionReverse(input: $input) {
  redemption { status refunded { amount } atPartner { status code } }
  replayed errors { ... on UserError { code message } } } }"""
HISTORY = """query History($id: ID!) { node(id: $id) { ... on Redemption {
  status atPartner { status code } } } }"""
OFFER = orders.Offer("gift_card", 500, 10_000, 1)


@dataclass(frozen=True, slots=True)
class Shop:
    """Rosa's shop at the demo partner, Ana who may redeem there, and the house that serves both."""

    house: settings.Settings
    db: database.Database
    http: httpx2.AsyncClient
    ana: client.Client
    partner: directory.Partner
    demo: demo.Partner

    async def redeem(self, amount: str, key: str | None = None, **changes: Any) -> Any:
        """Redeem a gift card."""
        told = {
            "idempotencyKey": key or client.key(),
            "partnerId": ids.show("par", self.partner.partner_id),
            "kind": "GIFT_CARD",
            "amount": {"amount": amount, "currency": "EUR"},
            **changes,
        }
        return (await self.ana.ask(CREATE, {"input": told})).data["redemptionCreate"]

    async def options(self) -> Any:
        """What Ana can redeem."""
        return (await self.ana.ask(OPTIONS)).data["viewer"]["redemptionOptions"]

    async def effects(self, redemption: Any) -> Any:
        """What really happened at the partner."""
        key = ids.parse("red", redemption["id"]).hex
        return await demo.effects(self.demo, dict(self.partner.facts.config), key, "keyed")


@pytest.fixture(scope="module")
def running() -> Iterator[demo.Partner]:
    with demo.started() as partner:
        yield partner


@pytest.fixture
async def shop(
    coalition: factories.Coalition, db: database.Database, running: demo.Partner, tmp_path: Path
) -> AsyncIterator[Shop]:
    house = settings.Settings(
        _env_file=None,
        documents="open",
        data_dir=tmp_path,
        partner_private_hosts=running.host,
    )
    rosa, ana = await coalition.merchant(), await coalition.member()
    await coalition.fill(ana, 10_000)
    token = await bearer.mint(db, kind="member", principal_id=ana.member_id)
    application = app.create_app(house, db)
    async with (
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=application), base_url="http://commonpurse.test"
        ) as http,
        standing.opened(db, tmp_path, running) as stands,
    ):
        partner = await stands.partner(rosa, running, offers=(OFFER,))
        caller = client.Client(http, token.text, ana.member_id)
        yield Shop(house, db, http, caller, partner, running)
        await application.state.speaking.aclose()


def test_every_state_of_an_order_has_its_word_for_the_member() -> None:
    words = {shapes.value(one) for one in partner_redemptions.PartnerRedemptionStatus}
    told_by_value = {"late", "suspense", "attention"}

    assert words == set(partner_redemptions.STANDS.values())
    assert set(order_states.STATES) == {*partner_redemptions.STANDS, *told_by_value}


def test_every_reason_is_an_enum_of_the_api() -> None:
    shown = [shapes.value(one) for one in partner_redemptions.RedemptionReasonCode]

    assert list(get_args(eligibility.Reason)) == shown


async def test_a_member_sees_what_can_be_redeemed_and_redeems_it(shop: Shop) -> None:
    (option,) = await shop.options()
    done = await shop.redeem("12.50")
    placed = done["redemption"]["atPartner"]

    assert (True, "100.00", []) == (
        option["eligible"],
        option["most"]["amount"],
        option["reasons"],
    )
    assert ("CAPTURED", "ISSUED") == (done["redemption"]["status"], placed["status"])
    assert 16 == len(placed["code"])
    assert [1_250] == (await shop.effects(done["redemption"]))["issued"]
    assert "87.50" == (await shop.options())[0]["most"]["amount"]


async def test_asking_again_tells_the_same_redemption_and_issues_nothing_more(shop: Shop) -> None:
    key = client.key()
    first, again = [await shop.redeem("12.50", key) for _ in range(2)]
    other = await shop.redeem("13.50", key)

    assert (first["redemption"], False) == (again["redemption"], first["replayed"])
    assert again["replayed"]
    assert ["IDEMPOTENCY_KEY_REUSED"] == [one["code"] for one in other["errors"]]
    assert [1_250] == (await shop.effects(first["redemption"]))["issued"]


async def test_what_the_partner_refuses_is_back_in_the_wallet_at_once(shop: Shop) -> None:
    done = await shop.redeem("12.01")

    assert ("RELEASED", "RETURNED", None) == (
        done["redemption"]["status"],
        done["redemption"]["atPartner"]["status"],
        done["redemption"]["atPartner"]["code"],
    )
    assert "100.00" == (await shop.options())[0]["most"]["amount"]


async def test_what_nobody_knows_is_being_confirmed_and_then_found(shop: Shop) -> None:
    doubted = await shop.redeem("12.06")
    redemption = doubted["redemption"]
    held = (await shop.options())[0]["most"]["amount"]
    async with contextlib.aclosing(speaking.Speaking(shop.house, shop.db)) as spoken:
        later = await shop.db.fetchval("select clock_timestamp() + interval '1 minute'")
        await saga.sweep(spoken.saga, now=later)
    found = (await shop.ana.ask(HISTORY, {"id": redemption["id"]})).data["node"]

    assert ("HELD", "CONFIRMING", None) == (
        redemption["status"],
        redemption["atPartner"]["status"],
        redemption["atPartner"]["code"],
    )
    assert "87.94" == held
    assert ("CAPTURED", "ISSUED") == (found["status"], found["atPartner"]["status"])
    assert [1_206] == (await shop.effects(redemption))["issued"]


async def test_an_unspent_card_is_taken_back_to_the_wallet(shop: Shop) -> None:
    done = await shop.redeem("12.50")
    told = {"idempotencyKey": client.key(), "redemptionId": done["redemption"]["id"]}
    first, again = [
        (await shop.ana.ask(REVERSE, {"input": told})).data["redemptionReverse"] for _ in range(2)
    ]

    assert ("REFUNDED", "12.50", "TAKEN_BACK", None) == (
        first["redemption"]["status"],
        first["redemption"]["refunded"]["amount"],
        first["redemption"]["atPartner"]["status"],
        first["redemption"]["atPartner"]["code"],
    )
    assert (first["redemption"], True) == (again["redemption"], again["replayed"])
    assert "100.00" == (await shop.options())[0]["most"]["amount"]


async def test_what_is_spent_at_the_partner_is_not_taken_back(shop: Shop) -> None:
    done = await shop.redeem("12.21")
    told = {"idempotencyKey": client.key(), "redemptionId": done["redemption"]["id"]}
    refused = (await shop.ana.ask(REVERSE, {"input": told})).data["redemptionReverse"]
    found = (await shop.ana.ask(HISTORY, {"id": done["redemption"]["id"]})).data["node"]

    assert ["ORDER_FINAL"] == [one["code"] for one in refused["errors"]]
    assert "did not take it back" in refused["errors"][0]["message"]
    assert ("CAPTURED", "ISSUED") == (found["status"], found["atPartner"]["status"])


async def test_a_code_is_shown_to_its_owner_alone(
    shop: Shop, coalition: factories.Coalition
) -> None:
    done = await shop.redeem("12.50")
    seen = {}
    for kind, principal_id in (
        ("member", (await coalition.member()).member_id),
        ("merchant", shop.partner.merchant_id),
        ("staff", coalition.operator_id),
    ):
        token = await bearer.mint(
            shop.db,
            kind=kind,  # type: ignore[arg-type]
            principal_id=principal_id,
            scopes={"member": ["member"], "merchant": ["redemptions:read"]}.get(
                kind, ["support:read"]
            ),
        )
        caller = client.Client(shop.http, token.text, principal_id)
        found = (await caller.ask(HISTORY, {"id": done["redemption"]["id"]})).data["node"]
        seen[kind] = found and found["atPartner"]

    assert {"member": None, "merchant": None} == {
        kind: it for kind, it in seen.items() if kind != "staff"
    }


@pytest.mark.parametrize(
    ("amount", "code", "path"),
    [
        ("4.99", "AMOUNT_INVALID", ["amount"]),
        ("100.01", "AMOUNT_INVALID", ["amount"]),
        ("12.501", "AMOUNT_INVALID", ["amount", "amount"]),
    ],
)
async def test_an_amount_that_does_not_fit_says_which_would(
    shop: Shop, amount: str, code: str, path: list[str]
) -> None:
    (error,) = (await shop.redeem(amount))["errors"]

    assert (code, path) == (error["code"], error["path"])


async def test_more_than_there_is_says_how_much_there_is(shop: Shop) -> None:
    await shop.redeem("90.00")
    (error,) = (await shop.redeem("10.50"))["errors"]

    assert "INSUFFICIENT_FUNDS" == error["code"]
    assert "10.00 EUR" in error["message"]


async def test_every_reason_is_told_in_the_readers_language(
    shop: Shop, coalition: factories.Coalition
) -> None:
    member = await members.find(shop.db, shop.ana.principal_id)
    await stopping.lock(coalition, member)
    await stopping.publish(coalition, rules.Rules(merchants=(await coalition.merchant(),)))
    answer = await shop.ana.ask(OPTIONS, headers={"Accept-Language": "pt"})
    (option,) = answer.data["viewer"]["redemptionOptions"]
    refused = await shop.redeem("12.50")

    assert (False, None) == (option["eligible"], option["most"])
    assert ["SPEND_LOCKED", "NOT_ACCEPTED"] == [one["code"] for one in option["reasons"]]
    assert "A sua carteira está bloqueada" in option["reasons"][0]["sentence"]
    assert ["SPEND_LOCKED"] == [one["code"] for one in refused["errors"]]


@pytest.mark.parametrize(
    ("country", "code"), [(None, "COUNTRY_UNKNOWN"), ("FR", "TERRITORY"), ("PT", None)]
)
async def test_where_the_coalition_names_countries_only_their_members_redeem(
    shop: Shop, coalition: factories.Coalition, country: str | None, code: str | None
) -> None:
    await stopping.publish(coalition, rules.Rules(territories=("PT", "ES")))
    if country is not None:
        await profiles.update(shop.db, shop.ana.principal_id, actor=audit.SYSTEM, country=country)
    (option,) = await shop.options()
    done = await shop.redeem("12.50")

    assert ([] if code is None else [code]) == [one["code"] for one in option["reasons"]]
    assert ([] if code is None else ["NOT_ELIGIBLE"]) == [one["code"] for one in done["errors"]]


async def test_the_first_time_at_a_partner_needs_a_fresh_sign_in(
    shop: Shop, owner: Connection
) -> None:
    await owner.execute(
        "update identity.token set created_at = clock_timestamp() - interval '1 hour'"
    )
    (stale,) = (await shop.redeem("12.50"))["errors"]
    await owner.execute("update identity.token set created_at = clock_timestamp()")
    await shop.redeem("12.50")
    await owner.execute(
        "update identity.token set created_at = clock_timestamp() - interval '1 hour'"
    )
    known = await shop.redeem("12.50")
    (unusual,) = (await shop.redeem("37.51"))["errors"]

    assert ("STEP_UP_REQUIRED", ["partnerId"]) == (stale["code"], stale["path"])
    assert [] == known["errors"]
    assert "far more than you ever spent" in unusual["message"]


async def test_a_spend_beyond_the_coalitions_limit_waits_for_a_person(
    shop: Shop, coalition: factories.Coalition
) -> None:
    await stopping.publish(coalition, rules.Rules(one_minor=1_000))
    (option,) = await shop.options()
    (error,) = (await shop.redeem("12.50"))["errors"]

    assert "10.00" == option["most"]["amount"]
    assert "SPENDING_REVIEW" == error["code"]
