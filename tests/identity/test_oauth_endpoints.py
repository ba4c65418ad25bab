"""Revocation, introspection, userinfo and discovery: who may ask, and what strangers learn."""

import asyncio
import dataclasses
from typing import Any

import httpx2
import pytest

from api.identity import bearer, clients
from tests import serving
from tests.conftest import Connection
from tests.identity import relying
from tests.wallet import factories
from wallet import audit, database, ids, members


@pytest.fixture
async def tokens(phone: relying.Browser, app_client: relying.Party) -> dict[str, Any]:
    return await app_client.sign_in(phone)


@pytest.fixture
async def resource(db: database.Database, app_client: relying.Party) -> relying.Party:
    """A resource server of the operator's, which may ask about any token."""
    given = await relying.register(db, "resource", "Reports")
    return dataclasses.replace(app_client, client_id=given.client.client_id, secret=given.secret)


@pytest.fixture
async def shop(
    db: database.Database, app_client: relying.Party, coalition: factories.Coalition
) -> relying.Party:
    """A merchant's server."""
    given = await relying.register(
        db,
        "merchant",
        "Till",
        scopes=["purchases:read"],
        merchant_id=await coalition.merchant(),
    )
    return dataclasses.replace(app_client, client_id=given.client.client_id, secret=given.secret)


