"""A member in a real browser: the first link, a passkey, an app's consent, without a script too."""

import asyncio
import contextlib
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from api.signin import accounts
from tests import browser, serving
from tests.identity import relying, visitor
from tests.wallet import factories
from wallet import database


@pytest.fixture
async def house(db: database.Database, tmp_path: Path) -> AsyncIterator[serving.House]:
    """A served installation that keeps its letters in a folder."""
    async with serving.serve(db, data_dir=tmp_path) as served:
        yield served


@pytest.fixture
async def app(db: database.Database, house: serving.House) -> AsyncIterator[relying.Party]:
    """A members' app that waits for its answer on a port of this machine."""
    async with _listening() as port, httpx2.AsyncClient() as http:
        given = await relying.register(db, name="Harvest Row")
        back = relying.LOOPBACK.replace("127.0.0.1", f"127.0.0.1:{port}")
        yield relying.Party(http, house, given.client.client_id, redirect_uri=back)


async def test_a_new_member_comes_by_letter_and_stays_by_passkey(
    db: database.Database, house: serving.House, coalition: factories.Coalition
) -> None:
    member = await coalition.member()
    async with browser.open_tab() as tab, httpx2.AsyncClient() as http:
        await tab.passkeys()
        page = tab.page
        await page.goto(f"{house.origin}/signin")
        await page.click("text=First time here")
        await page.fill("#email", member.email)
        await page.click("text=Send the link")
        letter = await visitor.Visitor(http, house.settings).letter()
        link = next(line for line in letter.splitlines() if line.startswith("http"))
        await page.goto(link)
        await page.click("text=Continue with a passkey")
        await page.click("text=Add a passkey")
        await page.wait_for_selector("text=Your passkey is ready")
        named = await page.inner_text(".rows >> nth=0")
        await page.click("text=Sign out >> nth=0")
        await page.click("text=Sign in with a passkey")
        await page.wait_for_url("**/account")

        assert "Chrome, Linux" in named
        assert "last used" in await page.inner_text(".rows >> nth=0")
        assert [] == tab.complaints
    assert ["hwk"] == await db.fetchval(
        "select amr from identity.session where principal_id = $1 and revoked_at is null",
        member.member_id,
    )


async def test_an_app_gets_a_token_after_a_passkey_and_a_yes(
    house: serving.House, db: database.Database, app: relying.Party, ana: accounts.Person
) -> None:
    async with browser.open_tab() as tab:
        await tab.passkeys()
        await _add_passkey(tab, house, ana)
        await tab.page.goto(app.address())
        asked = await tab.page.inner_text("main")
        await tab.page.click("text=Sign in with a passkey")
        await tab.page.wait_for_selector("text=asks to use your wallet")
        consent = await tab.page.inner_text("main")
        await tab.page.click("button[value=allow]")
        await tab.page.wait_for_selector("text=Back in the app")
        code = _parameter(tab.page.url, "code")
        answer = await app.redeem(code)
        await tab.page.goto(f"{house.origin}/account")
        account = await tab.page.inner_text("main")
        await tab.page.click("text=Disconnect >> nth=-1")
        await tab.page.wait_for_selector("text=The app is disconnected")

        assert "Sign in to your wallet" in asked
        assert ana.name in consent
        assert "make codes to spend from it" in consent
        assert answer.status_code == 200
        assert "Connected apps" in account
        refreshed = await app.refresh(answer.json())
        assert (refreshed.status_code, refreshed.json()["error"]) == (400, "invalid_grant")
        assert [] == tab.complaints


@pytest.mark.parametrize(("decision", "told"), [("allow", "code"), ("deny", "error")])
async def test_without_a_script_a_password_does_the_same(
    house: serving.House, app: relying.Party, ana: accounts.Person, decision: str, told: str
) -> None:
    async with browser.open_tab(javascript=False) as tab:
        await tab.page.goto(app.address())
        offered = await tab.page.locator("text=Sign in with a passkey").is_visible()
        await tab.page.fill("#email", ana.email)
        await tab.page.fill("#password", visitor.PASSWORD)
        await tab.page.click("text=Sign in >> nth=-1")
        await tab.page.click(f"button[value={decision}]")
        await tab.page.wait_for_selector("text=Back in the app")

        assert not offered
        assert _parameter(tab.page.url, told)
        assert _parameter(tab.page.url, "iss") == house.origin
        assert [] == tab.complaints


