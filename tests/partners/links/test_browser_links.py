"""A real browser connects a shop: sign-in, the shop's consent, our yes, and the way out again."""

import re

import pytest

from api.signin import linking
from partners import links, servers, tokens
from tests import browser, serving
from tests.identity import visitor
from tests.partners.links import linked
from wallet import database, members


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["en-US", "pt-BR"])
async def test_a_member_connects_a_shop_from_an_app_and_disconnects_it_again(
    house: serving.House,
    rosa: linked.Shop,
    reach: servers.House,
    db: database.Database,
    ana: members.Member,
    locale: str,
) -> None:
    await visitor.give_password(db, "member", ana.member_id)
    address = await linking.ticket(
        db, house.origin, member_id=ana.member_id, slug="rosa", return_to=f"{house.origin}/healthz"
    )
    portuguese = locale == "pt-BR"
    async with browser.open_tab(javascript=False, locale=locale) as tab:
        page = tab.page
        await page.goto(address)
        await page.fill("#email", ana.email)
        await page.fill("#password", visitor.PASSWORD)
        await page.press("#password", "Enter")
        await page.wait_for_selector("ol.steps")
        await page.click("button.primary")
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
        await tokens.tend(reach, limit=10)

    assert ("Esta é a sua conta em Rosa?" if portuguese else "Is this your account at Rosa?") in (
        asked
    )
    assert "Ana at the shop" in asked
    assert [] == before
    assert re.fullmatch(re.escape(house.origin) + r"/healthz\?link=lnk_[0-9a-z]{26}", back or "")
    assert ("A loja foi desconectada." if portuguese else "The shop is disconnected.") == said
    assert "unlinked" == (await links.find(db, link.link_id)).status
    assert 1 == len(rosa.server.revoked)
    assert [] == tab.complaints
