"""The till's flow through HTTP: a code, a hold, and what becomes of it."""

import asyncio
from typing import Any

from tests.api import client
from wallet import ids

FIELDS = """
    replayed
    redemption { id status amount { amount } captured { amount } refunded { amount } orderReference
                 merchant { name } resolvedAt }
    errors { __typename ... on UserError { code path }
             ... on InsufficientFunds { available { amount currency } }
             ... on CaptureExceedsHold { held { amount } }
             ... on RefundExceedsCapture { left { amount } } }
"""
CODE = """
mutation Code($merchant: ID!) { redemptionCodeCreate(merchantId: $merchant) {
  code { code expiresAt } errors { ... on UserError { code path } } } }
"""
BALANCES = "{ viewer { wallet { available { amount } held { amount } } } }"


def step(name: str) -> str:
    kind = name[0].upper() + name[1:]
    return f"mutation Step($input: {kind}Input!) {{ {name}(input: $input) {{ {FIELDS} }} }}"


async def act(till: client.Client, name: str, **told: Any) -> Any:
    """Take one step at a till, with a new key unless one is given."""
    told = {"idempotencyKey": client.key(), **told}
    return (await till.ask(step(name), {"input": told})).data[name]


async def code(ana: client.Client, till: client.Client) -> str:
    """A fresh code of a member for a till."""
    answer = await ana.ask(CODE, {"merchant": ids.show("mer", till.principal_id)})
    return str(answer.data["redemptionCodeCreate"]["code"]["code"])


async def hold(
    ana: client.Client, till: client.Client, euros_held: str = "1.00", **more: Any
) -> Any:
    """Hold an amount with a fresh code, but for what is given."""
    told = {
        "code": await code(ana, till),
        "amount": euros(euros_held),
        "orderReference": "order-1",
    }
    return await act(till, "redemptionAuthorize", **{**told, **more})


def codes(answer: Any) -> list[str]:
    return [one["code"] for one in answer["errors"]]


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def balances(ana: client.Client) -> tuple[str, str]:
    wallet = (await ana.ask(BALANCES)).data["viewer"]["wallet"]
    return wallet["available"]["amount"], wallet["held"]["amount"]


async def test_a_member_spends_at_another_merchant_in_part_and_gets_the_rest_back(
    ana: client.Client, rosa: client.Client
) -> None:
    held = (await hold(ana, rosa, "8.00"))["redemption"]
    assert (held["status"], held["amount"]["amount"]) == ("HELD", "8.00")
    assert await balances(ana) == ("12.00", "8.00")

    told = {"redemptionId": held["id"], "amount": euros("5.50")}
    captured = (await act(rosa, "redemptionCapture", **told))["redemption"]

    assert (captured["status"], captured["captured"]["amount"]) == ("CAPTURED", "5.50")
    assert captured["merchant"] == {"name": "Rosa"}
    assert await balances(ana) == ("14.50", "0.00")


async def test_a_released_hold_is_free_again(ana: client.Client, rosa: client.Client) -> None:
    held = (await hold(ana, rosa, "8.00"))["redemption"]

    released = await act(rosa, "redemptionRelease", redemptionId=held["id"])
    late = await act(rosa, "redemptionCapture", redemptionId=held["id"])

    assert released["redemption"]["status"] == "RELEASED"
    assert codes(late) == ["REDEMPTION_CLOSED"]
    assert await balances(ana) == ("20.00", "0.00")


async def test_a_refund_in_parts_gives_back_exactly_what_was_captured(
    ana: client.Client, rosa: client.Client
) -> None:
    held = (await hold(ana, rosa, "8.00"))["redemption"]
    await act(rosa, "redemptionCapture", redemptionId=held["id"])

    told = {"redemptionId": held["id"]}
    part = await act(rosa, "redemptionRefund", **told, amount=euros("3.00"))
    much = await act(rosa, "redemptionRefund", **told, amount=euros("5.01"))
    rest = await act(rosa, "redemptionRefund", **told)

    assert (part["redemption"]["status"], codes(much)) == ("CAPTURED", ["REFUND_EXCEEDS_CAPTURE"])
    assert rest["redemption"]["status"] == "REFUNDED"
    assert await balances(ana) == ("20.00", "0.00")


async def test_a_hold_above_the_balance_says_what_there_is(
    ana: client.Client, rosa: client.Client
) -> None:
    (refusal,) = (await hold(ana, rosa, "20.01"))["errors"]

    assert (refusal["__typename"], refusal["code"]) == ("InsufficientFunds", "INSUFFICIENT_FUNDS")
    assert refusal["available"] == euros("20.00")


async def test_a_capture_above_the_hold_says_what_is_held(
    ana: client.Client, rosa: client.Client
) -> None:
    held = (await hold(ana, rosa, "8.00"))["redemption"]

    told = {"redemptionId": held["id"], "amount": euros("8.01")}
    (refusal,) = (await act(rosa, "redemptionCapture", **told))["errors"]

    assert (refusal["__typename"], refusal["held"]) == ("CaptureExceedsHold", {"amount": "8.00"})


