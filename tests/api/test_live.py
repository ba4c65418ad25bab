"""Following a wallet: every change once and in order, whatever is lost on the way."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import websockets

from api import postgres
from api.graphql import patience, scalars
from api.identity import bearer
from tests import serving
from tests.api import client, following
from tests.conftest import Connection
from tests.wallet import factories
from wallet import database, earn, ids, members


@pytest.fixture
async def house(db: database.Database) -> AsyncIterator[serving.House]:
    """A served installation where any document may be sent."""
    async with serving.serve(db, documents="open") as served:
        yield served


async def standing(caller: client.Client) -> dict[str, Any]:
    """The caller's wallet as it stands."""
    answer = await caller.ask(following.STANDING)
    wallet: dict[str, Any] = answer.data["viewer"]["wallet"]
    return wallet


async def test_a_change_brings_its_movement_and_the_wallet_after_it(
    house: serving.House, coalition: factories.Coalition, ben: client.Client
) -> None:
    member = await members.find(coalition.db, ben.principal_id)
    async with following.follow(house, ben.token, after=(await standing(ben))["cursor"]) as events:
        await coalition.fill(member, 1_234)
        earned, matured = await events.change(), await events.change()

    assert earned["wallet"]["available"] == {"amount": "0.00"}
    assert earned["wallet"]["pending"] == {"amount": "12.34"}
    assert earned["movement"]["kind"] == "EARN"
    assert matured["wallet"]["available"] == {"amount": "12.34"}
    assert matured["wallet"]["version"] == 2
    assert matured["movement"] == {
        "kind": "MATURE",
        "amount": {"amount": "12.34"},
        "balanceAfter": {"amount": "12.34"},
    }
    assert matured["cursor"] == matured["wallet"]["cursor"] == (await standing(ben))["cursor"]


async def test_what_happened_while_away_is_replayed_from_the_last_cursor(
    house: serving.House, coalition: factories.Coalition, ben: client.Client
) -> None:
    member = await members.find(coalition.db, ben.principal_id)
    start = (await standing(ben))["cursor"]
    for _ in range(60):  # 120 movements: more than a page
        await coalition.fill(member, 100)

    async with following.follow(house, ben.token, after=start) as events:
        first = [await events.change() for _ in range(50)]
    async with following.follow(house, ben.token, after=first[-1]["cursor"]) as events:
        rest = [await events.version() for _ in range(70)]

    assert list(range(1, 51)) == [one["wallet"]["version"] for one in first]
    assert list(range(51, 121)) == rest


async def test_without_a_cursor_a_stream_begins_now(
    house: serving.House, coalition: factories.Coalition, ana: client.Client
) -> None:
    member = await members.find(coalition.db, ana.principal_id)
    before = (await standing(ana))["version"]
    async with following.follow(house, ana.token) as events:
        await coalition.fill(member, 100)

        assert before + 1 == await events.version()


async def test_a_follower_that_drops_and_returns_while_many_post_sees_each_version_once(
    house: serving.House, coalition: factories.Coalition, ben: client.Client
) -> None:
    member = await members.find(coalition.db, ben.principal_id)
    cursor, known = (await standing(ben))["cursor"], 0
    seen: list[int] = []
    chance = random.Random(7)

    async def post() -> None:
        for _ in range(15):
            await coalition.fill(member, 100)
            await asyncio.sleep(chance.random() / 20)

    posting = asyncio.gather(*(post() for _ in range(4)))
    while len(seen) < 120:
        async with following.follow(house, ben.token, after=cursor) as events:
            for _ in range(chance.randint(1, 25)):
                change = await events.change()
                cursor, version = change["cursor"], change["wallet"]["version"]
                if version > known:
                    seen.append(version)
                    known = version
                if known == 120:
                    break
    await posting

    assert list(range(1, 121)) == seen


async def test_two_members_never_see_each_others_changes(
    house: serving.House, coalition: factories.Coalition, ana: client.Client, ben: client.Client
) -> None:
    hers, his = [await members.find(coalition.db, one.principal_id) for one in (ana, ben)]
    async with (
        following.follow(house, ana.token) as anas,
        following.follow(house, ben.token) as bens,
    ):
        await coalition.fill(hers, 111)
        await coalition.fill(his, 222)
        seen = [(await one.change())["movement"]["amount"] for one in (anas, bens)]

    assert [{"amount": "1.11"}, {"amount": "2.22"}] == seen


