"""Contests through the door: a member enters, everybody sees who won, nobody is named unasked."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.api import client
from tests.api.test_boards import bought
from tests.api.test_schemes import publish
from tests.wallet import factories, taking_part
from wallet import ids
from wallet.progress import contests

FIELDS = """schemeId name period state entered endsAt finalAt
  results { place name score you }"""
LIST = f"{{ contests {{ {FIELDS} }} }}"
ONE = f"query C($id: ID!, $period: String) {{ contest(id: $id, period: $period) {{ {FIELDS} }} }}"
ENTER = f"""mutation E($input: ContestEnterInput!) {{ contestEnter(input: $input) {{
  contest {{ {FIELDS} }} replayed errors {{ ... on UserError {{ code message path }} }} }} }}"""


async def enter(caller: client.Client, contest: str, **told: Any) -> Any:
    plain = {"idempotencyKey": client.key(), "contestId": contest}
    return (await caller.ask(ENTER, {"input": {**plain, **told}})).data["contestEnter"]


async def made(
    coalition: factories.Coalition, operator: client.Client, **told: Any
) -> tuple[str, datetime]:
    """A contest of the next hour that pays 5.00 for the first place; its end."""
    now = await coalition.db.fetchval("select clock_timestamp()")
    reward = await taking_part.reward(coalition)
    ends = now + timedelta(hours=1)
    definition = {
        "kind": "contest",
        "name": "Happy hour",
        "metric": "purchases",
        "window": "once",
        "from_at": (now - timedelta(hours=1)).isoformat(),
        "until_at": ends.isoformat(),
        "settle_days": 1,
        "prizes": [{"first": 1, "last": 1, "reward": str(reward.campaign_id)}],
        **told,
    }
    scheme = (await publish(operator, definition=definition))["scheme"]
    return str(scheme["id"]), ends


@pytest.fixture
async def contest(coalition: factories.Coalition, operator: client.Client) -> tuple[str, datetime]:
    """A contest that is open."""
    return await made(coalition, operator)


async def test_a_member_enters_wins_and_everybody_sees_the_final_places(
    coalition: factories.Coalition,
    contest: tuple[str, datetime],
    rosa: client.Client,
    ana: client.Client,
    ben: client.Client,
) -> None:
    key, ends = contest
    (before,) = (await ana.ask(LIST)).data["contests"]
    same = client.key()
    entered = [await enter(ana, key, idempotencyKey=same) for _ in range(2)]
    await bought(coalition, rosa, ana)
    await contests.close(coalition.db, now=ends + timedelta(days=1))
    after = [(await one.ask(ONE, {"id": key})).data["contest"] for one in (ana, ben, rosa)]

    assert (key, "Happy hour", "once", "OPEN", False, []) == (
        *(before[name] for name in ("schemeId", "name", "period", "state", "entered")),
        before["results"],
    )
    assert [(False, True), (True, True)] == [
        (one["replayed"], one["contest"]["entered"]) for one in entered
    ]
    assert [True, False, None] == [one["entered"] for one in after]
    mine = {"place": 1, "name": None, "score": "1", "you": True}
    assert [[mine], [{**mine, "you": False}], [{**mine, "you": False}]] == [
        one["results"] for one in after
    ]
    wallet = (await ana.ask("{ viewer { awards { edges { node { kind } } } } }")).data["viewer"]
    assert ["CONTEST"] == [edge["node"]["kind"] for edge in wallet["awards"]["edges"]]


async def test_who_may_not_enter_is_told_why(
    coalition: factories.Coalition, operator: client.Client, ana: client.Client
) -> None:
    key, _ = await made(coalition, operator, who={"tier": "gold"})
    refused = (await enter(ana, key))["errors"]
    nothing = (await enter(ana, ids.show("sch", ids.new())))["errors"]

    assert [("NOT_ELIGIBLE", ["contestId"])] == [(one["code"], one["path"]) for one in refused]
    assert "another tier" in refused[0]["message"]
    assert ["NOT_FOUND"] == [one["code"] for one in nothing]


async def test_what_is_no_contest_or_no_window_is_null(
    contest: tuple[str, datetime], ana: client.Client, operator: client.Client
) -> None:
    milestone = (await publish(operator))["scheme"]["id"]
    asked = (
        {"id": milestone},
        {"id": "x"},
        {"id": ids.show("sch", ids.new())},
        {"id": contest[0], "period": "2026-03"},
    )

    assert [None] * 4 == [(await ana.ask(ONE, one)).data["contest"] for one in asked]
