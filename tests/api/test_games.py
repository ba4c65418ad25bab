"""Games through the door: a game server reports a round, and the member sees what it was worth."""

from typing import Any

import pytest

from tests.api import client
from tests.api.test_schemes import publish
from tests.wallet import factories, taking_part, test_games
from wallet import ids

REPORT = """mutation R($input: GameScoreReportInput!) { gameScoreReport(input: $input) {
  play { kind schemeId points units }
  awards { id kind granted { amount currency } explanation }
  replayed errors { __typename ... on UserError { code path } } } }"""
MINE = "{ viewer { plays { kind schemeId points units } } }"


@pytest.fixture
async def game(coalition: factories.Coalition, operator: client.Client, rosa: client.Client) -> str:
    """Rosa's game: three cents for each hundred points."""
    give = {"give": "amount", "minor": 3, "per": "unit"}
    paying = await taking_part.reward(coalition, give=give)
    definition = {
        "kind": "game",
        "name": "Catch the bean",
        "merchants": [str(rosa.principal_id)],
        "points_max": 10_000,
        "seconds_min": 30,
        "reward": str(paying.campaign_id),
        **test_games.LIMITS,
    }
    return str((await publish(operator, definition=definition))["scheme"]["id"])


async def report(
    coalition: factories.Coalition,
    caller: client.Client,
    game: str,
    who: client.Client,
    **told: Any,
) -> Any:
    now = await coalition.db.fetchval("select clock_timestamp()")
    plain = {
        "idempotencyKey": client.key(),
        "memberId": ids.show("mem", who.principal_id),
        "gameId": game,
        "roundId": "r-1",
        "points": 399,
        "happenedAt": now.isoformat(),
    }
    answer = await caller.ask(REPORT, {"input": {**plain, **told}})
    return answer.data["gameScoreReport"]


async def test_a_round_is_credited_once_and_seen_by_its_member(
    coalition: factories.Coalition, game: str, rosa: client.Client, ana: client.Client
) -> None:
    now = (await coalition.db.fetchval("select clock_timestamp()")).isoformat()
    told = {"idempotencyKey": client.key(), "happenedAt": now}
    first, again = [await report(coalition, rosa, game, ana, **told) for _ in range(2)]
    mine = (await ana.ask(MINE)).data["viewer"]["plays"]

    counted = {"kind": "GAME", "schemeId": game, "points": 399, "units": 3}
    assert (counted, False, []) == (first["play"], first["replayed"], first["errors"])
    assert [("GAME", "0.09")] == [
        (one["kind"], one["granted"]["amount"]) for one in first["awards"]
    ]
    assert {**first, "replayed": True} == again
    assert [counted] == mine


async def test_what_cannot_be_is_refused_at_its_field(
    coalition: factories.Coalition,
    game: str,
    rosa: client.Client,
    bakery: client.Client,
    ana: client.Client,
) -> None:
    too_much = await report(coalition, rosa, game, ana, points=10_001)
    foreign = await report(coalition, bakery, game, ana)
    await report(coalition, rosa, game, ana)
    too_soon = await report(coalition, rosa, game, ana, roundId="r-2")

    assert [
        ("GAME_SCORE_INVALID", ["points"]),
        ("NOT_FOUND", ["gameId"]),
        ("GAME_SCORE_INVALID", []),
    ] == [
        (one["errors"][0]["code"], one["errors"][0]["path"])
        for one in (too_much, foreign, too_soon)
    ]
