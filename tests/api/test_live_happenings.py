"""Following a wallet: milestones come in the same stream, once, and old apps drop them."""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import pytest

from api.graphql import scalars
from tests import serving
from tests.api import client, following
from tests.wallet import factories, reaching
from wallet import database, members

FOLLOW: Final = """subscription Follow($after: Cursor) { walletChanged(after: $after) {
  cursor wallet { version cursor } movement { id kind }
  happening { kind completion { name state } } } }"""


@pytest.fixture
async def house(db: database.Database) -> AsyncIterator[serving.House]:
    """A served installation where any document may be sent."""
    async with serving.serve(db, documents="open") as served:
        yield served


@pytest.fixture
async def member(coalition: factories.Coalition, ben: client.Client) -> members.Member:
    """Ben, as the books know him."""
    return await members.find(coalition.db, ben.principal_id)


async def take(
    house: serving.House, caller: client.Client, count: int, after: str | None
) -> list[dict[str, Any]]:
    """So many changes after a cursor."""
    async with following.follow(house, caller.token, FOLLOW, after=after) as events:
        return [await events.change() for _ in range(count)]


async def cursor(caller: client.Client) -> str:
    answer = await caller.ask(following.STANDING)
    return str(answer.data["viewer"]["wallet"]["cursor"])


def told(change: dict[str, Any]) -> tuple[str, str] | None:
    one = change["happening"]
    return None if one is None else (one["kind"], one["completion"]["state"])


async def reach_and_return(
    coalition: factories.Coalition, merchant_id: UUID, member: members.Member
) -> None:
    bought = await reaching.buy(coalition, merchant_id, member)
    await reaching.look(coalition, member)
    await coalition.give_back(merchant_id, bought)
    await reaching.look(coalition, member)


async def test_a_milestone_is_told_by_repeating_the_last_movement(
    house: serving.House,
    coalition: factories.Coalition,
    rosa: client.Client,
    ben: client.Client,
    member: members.Member,
) -> None:
    await reaching.milestone(coalition, pays=False, target=1)
    async with following.follow(house, ben.token, FOLLOW, after=await cursor(ben)) as events:
        await reaching.buy(coalition, rosa.principal_id, member)
        earned = await events.change()
        await reaching.look(coalition, member)
        reached = await events.change()

    assert (None, ("MILESTONE_COMPLETED", "DONE")) == (told(earned), told(reached))
    assert (earned["movement"], 1) == (reached["movement"], reached["wallet"]["version"])
    assert reached["cursor"] == reached["wallet"]["cursor"] == await cursor(ben)


async def test_what_happened_while_away_is_told_from_any_cursor_and_nothing_twice(
    house: serving.House,
    coalition: factories.Coalition,
    rosa: client.Client,
    ben: client.Client,
    member: members.Member,
) -> None:
    begun = await cursor(ben)
    await reaching.milestone(coalition, pays=False, target=1, on_return="take_back")
    await reach_and_return(coalition, rosa.principal_id, member)

    whole = await take(house, ben, 4, begun)
    expected = [("MILESTONE_COMPLETED", "TAKEN_BACK"), ("MILESTONE_TAKEN_BACK", "TAKEN_BACK")]
    assert [None, None, *expected] == [told(one) for one in whole]
    for place, one in enumerate(whole[:-1]):
        rest = await take(house, ben, 3 - place, one["cursor"])
        assert whole[place + 1 :] == rest


async def test_a_cursor_from_before_there_were_happenings_still_works(
    house: serving.House,
    coalition: factories.Coalition,
    rosa: client.Client,
    ben: client.Client,
    member: members.Member,
) -> None:
    await reaching.milestone(coalition, pays=False, target=1)
    await reaching.buy(coalition, rosa.principal_id, member)
    await reaching.look(coalition, member)

    (only,) = await take(house, ben, 1, scalars.cursor(1, member.wallet_id))
    assert ("MILESTONE_COMPLETED", "DONE") == told(only)


async def test_in_a_wallet_that_never_moved_it_is_told_with_the_first_movement(
    house: serving.House,
    coalition: factories.Coalition,
    ben: client.Client,
    member: members.Member,
) -> None:
    free = await coalition.merchant(rates={"default_bps": 0, "by_category": {}})
    await reaching.milestone(coalition, pays=False, target=1)
    begun = await cursor(ben)
    await reaching.buy(coalition, free, member)
    await reaching.look(coalition, member)
    async with following.follow(house, ben.token, FOLLOW, after=begun) as events:
        await coalition.goodwill(member, 100)
        changes = [await events.change() for _ in range(2)]

    assert [None, ("MILESTONE_COMPLETED", "DONE")] == [told(one) for one in changes]