async def test_a_passkey_that_is_not_there_is_said_without_leaving_the_page(
    house: serving.House,
) -> None:
    async with browser.open_tab() as tab:
        await tab.passkeys()
        await tab.page.goto(f"{house.origin}/signin")
        await tab.page.click("text=Sign in with a passkey")
        await tab.page.wait_for_selector("text=The passkey was not used")

        assert await tab.page.locator("[data-passkey] button").is_enabled()
        assert [] == tab.complaints


async def test_in_portuguese_on_a_small_telephone_nothing_is_cut_off(
    house: serving.House, db: database.Database, ana: accounts.Person, tmp_path: Path
) -> None:
    async with browser.open_tab(locale="pt-BR") as tab, visitor.visit(db, tmp_path) as other:
        page = tab.page
        await page.set_viewport_size({"width": 320, "height": 640})
        path = await visitor.link(other, db, ana, "recover")
        wide, titles = [], []
        for address in ("/signin", "/recover", path, "/staff/signin", "/verify?key=x", "/account"):
            await page.goto(house.origin + address)
            titles.append(await page.title())
            if await page.evaluate("document.documentElement.scrollWidth") > 320:
                wide.append(address)
            if address == path:
                await page.fill("#password", "quatro palavras bem simples")
                await page.click("text=Salvar e entrar")

        assert [] == wide
        assert "Entrar · Commonpurse" == titles[0]
        assert "Sua conta · Commonpurse" == titles[-1]
        assert not [one for one in tab.complaints if "410" not in one]


async def test_the_keyboard_walks_from_top_to_bottom(house: serving.House) -> None:
    async with browser.open_tab() as tab:
        await tab.page.goto(f"{house.origin}/signin")
        order = []
        for _ in range(8):
            await tab.page.keyboard.press("Tab")
            order.append(
                await tab.page.evaluate(
                    "document.activeElement.id || document.activeElement.innerText"
                )
            )

    assert order == [
        "Sign in with a passkey",
        "email",
        "password",
        "Sign in",
        "First time here, or password forgotten?",
        "English",
        "Español",
        "Português",
    ]


async def test_a_page_of_somebody_else_cannot_send_our_forms(
    house: serving.House, ana: accounts.Person
) -> None:
    async with browser.open_tab() as tab, _listening() as port:
        await _sign_in(tab, house, ana)
        for path in ("/signout", "/account/sessions/end-all", "/language"):
            await tab.page.goto(f"http://127.0.0.1:{port}/")
            async with tab.page.expect_navigation():
                await tab.page.evaluate(
                    "address => { const form = document.createElement('form');"
                    " form.method = 'post'; form.action = address;"
                    " document.body.append(form); form.submit(); }",
                    house.origin + path,
                )
            assert "That did not work" in await tab.page.inner_text("main")
        await tab.page.goto(f"{house.origin}/account")

        assert "Your account" in await tab.page.inner_text("main")


async def _sign_in(tab: browser.Tab, house: serving.House, person: accounts.Person) -> None:
    await tab.page.goto(f"{house.origin}/signin")
    await tab.page.fill("#email", person.email)
    await tab.page.fill("#password", visitor.PASSWORD)
    await tab.page.press("#password", "Enter")
    await tab.page.wait_for_url("**/account")


async def _add_passkey(tab: browser.Tab, house: serving.House, person: accounts.Person) -> None:
    """Sign in once with the password, add a passkey, and sign out again."""
    await _sign_in(tab, house, person)
    await tab.page.click("text=Add a passkey")
    await tab.page.wait_for_selector("text=Your passkey is ready")
    await tab.page.click("text=Sign out >> nth=0")
    await tab.page.wait_for_url("**/signin")


@contextlib.asynccontextmanager
async def _listening() -> AsyncIterator[int]:
    """Somebody else's server, on a port of this machine: one page for every address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            page = b'<!doctype html><link rel="icon" href="data:,"><p>Back in the app</p>'
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(page), page)
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def _parameter(url: str, name: str) -> str:
    return urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get(name, [""])[0]
