"""The points of a minute: taken, given back by time, counted for each caller alone."""

import pytest

from api.graphql import failures, rates
from api.identity import clients
from tests.api import client
from wallet import audit, database, ids


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def wait_of(refused: pytest.ExceptionInfo[failures.Failure]) -> tuple[str, str, int]:
    failure = refused.value
    return failure.code, failure.headers["Retry-After"], failure.extensions["retryAfter"]


def test_a_minutes_points_may_be_spent_at_once_and_come_back_evenly() -> None:
    clock = Clock()
    some = rates.Rates(60, now=clock)

    assert some.take("ana", 40) == rates.Receipt(remaining=20, full_in_seconds=40.0)
    assert some.take("ana", 20).remaining == 0
    with pytest.raises(failures.Failure) as refused:
        some.take("ana", 5)
    assert wait_of(refused) == ("RATE_LIMITED", "5", 5)

    clock.now += 5
    assert some.take("ana", 5).remaining == 0
    clock.now += 3_600
    assert some.take("ana", 0).remaining == 60


def test_a_refused_request_takes_nothing_and_waits_at_least_a_second() -> None:
    some = rates.Rates(6_000, now=Clock())
    some.take("ana", 5_999)

    for _ in range(3):
        with pytest.raises(failures.Failure) as refused:
            some.take("ana", 2)
        assert wait_of(refused) == ("RATE_LIMITED", "1", 1)
    assert some.take("ana", 1).remaining == 0


def test_each_caller_has_points_of_their_own_and_may_have_another_number() -> None:
    some = rates.Rates(10, now=Clock())

    assert some.take("ana", 10).remaining == 0
    assert some.take("ben", 10).remaining == 0
    assert some.take("rosa", 10, per_minute=1_000).remaining == 990
    assert some.take("small", 1, per_minute=1).remaining == 0


def test_the_memory_of_callers_is_bounded_and_the_idle_are_forgotten() -> None:
    clock = Clock()
    some = rates.Rates(60, now=clock, buckets_max=100)

    for number in range(1_000):
        some.take(f"caller {number}", 1)
    assert len(some) == 100

    clock.now += rates.WINDOW_SECONDS
    some.take("one more", 1)
    assert len(some) == 1


async def test_a_caller_without_points_gets_429_and_when_to_come_back(
    db: database.Database, ana: client.Client, ben: client.Client
) -> None:
    async with client.door(db, documents="open", cost_per_minute=3) as http:
        answers = [await ana.at(http).ask("{ __typename }") for _ in range(4)]
        other = await ben.at(http).ask("{ __typename }")

    assert [200, 200, 200, 429] == [one.status for one in answers]
    assert answers[3].codes == ["RATE_LIMITED"]
    wait = int(answers[3].headers["retry-after"])
    assert 1 <= wait <= 20
    assert answers[3].body["errors"][0]["extensions"]["retryAfter"] == wait
    assert other.status == 200


async def test_requests_that_are_refused_cost_a_point_too(
    db: database.Database, ana: client.Client
) -> None:
    unknown = {"documentId": "sha256:" + "0" * 64}
    async with client.door(db, documents="open", cost_per_minute=3) as http:
        asking = ana.at(http)
        codes = [(await asking.ask(query)).codes for query in ("{", "{ unknown }")]
        codes.append((await asking.send(json=unknown)).codes)
        codes.append((await asking.send(json=unknown)).codes)

    assert codes == [
        ["GRAPHQL_PARSE_FAILED"],
        ["GRAPHQL_VALIDATION_FAILED"],
        ["PERSISTED_QUERY_NOT_FOUND"],
        ["RATE_LIMITED"],
    ]


async def test_a_client_of_a_merchant_has_the_rate_that_it_was_registered_with(
    db: database.Database, rosa: client.Client
) -> None:
    given = await clients.register(
        db,
        key=ids.new(),
        kind="merchant",
        name="Tills",
        scopes=["purchases:read"],
        merchant_id=rosa.principal_id,
        rate_per_minute=2,
        actor=audit.SYSTEM,
    )
    assert given.secret is not None
    async with client.door(db) as http:
        token = await http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", "scope": "purchases:read"},
            auth=(given.client.client_id, given.secret),
        )
        tills = client.Client(http, token.json()["access_token"], rosa.principal_id)
        answers = [await tills.ask("{ __typename }") for _ in range(3)]
        by_hand = await rosa.at(http).ask("{ __typename }")

    assert [200, 200, 429] == [one.status for one in answers]
    assert answers[0].body["extensions"]["cost"]["limit"] == 2
    assert by_hand.status == 200
