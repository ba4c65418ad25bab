"""The authorization endpoint: what a client may ask, what a person is asked, where it leads."""

import dataclasses
import urllib.parse

import httpx2
import pytest

from tests import serving
from tests.identity import relying
from wallet import database

Changed = dict[str, str | None]

NO_PKCE: list[Changed] = [
    {"code_challenge": None, "code_challenge_method": None},
    {"code_challenge_method": "plain"},
    {"code_challenge_method": None},
    {"code_challenge_method": "s256"},
    {"code_challenge": None},
    {"code_challenge": "short"},
    {"code_challenge": "=" * 43},
]
NOT_REGISTERED = [
    None,
    "",
    relying.REDIRECT + "/",
    relying.REDIRECT + "/more",
    relying.REDIRECT + "?more=1",
    relying.REDIRECT + "#part",
    relying.REDIRECT.upper(),
    relying.REDIRECT.replace("https", "http"),
    relying.REDIRECT.replace("https", "HTTPS"),
    "https://app.example:443/signed-in",
    "https://app.example.evil.example/signed-in",
    "https://app.example@evil.example/signed-in",
    "https://evil.example/signed-in",
    "https://evil.example\\@app.example/signed-in",
    'https://app.example/signed-in"><script>',
    "https://app.example/../signed-in",
    "//app.example/signed-in",
    "/signed-in",
    "javascript:alert(1)//https://app.example/signed-in",
    "data:text/html,signed-in",
    "https://app.example/sígned-in",
    "http://127.0.0.1:7000/other",
    "http://127.0.0.1:7000/signed-in?more=1",
    "http://127.0.0.1:7000/signed-in#part",
    "http://127.0.0.1:07000/signed-in",
    "http://127.0.0.1:70000/signed-in",
    "http://127.0.0.1:/signed-in",
    "http://127.0.0.1.evil.example/signed-in",
    "http://127.0.0.1:7000@evil.example/signed-in",
    "http://127.0.0.2:7000/signed-in",
    "http://127.1:7000/signed-in",
    "http://[::1]:7000/signed-in",
    "http://localhost:7000/signed-in",
    "https://127.0.0.1:7000/signed-in",
]
NOT_SPOKEN: list[tuple[Changed, str]] = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": '"\\é'}, "unsupported_response_type"),
    ({"response_type": None}, "invalid_request"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"response_mode": '"\\é'}, "invalid_request"),
    ({"request": "e30.e30."}, "request_not_supported"),
    ({"request_uri": "https://app.example/r"}, "request_uri_not_supported"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": "openid admin"}, "invalid_scope"),
    ({"scope": "support:read"}, "invalid_scope"),
    ({"scope": "purchases:report"}, "invalid_scope"),
    ({"scope": '"\\é'}, "invalid_scope"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "select_account"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "soon"}, "invalid_request"),
    ({"max_age": "9" * 12}, "invalid_request"),
    ({"nonce": "\x00"}, "invalid_request"),
    ({"nonce": "n" * 5_000}, "invalid_request"),
]


async def shown(phone: relying.Browser, url: str) -> httpx2.Response:
    """Ask, and return the refusal, which leads nowhere."""
    response = await phone.get(url)
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("application/json")
    assert "no-store" in response.headers["cache-control"]
    return response


