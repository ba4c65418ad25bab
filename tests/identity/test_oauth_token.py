"""Redeeming a code: once, by its own client, with the verifier and the address it was made for."""

import asyncio
import dataclasses
import datetime
import hashlib
from typing import Any

import httpx2
from joserfc import jwk, jwt

from api.oauth import codes, families
from tests.conftest import Connection
from tests.identity import relying
from wallet import database, ids, members


async def test_a_code_is_worth_tokens_that_are_short_of_life_and_never_cached(
    phone: relying.Browser, app_client: relying.Party, owner: Connection
) -> None:
    response = await app_client.redeem(await app_client.code(phone))
    tokens = response.json()
    stored = str([dict(row) for row in await owner.fetch("select * from identity.token")])
    stored += str([dict(row) for row in await owner.fetch("select * from identity.refresh_token")])

    assert 200 == response.status_code
    assert ("no-store", "no-cache") == (
        response.headers["cache-control"],
        response.headers["pragma"],
    )
    assert {
        "token_type",
        "access_token",
        "refresh_token",
        "id_token",
        "expires_in",
        "scope",
    } == set(tokens)
    assert ("Bearer", relying.SCOPE) == (tokens["token_type"], tokens["scope"])
    assert 0 < tokens["expires_in"] <= 600
    assert await app_client.opens(tokens)
    for name, prefix in (("access_token", "cp_at_"), ("refresh_token", "cp_rt_")):
        assert tokens[name].startswith(prefix) and len(tokens[name]) == 6 + 43
        assert tokens[name] not in stored
        assert str(hashlib.sha256(tokens[name].encode()).digest()) in stored


async def test_the_id_token_says_who_signed_in_when_and_how(
    db: database.Database,
    phone: relying.Browser,
    app_client: relying.Party,
    member: members.Member,
) -> None:
    signed_in_at = await db.fetchval("select signed_in_at from identity.session")

    tokens = await app_client.sign_in(phone, nonce="n-0S6_WzA2Mj")
    published = (await app_client.http.get(f"{phone.house.origin}/oauth/jwks")).json()
    token = jwt.decode(
        tokens["id_token"], jwk.KeySet.import_key_set(published), algorithms=["ES256"]
    )

    claims = token.claims
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert published["keys"][0]["kid"] == token.header["kid"]
    assert {
        "iss": phone.house.origin,
        "sub": ids.show("mem", member.member_id),
        "aud": [app_client.client_id],
        "azp": app_client.client_id,
        "nonce": "n-0S6_WzA2Mj",
        "amr": ["pwd"],
        "auth_time": int(signed_in_at.timestamp()),
        "iat": claims["iat"],
        "exp": claims["iat"] + 600,
        "at_hash": relying.encoded(digest),
    } == claims


