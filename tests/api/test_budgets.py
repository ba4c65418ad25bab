"""Budgets through the door: the operator sets and watches them, a merchant reads its own."""

from typing import Any, get_args

import structlog

from api import worker
from api.graphql import budgets as shown
from tests.api import client
from tests.wallet import factories, promotions
from wallet import audit, ids
from wallet.campaigns import budgets

SET = """mutation Set($input: BudgetSetInput!) { budgetSet(input: $input) {
  budget { id kind subjectId cap { amount currency } given { amount } left { amount } alerts
    raisedAlerts { percent } }
  replayed errors { __typename ... on UserError { code path message }
    ... on BudgetTooSmall { given { amount currency } } } } }"""
LIST = """query List($first: Int! = 20, $after: Cursor, $kind: BudgetKind, $subjectId: ID) {
  budgets(first: $first, after: $after, kind: $kind, subjectId: $subjectId) {
    edges { node { id kind subjectId cap { amount } } } pageInfo { hasNextPage endCursor } } }"""
CAMPAIGN = """query C($id: ID!) { node(id: $id) { ... on Campaign {
  budget { id cap { amount } given { amount } left { amount } alerts
    raisedAlerts { percent raisedAt } } } } }"""
OWN = """query Own { merchantBudget {
  kind cap { amount currency } given { amount } left { amount } } }"""


async def set_budget(caller: client.Client, amount: str = "100.00", **told: Any) -> Any:
    plain = {
        "idempotencyKey": client.key(),
        "kind": "FUNDER",
        "amount": {"amount": amount, "currency": "EUR"},
        "reason": "as agreed",
    }
    return (await caller.ask(SET, {"input": {**plain, **told}})).data["budgetSet"]


async def buy(coalition: factories.Coalition, rosa: client.Client, minor: int) -> None:
    member = await coalition.member()
    await coalition.report(rosa.principal_id, member, factories.purchase(minor))


