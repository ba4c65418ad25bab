"""The person's part: signing in first where it is needed, and a yes that counts for one request."""

import dataclasses
import datetime
import urllib.parse

import httpx2
import pytest
from starlette.requests import Request

from api.identity import clients, sessions
from tests import serving
from tests.identity import relying
from tests.wallet import factories
from wallet import audit, database, ids, members


async def test_a_suspended_client_leads_nowhere_not_even_from_an_open_page(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    page = await phone.get(app_client.address())
    await clients.suspend(db, app_client.client_id, actor=audit.SYSTEM, reason="a test")

    answered = await phone.answer(page)
    again = await phone.get(app_client.address())

    assert [400, 400] == [answered.status_code, again.status_code]
    assert 0 == await db.fetchval("select count(*) from identity.authorization_code")


async def test_the_consent_page_names_what_is_asked_and_can_not_be_framed(
    phone: relying.Browser, app_client: relying.Party, member: members.Member
) -> None:
    page = await phone.get(app_client.address(scope="openid email"))

    policy = page.headers["content-security-policy"]
    assert page.status_code == 200
    assert "Wallet app" in page.text and member.display_name in page.text
    assert "e-mail address" in page.text and "spend" not in page.text
    assert "frame-ancestors 'none'" in policy and "script-src 'self'" in policy
    assert "form-action 'self' https://app.example;" in policy
    assert "DENY" == page.headers["x-frame-options"]
    assert "no-store" == page.headers["cache-control"]


async def test_a_name_of_a_client_is_never_markup(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    given = await relying.register(db, name="<b onclick=alert(1)>Bank</b>")
    app = dataclasses.replace(app_client, client_id=given.client.client_id)

    page = await phone.get(app.address())

    assert "<b onclick" not in page.text
    assert "&lt;b onclick" in page.text


async def test_consent_counts_for_what_was_checked_whatever_the_page_sends_back(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    thief = await relying.register(db, name="Thief")
    page = await phone.get(app_client.address(scope="openid"))

    answer = await phone.answer(
        page,
        scope="openid member offline_access",
        client_id=thief.client.client_id,
        redirect_uri="https://evil.example/",
        state="changed",
        code_challenge=relying.challenge("x" * 43),
    )
    told = relying.returned(answer)
    tokens = (await app_client.redeem(told["code"])).json()

    assert app_client.state == told["state"]
    assert ("openid", False) == (tokens["scope"], "refresh_token" in tokens)


async def test_an_answer_counts_once(phone: relying.Browser, app_client: relying.Party) -> None:
    page = await phone.get(app_client.address())
    await phone.answer(page)

    again = await phone.answer(page)

    assert (400, False) == (again.status_code, "location" in again.headers)
    assert "Begin again in the app" in again.text


async def test_the_key_of_a_request_is_of_no_use_in_another_browser(
    db: database.Database,
    phone: relying.Browser,
    app_client: relying.Party,
    house: serving.House,
    coalition: factories.Coalition,
) -> None:
    other = await coalition.member()
    opened = await relying.open_session(db, other.member_id)
    page = await phone.get(app_client.address())
    found = relying.key(page)

    async with httpx2.AsyncClient(cookies=relying.signed_in(house, opened.secret)) as http:
        thief = relying.Browser(http, house)
        answered = await thief.answer(page)
        seen = await thief.get(f"{house.origin}/oauth/authorize?request={found}")
    async with httpx2.AsyncClient() as http:
        stranger = await relying.Browser(http, house).answer(page)

    assert [400, 400, 400] == [answered.status_code, seen.status_code, stranger.status_code]
    relying.returned(await phone.answer(page))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_an_answer_comes_from_our_own_page(
    phone: relying.Browser, app_client: relying.Party, site: str
) -> None:
    page = await phone.get(app_client.address())

    response = await phone.http.post(
        f"{phone.house.origin}/oauth/authorize",
        data={"request": relying.key(page), "decision": "allow"},
        headers={"Sec-Fetch-Site": site},
    )

    assert (403, False) == (response.status_code, "location" in response.headers)


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "allow"},
        {"request": "x", "decision": "allow"},
        {"request": "é" * 43, "decision": "allow"},
        {"decision": "maybe"},
        {},
    ],
    ids=str,
)
async def test_an_answer_to_nothing_is_refused(
    phone: relying.Browser, form: dict[str, str]
) -> None:
    response = await phone.http.post(f"{phone.house.origin}/oauth/authorize", data=form)

    assert 400 == response.status_code


