"""Endpoints of merchants: what may be one, how many, whose, and a secret that is shown once."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from partners import vault
from partners.webhooks import deliveries, endpoints
from tests.partners import peers, telling
from tests.wallet import factories
from wallet import database, errors, ids

URL = "https://shop.example/hooks/purse"


async def create(
    db: database.Database, ring: vault.Vault, merchant_id: UUID, **changes: Any
) -> endpoints.Given:
    facts: dict[str, Any] = {"request_id": ids.new(), "url": URL, "topics": ["purchase.*"]}
    return await endpoints.create(db, ring, merchant_id=merchant_id, **(facts | changes))


HOSTILE = (
    *("http://shop.example/", "ftp://shop.example/", "https://", "shop.example", "https://["),
    *("https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data"),
    *("https://[::ffff:10.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://10.0.0.1:8443/"),
    *("https://shop.example:25/", "https://shop.example:5432/", "https://me@shop.example/"),
    *("https://shop.example/#a", f"https://shop.example/{'x' * 2000}", "file:///etc/passwd"),
    *("https://shop.example\x00/", "https://%31%32%37.0.0.1/", ""),
)


async def test_an_address_that_could_be_ours_is_refused_when_it_is_given(
    db: database.Database, ring: vault.Vault
) -> None:
    for url in HOSTILE:
        with pytest.raises(errors.EndpointInvalid) as refused:
            await create(db, ring, ids.new(), url=url)

        assert (url, ("url",)) == (url, refused.value.path)
    assert 0 == await db.fetchval("select count(*) from partner.endpoint")


async def test_a_merchant_may_hear_of_its_own_and_of_nothing_else(
    db: database.Database, ring: vault.Vault
) -> None:
    for topics in ([], ["lot.matured"], ["*"], ["purchase.*", "member.joined"]):
        with pytest.raises(errors.EndpointInvalid) as refused:
            await create(db, ring, ids.new(), topics=topics)

        assert ("topics",) == refused.value.path


async def test_a_repeated_request_makes_no_second_endpoint_and_shows_no_secret(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa, key = await coalition.merchant(), ids.new()

    raced = await asyncio.gather(*(create(db, ring, rosa, request_id=key) for _ in range(8)))
    again = await create(db, ring, rosa, request_id=key)

    assert 1 == len(await endpoints.of(db, rosa))
    assert 1 == sum(one.secret is not None for one in raced)
    assert (None, True) == (again.secret, again.replayed)
    with pytest.raises(errors.IdempotencyKeyReused):
        await create(db, ring, rosa, request_id=key, url=f"{URL}/other")


async def test_a_merchant_has_ten_at_most_also_when_it_asks_for_twelve_at_once(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa, bakery = await coalition.merchant(), await coalition.merchant()

    asked = await asyncio.gather(
        *(create(db, ring, rosa) for _ in range(12)), return_exceptions=True
    )
    await create(db, ring, bakery)
    made = [one for one in asked if isinstance(one, endpoints.Given)]
    await endpoints.delete(db, merchant_id=rosa, endpoint_id=made[3].endpoint.endpoint_id)
    await create(db, ring, rosa)

    assert (10, 2) == (len(made), sum(isinstance(one, errors.EndpointLimit) for one in asked))
    assert 10 == len(await endpoints.of(db, rosa))


async def test_what_is_anothers_is_not_there(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa, bakery = await coalition.merchant(), await coalition.merchant()
    async with peers.serve() as peer:
        given = await telling.endpoint(db, ring, peer, rosa)
    theirs: dict[str, Any] = {"merchant_id": bakery, "endpoint_id": given.endpoint.endpoint_id}
    now = datetime.now(UTC)

    with pytest.raises(errors.NotFound):
        await endpoints.rotate(db, ring, request_id=ids.new(), **theirs)
    with pytest.raises(errors.NotFound):
        await deliveries.ping(db, request_id=ids.new(), now=now, **theirs)
    with pytest.raises(errors.NotFound):
        await endpoints.delete(db, **theirs)
    ping, _ = await deliveries.ping(
        db, request_id=ids.new(), now=now, **(theirs | {"merchant_id": rosa})
    )
    with pytest.raises(errors.NotFound):
        await deliveries.replay(db, merchant_id=bakery, delivery_id=ping.delivery_id, now=now)
    assert [given.endpoint] == await endpoints.of(db, rosa)


async def test_what_the_operator_has_disabled_the_merchant_cannot_enable(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    given = await create(db, ring, await coalition.merchant())
    endpoint_id = given.endpoint.endpoint_id
    await endpoints.disable(db, endpoint_id=endpoint_id, by="operator")
    await endpoints.disable(db, endpoint_id=endpoint_id, by="merchant")

    with pytest.raises(errors.EndpointClosed, match="operator"):
        await endpoints.enable(db, endpoint_id=endpoint_id, by="merchant")
    enabled = await endpoints.enable(db, endpoint_id=endpoint_id, by="operator")

    assert ("active", None) == (enabled.status, enabled.ended)


async def test_pings_are_sent_one_in_ten_seconds(
    db: database.Database, ring: vault.Vault, coalition: factories.Coalition
) -> None:
    rosa = await coalition.merchant()
    given = await create(db, ring, rosa)
    to: dict[str, Any] = {"merchant_id": rosa, "endpoint_id": given.endpoint.endpoint_id}
    now, key = datetime.now(UTC), ids.new()

    first, made_before = await deliveries.ping(db, request_id=key, now=now, **to)
    again, replayed = await deliveries.ping(db, request_id=key, now=now, **to)
    with pytest.raises(errors.EndpointClosed, match="a moment ago"):
        await deliveries.ping(db, request_id=ids.new(), now=now, **to)
    later = now + 11 * endpoints.PING_EVERY
    await deliveries.ping(db, request_id=ids.new(), now=later, **to)

    assert (key, False, True) == (first.delivery_id, made_before, replayed)
    assert first == again
    assert 2 == len(await deliveries.page(db, given.endpoint.endpoint_id, first=10))
