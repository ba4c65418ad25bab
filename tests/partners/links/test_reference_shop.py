"""Linking at the reference shop, a process of its own: over HTTP, and in a real browser.

The shop checks us as strictly as we check it: PKCE, exact addresses, one use, rotation, reuse.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import orjson
import pytest

from api.signin import linking
from partners import adapter, credentials, vault
from partners.links import links, servers, tokens
from partners.reference_shop import shoppers
from tests import browser, serving
from tests.identity import visitor
from tests.partners import shop as shops
from tests.partners.links import linked
from wallet import audit, database, ids, members

pytestmark = pytest.mark.slow
JUNIPER = "juniper"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[shops.Shop]:
    started = await shops.Shop.start(tmp_path / "shop")
    yield started
    await started.stop()


@pytest.fixture
async def house(
    db: database.Database, tmp_path: Path, shop: shops.Shop
) -> AsyncIterator[serving.House]:
    private = shop.url.removeprefix("http://")
    async with serving.serve(db, data_dir=tmp_path, partner_private_hosts=private) as served:
        await shop.tell(redirect_uris=[f"{served.origin}/partners/{JUNIPER}/callback"])
        yield served


@pytest.fixture
def reach(db: database.Database, path: Path, shop: shops.Shop) -> servers.House:
    private = frozenset({shop.url.removeprefix("http://")})
    return servers.House(db, vault.Vault(path), "http://localhost:8000", private)


@pytest.fixture
async def juniper(db: database.Database, reach: servers.House, shop: shops.Shop) -> str:
    """The shop in our directory; returns its short name."""
    partner_id = ids.new()
    told = {
        "issuer": shop.url,
        "client_id": shop.keys.client_id,
        "scopes": ["account", "redeem"],
    }
    await db.execute(
        "insert into partner.partner (partner_id, merchant_id, slug, name, adapter, config, offers,"
        " asset) values ($1, $2, $3, 'Juniper', 'commonpurse', $4::jsonb, '[]', 978)",
        *(partner_id, ids.new(), JUNIPER, orjson.dumps({"oauth": told}).decode()),
    )
    await credentials.set_secret(
        db,
        reach.vault,
        secret_id=ids.new(),
        partner_id=partner_id,
        name="client",
        secret=shop.keys.client_secret,
        keep_old=False,
        reason="the shop was set up",
        actor=audit.SYSTEM,
    )
    return JUNIPER


async def speaks(shop: shops.Shop, found: tokens.Found) -> str | None:
    """Whose account a token opens at the shop; None if it opens none."""
    assert isinstance(found, tokens.Access), found
    auth = credentials.Speaking(adapter.Credential(whose="member"), [found.token])
    async with httpx2.AsyncClient(auth=auth) as http:
        answer = await http.get(f"{shop.protocol_url}/account")
    return str(answer.json()["sub"]) if answer.status_code == 200 else None


async def test_a_link_opens_the_account_is_renewed_and_is_revoked_at_the_end(
    phone: linked.Browser,
    shop: shops.Shop,
    juniper: str,
    reach: servers.House,
    ana: members.Member,
) -> None:
    begun = await phone.post(f"/partners/{juniper}/link")
    back = await shop.browser().allow(begun.headers["location"])
    page = await phone.get((await phone.http.get(back)).headers["location"])
    shown = linked.FORM.search(page.text)
    assert shown is not None
    await phone.post(f"/partners/{juniper}/confirm", link=shown[1], decision="connect")
    link_id = ids.parse("lnk", shown[1])
    first = await tokens.access(reach, link_id)
    assert isinstance(first, tokens.Access)
    second = await tokens.access(reach, link_id, than=first.version)
    opened = [await speaks(shop, one) for one in (first, second)]
    await links.unlink(reach.db, ana.member_id, link_id)
    await tokens.tend(reach, limit=10)
    closed = await speaks(shop, second)

    assert "Ana Duarte" in page.text
    assert "shopper_00001" == opened[1]
    assert closed is None


async def test_a_refresh_token_that_was_used_elsewhere_ends_the_link_and_is_told(
    phone: linked.Browser, shop: shops.Shop, juniper: str, reach: servers.House
) -> None:
    begun = await phone.post(f"/partners/{juniper}/link")
    back = await shop.browser().allow(begun.headers["location"])
    page = await phone.get((await phone.http.get(back)).headers["location"])
    shown = linked.FORM.search(page.text)
    assert shown is not None
    await phone.post(f"/partners/{juniper}/confirm", link=shown[1], decision="connect")
    link_id = ids.parse("lnk", shown[1])
    before = await reach.db.fetchrow("select kid, sealed from partner.link")
    assert before is not None
    first = await tokens.access(reach, link_id, than=1)
    # As after a backup that was put back: the old tokens are here again.
    await reach.db.execute("update partner.link set kid = $1, sealed = $2", *before)
    told = await tokens.access(reach, link_id, than=2)
    account = await phone.get("/account")

    assert isinstance(first, tokens.Access)
    assert isinstance(told, adapter.NotSent)
    assert told.reauthorize
    assert "the shop does not accept us any more" in account.text


@pytest.mark.parametrize("locale", ["en-US", "pt-BR"])
async def test_in_a_browser_a_member_connects_the_shop_from_an_app_and_disconnects_it_again(
    house: serving.House,
    juniper: str,
    reach: servers.House,
    ana: members.Member,
    locale: str,
) -> None:
    db, portuguese = reach.db, locale == "pt-BR"
    await visitor.give_password(db, "member", ana.member_id)
    back_to = f"{house.origin}/healthz"
    address = await linking.ticket(
        db, house.origin, member_id=ana.member_id, slug=juniper, return_to=back_to
    )
    async with browser.open_tab(javascript=False, locale=locale) as tab:
        page = tab.page
        await page.goto(address)
        await page.fill("#email", ana.email)
        await page.fill("#password", visitor.PASSWORD)
        await page.press("#password", "Enter")
        await page.click("ol.steps + form button.primary")
        await page.fill("#email", next(iter(shoppers.Shoppers(1).all())).email)
        await page.fill("#password", shoppers.PASSWORD)
        await page.press("#password", "Enter")
        await page.click("button[value=allow]")
        await page.wait_for_selector(".account")
        asked = await page.inner_text("main")
        before = await links.of(db, ana.member_id, first=10)
        await page.click("button[value=connect]")
        await page.wait_for_selector("a.button")
        back = await page.get_attribute("a.button", "href")
        await page.goto(f"{house.origin}/account")
        (link,) = await links.of(db, ana.member_id, first=10)
        await page.click("section[aria-labelledby=shops] button")
        await page.wait_for_selector("p.said")
        said = await page.inner_text("p.said")

    assert ("Esta é a sua conta em Juniper?" if portuguese else "Is this your account at") in asked
    assert "Ana Duarte" in asked
    assert [] == before
    assert re.fullmatch(re.escape(back_to) + r"\?link=lnk_[0-9a-z]{26}", back or "")
    assert ("A loja foi desconectada." if portuguese else "The shop is disconnected.") == said
    assert "unlinked" == (await links.find(db, link.link_id)).status
    assert [] == tab.complaints
