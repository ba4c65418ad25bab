"""A merchant's server: it proves itself in the one way it was registered with, and is itself."""

import dataclasses
import urllib.parse
import uuid
from collections.abc import AsyncIterator

import httpx2
import pytest

from api.identity import bearer, clients, rotation
from api.oauth import endpoints, proofs
from tests import serving
from tests.identity import relying
from tests.wallet import factories
from wallet import audit, database, ids

SCOPES = ["purchases:read", "purchases:report"]
ASSERTION = {"client_assertion_type": proofs.ASSERTION_TYPE}


@pytest.fixture
async def merchant_id(coalition: factories.Coalition) -> uuid.UUID:
    return await coalition.merchant()


@pytest.fixture
async def shop(
    db: database.Database, house: serving.House, merchant_id: uuid.UUID
) -> AsyncIterator[relying.Party]:
    """A merchant's server with a secret."""
    given = await relying.register(db, "merchant", "Till", scopes=SCOPES, merchant_id=merchant_id)
    async with httpx2.AsyncClient() as http:
        yield relying.Party(http, house, given.client.client_id, secret=given.secret)


async def test_a_merchants_server_gets_a_token_for_its_own_merchant_whatever_it_says(
    db: database.Database,
    shop: relying.Party,
    merchant_id: uuid.UUID,
    coalition: factories.Coalition,
) -> None:
    other = ids.show("mer", await coalition.merchant())
    answer = await shop.ask(
        "token",
        grant_type="client_credentials",
        merchant_id=other,
        sub=other,
        username=other,
        resource=other,
        audience=other,
    )
    tokens = answer.json()
    found = await bearer.find(db, tokens["access_token"])

    assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"])
    assert {"token_type", "access_token", "expires_in", "scope"} == set(tokens)
    assert tokens["expires_in"] <= 600
    assert found is not None
    assert ("merchant", merchant_id, shop.client_id) == (
        found.kind,
        found.principal_id,
        found.client_id,
    )
    assert frozenset(SCOPES) == found.scopes
    assert found.expires_at is not None


async def test_a_token_may_do_less_than_the_client_and_never_more(shop: relying.Party) -> None:
    less = await shop.ask("token", grant_type="client_credentials", scope="purchases:read")
    more = await shop.ask("token", grant_type="client_credentials", scope="redemptions:write")
    mixed = await shop.ask("token", grant_type="client_credentials", scope="purchases:read member")

    assert "purchases:read" == less.json()["scope"]
    assert ["invalid_scope"] * 2 == [more.json()["error"], mixed.json()["error"]]


async def test_a_merchants_server_has_no_other_grant(
    shop: relying.Party, phone: relying.Browser, app_client: relying.Party
) -> None:
    code = await app_client.code(phone)
    tokens = await app_client.sign_in(phone)

    stolen = await shop.redeem(code, code_verifier=app_client.verifier)
    refreshed = await shop.refresh(tokens)
    asked = await phone.get(shop.address(scope="purchases:read"))

    assert ["unauthorized_client"] * 2 == [stolen.json()["error"], refreshed.json()["error"]]
    assert 400 == asked.status_code
    assert await app_client.opens(tokens)


async def test_all_tokens_of_a_client_end_with_its_suspension(
    db: database.Database, shop: relying.Party
) -> None:
    tokens = (await shop.ask("token", grant_type="client_credentials")).json()
    await clients.suspend(db, shop.client_id, actor=audit.SYSTEM, reason="a test")

    again = await shop.ask("token", grant_type="client_credentials")

    assert (401, "invalid_client") == (again.status_code, again.json()["error"])
    assert await bearer.find(db, tokens["access_token"]) is None
    await clients.reinstate(db, shop.client_id, actor=audit.SYSTEM, reason="a test")
    assert await bearer.find(db, tokens["access_token"]) is not None


