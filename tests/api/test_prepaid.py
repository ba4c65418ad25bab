"""Prepaid subscriptions through the door: opened, delivered one by one, and ended."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from api import explaining
from api.graphql import prepaid as shown
from tests.api import client
from wallet import ids, money
from wallet.rules import subscriptions as rules

STANDING = """id reference rhythm deliveries delivered total { amount currency } left { amount }
  amounts cancelledAt merchant { id }"""
OPEN = f"""mutation Open($input: SubscriptionOpenInput!) {{ subscriptionOpen(input: $input) {{
  subscription {{ {STANDING} }} replayed
  errors {{ ... on UserError {{ code path message }} }} }} }}"""
CANCEL = f"""mutation End($input: SubscriptionCancelInput!) {{ subscriptionCancel(input: $input) {{
  subscription {{ {STANDING} }} refund {{ amount }} explanation replayed
  errors {{ ... on UserError {{ code }} }} }} }}"""
REPORT = """mutation Report($input: PurchaseReportInput!) { purchaseReport(input: $input) {
  purchase { id credited { amount } } errors { ... on UserError { code path message } } } }"""
MINE = f"query Mine {{ viewer {{ subscriptions {{ edges {{ node {{ {STANDING} }} }} }} }} }}"
EUR = "EUR"


async def opened(caller: client.Client, member: client.Client, **told: Any) -> Any:
    plain = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", member.principal_id),
        "reference": "box-1",
        "deliveries": 3,
        "total": {"amount": "100.00", "currency": EUR},
        "rhythm": "monthly",
    }
    return (await caller.ask(OPEN, {"input": {**plain, **told}})).data["subscriptionOpen"]


async def delivered(caller: client.Client, member: client.Client, number: int, amount: str) -> Any:
    told = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", member.principal_id),
        "reference": f"parcel-{next(client.numbers)}",
        "currency": EUR,
        "channel": "ONLINE",
        "purchasedAt": datetime.now(UTC).isoformat(),
        "subscription": {"reference": "box-1", "number": number},
        "lines": [{"number": 1, "category": "food", "quantity": "1", "amount": amount}],
    }
    return (await caller.ask(REPORT, {"input": told})).data["purchaseReport"]


async def test_each_delivery_earns_on_its_share_and_the_rest_is_ended(
    rosa: client.Client, ana: client.Client
) -> None:
    first = await opened(rosa, ana)
    made = [await delivered(rosa, ana, 1, "33.34"), await delivered(rosa, ana, 2, "33.33")]
    again = await delivered(rosa, ana, 2, "33.33")
    wrong = await delivered(rosa, ana, 3, "33.34")
    told = {
        "idempotencyKey": client.key(),
        "subscriptionId": first["subscription"]["id"],
        "reason": "moved away",
    }
    ended = (await rosa.ask(CANCEL, {"input": told})).data["subscriptionCancel"]
    (mine,) = (await ana.ask(MINE)).data["viewer"]["subscriptions"]["edges"]

    assert ["1.67", "1.67"] == [one["purchase"]["credited"]["amount"] for one in made]
    assert [
        ("SUBSCRIPTION_INVALID", ["delivery"]),
        ("SUBSCRIPTION_INVALID", ["lines"]),
    ] == [(one["code"], one["path"]) for it in (again, wrong) for one in it["errors"]]
    assert ("33.33", "Pay back 33.33 EUR, which was paid for what was not delivered.") == (
        *(ended["refund"]["amount"], ended["explanation"]),
    )
    assert ended["subscription"] == mine["node"]
    assert ([1, 2], "SHARES") == (mine["node"]["delivered"], mine["node"]["amounts"])


async def test_it_is_opened_once_for_a_reference(rosa: client.Client, ana: client.Client) -> None:
    first, again = await opened(rosa, ana), await opened(rosa, ana)
    other = await opened(rosa, ana, deliveries=4)
    money_wrong = await opened(rosa, ana, total={"amount": "1.001", "currency": EUR})

    assert {**first, "replayed": True} == again
    assert [("REFERENCE_USED", ["reference"])] == [
        (one["code"], one["path"]) for one in other["errors"]
    ]
    assert [["total", "amount"]] == [one["path"] for one in money_wrong["errors"]]


@pytest.mark.parametrize(
    ("minor", "language", "expected"),
    [
        (0, "en", "Everything was delivered: there is nothing to pay back."),
        (0, "es", "Todo se entregó: no hay nada que devolver."),
        (0, "pt", "Tudo foi entregue: não há nada a devolver."),
        (150, "es", "Devuelve 1,50 EUR, que se pagó por lo que no se entregó."),
        (150, "pt", "Devolva 1,50 EUR, pagos pelo que não foi entregue."),
    ],
)
def test_what_is_left_is_said_in_three_languages(minor: int, language: str, expected: str) -> None:
    assert expected == explaining.left(money.EUR, minor, language=language)


def test_the_words_are_those_of_the_wallet() -> None:
    assert set(get_args(rules.Amounts)) == {one.value for one in shown.DeliveryAmounts}