async def test_a_cursor_that_is_not_of_the_own_wallet_is_refused_before_the_stream(
    house: serving.House, coalition: factories.Coalition, ana: client.Client, ben: client.Client
) -> None:
    foreign = (await standing(ana))["cursor"]
    (edge,) = (
        await ana.ask("{ viewer { wallet { movements(first: 1) { edges { cursor } } } } }")
    ).data["viewer"]["wallet"]["movements"]["edges"]
    of_names = (await ana.ask("{ merchants { edges { cursor } } }")).data["merchants"]["edges"][0]
    later = scalars.cursor(1, (await members.find(coalition.db, ben.principal_id)).wallet_id)
    for cursor in (foreign, edge["cursor"], of_names["cursor"], later, "nonsense", ""):
        async with following.follow(house, ben.token, after=cursor) as events:
            await events.response.aread()

        assert events.response.status_code == 422
        (error,) = events.response.json()["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_waiting_followers_hold_no_connection_and_no_transaction(
    house: serving.House, db: database.Database, ana: client.Client, owner: Connection
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(12):  # more than there are connections
            await stack.enter_async_context(following.follow(house, ana.token))
        for _ in range(40):
            long = await owner.fetchval(
                "select count(*) from pg_stat_activity where datname = current_database()"
                " and pid <> pg_backend_pid() and xact_start < clock_timestamp() - interval '0.1 s'"
            )
            busy = db.pool.get_size() - db.pool.get_idle_size()

            assert (0, True) == (long, busy <= 1)  # one look for all of them
            await asyncio.sleep(0.02)


async def test_followers_outlive_connections_that_the_database_drops(
    house: serving.House, coalition: factories.Coalition, ana: client.Client, owner: Connection
) -> None:
    member = await members.find(coalition.db, ana.principal_id)
    async with following.follow(house, ana.token) as events:
        for round_ in range(3):
            await asyncio.sleep(0.3)
            await owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            await coalition.fill(member, 100)

            assert [3 + 2 * round_, 4 + 2 * round_] == [await events.version() for _ in range(2)]


@pytest.mark.slow
async def test_followers_outlive_an_outage_of_the_database(durable: postgres.Embedded) -> None:
    db = await database.Database.connect(durable.dsn)
    coalition = await factories.open_coalition(db)
    member = await coalition.member()
    token = await bearer.mint(db, kind="member", principal_id=member.member_id)
    async with (
        serving.serve(db, documents="open") as house,
        following.follow(house, token.text) as events,
    ):
        await asyncio.to_thread(durable.stop)
        await asyncio.sleep(1)
        await asyncio.to_thread(durable.start)
        await coalition.fill(member, 100)

        assert [1, 2] == [await events.version() for _ in range(2)]
    await db.close()


async def test_a_follower_who_may_not_is_refused_before_the_stream(
    house: serving.House, rosa: client.Client, support: client.Client
) -> None:
    for caller in (rosa, support):
        async with following.follow(house, caller.token) as events:
            await events.response.aread()

        assert (403, "FORBIDDEN") == (
            events.response.status_code,
            events.response.json()["errors"][0]["extensions"]["code"],
        )


async def test_a_token_of_nobody_with_a_wallet_follows_nothing(
    house: serving.House, db: database.Database, coalition: factories.Coalition
) -> None:
    token = await bearer.mint(db, kind="member", principal_id=ids.new())
    async with following.follow(house, token.text) as events:
        await events.response.aread()

    assert 403 == events.response.status_code


async def test_a_replay_that_is_dearer_than_the_points_left_goes_on_as_they_come_back(
    db: database.Database, coalition: factories.Coalition, ben: client.Client
) -> None:
    member = await members.find(coalition.db, ben.principal_id)
    start = (await standing(ben))["cursor"]
    for _ in range(20):
        await coalition.fill(member, 100)
    clock = asyncio.get_running_loop().time
    # A change costs 7 points here, so 34 are paid for at once; then 4 points come a second.
    async with (
        serving.serve(db, documents="open", cost_per_minute=240) as house,
        following.follow(house, ben.token, after=start) as events,
    ):
        at_once = [await events.version() for _ in range(33)]
        began = clock()
        rest = [await events.version() for _ in range(4)]

    assert list(range(1, 38)) == at_once + rest
    assert clock() - began > 3


@pytest.mark.slow
async def test_a_follower_that_stops_reading_is_dropped_and_resumes_where_it_was(
    db: database.Database, coalition: factories.Coalition, ben: client.Client
) -> None:
    member = await members.find(db, ben.principal_id)
    start = (await standing(ben))["cursor"]
    total = 2 * await _many(coalition, member, 1_000)
    rich: dict[str, Any] = {"documents": "open", "cost_per_minute": 10**8}
    waits = patience.Patience(send=3.0)
    async with serving.serve(db, buffer=following.BUFFER, waits=waits, **rich) as house:
        async with (
            following.follow(house, ben.token, LONG, after=start) as events,
            following.connect(house, max_queue=1) as opened,
        ):
            await opened.init(ben.token)
            await opened.subscribe("one", LONG, after=start)
            await asyncio.sleep(12)  # and read nothing
            by_events = [one async for one in _rest(events.next)]
            by_socket = [one async for one in _rest(opened.hear)]
        for seen in (by_events, by_socket):
            known = [change["wallet"]["version"] for change in seen]

            assert list(range(1, len(seen) + 1)) == known
            assert 0 < len(seen) < total
            async with following.follow(house, ben.token, after=seen[-1]["cursor"]) as events:
                rest = [await events.version() for _ in range(total - len(seen))]
            assert list(range(len(seen) + 1, total + 1)) == rest


# Long answers fill what the two ends keep for each other sooner.
REASONS = " ".join(f"a{number}: reason" for number in range(14))
LONG = f"""
    subscription Long($after: Cursor) {{
      walletChanged(after: $after) {{ cursor wallet {{ version }} movement {{ {REASONS} }} }}
    }}
"""


async def _many(coalition: factories.Coalition, member: members.Member, count: int) -> int:
    """Report purchases in bulk and let them mature; returns how many."""
    for begin in range(0, count, 500):
        items = [
            earn.Report(ids.new(), member.member_id, factories.purchase(100 + n))
            for n in range(begin, min(begin + 500, count))
        ]
        await earn.report(coalition.db, merchant_id=coalition.mint, items=items, now=factories.NOON)
    while await earn.mature(coalition.db, now=factories.NOON):
        pass
    return count


async def _rest(read: Any) -> AsyncIterator[dict[str, Any]]:
    """The changes that still come, until the other side is gone."""
    with contextlib.suppress(httpx2.TransportError, websockets.ConnectionClosed):
        while isinstance(found := await read(), dict):
            yield following.change(found.get("payload", found))
