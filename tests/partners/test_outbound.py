"""Webhooks out: told once, signed, tried by the schedule, and never to anybody else."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from partners import vault
from partners.webhooks import deliveries, endpoints, outbound
from tests.partners import peers, telling
from tests.wallet import factories
from wallet import database, ids

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


async def reported(coalition: factories.Coalition, merchant_id: UUID) -> UUID:
    """Something happens that the merchant is told of."""
    member = await coalition.member()
    return (await coalition.report(merchant_id, member, factories.purchase(10_000))).purchase_id


async def state(db: database.Database, given: endpoints.Given) -> tuple[Any, ...]:
    found = await endpoints.find(db, given.endpoint.endpoint_id)
    return found.status, found.ended


async def log_of(db: database.Database, given: endpoints.Given) -> list[deliveries.Delivery]:
    return await deliveries.page(db, given.endpoint.endpoint_id, first=100)


async def test_what_happens_to_a_merchants_own_is_told_thin_and_signed(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa = await coalition.merchant()
    async with peers.serve() as peer:
        given = await telling.endpoint(db, ring, peer, rosa)
        purchase_id = await reported(coalition, rosa)
        await telling.drain(db)
        sent = [await telling.send(db, ring, peer) for _ in range(2)]

    assert [1, 0] == sent
    assert given.secret is not None
    message = telling.verified(peer, 0, given.secret)
    assert {"type", "timestamp", "data"} == set(message)
    assert ("purchase.posted", {"id": ids.show("pur", purchase_id)}) == (
        *(message["type"], message["data"]),
    )
    (told,) = await log_of(db, given)
    assert ("delivered", 1, 200) == (told.status, told.attempts, told.last_status)
    assert ids.show("dlv", told.delivery_id) == peer.headers(0)["webhook-id"]


async def test_a_redemption_is_told_step_by_step_and_only_to_the_merchant_of_it(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa, bakery = await coalition.merchant(), await coalition.merchant()
    ana = await coalition.member()
    await coalition.fill(ana, 2_000)
    async with peers.serve() as peer, peers.serve() as other:
        mine = await telling.endpoint(db, ring, peer, rosa, ("redemption.*",))
        await telling.endpoint(db, ring, peer, rosa, ("redemption.released",))
        await telling.endpoint(db, ring, other, bakery)
        spent = await coalition.spend(ana, rosa, 300)
        await coalition.refund(spent, 100)
        await reported(coalition, rosa)
        await telling.drain(db)
        while await telling.send(db, ring, peer):
            pass

    topics = sorted(orjson.loads(body)["type"] for body in peer.bodies)
    assert ["redemption.captured", "redemption.held", "redemption.refunded"] == topics
    assert {ids.show("red", spent.redemption_id)} == {one.subject for one in await log_of(db, mine)}
    assert 0 == other.connections


async def test_an_event_is_told_once_however_many_drain_the_outbox(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa = await coalition.merchant()
    async with peers.serve() as peer:
        given = await telling.endpoint(db, ring, peer, rosa)
        for _ in range(5):
            await reported(coalition, rosa)

        await asyncio.gather(*(telling.drain(db) for _ in range(8)))

    assert 5 == len(await log_of(db, given))


async def test_eight_workers_try_each_delivery_once_and_never_two_at_a_time(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa = await coalition.merchant()
    under_way = asyncio.Event()

    async def slowly(writer: asyncio.StreamWriter) -> None:
        under_way.set()
        await asyncio.sleep(0.05)
        await peers.saying(peers.OK)(writer)

    async with peers.serve(slowly) as peer:
        given = [await telling.endpoint(db, ring, peer, rosa) for _ in range(3)]
        due = [key for one in given for key in await telling.pings(db, one, 10)]

        async def work() -> None:
            while await telling.send(db, ring, peer):
                pass

        await asyncio.gather(*(work() for _ in range(8)))

    arrived = [peer.headers(number)["webhook-id"] for number in range(len(peer.heads))]
    assert sorted(ids.show("dlv", key) for key in due) == sorted(arrived)


async def test_a_worker_that_died_within_a_try_is_relieved_after_its_lease(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa = await coalition.merchant()

    async def never(_writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with peers.serve(never) as silent, peers.serve() as peer:
        given = await telling.endpoint(db, ring, silent, rosa)
        await telling.pings(db, given, 1)
        dying = asyncio.create_task(telling.send(db, ring, silent))
        while not silent.heads:  # noqa: ASYNC110 - the peer tells by its list
            await asyncio.sleep(0.01)
        dying.cancel()
        await db.execute("update partner.endpoint set url = $1", peer.url())
        now = datetime.now(UTC)

        within = await telling.send(db, ring, peer, now + 50 * SECOND)
        after = await telling.send(db, ring, peer, now + 61 * SECOND)

    assert (0, 1) == (within, after)
    (told,) = await log_of(db, given)
    assert ("delivered", 2) == (told.status, told.attempts)


async def test_only_2xx_is_a_yes_and_410_the_end(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    found = {}
    rosa = await coalition.merchant()
    for status in (200, 204, 301, 304, 404, 410, 500):
        answer = peers.status(status, "Location: http://169.254.169.254/")
        async with peers.serve(answer) as peer:
            given = await telling.endpoint(db, ring, peer, rosa)
            await telling.pings(db, given, 1)
            await telling.send(db, ring, peer)
        (told,) = await log_of(db, given)
        assert (status, 1) == (told.last_status, len(peer.heads))
        found[status] = (told.status, *await state(db, given))

    yes, no = ("delivered", "active", None), ("pending", "active", None)
    gone = ("failed", "disabled", "gone")
    assert {200: yes, 204: yes, 301: no, 304: no, 404: no, 410: gone, 500: no} == found


async def test_a_delivery_is_tried_for_three_days_and_then_its_endpoint_is_disabled(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    waits = []
    async with peers.serve(peers.status(500)) as peer:
        given = await telling.endpoint(db, ring, peer, await coalition.merchant())
        await telling.pings(db, given, 1)
        now = datetime.now(UTC) + SECOND
        told = (await log_of(db, given))[0]
        for _ in outbound.SCHEDULE:
            assert 1 == await telling.send(db, ring, peer, now)
            (told,) = await log_of(db, given)
            waits.append(told.next_at - now)
            early = await telling.send(db, ring, peer, told.next_at - SECOND)
            assert 0 == early
            now = told.next_at + outbound.REST_MAX
        assert 0 == await telling.send(db, ring, peer, now + 100 * HOUR)

    assert ("failed", 10) == (told.status, told.attempts)
    assert ("disabled", "failing") == await state(db, given)
    for wait, planned in zip(waits, outbound.SCHEDULE[1:], strict=False):
        assert planned * 0.89 <= wait <= planned * 1.11 + SECOND


async def test_what_failed_for_good_disables_no_endpoint_that_hears_the_rest(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    async with peers.serve(peers.status(500)) as deaf, peers.serve() as peer:
        given = await telling.endpoint(db, ring, deaf, await coalition.merchant())
        await telling.pings(db, given, 1)
        last = len(outbound.SCHEDULE) - 1
        await db.execute("update partner.delivery set attempts = $1", last)
        await db.execute("update partner.endpoint set delivered_at = clock_timestamp()")
        await telling.send(db, ring, deaf)

    (told,) = await log_of(db, given)
    assert ("failed", ("active", None)) == (told.status, await state(db, given))
    assert 0 == peer.connections


async def test_a_receiver_may_ask_for_a_pause_of_a_day_at_most(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    waits = {}
    rosa = await coalition.merchant()
    past, future = "Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 2199 23:59:59 GMT"
    for said in ("120", "999999999", "soon", "-5", past, future):
        async with peers.serve(peers.status(503, f"Retry-After: {said}")) as peer:
            given = await telling.endpoint(db, ring, peer, rosa)
            await telling.pings(db, given, 1)
            now = datetime.now(UTC) + SECOND
            await telling.send(db, ring, peer, now)
        (told,) = await log_of(db, given)
        waits[said] = told.next_at - now
        await endpoints.delete(db, merchant_id=rosa, endpoint_id=given.endpoint.endpoint_id)

    assert 120 * SECOND <= waits["120"] <= 121 * SECOND
    for said in ("999999999", future):
        assert 24 * HOUR <= waits[said] <= 24 * HOUR + SECOND
    for said in ("soon", "-5", past):
        assert 4 * SECOND <= waits[said] <= 6 * SECOND


async def test_an_endpoint_that_fails_rests_with_all_that_waits_for_it(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    async with peers.serve(peers.status(500)) as peer:
        given = await telling.endpoint(db, ring, peer, await coalition.merchant())
        await telling.pings(db, given, 20)
        now = datetime.now(UTC) + SECOND
        turns = [
            await telling.send(db, ring, peer, now + seconds * SECOND) for seconds in (0, 2, 7, 12)
        ]

    # Five at once, which rest as one failure; then five more, and twice as long.
    assert [5, 0, 5, 0] == turns
    assert 2 == (await endpoints.find(db, given.endpoint.endpoint_id)).failures


async def test_a_replayed_message_keeps_its_id_so_that_its_receiver_knows_it(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa = await coalition.merchant()
    async with peers.serve() as peer:
        given = await telling.endpoint(db, ring, peer, rosa)
        (key,) = await telling.pings(db, given, 1)
        await telling.send(db, ring, peer)
        again, _ = [
            await deliveries.replay(db, merchant_id=rosa, delivery_id=key, now=datetime.now(UTC))
            for _ in range(2)
        ]
        sent = [await telling.send(db, ring, peer) for _ in range(2)]

    assert ("pending", [1, 0]) == (again.status, sent)
    assert peer.headers(0)["webhook-id"] == peer.headers(1)["webhook-id"]
    assert peer.bodies[0] == peer.bodies[1]


async def test_a_disabled_endpoint_is_told_nothing_new_and_later_what_waited(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa = await coalition.merchant()
    async with peers.serve() as peer:
        given = await telling.endpoint(db, ring, peer, rosa)
        await telling.pings(db, given, 1)
        endpoint_id = given.endpoint.endpoint_id
        await endpoints.disable(db, endpoint_id=endpoint_id, by="merchant")
        await reported(coalition, rosa)
        await telling.drain(db)
        while_off = await telling.send(db, ring, peer)
        await endpoints.enable(db, endpoint_id=endpoint_id, by="merchant")
        after = await telling.send(db, ring, peer)

    assert (0, 1, 1) == (while_off, after, len(peer.heads))


async def test_a_deleted_endpoint_hears_nothing_and_its_secrets_are_gone(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa = await coalition.merchant()
    async with peers.serve() as peer:
        given = await telling.endpoint(db, ring, peer, rosa)
        await telling.pings(db, given, 3)
        for _ in range(2):
            await endpoints.delete(db, merchant_id=rosa, endpoint_id=given.endpoint.endpoint_id)
        sent = await telling.send(db, ring, peer)

    assert (0, []) == (sent, await endpoints.of(db, rosa))
    assert 0 == await db.fetchval("select count(*) from partner.endpoint_secret")
    assert 3 == await db.fetchval(
        "select count(*) from partner.delivery where status = 'cancelled'"
    )


async def test_the_log_is_forgotten_after_thirty_days_but_not_what_still_waits(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    async with peers.serve() as peer:
        given = await telling.endpoint(db, ring, peer, await coalition.merchant())
        await telling.pings(db, given, 3)
        await telling.send(db, ring, peer)
        waiting = await telling.pings(db, given, 1)
    now = datetime.now(UTC)

    swept = [
        await deliveries.sweep(db, now=now + timedelta(days=days), limit=2)
        for days in (29, 31, 31, 31)
    ]

    assert [0, 2, 1, 0] == swept
    assert waiting == [one.delivery_id for one in await log_of(db, given)]
    assert 0 == await db.fetchval("select count(*) from partner.attempt")


async def test_an_address_that_has_become_private_is_a_failure_like_others(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    async with peers.serve() as peer:
        given = await telling.endpoint(db, ring, peer, await coalition.merchant())
        await telling.pings(db, given, 1)
        await outbound.send(db, ring)

    (told,) = await log_of(db, given)
    assert ("pending", None, "refused: an address without https") == (
        *(told.status, told.last_status, told.last_failure),
    )
    assert 0 == peer.connections


async def test_a_long_answer_is_not_read_and_is_a_yes_all_the_same(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5000000\r\n\r\n"
    page = head + b"x" * 5_000_000
    async with peers.serve(peers.saying(page)) as peer:
        given = await telling.endpoint(db, ring, peer, await coalition.merchant())
        await telling.pings(db, given, 1)
        await telling.send(db, ring, peer)

    (told,) = await log_of(db, given)
    assert "delivered" == told.status
