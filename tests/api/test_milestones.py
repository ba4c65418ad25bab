"""Milestones through the door: members see how they stand and what they have, in their language."""

import enum
from typing import Any, get_args

import httpx2
import pytest

from api import texts
from api.explaining import milestones as saying
from api.explaining import tongue
from api.graphql import milestones
from tests.api import client
from tests.rules import milestones as ruled
from tests.wallet import factories, reaching, taking_part
from wallet import ids, members, money
from wallet.progress import advance
from wallet.rules.milestones import judging

MINE = """{ viewer { milestones {
  schemeId name state had target currency since until timesDone times sentence definition } } }"""
REACHED = """{ viewer { completions { edges { node {
  id name state period nth measured given { amount } promised { amount } cut waits
  scheme { id } } } } } }"""
OF_MEMBER = """query M($id: ID!) { member(id: $id) {
  milestones { name had } completions { edges { node { name } } } } }"""


@pytest.fixture
async def member(coalition: factories.Coalition, ben: client.Client) -> members.Member:
    """Ben, as the books know him."""
    return await members.find(coalition.db, ben.principal_id)


async def buy(
    coalition: factories.Coalition, rosa: client.Client, member: members.Member, *minors: int
) -> None:
    at = await coalition.db.fetchval("select clock_timestamp()")
    await reaching.buy(coalition, rosa.principal_id, member, *minors, at=at)


async def mine(caller: client.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await caller.ask(MINE)).data["viewer"]["milestones"]
    return found


async def test_a_member_sees_at_once_how_far_they_are_and_what_is_nearest_first(
    coalition: factories.Coalition,
    rosa: client.Client,
    ben: client.Client,
    member: members.Member,
) -> None:
    far: dict[str, Any] = {
        "metric": "amount",
        "target": 10_000,
        "per": "month",
        "name": "Hundred a month",
    }
    await reaching.milestone(coalition, pays=False, **far)
    near = await reaching.milestone(coalition, pays=False, name="Two purchases")
    await reaching.milestone(coalition, pays=False, target=1, name="First")
    await buy(coalition, rosa, member, 2_500)

    two, hundred, first = await mine(ben)
    assert (ids.show("sch", near), "OPEN", "1", "2", None) == (
        *(two["schemeId"], two["state"], two["had"], two["target"], two["currency"]),
    )
    assert "One more purchase." == two["sentence"]
    assert ("25.00", "100.00", "EUR") == (hundred["had"], hundred["target"], hundred["currency"])
    assert "Buy for 75.00 EUR more." == hundred["sentence"]
    assert hundred["since"] < hundred["until"]
    assert ("DONE", 1, "You have reached it.") == (
        *(first["state"], first["timesDone"], first["sentence"]),
    )
    assert "milestone" == first["definition"]["kind"]


async def test_what_was_reached_says_what_was_given_and_whether_it_was_cut(
    coalition: factories.Coalition,
    rosa: client.Client,
    ben: client.Client,
    member: members.Member,
    support: client.Client,
) -> None:
    paying = await taking_part.reward(coalition, budget={"minor": 700})
    scheme_id = await reaching.milestone(
        coalition, pays=False, target=1, times=2, reward=str(paying.campaign_id)
    )
    for _ in range(2):
        await buy(coalition, rosa, member)
    await advance.settle(coalition.db, [member.wallet_id])

    answer = (await ben.ask(REACHED)).data["viewer"]["completions"]
    edges = [one["node"] for one in answer["edges"]]
    assert [("200", True), ("500", False)] == sorted(
        (one["given"]["amount"].replace(".", "").lstrip("0"), one["cut"]) for one in edges
    )
    assert {("Two purchases", "DONE", "ever", "1", "5.00", False)} == {
        (one["name"], one["state"], one["period"], one["measured"], *_promised(one))
        for one in edges
    }
    assert {ids.show("sch", scheme_id)} == {one["scheme"]["id"] for one in edges}
    seen = (await support.ask(OF_MEMBER, {"id": ids.show("mem", member.member_id)})).data["member"]
    assert [{"name": "Two purchases", "had": "1"}] == seen["milestones"]
    assert 2 == len(seen["completions"]["edges"])


