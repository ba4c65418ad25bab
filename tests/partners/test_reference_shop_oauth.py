"""Linking an account at the reference shop: the right way works, and no other way does."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from tests import browser, node
from tests.partners import shop as shops

SCOPE = "account redeem"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[shops.Shop]:
    """One shop for all tests here: each has a shopper and an attempt of its own."""
    started = await shops.Shop.start(tmp_path_factory.mktemp("shop") / "data", people=50)
    yield started
    await started.stop()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def error(answer: httpx2.Response) -> str:
    assert answer.headers["cache-control"] == "no-store"
    said: str = answer.json()["error"]
    return said


async def test_a_shopper_links_the_account_and_ends_it(shop: shops.Shop) -> None:
    app = shop.app()
    location = await shop.browser().allow(app.address())
    back = shops.told(location)
    tokens = (await app.redeem(back["code"])).json()
    who = await app.account(tokens["access_token"])
    renewed = (await app.refresh(tokens["refresh_token"])).json()
    ended = await app.ask("revoke", token=renewed["refresh_token"])

    assert {"code", "state", "iss"} == set(back)
    assert (app.state, shop.url) == (back["state"], back["iss"])
    assert ("Bearer", 600, SCOPE) == tuple(
        tokens[name] for name in ("token_type", "expires_in", "scope")
    )
    assert {"sub": "shopper_00001", "name": "Ana Duarte"} == who.json()
    assert 200 == ended.status_code
    assert 401 == (await app.account(renewed["access_token"])).status_code
    assert "invalid_grant" == await error(await app.refresh(renewed["refresh_token"]))
    assert 200 == (await app.ask("revoke", token="never a token")).status_code


async def test_a_foreign_client_finds_its_way_by_the_discovery_document(shop: shops.Shop) -> None:
    given = {
        "issuer": shop.url,
        "id": shop.keys.client_id,
        "secret": shop.keys.client_secret,
        "redirect": shops.REDIRECT,
    }

    told = json.loads(await node.run("shop.mjs", json.dumps(given)))

    assert {
        "issuer": shop.url,
        "info": {"sub": "shopper_00002", "name": "Bruno Keller"},
        "scope": SCOPE,
        "seconds": 600,
        "renewed": True,
        "reuse": "invalid_grant",
        "family": "invalid_grant",
        "foreignIssuer": True,
        "noIssuer": True,
        "wrongState": True,
        "denied": "access_denied",
    } == told


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "account orders"}, "invalid_scope"),
    ],
)
async def test_what_is_asked_wrongly_comes_back_as_an_error(
    shop: shops.Shop, changed: dict[str, str | None], expected: str
) -> None:
    app = shop.app()
    back = shops.told((await shop.browser().open(app.address(**changed))).headers["location"])

    assert {"error", "error_description", "state", "iss"} == set(back)
    assert (expected, app.state, shop.url) == (back["error"], back["state"], back["iss"])


@pytest.mark.parametrize(
    "redirect",
    [
        None,
        shops.REDIRECT + "/",
        shops.REDIRECT + "?a=b",
        shops.REDIRECT.upper(),
        shops.REDIRECT.replace("https", "http"),
        "https://wallet.example@evil.example/partners/juniper/linked",
        "https://wallet.example.evil.example/partners/juniper/linked",
        "javascript:alert(1)",
    ],
)
async def test_nobody_is_sent_to_an_address_that_was_not_registered(
    shop: shops.Shop, redirect: str | None
) -> None:
    page = await shop.browser().open(shop.app().address(redirect_uri=redirect))

    assert 400 == page.status_code
    assert "location" not in page.headers
    assert redirect is None or redirect not in page.text


async def test_a_parameter_that_is_there_twice_and_a_stranger_are_refused(shop: shops.Shop) -> None:
    app = shop.app()
    twice = await shop.browser().open(app.address() + "&state=another")
    stranger = await shop.browser().open(app.address(client_id="somebody"))

    assert [400, 400] == [twice.status_code, stranger.status_code]


async def test_a_code_is_good_once_for_its_own_attempt(shop: shops.Shop) -> None:
    app = shop.app()
    code = shops.told(await shop.browser(3).allow(app.address()))["code"]
    wrong = [
        await app.redeem(code, code_verifier="w" * 64),
        await app.redeem(code, redirect_uri=shops.REDIRECT + "/"),
        await app.ask("token", grant_type="authorization_code", code=code),
        await app.redeem("not a code"),
    ]
    tokens = (await app.redeem(code)).json()
    good = (await app.account(tokens["access_token"])).status_code
    again = await app.redeem(code)

    assert ["invalid_grant", "invalid_grant", "invalid_request", "invalid_grant"] == [
        await error(one) for one in wrong
    ]
    assert 200 == good
    assert "invalid_grant" == await error(again)
    assert 401 == (await app.account(tokens["access_token"])).status_code


async def test_of_eight_redemptions_of_one_code_at_most_one_wins(shop: shops.Shop) -> None:
    app = shop.app()
    code = shops.told(await shop.browser(4).allow(app.address()))["code"]
    answers = await asyncio.gather(*(app.redeem(code) for _ in range(8)))

    assert 1 == sum(answer.status_code == 200 for answer in answers)


async def test_a_used_refresh_token_ends_the_whole_family(shop: shops.Shop) -> None:
    app = shop.app()
    first = await app.link(5)
    second = (await app.refresh(first["refresh_token"])).json()
    thief = await app.refresh(first["refresh_token"])
    owner = await app.refresh(second["refresh_token"])

    assert ["invalid_grant", "invalid_grant"] == [await error(thief), await error(owner)]
    assert 401 == (await app.account(second["access_token"])).status_code


async def test_a_refresh_whose_answer_is_lost_is_used_up(shop: shops.Shop) -> None:
    app = shop.app()
    tokens = await app.link(11)
    await shop.set_faults(rates_bps={"drop_after": 10_000}, on=["token"])
    with pytest.raises(httpx2.RemoteProtocolError):
        await app.refresh(tokens["refresh_token"])
    await shop.set_faults()

    assert "invalid_grant" == await error(await app.refresh(tokens["refresh_token"]))
    assert 401 == (await app.account(tokens["access_token"])).status_code


async def test_of_eight_refreshes_one_wins(shop: shops.Shop) -> None:
    app = shop.app()
    tokens = await app.link(6)
    answers = await asyncio.gather(*(app.refresh(tokens["refresh_token"]) for _ in range(8)))

    assert 1 == sum(answer.status_code == 200 for answer in answers)


async def test_a_client_must_prove_itself_in_one_way(shop: shops.Shop) -> None:
    app = shop.app()
    keys = shop.keys
    form = {"grant_type": "refresh_token", "refresh_token": "any"}
    both = {**form, "client_id": keys.client_id, "client_secret": keys.client_secret}
    url = f"{shop.url}/oauth/token"
    nobody = await app.http.post(url, data=form)
    wrong = await app.http.post(url, data=form, auth=(keys.client_id, "wrong"))
    double = await app.http.post(url, data=both, auth=(keys.client_id, keys.client_secret))
    by_form = await app.http.post(url, data=both)
    got = await app.http.get(url)

    assert [401, 401] == [nobody.status_code, wrong.status_code]
    assert "www-authenticate" in wrong.headers
    assert "invalid_request" == await error(double)
    assert "invalid_grant" == await error(by_form)
    assert 405 == got.status_code
    assert "invalid_request" == await error(await app.ask("token"))
    assert "unsupported_grant_type" == await error(await app.ask("token", grant_type="password"))


async def test_a_consent_belongs_to_the_browser_that_began_it(shop: shops.Shop) -> None:
    app = shop.app()
    victim, thief = shop.browser(7), shop.browser(8)
    await thief.allow(app.address())  # signed in
    page = await victim.open(app.address())
    onward = shops.hidden(page)["next"]
    stolen = await thief.open(shop.url + onward)
    pressed = await thief.send("/oauth/consent", request=onward.split("=")[1], decision="allow")

    assert [400, 400] == [stolen.status_code, pressed.status_code]
    assert "location" not in pressed.headers


async def test_a_page_of_somebody_else_cannot_press_the_button(shop: shops.Shop) -> None:
    app = shop.app()
    browser = shop.browser(9)
    await browser.allow(app.address(), decision="deny")
    page = await browser.open(app.address())
    form = {"request": shops.hidden(page)["request"], "decision": "allow"}
    url = f"{shop.url}/oauth/consent"
    foreign = await browser.http.post(url, data=form, headers={"Origin": "https://evil.example"})
    silent = await browser.http.post(url, data=form)
    own = await browser.send("/oauth/consent", **form)
    again = await browser.send("/oauth/consent", **form)

    assert [403, 403, 303, 400] == [one.status_code for one in (foreign, silent, own, again)]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


async def test_signing_in_gives_the_browser_a_new_name(shop: shops.Shop) -> None:
    browser = shop.browser(10)
    await browser.open(shop.app().address())
    planted = browser.http.cookies["juniper_session"]
    await browser.allow(shop.app().address())

    assert planted != browser.http.cookies["juniper_session"]
    answer = await browser.http.get(shop.url, headers={"Cookie": f"juniper_session={planted}"})
    assert "/signin" == answer.headers["location"]


@pytest.mark.slow
async def test_an_access_token_expires_and_a_restart_remembers_the_rest(tmp_path: Path) -> None:
    shop = await shops.Shop.start(tmp_path / "data", access_seconds=1)
    try:
        app = shop.app()
        tokens = await app.link()
        await shop.kill()
        await shop.again()
        renewed = (await app.refresh(tokens["refresh_token"])).json()
        fresh = (await app.account(renewed["access_token"])).status_code
        await asyncio.sleep(1.05)
        late = (await app.account(renewed["access_token"])).status_code
        secrets = (tmp_path / "data" / "journal.jsonl").read_text()

        assert [200, 401] == [fresh, late]
        assert 0 == sum(renewed[name] in secrets for name in ("access_token", "refresh_token"))
        assert (tmp_path / "data" / "keys.json").stat().st_mode & 0o077 == 0
    finally:
        await shop.stop()


@pytest.mark.slow
async def test_a_person_links_in_a_real_browser_without_scripts(shop: shops.Shop) -> None:
    app = shop.app()
    async with browser.open_tab(javascript=False) as tab:
        await tab.page.goto(app.address())
        await tab.page.get_by_label("E-mail address").fill("elif.aydin@shoppers.example")
        await tab.page.get_by_label("Password").fill("juniper-demo")
        await tab.page.get_by_role("button", name="Sign in").click()
        heading = await tab.page.get_by_role("heading", level=1).inner_text()
        await tab.page.route("https://wallet.example/**", lambda route: route.fulfill(body="back"))
        await tab.page.get_by_role("button", name="Link my account").click()
        await tab.page.wait_for_url(f"{shops.REDIRECT}**")
        back = shops.told(tab.page.url)

        assert "Commonpurse asks to link your account" == heading
        assert 200 == (await app.redeem(back["code"])).status_code
        assert [] == tab.complaints
