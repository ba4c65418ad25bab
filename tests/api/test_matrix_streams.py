"""Who may follow what: by every way through a subscription, and by no cursor of another wallet."""

from typing import Any, Final

import httpx2
import pytest

from api.graphql import scalars
from tests import serving
from tests.api import client, following, ways, world
from tests.api.conftest import RICH
from tests.api.test_matrix import SEES, plain, raw
from tests.wallet import factories
from wallet import changes, ids, members

# A simulation brings merchants, which everybody may see, and follows nobody's wallet.
STREAMS: Final = tuple(way for way in ways.every("subscription") if way.root == "walletChanged")


@pytest.fixture
async def it(coalition: factories.Coalition, unhurried: httpx2.AsyncClient) -> world.World:
    """The world."""
    return await world.build(coalition, unhurried)


async def test_a_stream_brings_what_is_yours_and_nothing_of_others(
    it: world.World, coalition: factories.Coalition
) -> None:
    ben = await members.find(coalition.db, it.caller("other member").principal_id)
    await coalition.fill(ben, 100)
    hidden = {it.ids[kind] for kind, callers in SEES.items() if "other member" not in callers}
    async with serving.serve(coalition.db, documents="open", cost_per_minute=RICH) as house:
        for way in STREAMS:
            mine = await _streamed(house, way, it.caller("owner"), it.member, coalition)
            bens = await _streamed(house, way, it.caller("other member"), ben, coalition)

            assert (way.steps, True) == (way.steps, not it.known(way.kinds[-1]).isdisjoint(mine))
            assert (way.steps, set()) == (way.steps, hidden & set(bens))


async def _streamed(
    house: serving.House,
    way: ways.Way,
    caller: client.Client,
    member: members.Member,
    coalition: factories.Coalition,
) -> list[str]:
    """The ids at the end of a way in all that ever changed in a member's wallet."""
    asked = {"after": scalars.cursor(0, member.wallet_id)}
    known = await changes.known(coalition.db, member.wallet_id, asset=coalition.asset)
    async with following.follow(house, caller.token, way.text(asked), **asked) as events:
        answers: list[Any] = [await events.next() for _ in range(known.mark)]
    return [key for answer in answers for key in way.found(answer["data"])]


async def test_a_stream_after_a_cursor_of_another_wallet_is_refused_like_one_of_none(
    it: world.World,
) -> None:
    (way, *_) = STREAMS
    foreign, nothing = [
        await raw(it.caller("other member"), way.text(asked), asked, accept=following.EVENTS)
        for wallet_id in (it.member.wallet_id, ids.new())
        for asked in [{"after": scalars.cursor(0, wallet_id)}]
    ]

    assert plain(foreign) == plain(nothing)
    assert "BAD_USER_INPUT" in foreign.text