def _promised(one: dict[str, Any]) -> tuple[str, bool]:
    return one["promised"]["amount"], one["waits"]


async def test_pages_of_what_was_reached_follow_each_other(
    coalition: factories.Coalition,
    rosa: client.Client,
    ben: client.Client,
    member: members.Member,
) -> None:
    await reaching.milestone(coalition, pays=False, target=1, times=5)
    for _ in range(5):
        await buy(coalition, rosa, member)
    await advance.settle(coalition.db, [member.wallet_id])

    query = """query P($after: Cursor) { viewer { completions(first: 2, after: $after) {
      edges { node { nth } } pageInfo { endCursor hasNextPage } } } }"""
    found: list[int] = []
    info: dict[str, Any] = {"endCursor": None, "hasNextPage": True}
    while info["hasNextPage"]:
        answer = await ben.ask(query, {"after": info["endCursor"]})
        page = answer.data["viewer"]["completions"]
        found += [one["node"]["nth"] for one in page["edges"]]
        info = page["pageInfo"]
    assert [5, 4, 3, 2, 1] == found


async def test_a_sentence_is_in_the_language_of_the_request(
    coalition: factories.Coalition,
    http: httpx2.AsyncClient,
    ben: client.Client,
) -> None:
    await reaching.milestone(coalition, pays=False, target=3)

    said = {}
    for language in texts.LANGUAGES:
        answer = await http.post(
            "/graphql",
            json={"query": "{ viewer { milestones { sentence } } }"},
            headers={"Authorization": f"Bearer {ben.token}", "Accept-Language": language},
        )
        (one,) = answer.json()["data"]["viewer"]["milestones"]
        said[language] = one["sentence"]
    assert {
        "en": "3 more purchases.",
        "es": "3 compras más.",
        "pt": "Mais 3 compras.",
    } == said


METRICS: tuple[dict[str, Any], ...] = (
    {"metric": "amount", "target": 1_000},
    {"metric": "purchases"},
    {"metric": "units"},
    {"metric": "merchants"},
    {"metric": "categories"},
    {"metric": "weeks"},
    {"metric": "events"},
)


@pytest.mark.parametrize("language", [one for one in texts.LANGUAGES if one != texts.SOURCE])
def test_every_sentence_of_a_milestone_is_translated(language: str) -> None:
    def say(state: judging.State, tongues: str, **changes: Any) -> str:
        definition = ruled.milestone(**changes)
        ahead = ruled.follow(definition).ahead
        return saying.missing(
            judging.Standing(ids.new(), definition, state, ahead),
            tongue.of(tongues),
            asset=money.EUR,
            after="Xyz",
        )

    cases: list[tuple[judging.State, dict[str, Any]]] = [
        *(("open", {"target": count, **changes}) for changes in METRICS for count in (1, 2)),
        *((state, {}) for state in get_args(judging.State)),
        ("done", {"times": 2}),
    ]
    same = [
        (state, changes)
        for state, changes in cases
        if say(state, language, **changes) == say(state, texts.SOURCE, **changes)
    ]
    assert [] == same


def test_half_a_unit_is_said_as_such() -> None:
    definition = ruled.milestone(metric="units", target=2)
    half = ruled.bought(ruled.days(0)[0], lines=(ruled.line(milli=500),))
    standing = judging.Standing(ids.new(), definition, "open", ruled.follow(definition, half).ahead)

    said = [
        saying.missing(standing, tongue.of(one), asset=money.EUR, after=None)
        for one in ("en", "pt")
    ]
    assert ["1.5 more pieces.", "Mais 1,5 unidades."] == said


def words(kind: type[enum.Enum]) -> set[str]:
    return {one.value for one in kind}


def test_the_states_are_those_of_the_rule() -> None:
    assert set(get_args(judging.State)) == words(milestones.MilestoneState)