async def test_the_operator_sets_a_budget_and_it_is_logged(
    coalition: factories.Coalition, operator: client.Client
) -> None:
    one = await promotions.promote(coalition)
    key, campaign = client.key(), ids.show("cam", one.campaign_id)
    told: dict[str, Any] = {"kind": "CAMPAIGN", "subjectId": campaign, "alerts": [50, 90]}
    told["idempotencyKey"] = key

    first = await set_budget(operator, **told)
    again = await set_budget(operator, **told)
    other = await set_budget(operator, "200.00", **told)
    higher = await set_budget(operator, "200.00", **{**told, "idempotencyKey": client.key()})
    late = await set_budget(operator, **told)

    assert first["errors"] == []
    assert first["budget"] == {
        "id": ids.show("bud", budgets.budget_id("campaign", one.campaign_id, factories.EUR)),
        "kind": "CAMPAIGN",
        "subjectId": campaign,
        "cap": {"amount": "100.00", "currency": "EUR"},
        "given": {"amount": "0.00"},
        "left": {"amount": "100.00"},
        "alerts": [50, 90],
        "raisedAlerts": [],
    }
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert [one["code"] for one in other["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    assert higher["budget"]["cap"]["amount"] == late["budget"]["cap"]["amount"] == "200.00"
    log = await audit.trail(coalition.db, one.campaign_id, first=9, before=None)
    assert [entry.act for entry in log][:2] == ["budget.set", "budget.set"]
    assert log[0].reason == "as agreed"


async def test_what_can_not_be_is_refused_at_its_field(
    coalition: factories.Coalition, operator: client.Client, rosa: client.Client
) -> None:
    mer = ids.show("mer", rosa.principal_id)

    wrong = [
        await set_budget(operator, kind="CAMPAIGN"),
        await set_budget(operator, kind="CAMPAIGN", subjectId=mer),
        await set_budget(operator, kind="CAMPAIGN", subjectId=ids.show("cam", ids.new())),
        await set_budget(operator, subjectId=mer, alerts=[0]),
        await set_budget(operator, subjectId=mer, alerts=[1, 2, 3, 4, 5, 6]),
        await set_budget(operator, subjectId=mer, reason=" "),
        await set_budget(operator, "1.001", subjectId=mer),
    ]

    assert [(one["errors"][0]["code"], one["errors"][0]["path"]) for one in wrong] == [
        ("NOT_FOUND", ["subjectId"]),
        ("NOT_FOUND", ["subjectId"]),
        ("NOT_FOUND", ["subjectId"]),
        ("AMOUNT_INVALID", ["alerts", "0"]),
        ("TOO_MANY", ["alerts"]),
        ("REASON_MISSING", ["reason"]),
        ("AMOUNT_INVALID", ["amount", "amount"]),
    ]


async def test_a_budget_below_what_was_given_is_refused_with_what_was(
    coalition: factories.Coalition, operator: client.Client, rosa: client.Client
) -> None:
    one = await promotions.promote(coalition, budget={"minor": 10_000})
    await buy(coalition, rosa, 10_000)
    told = {"kind": "CAMPAIGN", "subjectId": ids.show("cam", one.campaign_id)}

    low = await set_budget(operator, "9.99", **told)
    exact = await set_budget(operator, "10.00", **told)

    (error,) = low["errors"]
    assert (error["__typename"], error["code"], error["path"]) == (
        "BudgetTooSmall",
        "BUDGET_TOO_SMALL",
        ["amount"],
    )
    assert error["given"] == {"amount": "10.00", "currency": "EUR"}
    assert exact["budget"]["left"] == {"amount": "0.00"}


async def test_budgets_are_listed_page_by_page_and_by_whose_they_are(
    coalition: factories.Coalition,
    operator: client.Client,
    supervisor: client.Client,
    rosa: client.Client,
) -> None:
    mer = ids.show("mer", rosa.principal_id)
    for told in (
        {"kind": "MERCHANT", "subjectId": mer},
        {"kind": "FUNDER", "subjectId": mer},
        {"kind": "FUNDER"},
    ):
        assert (await set_budget(operator, **told))["errors"] == []

    whole = (await supervisor.ask(LIST)).data["budgets"]["edges"]
    first = (await supervisor.ask(LIST, {"first": 2})).data["budgets"]
    rest = await supervisor.ask(LIST, {"after": first["pageInfo"]["endCursor"]})
    own = (await supervisor.ask(LIST, {"subjectId": mer})).data["budgets"]["edges"]
    funders = (await supervisor.ask(LIST, {"kind": "FUNDER"})).data["budgets"]["edges"]

    assert first["edges"] + rest.data["budgets"]["edges"] == whole
    assert [len(one) for one in (whole, own, funders)] == [3, 2, 2]
    assert {one["node"]["subjectId"] for one in funders} == {mer, None}
    assert (await supervisor.ask(LIST, {"subjectId": "seg_x"})).codes == ["BAD_USER_INPUT"]


async def test_a_warning_is_raised_once_logged_and_shown(
    coalition: factories.Coalition, operator: client.Client, rosa: client.Client
) -> None:
    one = await promotions.promote(coalition, budget={"minor": 2_000, "alerts_bps": [5_000, 9_500]})
    await buy(coalition, rosa, 10_000)

    with structlog.testing.capture_logs() as logged:
        for _ in range(2):
            await worker.watch_budgets(coalition.db, 0)

    told = [entry for entry in logged if entry["event"] == "budget.alert"]
    assert [(entry["log_level"], entry["percent"], entry["given_minor"]) for entry in told] == [
        ("warning", 50, 1_000)
    ]
    log = await audit.trail(coalition.db, one.campaign_id, first=9, before=None)
    assert [entry.detail["percent"] for entry in log if entry.act == "budget.alert"] == [50]
    answer = await operator.ask(CAMPAIGN, {"id": ids.show("cam", one.campaign_id)})
    budget = answer.data["node"]["budget"]
    assert [raised["percent"] for raised in budget["raisedAlerts"]] == [50]
    assert (budget["alerts"], budget["left"]) == ([50, 95], {"amount": "10.00"})


async def test_a_campaign_without_a_budget_has_none(
    coalition: factories.Coalition, operator: client.Client
) -> None:
    one = await promotions.promote(coalition)

    answer = await operator.ask(CAMPAIGN, {"id": ids.show("cam", one.campaign_id)})

    assert answer.data["node"]["budget"] is None


async def test_a_merchant_reads_its_own_budgets_alone(
    coalition: factories.Coalition,
    operator: client.Client,
    rosa: client.Client,
    bakery: client.Client,
) -> None:
    mer = ids.show("mer", rosa.principal_id)
    await set_budget(operator, kind="MERCHANT", subjectId=mer)
    await promotions.promote(coalition)
    await buy(coalition, rosa, 10_000)

    hers, others = [(await one.ask(OWN)).data["merchantBudget"] for one in (rosa, bakery)]

    assert hers == [
        {
            "kind": "MERCHANT",
            "cap": {"amount": "100.00", "currency": "EUR"},
            "given": {"amount": "10.00"},
            "left": {"amount": "90.00"},
        }
    ]
    assert others == []


async def test_only_the_operator_sets_and_only_those_who_read_campaigns_read(
    supervisor: client.Client, support: client.Client, rosa: client.Client, ana: client.Client
) -> None:
    told = {
        "idempotencyKey": client.key(),
        "kind": "FUNDER",
        "amount": {"amount": "1.00", "currency": "EUR"},
        "reason": "x",
    }
    for caller in (supervisor, support, rosa, ana):
        assert (await caller.ask(SET, {"input": told})).codes == ["FORBIDDEN"]
    for caller in (support, rosa, ana):
        assert (await caller.ask(LIST)).codes == ["FORBIDDEN"]
    assert (await ana.ask(OWN)).codes == ["FORBIDDEN"]


def test_the_kinds_are_those_of_the_wallet() -> None:
    assert {one.value for one in shown.BudgetKind} == set(get_args(budgets.Kind))
