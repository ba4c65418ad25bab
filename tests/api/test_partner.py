"""What a merchant's back office sees: reports, previews, events, returns, look-ups."""

from typing import Any

from tests.api import client
from wallet import ids

REPORT = """
mutation Report($input: PurchaseReportInput!) {
  purchaseReport(input: $input) {
    replayed
    purchaseId
    purchase {
      id reference credited { amount currency } reversed { amount } contractVersion
      lines { number decision { rule percent credited { amount } base { amount } sentence } }
    }
    errors { __typename ... on UserError { code message path }
             ... on IdempotencyKeyReused { firstUsedAt } }
  }
}
"""
BULK = """
mutation Bulk($input: PurchaseReportBulkInput!) {
  purchaseReportBulk(input: $input) {
    results { purchaseId replayed errors { ... on UserError { code path } } }
    errors { ... on UserError { code path } }
  }
}
"""
RETURN = """
mutation Return($input: PurchaseReturnInput!) {
  purchaseReturn(input: $input) {
    replayed
    purchase { reversed { amount } returns { reason reversed { amount } fromPending { amount } }
               lines { number returnedQuantity returnedAmount { amount } reversed { amount } } }
    errors { ... on UserError { code path } }
  }
}
"""


def line(number: int = 1, amount: str = "10.00", **more: Any) -> dict[str, Any]:
    return {"number": number, "category": "Food", "amount": amount, **more}