async def test_a_member_who_allows_comes_back_with_a_code_and_our_name(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    page = await phone.get(app_client.address())
    told = relying.returned(await phone.answer(page))

    assert "Wallet app" in page.text
    assert {"code", "state", "iss"} == set(told)
    assert (app_client.state, phone.house.origin) == (told["state"], told["iss"])
    assert told["code"].startswith("cp_ac_")


async def test_a_member_may_say_no_and_the_app_learns_it(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    page = await phone.get(app_client.address())
    told = relying.returned(await phone.answer(page, "deny"))

    assert ("access_denied", app_client.state) == (told["error"], told["state"])
    assert phone.house.origin == told["iss"]


async def test_no_code_without_pkce_by_s256(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    for changed in NO_PKCE:
        assert "invalid_request" == await relying.asked(phone, app_client, **changed), changed


async def test_a_client_that_has_a_secret_needs_pkce_too(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    await db.execute("update identity.client set auth_method = 'client_secret_basic'")

    error = await relying.asked(phone, app_client, code_challenge=None, code_challenge_method=None)

    assert "invalid_request" == error


async def test_the_browser_is_never_sent_to_an_address_that_was_not_registered(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    for uri in NOT_REGISTERED:
        response = await shown(phone, app_client.address(redirect_uri=uri))

        assert (400, "invalid_request") == (response.status_code, response.json()["error"]), uri
        assert ".example" not in response.text


@pytest.mark.parametrize("port", ["", ":1", ":53682", ":65535"])
async def test_an_app_on_a_computer_may_listen_on_any_port_of_loopback(
    phone: relying.Browser, app_client: relying.Party, port: str
) -> None:
    uri = f"http://127.0.0.1{port}/signed-in"
    app = dataclasses.replace(app_client, redirect_uri=uri)
    page = await phone.get(app.address())

    told = relying.returned(await phone.answer(page), uri)
    tokens = await app.redeem(told["code"])

    assert 200 == tokens.status_code


async def test_loopback_by_its_number_of_six_is_an_address_of_its_own(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    given = await relying.register(db, redirect_uris=["http://[::1]/signed-in"])
    app = dataclasses.replace(app_client, client_id=given.client.client_id)

    page = await phone.get(app.address(redirect_uri="http://[::1]:53682/signed-in"))
    other = await shown(phone, app.address(redirect_uri="http://127.0.0.1:53682/signed-in"))

    relying.returned(await phone.answer(page), "http://[::1]:53682/signed-in")
    assert 400 == other.status_code


async def test_an_app_may_claim_a_scheme_of_its_own(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    uri = "com.example.wallet:/signed-in"
    given = await relying.register(db, redirect_uris=[uri])
    app = dataclasses.replace(app_client, client_id=given.client.client_id, redirect_uri=uri)
    page = await phone.get(app.address())

    told = relying.returned(await phone.answer(page), uri)

    assert 200 == (await app.redeem(told["code"])).status_code
    assert "form-action 'self' com.example.wallet:;" in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_an_address_that_comes_twice_is_not_gone_to(
    phone: relying.Browser, app_client: relying.Party, name: str
) -> None:
    once = {"client_id": app_client.client_id, "redirect_uri": app_client.redirect_uri}

    response = await shown(
        phone, app_client.address() + "&" + urllib.parse.urlencode({name: once[name]})
    )

    assert 400 == response.status_code


@pytest.mark.parametrize("name", ["response_type", "scope", "nonce", "code_challenge", "unknown"])
async def test_a_parameter_that_comes_twice_is_refused(
    phone: relying.Browser, app_client: relying.Party, name: str
) -> None:
    response = await phone.get(app_client.address() + f"&{name}=1&{name}=2")

    told = relying.returned(response)
    assert ("invalid_request", app_client.state) == (told["error"], told["state"])


async def test_of_two_states_none_is_told(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    told = relying.returned(await phone.get(app_client.address() + "&state=2"))

    assert {"error", "error_description", "iss"} == set(told)


async def test_what_is_not_spoken_here_is_told_to_the_client(
    phone: relying.Browser, app_client: relying.Party
) -> None:
    for changed, error in NOT_SPOKEN:
        assert error == await relying.asked(phone, app_client, **changed), changed


async def test_an_app_may_not_ask_for_more_than_it_was_registered_with(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    given = await relying.register(db, scopes=["openid"])
    app = dataclasses.replace(app_client, client_id=given.client.client_id)

    assert "invalid_scope" == await relying.asked(phone, app, scope="openid member")


@pytest.mark.parametrize("client_id", [None, "", "cli_unknown", "\x00", '"\\é', "x" * 4_000])
async def test_a_client_that_nobody_registered_leads_nowhere(
    phone: relying.Browser, app_client: relying.Party, client_id: str | None
) -> None:
    response = await shown(phone, app_client.address(client_id=client_id, request=None))

    assert (400, "invalid_client") == (response.status_code, response.json()["error"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.example;proto=https"},
        {"X-Original-URL": "https://evil.example/"},
    ],
    ids=str,
)
async def test_no_header_changes_where_we_are(
    phone: relying.Browser, app_client: relying.Party, headers: dict[str, str]
) -> None:
    origin = phone.house.origin
    first = await phone.http.get(app_client.address(), headers=headers)
    page = await phone.http.get(first.headers["location"], headers=headers)
    answer = await phone.http.post(
        f"{origin}/oauth/authorize",
        data={"request": relying.key(page), "decision": "allow"},
        headers=headers,
    )
    described = await phone.http.get(f"{origin}/.well-known/openid-configuration", headers=headers)
    async with httpx2.AsyncClient() as http:
        begun = await http.get(app_client.address(), headers=headers)
        sent = await http.get(
            begun.headers["location"], headers={**headers, "Cookie": begun.headers["set-cookie"]}
        )

    assert first.headers["location"].startswith(f"{origin}/oauth/authorize?request=")
    assert sent.headers["location"].startswith(f"{origin}/signin?next=")
    assert origin == relying.returned(answer)["iss"]
    assert origin == described.json()["issuer"]
    assert all("evil" not in str(one) for one in described.json().values())


async def test_a_path_with_a_host_in_it_is_a_path(house: serving.House) -> None:
    async with httpx2.AsyncClient() as http:
        for path in ("/@evil.example", "//evil.example/.well-known/openid-configuration"):
            response = await http.get(house.origin + path)

            assert (404, False) == (response.status_code, "location" in response.headers)


async def test_other_methods_are_refused_as_json(phone: relying.Browser) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        response = await phone.http.request(method, f"{phone.house.origin}/oauth/authorize")

        assert (405, "GET, POST") == (response.status_code, response.headers["allow"])
        assert "invalid_request" == response.json()["error"]


async def test_a_flood_of_requests_is_slowed(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    await phone.http.get(app_client.address())
    # As if all but the last of the allowance had been used in this minute.
    await db.execute("update identity.throttle set empty_at = clock_timestamp() + interval '1 day'")

    late = await phone.http.get(app_client.address())

    assert (429, "temporarily_unavailable") == (late.status_code, late.json()["error"])
    assert int(late.headers["retry-after"]) > 0
    assert 1 == await db.fetchval("select count(*) from identity.authorization_request")