async def test_each_mistake_at_the_till_is_refused_and_holds_nothing(
    ana: client.Client, ben: client.Client, rosa: client.Client, bakery: client.Client
) -> None:
    used = await code(ana, rosa)
    spent = {"amount": euros("1.00"), "orderReference": "order-1"}
    await act(rosa, "redemptionAuthorize", code=used, **spent)
    elsewhere = await code(ana, bakery)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"code": used}, "REDEMPTION_CODE_USED"),
        ({"code": elsewhere}, "REDEMPTION_CODE_INVALID"),
        ({"code": "AAAA-AAAA-AAAA"}, "REDEMPTION_CODE_INVALID"),
        ({"code": ""}, "REDEMPTION_CODE_INVALID"),
        ({"code": "\x00"}, "REDEMPTION_CODE_INVALID"),
        ({"amount": euros("0.00")}, "AMOUNT_INVALID"),
        ({"amount": euros("-1.00")}, "AMOUNT_INVALID"),
        ({"amount": euros("1.005")}, "AMOUNT_INVALID"),
        ({"amount": {"amount": "1.00", "currency": "USD"}}, "CURRENCY_MISMATCH"),
        ({"amount": {"amount": "1.00", "currency": "XXX"}}, "CURRENCY_MISMATCH"),
        ({"orderReference": ""}, "TEXT_INVALID"),
        ({"orderReference": "\x00"}, "TEXT_INVALID"),
        ({"storeExternalId": "nowhere"}, "NOT_FOUND"),
        ({"storeExternalId": "\x00"}, "TEXT_INVALID"),
    ]
    for told, expected in cases:
        answer = await hold(ana, rosa, **told)

        assert (told, [expected], None) == (told, codes(answer), answer["redemption"])
    assert codes(await hold(ben, rosa, "0.01")) == ["INSUFFICIENT_FUNDS"]
    assert await balances(ana) == ("19.00", "1.00")


async def test_a_merchant_can_not_touch_the_hold_of_another(
    ana: client.Client, rosa: client.Client, bakery: client.Client
) -> None:
    held = (await hold(ana, rosa, "8.00"))["redemption"]["id"]
    look = "query Q($id: ID!) { redemption(id: $id) { id } }"

    for name in ("redemptionCapture", "redemptionRelease", "redemptionRefund"):
        assert codes(await act(bakery, name, redemptionId=held)) == ["NOT_FOUND"]
    assert (await bakery.ask(look, {"id": held})).data == {"redemption": None}
    assert (await rosa.ask(look, {"id": held})).data == {"redemption": {"id": held}}
    assert (await rosa.ask(look, {"id": "red_nonsense"})).data == {"redemption": None}


async def test_twenty_tills_with_one_key_hold_once_and_all_hear_the_same(
    ana: client.Client, rosa: client.Client
) -> None:
    told = {
        "idempotencyKey": client.key(),
        "code": await code(ana, rosa),
        "amount": euros("8.00"),
        "orderReference": "order-1",
    }

    answers = await asyncio.gather(*(act(rosa, "redemptionAuthorize", **told) for _ in range(20)))

    assert [] == [one for answer in answers for one in codes(answer)]
    assert len({answer["redemption"]["id"] for answer in answers}) == 1
    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * 19
    assert await balances(ana) == ("12.00", "8.00")


async def test_a_replay_is_resolved_again_for_whatever_the_retry_selects(
    ana: client.Client, rosa: client.Client
) -> None:
    told = {
        "idempotencyKey": client.key(),
        "code": await code(ana, rosa),
        "amount": euros("8.00"),
        "orderReference": "order-1",
    }
    first = await act(rosa, "redemptionAuthorize", **told)
    other = "mutation M($input: RedemptionAuthorizeInput!) { redemptionAuthorize(input: $input) {"
    other += " redemption { id heldAt expiresAt } replayed } }"

    again = (await rosa.ask(other, {"input": told})).data["redemptionAuthorize"]

    assert again["replayed"] is True
    assert again["redemption"]["id"] == first["redemption"]["id"]
    assert again["redemption"]["heldAt"].endswith("Z")


async def test_a_refused_request_is_refused_again_with_the_same_answer(
    ana: client.Client, rosa: client.Client
) -> None:
    told = {
        "idempotencyKey": client.key(),
        "code": await code(ana, rosa),
        "amount": euros("20.01"),
        "orderReference": "order-1",
    }

    first = await act(rosa, "redemptionAuthorize", **told)
    again = await act(rosa, "redemptionAuthorize", **told)

    assert first["errors"] == again["errors"]
    assert codes(first) == ["INSUFFICIENT_FUNDS"]
