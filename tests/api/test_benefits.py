"""Benefits through the door: what a member holds, and how a merchant uses it up."""

from typing import Any, get_args

import pytest

from api.graphql import benefits as shown
from tests.api import client
from tests.wallet import factories, test_benefits
from tests.wallet.test_activities import report, visit
from wallet import entries, ids, members
from wallet.campaigns import earned

MINE = """query Mine { viewer { benefits {
  id kind name about campaignName grantedAt expiresAt usedAt } } }"""
USE = """mutation Use($input: BenefitUseInput!) { benefitUse(input: $input) {
  benefit { id usedAt } replayed errors { __typename ... on UserError { code path } } } }"""
NODE = "query N($id: ID!) { node(id: $id) { id ... on Benefit { name } } }"


async def use(caller: client.Client, benefit: str, **told: Any) -> Any:
    plain = {"idempotencyKey": client.key(), "benefitId": benefit}
    return (await caller.ask(USE, {"input": {**plain, **told}})).data["benefitUse"]


@pytest.fixture
async def tea(
    coalition: factories.Coalition, rosa: client.Client, ana: client.Client
) -> earned.Benefit:
    """A pot of tea of Ana's, at Rosa's, for years."""
    member = await members.find(coalition.db, ana.principal_id)
    give = {**test_benefits.TEA, "days": 3650}
    return await test_benefits.gift(coalition, rosa.principal_id, member, give=give)


async def test_a_member_shows_a_benefit_and_the_merchant_uses_it_once(
    tea: earned.Benefit, rosa: client.Client, ana: client.Client
) -> None:
    (before,) = (await ana.ask(MINE)).data["viewer"]["benefits"]
    key = client.key()

    used = await use(rosa, before["id"], idempotencyKey=key)
    again = await use(rosa, before["id"], idempotencyKey=key)
    other = await use(rosa, before["id"])
    (after,) = (await ana.ask(MINE)).data["viewer"]["benefits"]

    assert before["id"] == ids.show("ben", tea.benefit_id)
    assert (before["kind"], before["name"], before["about"], before["usedAt"]) == (
        "BENEFIT",
        "Tea",
        "A pot of tea.",
        None,
    )
    assert before["campaignName"] == tea.campaign
    assert (used["errors"], used["replayed"], again["replayed"]) == ([], False, True)
    assert used["benefit"] == again["benefit"] == {"id": after["id"], "usedAt": after["usedAt"]}
    assert [one["code"] for one in other["errors"]] == ["COUPON_INVALID"]


async def test_a_key_that_used_one_benefit_uses_no_other(
    coalition: factories.Coalition, tea: earned.Benefit, rosa: client.Client, ana: client.Client
) -> None:
    member = await members.find(coalition.db, ana.principal_id)
    (cake,) = (await report(coalition, rosa.principal_id, member, visit())).benefits
    key = client.key()
    await use(rosa, ids.show("ben", tea.benefit_id), idempotencyKey=key)

    reused = await use(rosa, ids.show("ben", cake.benefit_id), idempotencyKey=key)

    assert [one["__typename"] for one in reused["errors"]] == ["IdempotencyKeyReused"]


async def test_another_merchant_finds_nothing_to_use(
    tea: earned.Benefit, bakery: client.Client
) -> None:
    real = await use(bakery, ids.show("ben", tea.benefit_id))
    none = await use(bakery, ids.show("ben", ids.new()))
    wrong = await use(bakery, "ben_x")

    assert real == none
    assert [one["code"] for one in (*real["errors"], *wrong["errors"])] == ["NOT_FOUND"] * 2
    assert wrong["errors"][0]["path"] == ["benefitId"]


async def test_only_its_member_and_support_see_a_benefit(
    tea: earned.Benefit,
    rosa: client.Client,
    ana: client.Client,
    ben: client.Client,
    support: client.Client,
) -> None:
    key = {"id": ids.show("ben", tea.benefit_id)}

    for caller in (ana, support):
        assert (await caller.ask(NODE, key)).data["node"]["name"] == "Tea"
    for caller in (ben, rosa):
        assert (await caller.ask(NODE, key)).data["node"] is None
    assert (
        await ana.ask(USE, {"input": {"idempotencyKey": "x" * 20, "benefitId": key["id"]}})
    ).codes


def test_the_kinds_are_those_of_the_wallet() -> None:
    assert {one.value for one in shown.BenefitKind} == set(get_args(entries.BenefitKind))