def basket(buyer: client.Client, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A purchase of one line of food for 10.00, but for what is given."""
    key = client.key()
    return {
        "idempotencyKey": key,
        "memberId": ids.show("mem", buyer.principal_id),
        "reference": f"order-{key}",
        "purchasedAt": "2026-11-20T10:00:00Z",
        "channel": "SHOP",
        "currency": "EUR",
        "lines": list(lines) or [line()],
        **more,
    }


async def report(rosa: client.Client, told: dict[str, Any]) -> Any:
    return (await rosa.ask(REPORT, {"input": told})).data["purchaseReport"]


async def test_a_reported_purchase_is_credited_line_by_line_with_a_sentence_for_each(
    rosa: client.Client, ana: client.Client
) -> None:
    told = basket(ana, line(1, "12.34", category="Beauty"), line(2, "10.00"))

    answer = await report(rosa, told)

    assert (answer["replayed"], answer["errors"]) == (False, [])
    purchase = answer["purchase"]
    assert purchase["id"] == answer["purchaseId"]
    assert purchase["credited"] == {"amount": "1.73", "currency": "EUR"}
    assert purchase["contractVersion"] == 1
    assert [one["decision"] for one in purchase["lines"]] == [
        {
            "rule": "category:beauty",
            "percent": "10.00",
            "credited": {"amount": "1.23"},
            "base": {"amount": "12.34"},
            "sentence": "10 % of 12.34 EUR in Beauty at Rosa: 1.23 EUR.",
        },
        {
            "rule": "default",
            "percent": "5.00",
            "credited": {"amount": "0.50"},
            "base": {"amount": "10.00"},
            "sentence": purchase["lines"][1]["decision"]["sentence"],
        },
    ]


async def test_the_same_report_again_is_the_same_purchase_and_says_so(
    rosa: client.Client, ana: client.Client
) -> None:
    told = basket(ana)

    first, again = await report(rosa, told), await report(rosa, told)

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert first["purchase"] == again["purchase"]


async def test_a_key_that_was_used_with_other_contents_is_refused_with_when(
    rosa: client.Client, ana: client.Client
) -> None:
    told = basket(ana)
    await report(rosa, told)

    answer = await report(rosa, {**told, "lines": [line(1, "11.00")]})

    (refusal,) = answer["errors"]
    assert answer["purchase"] is None
    assert (refusal["__typename"], refusal["code"]) == (
        "IdempotencyKeyReused",
        "IDEMPOTENCY_KEY_REUSED",
    )
    assert refusal["firstUsedAt"].endswith("Z")


async def test_two_merchants_may_use_the_same_key_and_reference(
    rosa: client.Client, bakery: client.Client, ana: client.Client
) -> None:
    told = basket(ana)

    one, other = await report(rosa, told), await report(bakery, told)

    assert (one["errors"], other["errors"], other["replayed"]) == ([], [], False)
    assert one["purchaseId"] != other["purchaseId"]


async def test_each_mistake_in_a_report_is_refused_at_its_path_and_nothing_is_stored(
    rosa: client.Client, ana: client.Client
) -> None:
    nobody = client.Client(ana.http, "", ids.new())
    cases: list[tuple[dict[str, Any], str, list[str]]] = [
        (basket(nobody), "NOT_FOUND", ["memberId"]),
        (basket(ana, memberId="mem_x"), "NOT_FOUND", ["memberId"]),
        (basket(ana, memberId="pur_" + "0" * 26), "NOT_FOUND", ["memberId"]),
        (basket(ana, currency="XXX"), "CURRENCY_MISMATCH", ["currency"]),
        (basket(ana, line(1, "1.001")), "AMOUNT_INVALID", ["lines", "0", "amount"]),
        (basket(ana, line(1, "-1.00")), "AMOUNT_INVALID", ["lines", "0", "amount"]),
        (basket(ana, line(quantity="0")), "PURCHASE_INVALID", ["lines", "0", "quantity"]),
        (basket(ana, line(quantity="0.0001")), "PURCHASE_INVALID", ["lines", "0", "quantity"]),
        (basket(ana, line(1), line(1)), "PURCHASE_INVALID", ["lines", "1", "number"]),
        (basket(ana, line(tax="10.01")), "AMOUNT_INVALID", ["lines", "0", "tax"]),
        (basket(ana, line(product="\x00")), "TEXT_INVALID", ["lines", "0", "product"]),
        (basket(ana, lines=[]), "PURCHASE_INVALID", ["lines"]),
        (basket(ana, reference=""), "TEXT_INVALID", ["reference"]),
        (basket(ana, reference="x" * 129), "TEXT_INVALID", ["reference"]),
        (basket(ana, reference="\u202e\x00"), "TEXT_INVALID", ["reference"]),
        (basket(ana, storeExternalId="nowhere"), "PURCHASE_INVALID", ["storeExternalId"]),
        (basket(ana, paidWithCashback="10.01"), "AMOUNT_INVALID", ["paidWithCashback"]),
        (basket(ana, purchasedAt="1999-01-01T00:00:00Z"), "PURCHASE_INVALID", ["purchasedAt"]),
    ]
    for told, code, path in cases:
        answer = await report(rosa, told)

        (refusal,) = answer["errors"]
        assert (code, path, None) == (refusal["code"], refusal["path"], answer["purchase"])
        look_up = "query Q($r: String) { purchase(reference: $r) { id } }"
        stored = await rosa.ask(look_up, {"r": told["reference"]})
        assert stored.data == {"purchase": None}


async def test_amounts_that_are_not_strings_are_refused_before_any_rule_sees_them(
    rosa: client.Client, ana: client.Client
) -> None:
    for amount in (10, 10.5, "1e3", "NaN", "١٠", "1_0", None):
        answer = await rosa.ask(REPORT, {"input": basket(ana, {**line(), "amount": amount})})

        assert (amount, 422, ["BAD_USER_INPUT"]) == (amount, answer.status, answer.codes)


async def test_in_a_bulk_report_a_refused_purchase_leaves_the_others_alone(
    rosa: client.Client, ana: client.Client
) -> None:
    told = [basket(ana), basket(ana, memberId="mem_x"), basket(ana, lines=[]), basket(ana)]

    answer = (await rosa.ask(BULK, {"input": {"purchases": told}})).data["purchaseReportBulk"]
    again = (await rosa.ask(BULK, {"input": {"purchases": told}})).data["purchaseReportBulk"]

    codes = [[one["code"] for one in result["errors"]] for result in answer["results"]]
    assert codes == [[], ["NOT_FOUND"], ["PURCHASE_INVALID"], []]
    assert [result["replayed"] for result in again["results"]] == [True, False, False, True]
    assert [result["purchaseId"] for result in again["results"]] == [
        result["purchaseId"] for result in answer["results"]
    ]


async def test_a_thousand_purchases_fit_in_one_bulk_report_and_one_more_does_not(
    rosa: client.Client, ana: client.Client
) -> None:
    told = [basket(ana, line(1, "1.00"), line(2, "2.00")) for _ in range(1001)]

    full = (await rosa.ask(BULK, {"input": {"purchases": told[:1000]}})).data["purchaseReportBulk"]
    over = (await rosa.ask(BULK, {"input": {"purchases": told}})).data["purchaseReportBulk"]

    assert full["errors"] == []
    assert len({result["purchaseId"] for result in full["results"]} - {None}) == 1000
    assert (over["results"], [one["code"] for one in over["errors"]]) == ([], ["TOO_MANY"])


async def test_a_preview_promises_exactly_what_the_report_pays(
    rosa: client.Client, ana: client.Client
) -> None:
    told = basket(ana, line(1, "12.34", category="beauty"), line(2, "0.99"), line(3, "3.33"))
    names = ("purchasedAt", "channel", "currency", "lines")
    query = """
    query Preview($input: PurchasePreviewInput!) { purchasePreview(input: $input) {
      preview { credited { amount } lines { number decision { rule percent credited { amount }
                base { amount } sentence } } } errors { ... on UserError { code } } } }
    """

    promised = await rosa.ask(query, {"input": {name: told[name] for name in names}})
    paid = (await report(rosa, told))["purchase"]

    preview = promised.data["purchasePreview"]["preview"]
    assert preview["credited"]["amount"] == paid["credited"]["amount"]
    assert preview["lines"] == paid["lines"]


async def test_a_preview_without_a_time_is_of_now(rosa: client.Client, ana: client.Client) -> None:
    told = basket(ana, line(1, "12.34", category="beauty"))
    query = """
    query Preview($input: PurchasePreviewInput!) { purchasePreview(input: $input) {
      preview { credited { amount } } errors { ... on UserError { code } } } }
    """

    answers = [
        await rosa.ask(query, {"input": {name: told[name] for name in names}})
        for names in (
            ("channel", "currency", "lines"),
            ("channel", "currency", "lines", "purchasedAt"),
        )
    ]

    now, then = (answer.data["purchasePreview"] for answer in answers)
    assert now == then
    assert now["preview"]["credited"]["amount"] != "0.00"


async def test_a_return_in_parts_takes_back_exactly_what_was_credited(
    rosa: client.Client, ana: client.Client
) -> None:
    bought = await report(rosa, basket(ana, line(1, "9.99", quantity="3")))
    purchase_id = bought["purchaseId"]

    async def give_back(*lines: dict[str, Any], key: str = "") -> Any:
        told = {
            "idempotencyKey": key or client.key(),
            "purchaseId": purchase_id,
            "reason": "did not fit",
            "lines": list(lines),
        }
        return (await rosa.ask(RETURN, {"input": told})).data["purchaseReturn"]

    one = await give_back({"number": 1, "quantity": "1"}, key="return-key-000001")
    again = await give_back({"number": 1, "quantity": "1"}, key="return-key-000001")
    rest = await give_back()
    more = await give_back({"number": 1, "quantity": "1"})

    assert (one["replayed"], again["replayed"]) == (False, True)
    assert one["purchase"] == again["purchase"]
    assert one["purchase"]["lines"][0]["returnedQuantity"] == "1"
    assert one["purchase"]["lines"][0]["returnedAmount"] == {"amount": "3.33"}
    assert rest["purchase"]["reversed"]["amount"] == bought["purchase"]["credited"]["amount"]
    assert [entry["code"] for entry in more["errors"]] == ["RETURN_EXCEEDS_PURCHASE"]


async def test_an_event_is_recorded_once_and_refused_for_a_purchase_of_another(
    rosa: client.Client, bakery: client.Client, ana: client.Client
) -> None:
    bought = await report(rosa, basket(ana))
    told = {
        "idempotencyKey": client.key(),
        "purchaseId": bought["purchaseId"],
        "event": {"kind": "PAID", "at": "2026-11-20T11:00:00Z"},
    }
    query = """
    mutation Event($input: PurchaseEventRecordInput!) { purchaseEventRecord(input: $input) {
      replayed purchase { dueAt events { kind at } } errors { ... on UserError { code } } } }
    """

    first = (await rosa.ask(query, {"input": told})).data["purchaseEventRecord"]
    again = (await rosa.ask(query, {"input": told})).data["purchaseEventRecord"]
    foreign = (await bakery.ask(query, {"input": told})).data["purchaseEventRecord"]

    assert first["purchase"]["events"] == [{"kind": "PAID", "at": "2026-11-20T11:00:00Z"}]
    assert first["purchase"]["dueAt"] is not None
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert [entry["code"] for entry in foreign["errors"]] == ["NOT_FOUND"]


async def test_a_merchant_finds_its_own_purchases_by_id_and_reference_and_no_others(
    rosa: client.Client, bakery: client.Client, ana: client.Client
) -> None:
    told = basket(ana)
    purchase_id = (await report(rosa, told))["purchaseId"]
    by_id = "query Q($id: ID) { purchase(id: $id) { id } }"
    by_reference = "query Q($r: String) { purchase(reference: $r) { id } }"

    assert (await rosa.ask(by_id, {"id": purchase_id})).data["purchase"]["id"] == purchase_id
    found = await rosa.ask(by_reference, {"r": told["reference"]})
    assert found.data["purchase"]["id"] == purchase_id
    assert (await bakery.ask(by_id, {"id": purchase_id})).data == {"purchase": None}
    assert (await bakery.ask(by_reference, {"r": told["reference"]})).data == {"purchase": None}
    assert (await rosa.ask(by_id, {"id": "pur_nonsense"})).data == {"purchase": None}
    assert (await rosa.ask("{ purchase { id } }")).codes == ["BAD_USER_INPUT"]
