"""Boards through the door: everybody reads them, and nobody is named who did not want it."""

import enum
import typing
from typing import Any

import pytest

from api.graphql import boards as shown
from tests.api import client
from tests.api.test_schemes import publish
from tests.wallet import factories, test_boards
from wallet import ids, members
from wallet.progress import advance, boards, schemes
from wallet.rules.ranking import windows
from wallet.rules.schemes.boards import Ranked

BOARD = """query B($id: ID!, $period: String) { leaderboard(id: $id, period: $period) {
  schemeId name metric period finalAt
  rows(first: 10) { place name score you } around { place you } } }"""
NAME = """mutation N($input: BoardNameSetInput!) { boardNameSet(input: $input) {
  boards { name present } errors { ... on UserError { code path } } } }"""
PRESENCE = """mutation P($input: BoardPresenceSetInput!) { boardPresenceSet(input: $input) {
  boards { name present ranks { schemeId name period place score } }
  errors { ... on UserError { code } } } }"""
MINE = "{ viewer { id boards { name present ranks { schemeId place score } } } }"


async def bought(coalition: factories.Coalition, rosa: client.Client, who: client.Client) -> None:
    """Buy for 5.00 today, and let the worker look."""
    now = await coalition.db.fetchval("select clock_timestamp()")
    member = await members.find(coalition.db, who.principal_id)
    purchase = factories.purchase(500, purchased_at=now)
    await coalition.report(rosa.principal_id, member, purchase, now=now)
    await advance.settle(coalition.db, [member.wallet_id], stories=[boards])


@pytest.fixture
async def board(
    operator: client.Client,
    coalition: factories.Coalition,
    rosa: client.Client,
    ana: client.Client,
    ben: client.Client,
) -> str:
    """A board on which Ana stands before Ben."""
    made = await publish(operator, definition={**test_boards.SPEND, "window": "year"})
    for who in (ana, ben):
        await bought(coalition, rosa, who)
    return str(made["scheme"]["id"])


async def ask(caller: client.Client, board: str, **told: Any) -> Any:
    return (await caller.ask(BOARD, {"id": board, **told})).data["leaderboard"]


async def test_everybody_reads_a_board_and_members_find_themselves(
    board: str, ana: client.Client, ben: client.Client, rosa: client.Client
) -> None:
    found = [await ask(one, board) for one in (ana, ben, rosa)]

    first, second = (
        {"place": place, "name": None, "score": score, "you": False}
        for place, score in ((1, "2500"), (2, "500"))
    )
    assert [
        [{**first, "you": True}, second],
        [first, {**second, "you": True}],
        [first, second],
    ] == [one["rows"] for one in found]
    assert [[1, 2], [1, 2], []] == [[row["place"] for row in one["around"]] for one in found]
    assert {(board, "Spring", "AMOUNT")} == {
        (one["schemeId"], one["name"], one["metric"]) for one in found
    }


async def test_a_member_is_shown_by_the_chosen_name_until_they_leave(
    board: str, ana: client.Client, ben: client.Client
) -> None:
    named = (await ana.ask(NAME, {"input": {"name": "Ana da Praia"}})).data["boardNameSet"]
    seen = await ask(ben, board)
    left = (await ana.ask(PRESENCE, {"input": {"present": False}})).data["boardPresenceSet"]
    after = await ask(ben, board)
    back = (await ana.ask(PRESENCE, {"input": {"present": True}})).data["boardPresenceSet"]
    unnamed = (await ana.ask(NAME, {"input": {"name": None}})).data["boardNameSet"]

    assert {"name": "Ana da Praia", "present": True} == named["boards"]
    assert ["Ana da Praia", None] == [row["name"] for row in seen["rows"]]
    assert ("Ana da Praia", False, []) == tuple(left["boards"].values())
    assert [(1, True)] == [(row["place"], row["you"]) for row in after["rows"]]
    assert [board] == [one["schemeId"] for one in back["boards"]["ranks"]]
    assert {"name": None, "present": True} == unnamed["boards"]


async def test_a_name_that_cannot_be_shown_is_refused_at_its_field(ana: client.Client) -> None:
    answer = (await ana.ask(NAME, {"input": {"name": "Support"}})).data["boardNameSet"]

    assert (None, [{"code": "TEXT_INVALID", "path": ["name"]}]) == (
        answer["boards"],
        answer["errors"],
    )


async def test_a_member_reads_all_their_places_at_once_and_so_does_support(
    board: str, ben: client.Client, support: client.Client
) -> None:
    mine = (await ben.ask(MINE)).data["viewer"]
    query = "query M($id: ID!) { member(id: $id) { boards { ranks { place } } } }"
    looked = (await support.ask(query, {"id": mine["id"]})).data["member"]

    expected = {"schemeId": board, "place": 2, "score": "500"}
    assert {"name": None, "present": True, "ranks": [expected]} == mine["boards"]
    assert {"boards": {"ranks": [{"place": 2}]}} == looked


async def test_what_is_no_board_or_no_window_is_null(
    board: str, ana: client.Client, operator: client.Client
) -> None:
    milestone = (await publish(operator))["scheme"]["id"]

    assert await ask(ana, milestone) is None
    assert await ask(ana, ids.show("sch", ids.new())) is None
    assert await ask(ana, "x") is None
    assert await ask(ana, board, period="2026-W99") is None
    assert await ask(ana, board, period="2019") is None


async def test_a_window_says_when_it_is_final(
    board: str, ana: client.Client, coalition: factories.Coalition
) -> None:
    moment = await schemes.moment(coalition.db)
    definition = moment.book.entries[ids.parse("sch", board)].newest
    assert isinstance(definition, Ranked)
    window = windows.at(definition, moment.at, "Europe/Lisbon")
    found = await ask(ana, board)

    assert window is not None
    assert window.key == found["period"]
    assert (window.ends_at + 14 * factories.DAY).isoformat() == found["finalAt"].replace(
        "Z", "+00:00"
    )


def test_the_metrics_are_those_of_the_wallet() -> None:
    words = {one.value for one in typing.cast("type[enum.Enum]", shown.BoardMetric)}

    assert words == set(typing.get_args(Ranked.__annotations__["metric"]))