async def test_without_openid_there_is_no_id_token_and_without_offline_access_no_refresh_token(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    tokens = await app_client.sign_in(phone, scope="member", nonce=None)

    assert {"token_type", "access_token", "expires_in", "scope"} == set(tokens)
    assert "member" == tokens["scope"]


async def test_a_code_needs_its_verifier(phone: relying.Browser, app_client: relying.Party) -> None:
    code = await app_client.code(phone)
    errors = [
        (await app_client.redeem(code, code_verifier=verifier)).json()["error"]
        for verifier in (None, "", "short", "x" * 64, relying.challenge(app_client.verifier))
    ]

    assert [
        "invalid_request",
        "invalid_request",
        "invalid_request",
        "invalid_grant",
        "invalid_grant",
    ] == errors
    # A stranger who guessed wrong has not used the code up.
    assert 200 == (await app_client.redeem(code)).status_code


async def test_a_code_needs_the_address_it_was_sent_to(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    code = await app_client.code(phone)
    addresses = (None, relying.REDIRECT + "/", relying.LOOPBACK, "https://evil.example/")
    errors = [
        (await app_client.redeem(code, redirect_uri=uri)).json()["error"] for uri in addresses
    ]

    assert ["invalid_request", "invalid_grant", "invalid_grant", "invalid_grant"] == errors


async def test_on_loopback_the_port_of_both_legs_is_one(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    app = dataclasses.replace(app_client, redirect_uri="http://127.0.0.1:7000/signed-in")
    page = await phone.get(app.address())
    code = relying.returned(await phone.answer(page), app.redirect_uri)["code"]

    moved = await app.redeem(code, redirect_uri="http://127.0.0.1:7001/signed-in")

    assert "invalid_grant" == moved.json()["error"]
    assert 200 == (await app.redeem(code)).status_code


async def test_a_code_that_comes_twice_ends_everything_that_came_of_it(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    code = await app_client.code(phone)
    tokens = (await app_client.redeem(code)).json()
    before = await app_client.opens(tokens)

    replay = await app_client.redeem(code)

    assert before
    assert (400, "invalid_grant") == (replay.status_code, replay.json()["error"])
    assert not await app_client.opens(tokens)
    assert "invalid_grant" == (await app_client.refresh(tokens)).json()["error"]
    why = await db.fetchval("select revoked_why from identity.access_grant")
    assert "a code was presented twice" == why


async def test_a_thief_of_a_used_code_needs_no_verifier_to_be_noticed(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    code = await app_client.code(phone)
    tokens = (await app_client.redeem(code)).json()

    await app_client.redeem(code, code_verifier="x" * 64)

    assert not await app_client.opens(tokens)


async def test_of_eight_who_come_at_once_with_one_code_one_gets_tokens_that_then_are_dead(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    code = await app_client.code(phone)

    answers = await asyncio.gather(*(app_client.redeem(code) for _ in range(8)))

    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert 1 == len(won)
    assert {"invalid_grant"} == {one.json()["error"] for one in answers if one.status_code != 200}
    assert not await app_client.opens(won[0])


async def test_a_code_is_of_no_use_to_another_client_and_stays_good(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    other = await relying.register(db, name="Other app")
    thief = dataclasses.replace(app_client, client_id=other.client.client_id)
    code = await app_client.code(phone)

    stolen = await thief.redeem(code)
    tokens = (await app_client.redeem(code)).json()
    again = await thief.redeem(code)

    assert ["invalid_grant"] * 2 == [stolen.json()["error"], again.json()["error"]]
    assert await app_client.opens(tokens)


async def test_a_code_lives_for_a_minute(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    code = await app_client.code(phone)
    life = await db.fetchval("select expires_at - created_at from identity.authorization_code")
    await db.execute("update identity.authorization_code set expires_at = clock_timestamp()")

    late = await app_client.redeem(code)

    assert codes.LIFE == datetime.timedelta(seconds=60)
    assert life < datetime.timedelta(seconds=61)
    assert "invalid_grant" == late.json()["error"]


async def test_an_access_token_lives_for_ten_minutes(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    tokens = await app_client.sign_in(phone)
    life = await db.fetchval("select expires_at - created_at from identity.token")
    await db.execute("update identity.token set expires_at = clock_timestamp()")

    assert families.ACCESS_LIFE == datetime.timedelta(minutes=10)
    assert life < datetime.timedelta(minutes=10, seconds=1)
    assert not await app_client.opens(tokens)


async def test_a_code_that_is_none_is_refused_as_one(app_client: relying.Party) -> None:
    for code in ("x", "cp_ac_" + "A" * 43, "cp_at_" + "A" * 43, '"\\é', "cp_ac_" + "é" * 43):
        answer = await app_client.redeem(code)

        assert (400, "invalid_grant") == (answer.status_code, answer.json()["error"])


async def test_an_authorization_of_one_member_never_reads_another(
    phone: relying.Browser, app_client: relying.Party, member: members.Member, coalition: Any
) -> None:
    other = await coalition.member()
    tokens = await app_client.sign_in(phone)

    told = await app_client.http.post(
        f"{phone.house.origin}/oauth/userinfo?sub={ids.show('mem', other.member_id)}",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
        data={"sub": ids.show("mem", other.member_id)},
    )

    assert ids.show("mem", member.member_id) == told.json()["sub"]


async def test_the_token_endpoint_takes_forms_by_post_only(app_client: relying.Party) -> None:
    url = f"{app_client.house.origin}/oauth/token"
    form = {"grant_type": "client_credentials", "client_id": app_client.client_id}
    plain = {"Content-Type": "application/x-www-form-urlencoded"}

    async def send(method: str, **request: Any) -> httpx2.Response:
        return await app_client.http.request(method, url, **request)

    refused = [
        await send("GET", params=form),
        await send("PUT", data=form),
        await send("POST", json=form),
        await send("POST", params=form, headers=plain),
        await send("POST", content=b"grant_type=%ff", headers=plain),
        await send("POST", content=b"grant_type=a&grant_type=a", headers=plain),
        await send("POST", content=b"grant_type=a%00", headers=plain),
        await send("POST", content=b"a=" + b"x" * 40_000, headers=plain),
        await send("POST", content=b"&".join(b"a%d=1" % n for n in range(100)), headers=plain),
        await send("POST", content=b"\xff\xfe", headers=plain),
        await send("POST", content=b"", headers=plain),
    ]

    assert [405, 405] + [400] * 9 == [one.status_code for one in refused]
    assert {"invalid_request"} == {one.json()["error"] for one in refused}
    assert {"no-store"} == {one.headers["cache-control"] for one in refused}
    assert "POST" == refused[0].headers["allow"]


async def test_grants_that_are_not_safe_do_not_exist(app_client: relying.Party) -> None:
    for grant_type in (
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
        '"\\é\x7f'.replace("\x7f", ""),
    ):
        answer = await app_client.ask(
            "token", grant_type=grant_type, username="ana", password="secret"
        )

        assert (400, "unsupported_grant_type") == (answer.status_code, answer.json()["error"])


async def test_an_app_can_not_speak_for_itself(app_client: relying.Party) -> None:
    answer = await app_client.ask("token", grant_type="client_credentials", scope="member")

    assert (401, "invalid_client") == (answer.status_code, answer.json()["error"])


async def test_an_app_that_knows_no_secret_can_not_show_one(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    code = await app_client.code(phone)
    secret = dataclasses.replace(app_client, secret="cp_cs_" + "A" * 43)

    answers = [await secret.redeem(code), await app_client.redeem(code, client_secret="x")]

    assert [401, 401] == [answer.status_code for answer in answers]
    assert {'Basic realm="commonpurse"'} == {one.headers["www-authenticate"] for one in answers}
    assert 200 == (await app_client.redeem(code)).status_code