async def test_a_request_waits_for_ten_minutes(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    page = await phone.get(app_client.address())
    life = await db.fetchval("select expires_at - created_at from identity.authorization_request")
    await db.execute("update identity.authorization_request set expires_at = clock_timestamp()")

    answered = await phone.answer(page)
    url = f"{phone.house.origin}/oauth/authorize?request={relying.key(page)}"

    assert life <= datetime.timedelta(minutes=10, seconds=1)
    assert [400, 400] == [answered.status_code, (await phone.get(url)).status_code]


async def test_whoever_has_not_signed_in_does_that_first_and_then_is_asked(
    db: database.Database,
    house: serving.House,
    app_client: relying.Party,
    member: members.Member,
) -> None:
    async with httpx2.AsyncClient() as http:
        browser = relying.Browser(http, house)
        first = await http.get(app_client.address())
        there = first.headers["location"]
        waiting = await http.get(there)
        before = await db.fetchval("select count(*) from identity.authorization_code")
        secret = http.cookies[sessions.cookie_name(house.settings)]
        anonymous = await session_of(db, house, secret)
        opened = await relying.open_session(db, member.member_id, before=anonymous)
        http.cookies.clear()
        stale = await http.get(there, headers={"Cookie": f"commonpurse={secret}"})
        http.cookies.set(
            sessions.cookie_name(house.settings), opened.secret, domain="localhost.local"
        )
        http.cookies.set(sessions.cookie_name(house.settings), opened.secret)
        page = await browser.get(there)
        told = relying.returned(await browser.answer(page))

    path = there.removeprefix(house.origin)
    assert path.startswith("/oauth/authorize?request=")
    assert 303 == waiting.status_code
    assert (
        f"{house.origin}/signin?next={urllib.parse.quote(path, safe='')}"
        == waiting.headers["location"]
    )
    assert 0 == before
    # The cookie from before, which somebody may have planted, is worth nothing after signing in.
    assert 400 == stale.status_code
    assert 200 == (await app_client.redeem(told["code"])).status_code


async def session_of(
    db: database.Database, house: serving.House, secret: str
) -> sessions.Session | None:
    headers = [(b"cookie", f"{sessions.cookie_name(house.settings)}={secret}".encode())]
    request = Request({"type": "http", "headers": headers})
    return await sessions.find(db, house.settings, request)


async def test_a_person_of_the_staff_is_no_member(
    db: database.Database, house: serving.House, app_client: relying.Party
) -> None:
    staff_id = ids.new()
    opened = await sessions.sign_in(
        db, relying.NOBODY, before=None, kind="staff", principal_id=staff_id, amr=("pwd",)
    )
    async with httpx2.AsyncClient(cookies=relying.signed_in(house, opened.secret)) as http:
        first = await http.get(app_client.address())
        second = await http.get(first.headers["location"])

    assert second.headers["location"].startswith(f"{house.origin}/signin?")


async def test_prompt_none_asks_nobody_and_gives_no_code(
    phone: relying.Browser, app_client: relying.Party, house: serving.House
) -> None:
    signed_in = await relying.asked(phone, app_client, prompt="none")
    async with httpx2.AsyncClient() as http:
        stranger = relying.Browser(http, house)
        error = await relying.asked(stranger, app_client, prompt="none")

    assert ("consent_required", "login_required") == (signed_in, error)


@pytest.mark.parametrize(
    ("changed", "minutes", "expected"),
    [
        ({"prompt": "login"}, 0, True),
        ({"prompt": "login consent"}, 0, True),
        ({"max_age": "0"}, 0, True),
        ({"max_age": "300"}, 6, True),
        ({"max_age": "300"}, 4, False),
        ({"prompt": "consent"}, 60, False),
        ({}, 60 * 24, False),
    ],
    ids=str,
)
async def test_an_app_may_ask_for_a_fresh_sign_in(
    db: database.Database,
    phone: relying.Browser,
    app_client: relying.Party,
    changed: dict[str, str | None],
    minutes: int,
    expected: bool,
) -> None:
    await db.execute(
        "update identity.session set signed_in_at = clock_timestamp() - $1::interval",
        datetime.timedelta(minutes=minutes),
    )
    first = await phone.http.get(app_client.address(**changed))
    second = await phone.http.get(first.headers["location"])

    assert expected == (second.status_code == 303)
    assert expected == ("/signin?next=" in second.headers.get("location", ""))


async def test_a_stale_session_can_not_answer_what_needs_a_fresh_one(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    first = await phone.http.get(app_client.address(prompt="login"))
    found = first.headers["location"].partition("request=")[2]

    response = await phone.http.post(
        f"{phone.house.origin}/oauth/authorize", data={"request": found, "decision": "allow"}
    )

    assert 303 == response.status_code
    assert response.headers["location"].startswith(f"{phone.house.origin}/signin?next=")
    assert 0 == await db.fetchval("select count(*) from identity.authorization_code")


async def test_prompt_none_with_an_age_that_is_passed_needs_a_sign_in(
    db: database.Database, phone: relying.Browser, app_client: relying.Party
) -> None:
    await db.execute(
        "update identity.session set signed_in_at = clock_timestamp() - interval '1 hour'"
    )

    assert "login_required" == await relying.asked(phone, app_client, prompt="none", max_age="60")
