"""Rate limits on attempts: some at once, the rest one by one, shared by every process."""

import asyncio
import datetime

import pytest
from starlette.requests import Request

from api.identity import attempts, throttle
from wallet import database

MINUTE = datetime.timedelta(minutes=1)
FIVE = throttle.Allowance(5, 5 * MINUTE)


async def test_so_many_at_once_and_then_one_by_one(db: database.Database) -> None:
    taken = [await throttle.take(db, FIVE, "a", "key") for _ in range(7)]

    assert [None] * 5 == taken[:5]
    assert all(one is not None and 50 < one.total_seconds() <= 60 for one in taken[5:])


async def test_a_refused_attempt_costs_nothing_more(db: database.Database) -> None:
    for _ in range(20):
        await throttle.take(db, FIVE, "key")

    # As if a minute had passed.
    await db.execute("update identity.throttle set empty_at = empty_at - interval '1 minute'")
    taken = [await throttle.take(db, FIVE, "key") for _ in range(2)]

    assert taken[0] is None
    assert taken[1] is not None


async def test_keys_do_not_touch_each_other(db: database.Database) -> None:
    for _ in range(5):
        await throttle.take(db, FIVE, "a", "b")

    assert await throttle.take(db, FIVE, "a", "c") is None
    assert await throttle.take(db, FIVE, "ab") is None
    assert await throttle.take(db, FIVE, "a", "b") is not None


async def test_many_at_the_same_moment_get_no_more(db: database.Database) -> None:
    taken = await asyncio.gather(*(throttle.take(db, FIVE, "key") for _ in range(20)))

    assert 5 == sum(one is None for one in taken)


async def test_what_is_forgotten_begins_anew(db: database.Database) -> None:
    for _ in range(6):
        await throttle.take(db, FIVE, "key")

    await throttle.forget(db, "key")

    assert await throttle.take(db, FIVE, "key") is None


async def test_a_key_is_stored_as_a_hash(db: database.Database) -> None:
    await throttle.take(db, FIVE, "sign-in", "ana@example.org")

    (row,) = await db.fetch("select key_hash from identity.throttle")

    assert len(row["key_hash"]) == 32


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (("192.0.2.1", 5000), ("192.0.2.1",)),
        (("::ffff:192.0.2.1", 5000), ("192.0.2.1",)),
        (("2001:db8:1:2:3:4:5:6", 5000), ("2001:db8:1:2::/64",)),
        (("testclient", 5000), ()),
        (("", 0), ()),
        (None, ()),
    ],
)
def test_a_network_is_a_household(peer: tuple[str, int] | None, expected: tuple[str, ...]) -> None:
    request = Request({"type": "http", "headers": [], "client": peer})

    assert expected == attempts.network(request)