async def test_whoever_does_not_prove_it_is_told_one_sentence_and_how_to_ask(
    db: database.Database, shop: relying.Party, app_client: relying.Party
) -> None:
    url = f"{shop.house.origin}/oauth/token"
    form = {"grant_type": "client_credentials"}
    secret = str(shop.secret)
    headers = [
        relying.basic(shop.client_id, "cp_cs_" + "A" * 43),
        relying.basic(shop.client_id, secret[:-1]),
        relying.basic(shop.client_id, secret.lower()),
        relying.basic(shop.client_id, ""),
        relying.basic("cli_unknown", secret),
        relying.basic(app_client.client_id, secret),
        relying.basic(shop.client_id + "\x00", secret),
        relying.basic("é", "é"),
        "Basic",
        "Basic !!!!",
        "Basic " + "A" * 5_000,
        "Bearer " + secret,
        "Digest x",
    ]
    bodies = [
        {"client_id": shop.client_id, "client_secret": secret},  # registered for the header only
        {"client_id": shop.client_id},
        {"client_id": "cli_unknown"},
        {},
    ]
    refused = [
        await shop.http.post(url, data=form, headers={"Authorization": one}) for one in headers
    ] + [await shop.http.post(url, data=form | one) for one in bodies]

    assert {401} == {one.status_code for one in refused}
    assert {"invalid_client"} == {one.json()["error"] for one in refused}
    assert 1 == len({one.json()["error_description"] for one in refused})
    assert {'Basic realm="commonpurse"'} == {one.headers["www-authenticate"] for one in refused}
    assert {"no-store"} == {one.headers["cache-control"] for one in refused}
    assert 0 == await db.fetchval("select count(*) from identity.token")


async def test_a_client_proves_itself_in_one_way_only(shop: relying.Party) -> None:
    both: list[dict[str, str]] = [
        {"client_secret": str(shop.secret)},
        {"client_assertion": "x.y.z", **ASSERTION},
        {"client_id": "cli_another"},
    ]

    for more in both:
        answer = await shop.ask("token", grant_type="client_credentials", **more)

        assert (400, "invalid_request") == (answer.status_code, answer.json()["error"]), more
    same = await shop.ask("token", grant_type="client_credentials", client_id=shop.client_id)
    assert 200 == same.status_code


async def test_a_secret_may_come_in_the_body_if_so_registered(
    db: database.Database, shop: relying.Party, merchant_id: uuid.UUID
) -> None:
    given = await relying.register(
        db,
        "merchant",
        "Posting till",
        scopes=SCOPES,
        merchant_id=merchant_id,
        auth_method="client_secret_post",
    )
    body = {"client_id": given.client.client_id, "client_secret": str(given.secret)}
    url = f"{shop.house.origin}/oauth/token"
    form = {"grant_type": "client_credentials"}

    by_body = await shop.http.post(url, data=form | body)
    by_query = await shop.http.post(url, data=form, params=body)
    by_header = await shop.http.post(
        url, data=form, headers={"Authorization": relying.basic(*body.values())}
    )

    assert [200, 401, 401] == [one.status_code for one in (by_body, by_query, by_header)]


async def test_the_header_is_read_as_it_is_encoded(shop: relying.Party) -> None:
    encoded = relying.basic(
        urllib.parse.quote(shop.client_id, safe=""), urllib.parse.quote(str(shop.secret), safe="")
    )
    everything = relying.basic(
        "".join(f"%{ord(letter):02X}" for letter in shop.client_id), str(shop.secret)
    )

    for header in (encoded, everything, encoded.replace("Basic", "bAsIc")):
        answer = await shop.http.post(
            f"{shop.house.origin}/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": header},
        )

        assert 200 == answer.status_code


async def test_too_many_wrong_proofs_are_slowed_and_the_right_one_still_opens(
    db: database.Database, shop: relying.Party
) -> None:
    wrong = dataclasses.replace(shop, secret="cp_cs_" + "A" * 43)
    answers = [
        await wrong.ask("token", grant_type="client_credentials")
        for _ in range(endpoints.FAILURES.attempts + 1)
    ]
    right = await shop.ask("token", grant_type="client_credentials")

    assert {401} == {one.status_code for one in answers[:-1]}
    assert (429, "invalid_client") == (answers[-1].status_code, answers[-1].json()["error"])
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert 200 == right.status_code


async def test_strangers_share_one_count(db: database.Database, app_client: relying.Party) -> None:
    for number in range(5):
        stranger = dataclasses.replace(app_client, client_id=f"cli_{number}")
        await stranger.ask("token", grant_type="client_credentials")

    assert 1 == await db.fetchval("select count(*) from identity.throttle")


async def test_a_client_that_was_here_is_noted(db: database.Database, shop: relying.Party) -> None:
    await shop.ask("token", grant_type="client_credentials")

    client = await clients.find(db, shop.client_id)
    (secret,) = (await rotation.secrets_of(db, [shop.client_id]))[shop.client_id]

    assert client is not None and client.last_used_at is not None
    assert secret.last_used_at is not None