async def test_an_app_gives_back_its_access_token(
    app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    answer = await app_client.ask("revoke", token=tokens["access_token"])

    assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"])
    assert not await app_client.opens(tokens)
    assert 200 == (await app_client.refresh(tokens)).status_code


async def test_an_app_that_gives_back_its_refresh_token_is_signed_out(
    app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    answer = await app_client.ask(
        "revoke", token=tokens["refresh_token"], token_type_hint="access_token"
    )

    assert 200 == answer.status_code
    assert not await app_client.opens(tokens)
    assert "invalid_grant" == (await app_client.refresh(tokens)).json()["error"]


async def test_giving_back_what_is_no_token_is_no_mistake(
    app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    await app_client.ask("revoke", token=tokens["refresh_token"])
    texts = ("x", "cp_at_" + "A" * 43, "cp_rt_" + "A" * 43, "é", tokens["refresh_token"])
    statuses = [(await app_client.ask("revoke", token=text)).status_code for text in texts]
    hinted = await app_client.ask("revoke", token="x", token_type_hint="another_kind")
    nothing = await app_client.ask("revoke")

    assert [200] * 6 == [*statuses, hinted.status_code]
    assert (400, "invalid_request") == (nothing.status_code, nothing.json()["error"])


async def test_nobody_gives_back_the_token_of_another(
    app_client: relying.Party,
    shop: relying.Party,
    resource: relying.Party,
    tokens: dict[str, Any],
) -> None:
    wrong = dataclasses.replace(shop, secret="cp_cs_" + "A" * 43)
    strangers = [shop, resource, wrong, dataclasses.replace(app_client, client_id="cli_unknown")]
    answers = [
        await stranger.ask("revoke", token=tokens[name])
        for stranger in strangers
        for name in ("access_token", "refresh_token")
    ]

    assert [400] * 4 + [401] * 4 == [one.status_code for one in answers]
    assert await app_client.opens(tokens)
    assert 200 == (await app_client.refresh(tokens)).status_code


async def test_a_resource_server_learns_what_a_token_is_worth(
    resource: relying.Party,
    app_client: relying.Party,
    tokens: dict[str, Any],
    member: members.Member,
) -> None:
    access = (await resource.ask("introspect", token=tokens["access_token"])).json()
    refresh = (await resource.ask("introspect", token=tokens["refresh_token"])).json()
    await app_client.ask("revoke", token=tokens["refresh_token"])
    after = (await resource.ask("introspect", token=tokens["access_token"])).json()

    assert {
        "active": True,
        "token_type": "Bearer",
        "iss": app_client.house.origin,
        "sub": ids.show("mem", member.member_id),
        "aud": "commonpurse",
        "client_id": app_client.client_id,
        "scope": relying.SCOPE,
        "iat": access["iat"],
        "exp": access["iat"] + 600,
    } == access
    assert (True, "token_type" in refresh) == (refresh["active"], False)
    assert {"active": False} == after


async def test_a_resource_server_learns_of_tokens_of_the_command_line_too(
    db: database.Database, resource: relying.Party, member: members.Member
) -> None:
    minted = await bearer.mint(db, kind="member", principal_id=member.member_id)

    told = (await resource.ask("introspect", token=minted.text)).json()

    assert (True, "member") == (told["active"], told["scope"])
    assert "client_id" not in told


async def test_strangers_learn_nothing_of_a_token(
    db: database.Database, shop: relying.Party, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    own = (await shop.ask("token", grant_type="client_credentials")).json()
    mine = await shop.ask("introspect", token=own["access_token"])
    foreign = await shop.ask("introspect", token=tokens["access_token"])
    refresh = await shop.ask("introspect", token=tokens["refresh_token"])
    nonsense = await shop.ask("introspect", token="x")
    public = await app_client.ask("introspect", token=tokens["access_token"])
    stranger = await app_client.http.post(
        f"{app_client.house.origin}/oauth/introspect", data={"token": tokens["access_token"]}
    )

    assert mine.json()["active"]
    assert [{"active": False}] * 3 == [one.json() for one in (foreign, refresh, nonsense)]
    assert foreign.content == nonsense.content
    assert [401, 401] == [public.status_code, stranger.status_code]
    assert stranger.headers["www-authenticate"].startswith("Basic ")


async def test_userinfo_tells_what_the_scopes_allow(
    phone: relying.Browser, app_client: relying.Party, member: members.Member
) -> None:
    async def told(scope: str) -> Any:
        tokens = await app_client.sign_in(phone, scope=scope)
        response = await app_client.http.get(
            f"{phone.house.origin}/oauth/userinfo",
            headers={"Authorization": f"Bearer {tokens['access_token']}"},
        )
        assert "no-store" == response.headers["cache-control"]
        return response.json()

    sub = {"sub": ids.show("mem", member.member_id)}
    profile = {"name": member.display_name, "locale": "en"}
    email = {"email": member.email, "email_verified": False}
    assert sub == await told("openid")
    assert sub | profile == await told("openid profile")
    assert sub | email == await told("openid email")
    assert sub | profile | email == await told("openid profile email")


async def test_userinfo_wants_a_token_of_a_member_that_asked_for_openid(
    phone: relying.Browser, app_client: relying.Party, shop: relying.Party
) -> None:
    url = f"{phone.house.origin}/oauth/userinfo"
    without = (await app_client.sign_in(phone, scope="member"))["access_token"]
    merchants = (await shop.ask("token", grant_type="client_credentials")).json()["access_token"]
    good = (await app_client.sign_in(phone))["access_token"]

    async def challenge(**request: Any) -> tuple[int, str]:
        response = await app_client.http.get(url, **request)
        return response.status_code, response.headers["www-authenticate"]

    bearer_of = {"Authorization": f"Bearer {without}"}
    assert (401, 'Bearer realm="commonpurse"') == await challenge()
    assert (401, 'Bearer realm="commonpurse"') == await challenge(params={"access_token": good})
    for text in ("x", merchants, "cp_at_" + "A" * 43):
        status, said = await challenge(headers={"Authorization": f"Bearer {text}"})
        assert 401 == status and 'error="invalid_token"' in said
    status, said = await challenge(headers=bearer_of)
    assert 403 == status and 'error="insufficient_scope"' in said


async def test_what_the_server_can_do_is_told_under_both_names(house: serving.House) -> None:
    async with httpx2.AsyncClient() as http:
        openid = await http.get(f"{house.origin}/.well-known/openid-configuration")
        oauth = await http.get(f"{house.origin}/.well-known/oauth-authorization-server")
        told = openid.json()
        addresses = {name: told[name] for name in told if name.endswith(("_endpoint", "_uri"))}
        statuses = {name: (await http.get(url)).status_code for name, url in addresses.items()}

    assert told == oauth.json()
    assert house.origin == told["issuer"]
    assert all(url.startswith(f"{house.origin}/oauth/") for url in addresses.values())
    assert {
        "authorization_endpoint": 400,
        "token_endpoint": 405,
        "userinfo_endpoint": 401,
        "jwks_uri": 200,
        "revocation_endpoint": 405,
        "introspection_endpoint": 405,
    } == statuses
    assert (["code"], ["query"], ["S256"]) == (
        told["response_types_supported"],
        told["response_modes_supported"],
        told["code_challenge_methods_supported"],
    )
    assert {"authorization_code", "refresh_token", "client_credentials"} == set(
        told["grant_types_supported"]
    )
    assert told["authorization_response_iss_parameter_supported"]


async def test_a_configured_issuer_is_in_every_address(
    db: database.Database, tmp_path: Any
) -> None:
    issuer = "https://shop.example/wallet"
    async with serving.serve(db, data_dir=tmp_path, issuer=issuer) as house:
        # The proxy in front speaks TLS and takes the path away; here its work is done by hand.
        port = house.settings.port
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            told = (await http.get("/.well-known/openid-configuration")).json()
            given = await relying.register(db)
            party = relying.Party(http, house, given.client.client_id)
            first = await http.get(party.address().removeprefix(issuer))
            error = await http.get(party.address(response_type="token").removeprefix(issuer))

    assert issuer == told["issuer"]
    assert f"{issuer}/oauth/token" == told["token_endpoint"]
    assert first.headers["location"].startswith(f"{issuer}/oauth/authorize?request=")
    assert "Secure" in first.headers["set-cookie"]
    assert first.headers["set-cookie"].startswith("__Host-commonpurse=")
    assert issuer == relying.returned(error)["iss"]


async def test_keys_are_published_without_their_private_half(house: serving.House) -> None:
    async with httpx2.AsyncClient() as http:
        response = await http.get(f"{house.origin}/oauth/jwks")

    (key,) = response.json()["keys"]
    assert {"kty", "crv", "x", "y", "kid", "use", "alg"} == set(key)
    assert ("EC", "P-256", "ES256", "sig") == (key["kty"], key["crv"], key["alg"], key["use"])


async def test_a_token_of_a_suspended_app_opens_nothing_anywhere(
    db: database.Database, app_client: relying.Party, tokens: dict[str, Any]
) -> None:
    await clients.suspend(db, app_client.client_id, actor=audit.SYSTEM, reason="a test")

    refreshed = await app_client.refresh(tokens)

    assert not await app_client.opens(tokens)
    assert (401, "invalid_client") == (refreshed.status_code, refreshed.json()["error"])


async def test_while_a_family_is_locked_others_wait_and_are_served(
    app_client: relying.Party, tokens: dict[str, Any], owner: Connection
) -> None:
    async with owner.transaction():
        await owner.execute("select from identity.access_grant for update")
        waiting = asyncio.create_task(app_client.refresh(tokens))
        await asyncio.sleep(0.8)  # longer than one wait for a lock
        done = waiting.done()

    assert not done
    assert 200 == (await waiting).status_code


async def test_a_database_that_is_away_is_told_as_a_moment_of_patience(
    db: database.Database, house: serving.House, app_client: relying.Party
) -> None:
    await db.close()

    answer = await app_client.ask("token", grant_type="refresh_token", refresh_token="x")
    begun = await app_client.http.get(app_client.address())

    assert [503, 503] == [answer.status_code, begun.status_code]
    assert "temporarily_unavailable" == answer.json()["error"]
    assert answer.headers["retry-after"]
