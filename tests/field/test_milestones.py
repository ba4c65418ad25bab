"""Milestones as shops run them: the sixth coffee, three shops in a month, weeks in a row, deeds.

The definitions are those of docs/milestones.md, read from the page.
"""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from tests.api import client
from tests.field import stage
from tests.field.stage import line
from tests.wallet import reaching
from wallet import ids, members
from wallet.progress import advance

PAGE = (Path(__file__).resolve().parents[2] / "docs/milestones.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = [orjson.loads(one) for one in FENCE.findall(PAGE)]
DEFINITIONS: dict[str, dict[str, Any]] = {
    one["name"]: one for one in SHOWN if one.get("kind") == "milestone"
}
PUBLISH = """mutation P($input: SchemePublishInput!) { schemePublish(input: $input) {
  scheme { id } errors { ... on UserError { code message path } } } }"""
REPORT = """mutation A($input: ActivityReportInput!) { activityReport(input: $input) {
  errors { ... on UserError { code message } } } }"""
MINE = """{ viewer { milestones { name state had target timesDone sentence }
  completions { edges { node { nth state given { amount } } } }
  benefits { name expiresAt usedAt } } }"""


async def published(
    scene: stage.Stage, name: str, *, give: dict[str, Any] | None = None, **changes: Any
) -> str:
    """Let the operator publish a milestone of the page, and the campaign that pays 2.50 for it."""
    give = give or {"give": "amount", "minor": 250}
    paying = await scene.campaign(f"For {name}", on={"on": "reward"}, give=give)
    reward = str(ids.parse("cam", paying))
    definition = {**DEFINITIONS[name], "reward": reward, **changes}
    told = {"idempotencyKey": client.key(), "definition": definition, "note": "as planned"}
    answer = (await scene.operator.ask(PUBLISH, {"input": told})).data["schemePublish"]
    assert answer["errors"] == []
    return str(answer["scheme"]["id"])


async def look(scene: stage.Stage, *buyers: client.Client) -> None:
    """Let the worker look at whoever moved, until nothing is left to do."""
    for _ in range(2):
        await scene.mature()
        done = await advance.advance(scene.db)
        assert [] == done.failures


async def mine(buyer: client.Client) -> Any:
    return (await buyer.ask(MINE)).data["viewer"]


async def test_five_coffees_and_the_sixth_is_on_us_again_and_again(scene: stage.Stage) -> None:
    cafe, ana = await scene.merchant(), await scene.member()
    await published(scene, "Five coffees")
    coffee = line(1, "1.50", category="Coffee")
    for _ in range(4):
        await scene.report(cafe, ana, coffee)
    await scene.report(cafe, ana, line(1, "9.00", category="Cake"))
    await look(scene)
    before = (await mine(ana))["milestones"]
    await scene.report(cafe, ana, coffee)
    await scene.report(cafe, ana, coffee)
    await look(scene)

    (after,) = (await mine(ana))["milestones"]
    assert ["One more purchase."] == [one["sentence"] for one in before]
    assert ("1", "5", 1) == (after["had"], after["target"], after["timesDone"])
    assert ("2.50", "0.00") == await scene.wallet(ana)
    assert "You reached Five coffees." in await scene.notices(ana)


async def test_three_different_merchants_in_a_month(scene: stage.Stage) -> None:
    shops = [await scene.merchant() for _ in range(3)]
    ana = await scene.member()
    await published(scene, "Round the corner")
    for shop in (shops[0], shops[0], shops[1]):
        await scene.report(shop, ana)
    await look(scene)
    two = (await mine(ana))["milestones"][0]
    await scene.report(shops[2], ana)
    await look(scene)

    three = await mine(ana)
    assert ("OPEN", "2", "One more merchant.") == (two["state"], two["had"], two["sentence"])
    assert "DONE" == three["milestones"][0]["state"]
    assert ["2.50"] == [one["node"]["given"]["amount"] for one in three["completions"]["edges"]]


async def test_four_weeks_in_a_row_of_ten_euros_each(scene: stage.Stage) -> None:
    shop, ana = await scene.merchant(), await scene.member()
    now = await scene.now()
    await published(scene, "Four weeks", since=(now - timedelta(days=60)).isoformat())
    for weeks in (3, 2, 1):
        await bought(scene, shop, ana, at=now - timedelta(weeks=weeks))
    await look(scene)
    (three,) = (await mine(ana))["milestones"]
    await bought(scene, shop, ana, at=now)
    await look(scene)

    assert ("3", "One more week in a row.") == (three["had"], three["sentence"])
    assert ("2.50", "0.00") == await scene.wallet(ana)


async def bought(
    scene: stage.Stage, shop: client.Client, buyer: client.Client, *, at: datetime
) -> None:
    member = await members.find(scene.db, buyer.principal_id)
    await reaching.buy(scene.coalition, shop.principal_id, member, at=at)


async def test_a_review_and_a_visit_give_a_badge(scene: stage.Stage) -> None:
    shop, ana = await scene.merchant(), await scene.member()
    await published(
        scene,
        "Tell and come by",
        give={"give": "badge", "name": "regular", "about": "Early access to the sale."},
    )
    purchase = await scene.report(shop, ana)
    review = {"kind": "REVIEW", "purchaseId": purchase["id"], "lineNumber": 1, "stars": 2}
    await did(scene, shop, ana, **review, proof="https://shop.example/reviews/1")
    await look(scene)
    half = await mine(ana)
    await did(scene, shop, ana, kind="VISIT")
    await look(scene)

    whole = await mine(ana)
    assert ("1", []) == (half["milestones"][0]["had"], half["benefits"])
    assert [("regular", None)] == [(one["name"], one["usedAt"]) for one in whole["benefits"]]


async def did(
    scene: stage.Stage, shop: client.Client, buyer: client.Client, **activity: Any
) -> None:
    key = client.key()
    told = {
        "idempotencyKey": key,
        "memberId": ids.show("mem", buyer.principal_id),
        "reference": key,
        "happenedAt": (await scene.now()).isoformat(),
        **activity,
    }
    answer = (await shop.ask(REPORT, {"input": told})).data["activityReport"]
    assert answer["errors"] == []


async def test_a_return_takes_it_back_and_says_so(scene: stage.Stage) -> None:
    shop, ana = await scene.merchant(), await scene.member()
    await published(scene, "A hundred a month")
    bought_first = await scene.report(shop, ana, line(1, "60.00"))
    await scene.report(shop, ana, line(1, "40.00"))
    await look(scene)
    had = await scene.wallet(ana)
    await scene.give_back(shop, bought_first)
    await look(scene)

    after = await mine(ana)
    assert ("2.50", "0.00") == had
    assert ("0.00", "0.00") == await scene.wallet(ana)
    assert ["TAKEN_BACK"] == [one["node"]["state"] for one in after["completions"]["edges"]]
    assert ("OPEN", "40.00") == (after["milestones"][0]["state"], after["milestones"][0]["had"])
    told = "A hundred a month is no longer reached, because goods went back."
    assert any(one.startswith(told) for one in await scene.notices(ana))


async def test_what_is_over_counts_on_and_one_purchase_may_reach_it_twice(
    scene: stage.Stage,
) -> None:
    shop, ana = await scene.merchant(), await scene.member()
    await published(scene, "Every fifty")
    await scene.report(shop, ana, line(1, "120.00"))
    await scene.report(shop, ana, line(1, "30.00"))
    await look(scene)

    after = await mine(ana)
    numbers = [one["node"]["nth"] for one in after["completions"]["edges"]]
    assert (3, [1, 2, 3]) == (numbers[0], sorted(numbers))
    assert ("7.50", "0.00") == await scene.wallet(ana)
